"""Requests over the WebSocket API, on one kept connection.

Source: Binance Spot API, "WebSocket API". A connection lives 24 hours at most, so a new one takes
over before; what is under way ends on the old one.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

import attrs

from binance_adapter.backoff import Backoff, ConnectionBudget
from binance_adapter.calls import Call
from binance_adapter.clock_offset import to_instant
from binance_adapter.errors import HTTP_OK, UnreadableAnswer
from binance_adapter.messages import (
    SERVER_SHUTDOWN,
    ErrorBody,
    EventHead,
    LimitRow,
    RetryAfter,
    SocketAnswer,
    decode,
    encode,
)
from binance_adapter.metrics import HealthRecord
from binance_adapter.signing import Credentials, Parameter, signed_parameters
from binance_adapter.sockets import Connector, Socket, SocketClosed
from binance_adapter.symbols import limit_of
from binance_adapter.transport import Answer, AnswerLost, NotSent, Refusal, rejected
from binance_adapter.weights import Usage

logger = logging.getLogger(__name__)

LIFE_SECONDS: Final = 23 * 3600.0
PATIENCE_SECONDS: Final = 4.0
"""How long a request waits for its turn to connect: less than an order's receive window."""
STREAM: Final = "websocket_api"
_INTEGERS: Final = frozenset(
    {"timestamp", "recvWindow", "orderId", "fromId", "limit", "startTime", "endTime"}
)
_BOOLEANS: Final = frozenset({"omitZeroBalances"})
_ARRAYS: Final = frozenset({"symbols"})


@attrs.define(eq=False)
class _Connection:
    """One socket with what waits for answers on it."""

    socket: Socket
    opened_at: float
    waiting: dict[int, asyncio.Future[Answer]] = attrs.field(factory=dict)
    reader: asyncio.Task[None] | None = None
    is_retiring: bool = False  #: takes no more requests


