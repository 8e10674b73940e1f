"""The account's own events: one subscription, renewed before it ends, noticed when it is silent.

Source: Binance Spot API, "User data streams" and "WebSocket API", `userDataStream.subscribe
.signature`. The stream has no sequence number and no replay: what is missed is asked for.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

import attrs

from binance_adapter import calls
from binance_adapter.backoff import Backoff, ConnectionBudget
from binance_adapter.client import Client
from binance_adapter.errors import UnreadableAnswer, read_error
from binance_adapter.messages import BalanceEvent, ExecutionEvent, SocketAnswer, decode, encode
from binance_adapter.signing import Credentials, signed_parameters
from binance_adapter.sockets import Connector, Socket, SocketClosed
from binance_adapter.transport import rejected
from binance_adapter.user_events import (
    SUBSCRIPTIONS,
    SeenEvents,
    Signal,
    Unreadable,
    UserEvent,
    meaning_of,
)
from binance_adapter.websocket_api import to_answer
from tradecore.ports.clock import Clock
from tradecore.ports.venue import VenueUnavailable

logger = logging.getLogger(__name__)

STREAM: Final = "user_stream"
LIFE_SECONDS: Final = 23 * 3600.0
"""The venue ends a connection after 24 hours; ours is changed within the hour before."""
OVERLAP_SECONDS: Final = 10.0
"""How long the old connection is read beside the new one."""
QUIET_SECONDS: Final = 30.0
"""After as long without a frame the venue is asked whether we are subscribed at all."""
ANSWER_SECONDS: Final = 10.0
LONGEST_WAIT_SECONDS: Final = 10.0
"""Between connections that keep ending early: 30 in five minutes, while fills go untold."""
TICK_SECONDS: Final = 1.0
MOST_WAITING: Final = 100_000
"""Frames that the books may be behind; who is slower loses the stream and catches up by asking."""


@attrs.frozen(kw_only=True)
class StreamParts:
    """What a stream is made of."""

    connect: Connector
    address: str
    credentials: Credentials
    client: Client  #: knows of bans and of the venue's time, and acts on refusals
    clock: Clock
    budget: ConnectionBudget  #: of connections, shared with the other streams
    chance: random.Random
    monotonic: Callable[[], float] = time.monotonic
    longest_wait_seconds: float = LONGEST_WAIT_SECONDS


@attrs.define(eq=False)
class _Line:
    """One subscribed socket, and the task that reads it."""

    socket: Socket
    renew_at: float
    heard_at: float
    is_asked: bool = False  #: whether we still have the subscription, since the last frame
    close_at: float | None = None  #: set once another line has taken over
    reader: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop reading, and close the socket."""
        if self.reader is not None:
            self.reader.cancel()
            await asyncio.gather(self.reader, return_exceptions=True)
        await self.socket.close()


@attrs.define(eq=False)
class _Session:
    """One running `events`: its lines, the last of which is current, and what they brought."""

    inbox: "asyncio.Queue[_Arrival]" = attrs.field(factory=asyncio.Queue)
    lines: list[_Line] = attrs.field(factory=list)


#: A frame of a line or why the line ended; without a line: why the whole stream must end.
_Arrival = tuple[_Line | None, bytes | Exception]


