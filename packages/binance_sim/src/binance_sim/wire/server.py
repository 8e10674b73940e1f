"""The venue as a server on one port: every host of the real one is a path here."""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import attrs
from aiohttp import web

from binance_sim.engine.exchange import Exchange
from binance_sim.faults.rules import FaultBoard
from binance_sim.market_data.feed import MarketData
from binance_sim.wire.calls.method import Desk
from binance_sim.wire.connections import Connection, Connections, Keeping
from binance_sim.wire.control import PREFIX, Control
from binance_sim.wire.failures import Failure
from binance_sim.wire.gate import Gate
from binance_sim.wire.keys import ApiKey, Keyring
from binance_sim.wire.limits import LIVE, Limits, Meter
from binance_sim.wire.performing import Performer
from binance_sim.wire.rest import CONTENT_TYPE, Rest, error_body
from binance_sim.wire.streams.broadcast import PULSE_SECONDS, Broadcast
from binance_sim.wire.streams.sockets import MarketStreams
from binance_sim.wire.streams.trades import Tapes
from binance_sim.wire.tasks import Tasks
from binance_sim.wire.user_streams import UserStreams
from binance_sim.wire.venue_time import VenueTime
from binance_sim.wire.websocket_api import WebSocketApi
from tradecore.ports.clock import Clock

_log = logging.getLogger(__name__)
_STOP_SECONDS: Final = 1.0


@attrs.frozen(kw_only=True)
class Settings:
    """How a venue is served; by default as the real one, on a free local port."""

    host: str = "127.0.0.1"
    port: int = 0  #: 0 chooses a free one
    limits: Limits = LIVE
    keeping: Keeping = attrs.Factory(Keeping)
    fault_seed: int = 0


class Server:
    """One simulated venue; `start` binds it, `stop` ends every connection."""

    def __init__(
        self, exchange: Exchange, keys: Iterable[ApiKey], clock: Clock, settings: Settings
    ) -> None:
        self.settings = settings
        self.exchange = exchange
        self.keyring = Keyring(keys)
        self.time = VenueTime(clock)
        self.meter = Meter(settings.limits)
        self.faults = FaultBoard(settings.fault_seed)
        self.tasks = Tasks()
        self.connections = Connections(settings.keeping)
        self.streams = UserStreams(self.faults, self.time, self.tasks)
        self.data, self.tapes = MarketData(exchange), Tapes(exchange)
        self.desk = Desk(
            exchange=exchange,
            meter=self.meter,
            time=self.time,
            data=self.data,
            tapes=self.tapes,
        )
        self.gate = Gate(self.desk, self.keyring)
        performer = Performer(self.gate, self.faults, self.tasks)
        self._rest = Rest(self.gate, performer)
        self.api = WebSocketApi(self.gate, performer, self.streams, self.connections, self.tasks)
        self.broadcast = Broadcast(exchange, self.data, self.tapes, self.time)
        self.market_streams = MarketStreams(
            self.broadcast, settings.limits, self.time, self.connections, self.tasks
        )
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=_STOP_SECONDS
        )
        self.port = settings.port
        self.is_down = False  #: for maintenance
        self._control = Control(self)

    @property
    def rest_url(self) -> str:
        """Base address of REST, without `/api`."""
        return f"http://{self.settings.host}:{self.port}"

    @property
    def ws_api_url(self) -> str:
        """Address of the WebSocket API."""
        return f"ws://{self.settings.host}:{self.port}/ws-api/v3"

    @property
    def stream_url(self) -> str:
        """Base address of the market streams, without `/ws` and `/stream`."""
        return f"ws://{self.settings.host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port)
        await site.start()
        assert self._runner.addresses
        self.port = int(self._runner.addresses[0][1])
        self.exchange.journal.listeners.append(self.streams.publish)
        self.broadcast.open()
        self.tasks.start(self._keep_connections())
        self.tasks.start(self._pulse())

    async def stop(self) -> None:
        """End every connection and stop listening."""
        self.exchange.journal.listeners.remove(self.streams.publish)
        self.broadcast.close()
        self.data.close()
        for connection in tuple(self.connections.all):
            connection.close()
        await self._runner.cleanup()
        await self.tasks.stop()

    def announce_shutdown(self, seconds: float) -> None:
        """Tell every socket that the server ends, and close each after so long."""
        now_us = self.time.now_us()
        self.market_streams.shut_down(now_us)
        self.api.shut_down(now_us)
        self.tasks.start(self._close_later(tuple(self.connections.all), seconds))

    async def _close_later(self, connections: tuple[Connection, ...], seconds: float) -> None:
        await self.time.sleep(seconds)
        for connection in connections:
            connection.close()

    async def _keep_connections(self) -> None:
        while True:
            await self.time.sleep(self.connections.keeping.tick_seconds)
            await self.connections.keep(self.time.steady_us())

    async def _pulse(self) -> None:
        while True:
            await self.time.sleep(PULSE_SECONDS)
            self.broadcast.pulse()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._dispatch(request)
        except Exception:  # noqa: BLE001 - a bug here must still answer like the venue
            _log.exception("request.failed", extra={"path": request.path})
            failure = Failure(-1000, "An unknown error occurred while processing the request.")
            return _refused(failure)

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith(PREFIX):
            return await self._control.handle(request)
        if self.is_down:
            text = "This service is no longer available."
            return _refused(Failure(-1016, text))
        if not path.startswith(("/ws", "/stream")):
            return await self._rest.handle(request)
        if not self.meter.visitor(request.remote or "").connect(self.time.now_us()):
            return _refused(Failure(-1003, "Too many connections.", status=429))
        if path.startswith("/ws-api/"):
            return await self.api.handle(request)
        return await self.market_streams.handle(request)


def _refused(failure: Failure) -> web.Response:
    headers = {"Content-Type": CONTENT_TYPE}
    return web.Response(body=error_body(failure), status=failure.status, headers=headers)


@asynccontextmanager
async def serving(
    exchange: Exchange,
    keys: Iterable[ApiKey],
    *,
    clock: Clock,
    settings: Settings | None = None,
) -> AsyncIterator[Server]:
    """Serve `exchange` until the block ends. Raises OSError when the port is taken."""
    server = Server(exchange, keys, clock, settings or Settings())
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