class WebSocketApiTransport:
    """Signed requests on a connection that is opened when it is needed. Close it at the end.

    Args:
        connect: opens a socket.
        address: e.g. "wss://ws-api.binance.com/ws-api/v3".
        credentials: sign what must be signed; None for public data only.
        budget: of connections, shared with the streams.
        backoff: between attempts that failed.
        health: takes in connections.
        monotonic: seconds of a clock that is never set.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts are made in one place, `connector`
        self,
        connect: Connector,
        address: str,
        credentials: Credentials | None,
        budget: ConnectionBudget,
        backoff: Backoff,
        health: HealthRecord,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._address = address
        self.credentials = credentials  #: may be replaced at any moment
        self._budget = budget
        self._backoff = backoff
        self._health = health
        self._monotonic = monotonic
        self._numbers = itertools.count(1)
        self._current: _Connection | None = None
        self._retired: set[_Connection] = set()
        self._opening = asyncio.Lock()
        self._not_before = 0.0

    async def send(self, call: Call, parameters: Mapping[str, str]) -> Answer:
        """Send a frame and wait for the answer that bears its id."""
        try:
            connection = await self._connection()
        except SocketClosed as closed:
            if closed.rejection is not None and closed.rejection.is_ban:
                return rejected(closed.rejection)
            raise NotSent(str(closed)) from None
        number = next(self._numbers)
        frame = encode(
            {"id": number, "method": call.name, "params": self._params(call, parameters)}
        )
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        connection.waiting[number] = answer
        try:
            await connection.socket.send(frame)
            return await answer
        except SocketClosed as error:
            # Some of the frame may have been written.
            raise AnswerLost(str(error)) from None
        finally:
            connection.waiting.pop(number, None)
            if connection.is_retiring and not connection.waiting:
                await self._drop(connection)

    async def close(self) -> None:
        """Close every connection; what waits is told that its answer is lost."""
        connections = [*self._retired, *([self._current] if self._current else [])]
        self._current = None
        for connection in connections:
            await self._drop(connection)

    def _params(self, call: Call, parameters: Mapping[str, str]) -> Mapping[str, object]:
        if not call.is_signed:
            return {
                name: decode(value.encode(), list[str]) if name in _ARRAYS else _typed(name, value)
                for name, value in parameters.items()
            }
        assert self.credentials is not None, f"{call.name} needs a key"
        typed = {name: _typed(name, value) for name, value in parameters.items()}
        return signed_parameters(typed, self.credentials)

    async def _connection(self) -> _Connection:
        async with self._opening:
            current = self._current
            if current is not None and self._monotonic() - current.opened_at > LIFE_SECONDS:
                self._retire(current)
            if self._current is None:
                self._current = await self._open()
            return self._current

    async def _open(self) -> _Connection:
        """Open a socket. Raises SocketClosed: it cannot be, NotSent: not yet."""
        wait = max(self._not_before - self._monotonic(), self._budget.wait_seconds())
        if wait > PATIENCE_SECONDS:
            raise NotSent(f"no connection for {wait:.1f} s")
        await asyncio.sleep(max(wait, 0.0))
        self._budget.spend()
        try:
            socket = await self._connect(self._address)
        except SocketClosed:
            self._not_before = self._monotonic() + self._backoff.next()
            self._health.connected(STREAM, "failed")
            raise
        self._health.connected(STREAM, "opened")
        connection = _Connection(socket, self._monotonic())
        connection.reader = asyncio.create_task(self._listen(connection))
        return connection

    async def _listen(self, connection: _Connection) -> None:
        """Hand out answers until the socket closes; then tell all who wait."""
        reason = "closed"
        try:
            while True:
                self._take(connection, await connection.socket.receive())
        except SocketClosed as error:
            reason = str(error)
        finally:
            if self._current is connection:
                self._current = None
            self._retired.discard(connection)
            lived = self._monotonic() - connection.opened_at
            self._backoff.lived(lived)
            if not connection.is_retiring:
                self._not_before = self._monotonic() + self._backoff.next()
            _lose(connection.waiting.values(), reason)
            await connection.socket.close()

    def _take(self, connection: _Connection, frame: bytes) -> None:
        self._health.heard(STREAM)
        try:
            message = decode(frame, SocketAnswer)
            if message.is_event:
                if decode(message.event, EventHead).kind == SERVER_SHUTDOWN:
                    self._retire(connection)
                return
        except UnreadableAnswer as unreadable:
            self._health.unreadable(STREAM)
            logger.error(  # noqa: TRY400 - the bytes are the fault, not the code that read them
                "venue.unreadable", extra={"call": STREAM, "error": str(unreadable)}
            )
            if len(connection.waiting) == 1:
                # It can be nobody else's answer; of several, each waits until its deadline.
                _lose(connection.waiting.values(), "unreadable")
            return
        answer = connection.waiting.get(message.id) if isinstance(message.id, int) else None
        if answer is not None and not answer.done():
            answer.set_result(to_answer(message))
        elif message.error is not None:
            logger.error("venue.session_ended", extra={"code": message.error.code})

    def _retire(self, connection: _Connection) -> None:
        connection.is_retiring = True
        if self._current is connection:
            self._current = None
        if connection.waiting:
            self._retired.add(connection)
        else:
            assert connection.reader is not None
            connection.reader.cancel()

    async def _drop(self, connection: _Connection) -> None:
        connection.is_retiring = True
        assert connection.reader is not None
        connection.reader.cancel()
        await asyncio.gather(connection.reader, return_exceptions=True)


def _lose(waiting: Iterable[asyncio.Future[Answer]], reason: str) -> None:
    for answer in waiting:
        if not answer.done():
            answer.set_exception(AnswerLost(reason))


def _typed(name: str, value: str) -> Parameter:
    """Return a parameter as JSON wants it; REST has but text."""
    if name in _INTEGERS:
        return int(value)
    return value == "true" if name in _BOOLEANS else value


def to_answer(message: SocketAnswer) -> Answer:
    """Return a frame as an answer."""
    usages = usages_of(message.rate_limits)
    if message.error is None and message.status == HTTP_OK:
        return Answer(status=message.status, body=bytes(message.result), usages=usages)
    error = message.error or ErrorBody(code=0, msg="a refusal without an error")
    return Answer(
        status=message.status,
        body=b"null",
        refusal=Refusal(
            code=error.code if message.error else None, message=error.msg, data=bytes(error.data)
        ),
        usages=usages,
        retry_at=_retry_at(error),
    )


def usages_of(rows: Iterable[LimitRow]) -> tuple[Usage, ...]:
    """Return the usages that an answer reports; limits of an unknown kind are passed over."""
    return tuple(
        Usage(name=limit.name, used=row.count)
        for row in rows
        if (limit := limit_of(row)) is not None
    )


def _retry_at(error: ErrorBody) -> datetime | None:
    """Return until when a limit holds. Unlike in REST it is an instant, not a duration."""
    try:
        data = decode(error.data, RetryAfter)
        return None if data.retry_after is None else to_instant(data.retry_after)
    except UnreadableAnswer:
        return None