class UserStream:
    """Follows the account. Waits between failures are kept from one `events` to the next."""

    def __init__(self, parts: StreamParts) -> None:
        self.parts = parts
        self._backoff = Backoff(parts.chance, longest=parts.longest_wait_seconds)
        self._not_before = 0.0
        self.credentials = parts.credentials  #: may be replaced; then `renew`
        self._sessions: set[_Session] = set()

    def distrust(self, why: str) -> None:
        """End what runs: something that the stream should have told did not come."""
        for session in self._sessions:
            session.inbox.put_nowait((None, SocketClosed(why)))

    def renew(self) -> None:
        """Connect anew soon, and leave the old connection only then."""
        for session in self._sessions:
            for line in session.lines:
                line.renew_at = 0.0

    async def events(self, connected: Callable[[], None]) -> AsyncGenerator[UserEvent, None]:
        """Yield events until the stream breaks; `connected` is called once it hears the venue.

        Raises:
            VenueUnavailable: it broke, or could not be had.
        """
        await self._wait_for_turn()
        opened_at = self.parts.monotonic()
        session = _Session()
        self._sessions.add(session)
        try:
            session.lines.append(await self._subscribe(session.inbox))
            connected()
            async with aclosing(self._follow(session)) as events:
                async for event in events:
                    yield event
        except (SocketClosed, UnreadableAnswer) as broken:
            raise VenueUnavailable(f"the user stream broke: {broken}") from broken
        finally:
            self._sessions.discard(session)
            for line in session.lines:
                await line.close()
            self._backoff.lived(self.parts.monotonic() - opened_at)
            self._not_before = self.parts.monotonic() + self._backoff.next()

    async def _wait_for_turn(self) -> None:
        """Wait for the backoff and for room in the budget of connections."""
        budget = self.parts.budget
        while True:
            wait = max(self._not_before - self.parts.monotonic(), budget.wait_seconds())
            if wait <= 0:
                return
            await self.parts.clock.sleep(wait)

    async def _follow(self, session: _Session) -> AsyncGenerator[UserEvent, None]:
        """Yield what the current line says, and those that it has taken over from."""
        seen = SeenEvents()
        while True:
            await self._keep_up(session)
            arrival = await self._next(session.inbox)
            if arrival is None:
                await self._wonder(session.lines[-1])
                continue
            line, frame = arrival
            try:
                event = self._event(line, frame)
            except SocketClosed:
                if line is None or line.close_at is None:
                    raise
                line.close_at = 0.0  # it has been followed by another
                continue
            if event is not None and seen.is_new(event):
                yield event

    def _event(self, line: _Line | None, frame: bytes | Exception) -> UserEvent | None:
        """Return the event in a frame, if there is one to tell.

        Raises:
            SocketClosed: the line has ended.
            VenueUnavailable: the venue refused something.
        """
        if isinstance(frame, Exception):
            raise frame
        assert line is not None
        client = self.parts.client
        line.is_asked, line.heard_at = False, self.parts.monotonic()
        client.health.heard(STREAM)
        meaning = meaning_of(frame)
        if isinstance(meaning, SocketAnswer):
            if line.close_at is not None:
                raise SocketClosed("refused after another took over")
            # Not to the subscription: the key was revoked, or a question was refused.
            raise read_error(client.refused(calls.SUBSCRIBE, to_answer(meaning)))
        if meaning is Signal.RENEW:
            line.renew_at = 0.0
            return None
        if isinstance(meaning, Unreadable):
            client.health.unreadable(STREAM)
            logger.error("venue.unreadable", extra={"call": STREAM, "error": meaning.why})
            return None if meaning.hint is None else meaning
        return meaning if isinstance(meaning, ExecutionEvent | BalanceEvent) else None

    async def _keep_up(self, session: _Session) -> None:
        """Connect anew when it is time, and close what was followed by another long enough."""
        parts, now, lines = self.parts, self.parts.monotonic(), session.lines
        current = lines[-1]
        if now >= current.renew_at and not parts.budget.wait_seconds():
            try:
                lines.append(await self._subscribe(session.inbox))
            except (SocketClosed, UnreadableAnswer, VenueUnavailable) as failure:
                # The old one still speaks; should it end, the stream breaks and begins anew.
                logger.warning("venue.stream_not_renewed", extra={"error": str(failure)})
                current.renew_at = now + self._backoff.next()
            else:
                current.close_at = now + OVERLAP_SECONDS
        for line in [each for each in lines if each.close_at is not None and now >= each.close_at]:
            lines.remove(line)
            await line.close()

    async def _next(self, inbox: asyncio.Queue[_Arrival]) -> _Arrival | None:
        """Return what has arrived; None after a while without anything."""
        try:
            return inbox.get_nowait()
        except asyncio.QueueEmpty:
            pass
        try:
            async with asyncio.timeout(TICK_SECONDS):
                return await inbox.get()
        except TimeoutError:
            return None

    async def _wonder(self, line: _Line) -> None:
        """Ask a line that has been silent whether it is subscribed at all. Raises SocketClosed."""
        silent = self.parts.monotonic() - line.heard_at
        if line.is_asked and silent >= QUIET_SECONDS + ANSWER_SECONDS:
            why = "silent, and no answer to a question"
            logger.error("venue.stream_stale", extra={"seconds": round(silent)})
            self.parts.client.health.stale += 1
            self.parts.client.hooks.stream_stale(why)
            raise SocketClosed(why)
        if not line.is_asked and silent >= QUIET_SECONDS:
            line.is_asked = True
            await line.socket.send(encode({"id": SUBSCRIPTIONS, "method": SUBSCRIPTIONS}))

    async def _subscribe(self, inbox: asyncio.Queue[_Arrival]) -> _Line:
        """Connect and subscribe. Raises SocketClosed, UnreadableAnswer, VenueUnavailable."""
        parts = self.parts
        await parts.client.ready()
        parts.budget.spend()
        early_frames: list[bytes] = []
        outcome = "failed"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                socket = await self._connect()
                try:
                    await self._ask_to_subscribe(socket, early_frames)
                except BaseException:
                    await socket.close()
                    raise
            outcome = "opened"
        except TimeoutError:
            raise SocketClosed("no answer to the subscription") from None
        finally:
            parts.client.health.connected(STREAM, outcome)
        parts.client.health.heard(STREAM)
        now = parts.monotonic()
        early = parts.chance.uniform(0.0, 0.05) * LIFE_SECONDS
        line = _Line(socket, renew_at=now + LIFE_SECONDS - early, heard_at=now)
        for frame in early_frames:
            inbox.put_nowait((line, frame))
        line.reader = asyncio.create_task(_read(line, inbox))
        return line

    async def _connect(self) -> Socket:
        try:
            return await self.parts.connect(self.parts.address)
        except SocketClosed as closed:
            if closed.rejection is not None and closed.rejection.is_ban:
                self.parts.client.refused(calls.SUBSCRIBE, rejected(closed.rejection))
            raise

    async def _ask_to_subscribe(self, socket: Socket, early_frames: list[bytes]) -> None:
        """Return once we are subscribed; events that overtake the answer are kept."""
        client = self.parts.client
        stamp = client.stamp()
        named = {"timestamp": stamp.timestamp, "recvWindow": stamp.receive_window}
        params = signed_parameters(named, self.credentials)
        name = calls.SUBSCRIBE.name
        await socket.send(encode({"id": name, "method": name, "params": params}))
        while (message := decode(frame := await socket.receive(), SocketAnswer)).is_event:
            early_frames.append(frame)
        answer = to_answer(message)
        client.spent(calls.SUBSCRIBE, answer.usages)
        if answer.refusal is not None:
            raise read_error(client.refused(calls.SUBSCRIBE, answer))


async def _read(line: _Line, inbox: asyncio.Queue[_Arrival]) -> None:
    """Put every frame into the inbox, and at the end why there are no more."""
    try:
        while inbox.qsize() < MOST_WAITING:
            inbox.put_nowait((line, await line.socket.receive()))
        inbox.put_nowait((line, SocketClosed("too many frames wait to be handled")))
    except SocketClosed as closed:
        inbox.put_nowait((line, closed))
