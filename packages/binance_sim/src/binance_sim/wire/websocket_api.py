"""The WebSocket API: requests by name over one socket, and user data beside them.

Source: Binance Spot API, "WebSocket API general information".
"""

import asyncio
from typing import Final

import msgspec
from aiohttp import WSMsgType, web

from binance_sim.wire import failures
from binance_sim.wire.catalogue import NAMES
from binance_sim.wire.connections import Connection, Connections
from binance_sim.wire.failures import Failure
from binance_sim.wire.gate import Admitted, Gate
from binance_sim.wire.limits import Visitor, weight_limit
from binance_sim.wire.parameters import from_json
from binance_sim.wire.performing import Outcome, Performer, attempt
from binance_sim.wire.rest import error_content
from binance_sim.wire.sessions import METHODS, WEIGHT, Session
from binance_sim.wire.tasks import Tasks
from binance_sim.wire.user_streams import UserStreams
from binance_sim.wire.views.values import Json, microseconds

_MESSAGES_IN_A_ROW: Final = 32
_YES: Final = frozenset({b"true", b'"true"'})
_encode: Final = msgspec.json.Encoder().encode


class _Request(msgspec.Struct):
    method: str
    id: int | str | None = None
    params: dict[str, msgspec.Raw] = {}


_decode: Final = msgspec.json.Decoder(_Request).decode


class WebSocketApi:
    """Serves connections to `/ws-api/v3`."""

    def __init__(
        self,
        gate: Gate,
        performer: Performer,
        streams: UserStreams,
        connections: Connections,
        tasks: Tasks,
    ) -> None:
        self._gate = gate
        self._performer = performer
        self._streams = streams
        self._connections = connections
        self._tasks = tasks
        self.sessions: set[Session] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one connection until it ends."""
        desk = self._gate.desk
        now_us = desk.time.now_us()
        visitor = desk.meter.visitor(request.remote or "")
        visitor.weight.add(WEIGHT, now_us)
        socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        connection = Connection(socket, desk.time)
        if request.query.get("timeUnit", "").upper() == "MICROSECOND":
            connection.time = microseconds
        returns_limits = request.query.get("returnRateLimits", "true").lower() != "false"
        session = Session(self._gate, self._streams, connection, returns_limits=returns_limits)
        self.sessions.add(session)
        self._connections.add(connection)
        writer = self._tasks.start(connection.write())
        try:
            await self._read(session, visitor)
        finally:
            self.sessions.discard(session)
            self._connections.discard(connection)
            session.end()
            connection.close()
            await asyncio.wait([writer])
        return socket

    def shut_down(self, now_us: int) -> None:
        """Say on every connection that the server is about to end."""
        for session in self.sessions:
            connection = session.connection
            event = {"e": "serverShutdown", "E": connection.time(now_us)}
            connection.send(_encode({"event": event}))

    async def _read(self, session: Session, visitor: Visitor) -> None:
        connection, in_a_row = session.connection, 0
        socket = connection.socket
        while not socket.closed:
            message = await socket.receive()
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                await self._hear(session, visitor, message.data)
                await connection.flush()
                in_a_row += 1
                if in_a_row % _MESSAGES_IN_A_ROW == 0:
                    await asyncio.sleep(0)
            elif message.type is WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                connection.hear_pong(bytes(message.data))
            else:
                return

    async def _hear(self, session: Session, visitor: Visitor, text: str | bytes) -> None:
        try:
            request = _decode(text)
        except msgspec.MsgspecError:
            failure = Failure(-1135, "Invalid JSON Request")
            self._tell(session, visitor, None, Outcome(failure=failure))
            return
        if session.key is not None and session.key.is_revoked:
            session.key = None
            self._tell(session, visitor, None, Outcome(failure=failures.bad_key()))
            return
        values = from_json(request.params)
        if request.method in METHODS:
            self._tell(session, visitor, request, self._manage(session, visitor, request, values))
            return
        await self._perform(session, visitor, request, values)

    def _manage(
        self, session: Session, visitor: Visitor, request: _Request, values: dict[str, str]
    ) -> Outcome:
        now_us = self._gate.desk.time.now_us()

        def answer() -> object:
            visitor.arrive(now_us)
            visitor.charge(WEIGHT, now_us)
            return METHODS[request.method](session, values)

        return attempt(answer)

    async def _perform(
        self, session: Session, visitor: Visitor, request: _Request, values: dict[str, str]
    ) -> None:
        method = NAMES.get(request.method)
        if method is None:
            failure = Failure(-1020, "This operation is not supported.")
            self._tell(session, visitor, request, Outcome(failure=failure))
            return
        connection = session.connection

        def admit() -> Admitted:
            return self._gate.admit_websocket(method, values, session.key, visitor, connection.time)

        plan = self._performer.plan(request.method, values, "websocket")
        if not plan:
            self._tell(session, visitor, request, self._performer.perform(admit))
            return

        async def perform() -> None:
            outcome = await self._performer.perform_disturbed(admit, plan)
            self._tell(session, visitor, request, outcome)

        self._tasks.start(perform())

    def _tell(
        self, session: Session, visitor: Visitor, request: _Request | None, outcome: Outcome
    ) -> None:
        connection = session.connection
        if outcome.is_cut:
            connection.cut()
            return
        answer: Json = {"id": request.id if request else None}
        failure = outcome.failure
        if failure is None:
            answer["status"], answer["result"] = 200, outcome.result
        else:
            answer["status"], answer["error"] = failure.status, error_content(failure)
        if self._shows_limits(session, request):
            answer["rateLimits"] = self._limits(visitor, outcome)
        text = _encode(answer)
        if outcome.is_garbled:
            text = text[: len(text) // 2]
        for _ in range(outcome.answers):
            connection.send(text)

    @staticmethod
    def _shows_limits(session: Session, request: _Request | None) -> bool:
        chosen = request.params.get("returnRateLimits") if request else None
        return session.returns_limits if chosen is None else bytes(chosen) in _YES

    def _limits(self, visitor: Visitor, outcome: Outcome) -> list[Json]:
        desk, now_us = self._gate.desk, self._gate.desk.time.now_us()
        weight = weight_limit(visitor, now_us)
        admitted = outcome.admitted
        if admitted is None or not admitted.method.orders:
            return [weight]
        return [*desk.orders(admitted.call.account_key).states(now_us), weight]
