"""Connections to the market streams, and the requests that they understand.

Source: Binance Spot API, "WebSocket Streams", live subscribing.
"""

import asyncio
from typing import Final

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from binance_sim.wire.connections import Connection, Connections
from binance_sim.wire.limits import Limits
from binance_sim.wire.streams.broadcast import Broadcast
from binance_sim.wire.streams.names import parse
from binance_sim.wire.tasks import Tasks
from binance_sim.wire.venue_time import VenueTime
from binance_sim.wire.views.values import Json, Time, microseconds

_SECOND_US: Final = 1_000_000
_LONGEST_ID: Final = 36
_encode: Final = msgspec.json.Encoder().encode
_UNKNOWN_PROPERTY: Final = 0
_BAD_TYPE: Final = 1
_BAD_REQUEST: Final = 2
_BAD_JSON: Final = 3


class _Refused(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


class _Request(msgspec.Struct):
    method: str
    id: int | str | None = None
    params: list[str | bool] = []


_decode: Final = msgspec.json.Decoder(_Request).decode


class StreamSocket:
    """One connection: what it listens to, and in which form."""

    def __init__(self, connection: Connection, broadcast: Broadcast, limits: Limits) -> None:
        self.connection = connection
        self.is_combined = False
        self._broadcast = broadcast
        self._limits = limits
        self._streams: dict[str, None] = {}
        self._second = 0
        self._heard = 0

    @property
    def time(self) -> Time:
        """The unit of time that it reads."""
        return self.connection.time

    def hear(self, stream: str, payload: bytes) -> None:
        """Send a payload, in its envelope if the connection is combined."""
        if self.is_combined:
            payload = b'{"stream":"' + stream.encode() + b'","data":' + payload + b"}"
        self.connection.send(payload)

    def may_send(self, now_us: int) -> bool:
        """Count an incoming message; False when there are too many in a second."""
        second = now_us // _SECOND_US
        if second != self._second:
            self._second, self._heard = second, 0
        self._heard += 1
        return self._heard <= self._limits.stream_messages_second

    def answer(self, text: str | bytes) -> None:
        """Answer a request."""
        request_id: int | str | None = None
        try:
            request = _read(text)
            request_id = request.id
            result = self._obey(request)
        except _Refused as refusal:
            error = {"code": refusal.code, "msg": refusal.text}
            self.connection.send(_encode({"error": error, "id": request_id}))
        else:
            self.connection.send(_encode({"result": result, "id": request_id}))

    def subscribe(self, streams: list[str]) -> None:
        """Listen to streams; a name that means nothing is accepted and stays silent."""
        wanted = dict.fromkeys(streams)
        if len(self._streams | wanted) > self._limits.streams_connection:
            most = self._limits.streams_connection
            raise _Refused(_BAD_REQUEST, f"Invalid request: more than {most} streams")
        for stream in wanted:
            self._streams[stream] = None
            name = parse(stream)
            if name is not None:
                self._broadcast.subscribe(self, name)

    def end(self) -> None:
        """Stop listening to everything."""
        self._unsubscribe(list(self._streams))

    def _unsubscribe(self, streams: list[str]) -> None:
        for stream in streams:
            if stream in self._streams:
                del self._streams[stream]
                self._broadcast.unsubscribe(self, stream)

    def _obey(self, request: _Request) -> object:
        match request.method:
            case "SUBSCRIBE":
                self.subscribe(_texts(request))
            case "UNSUBSCRIBE":
                self._unsubscribe(_texts(request))
            case "LIST_SUBSCRIPTIONS":
                return list(self._streams)
            case "GET_PROPERTY":
                _check_property(request)
                return self.is_combined
            case "SET_PROPERTY":
                _check_property(request)
                value = request.params[1] if len(request.params) > 1 else None
                if not isinstance(value, bool):
                    raise _Refused(_BAD_TYPE, "Invalid value type: expected Boolean")
                self.is_combined = value
            case _:
                text = (
                    f"Invalid request: unknown variant {request.method}, expected one of "
                    "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, "
                    "`GET_PROPERTY`"
                )
                raise _Refused(_BAD_REQUEST, text)
        return None


def _read(text: str | bytes) -> _Request:
    try:
        request = _decode(text)
    except msgspec.ValidationError as error:
        raise _Refused(_BAD_REQUEST, f"Invalid request: {error}") from error
    except msgspec.DecodeError as error:
        raise _Refused(_BAD_JSON, f"Invalid JSON: {error}") from error
    if isinstance(request.id, str) and len(request.id) > _LONGEST_ID:
        raise _Refused(_BAD_REQUEST, "Invalid request: id is too long")
    return request


def _texts(request: _Request) -> list[str]:
    streams = [each for each in request.params if isinstance(each, str)]
    if len(streams) != len(request.params):
        raise _Refused(_BAD_REQUEST, "Invalid request: a stream is a string")
    return streams


def _check_property(request: _Request) -> None:
    if not request.params or not isinstance(request.params[0], str):
        raise _Refused(_BAD_REQUEST, "Invalid request: property name must be a string")
    if request.params[0] != "combined":
        raise _Refused(_UNKNOWN_PROPERTY, "Unknown property")


class MarketStreams:
    """Serves connections to `/ws` and `/stream`."""

    def __init__(
        self,
        broadcast: Broadcast,
        limits: Limits,
        time: VenueTime,
        connections: Connections,
        tasks: Tasks,
    ) -> None:
        self._broadcast = broadcast
        self._limits = limits
        self._time = time
        self._connections = connections
        self._tasks = tasks
        self.sockets: set[StreamSocket] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one connection until it ends."""
        web_socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=1 << 16)
        await web_socket.prepare(request)
        connection = Connection(web_socket, self._time)
        if request.query.get("timeUnit", "").upper() == "MICROSECOND":
            connection.time = microseconds
        socket = StreamSocket(connection, self._broadcast, self._limits)
        socket.is_combined = request.path.startswith("/stream")
        streams = _streams_of(request)
        self.sockets.add(socket)
        self._connections.add(connection)
        writer = self._tasks.start(connection.write())
        try:
            socket.subscribe(streams)
            await self._read(socket)
        except _Refused:
            connection.close(WSCloseCode.POLICY_VIOLATION)
        finally:
            self.sockets.discard(socket)
            self._connections.discard(connection)
            socket.end()
            connection.close()
            await asyncio.wait([writer])
        return web_socket

    async def _read(self, socket: StreamSocket) -> None:
        connection = socket.connection
        while not connection.socket.closed:
            message = await connection.socket.receive()
            if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED}:
                return
            if message.type is WSMsgType.ERROR:
                return
            if not socket.may_send(self._time.now_us()):
                connection.close(WSCloseCode.POLICY_VIOLATION)
                return
            if message.type is WSMsgType.PING:
                await connection.socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                connection.hear_pong(bytes(message.data))
            else:
                socket.answer(message.data)

    def shut_down(self, now_us: int) -> None:
        """Say that the server is about to end."""
        for socket in self.sockets:
            event: Json = {"e": "serverShutdown", "E": socket.time(now_us)}
            socket.hear("!serverShutdown", _encode(event))


def _streams_of(request: web.BaseRequest) -> list[str]:
    if request.path.startswith("/stream"):
        return [each for each in request.query.get("streams", "").split("/") if each]
    return [each for each in request.path.removeprefix("/ws").split("/") if each]
