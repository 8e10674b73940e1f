"""The venue as a server on one port: every host of the real one is a path here."""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from binance_sim.engine.exchange import Exchange
from binance_sim.wire.book_updates import BookUpdates
from binance_sim.wire.calls.method import Desk
from binance_sim.wire.failures import Failure
from binance_sim.wire.gate import Gate
from binance_sim.wire.keys import ApiKey, Keyring
from binance_sim.wire.limits import LIVE, Limits, Meter
from binance_sim.wire.rest import CONTENT_TYPE, Rest, error_body
from binance_sim.wire.venue_time import VenueTime
from tradecore.ports.clock import Clock

_log = logging.getLogger(__name__)


class Server:
    """One simulated venue; `start` binds it, `stop` ends every connection."""

    def __init__(
        self, exchange: Exchange, keys: Iterable[ApiKey], clock: Clock, limits: Limits
    ) -> None:
        self.exchange = exchange
        self.keyring = Keyring(keys)
        self.time = VenueTime(clock)
        self.meter = Meter(limits)
        self.desk = Desk(
            exchange=exchange, meter=self.meter, time=self.time, books=BookUpdates(exchange)
        )
        self.gate = Gate(self.desk, self.keyring)
        self._rest = Rest(self.gate)
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None))
        self.host, self.port = "", 0
        exchange.journal.listeners.append(self.meter.hear)

    @property
    def rest_url(self) -> str:
        """Base address of REST, without `/api`."""
        return f"http://{self.host}:{self.port}"

    @property
    def ws_api_url(self) -> str:
        """Address of the WebSocket API."""
        return f"ws://{self.host}:{self.port}/ws-api/v3"

    @property
    def stream_url(self) -> str:
        """Base address of the market streams, without `/ws` and `/stream`."""
        return f"ws://{self.host}:{self.port}"

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 chooses a free one. Raises OSError."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        assert self._runner.addresses
        self.host, self.port = host, int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """End every connection and stop listening."""
        self.exchange.journal.listeners.remove(self.meter.hear)
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._rest.handle(request)
        except Exception:  # noqa: BLE001 - a bug here must still answer like the venue
            _log.exception("request.failed", extra={"path": request.path})
            failure = Failure(-1000, "An unknown error occurred while processing the request.")
            headers = {"Content-Type": CONTENT_TYPE}
            return web.Response(body=error_body(failure), status=failure.status, headers=headers)


@asynccontextmanager
async def serving(
    exchange: Exchange,
    keys: Iterable[ApiKey],
    *,
    clock: Clock,
    limits: Limits = LIVE,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Server]:
    """Serve `exchange` until the block ends. Raises OSError when the port is taken."""
    server = Server(exchange, keys, clock, limits)
    await server.start(host, port)
    try:
        yield server
    finally:
        await server.stop()
