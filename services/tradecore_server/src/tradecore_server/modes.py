"""Run modes: which loops one process runs, how they start, and how they stop."""

import asyncio
import contextlib
import functools
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any, Final

import attrs
import uvicorn
from prometheus_client import CollectorRegistry

from binance_sim.engine.exchange import Exchange
from tradecore.application.processes.follow_reports import follow_reports
from tradecore.application.processes.settle_attempts import settle_attempts
from tradecore.application.processes.submit_orders import submit_orders
from tradecore.application.processes.tell_of_venue import tell_of_venue
from tradecore.application.processes.tell_operators import tell_operators
from tradecore.domain.accounts import Account
from tradecore.domain.risk import Limits
from tradecore.memory import SystemClock
from tradecore_server import database, simulated_venue, venue
from tradecore_server.connections import BoundedProtocol
from tradecore_server.container import Container
from tradecore_server.quotas import default_limits
from tradecore_server.seed import Seeder, seed_customers, seed_house
from tradecore_server.settings import Settings, VenueChoice
from tradecore_server.venue_metrics import VenueMetrics

logger = logging.getLogger(__name__)

GRACE_SECONDS: Final = 1
WATCH_SECONDS: Final = 1


@attrs.frozen
class Running:
    """The platform while it runs."""

    container: Container
    customers: list[Account]  #: the two that the embedded default is seeded with
    address: str  #: where the API is served
    exchange: Exchange | None  #: the simulated venue's inside, where that is the venue


@attrs.frozen(kw_only=True)
class _Ports:
    """Two ports that are ours; nobody is answered there yet."""

    operations: socket.socket
    public: socket.socket


class _Server(uvicorn.Server):
    """A server that leaves the signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_all(settings: Settings, ready: Callable[[Running], None]) -> None:
    """Run everything in this process until SIGINT or SIGTERM; call `ready` once it serves."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    async with running(settings) as platform:
        ready(platform)
        await stopping.wait()
        logger.info("platform.stopping")


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Yield the whole platform, serving; stop it on the way out."""
    clock = SystemClock()
    # The ports first: the database and the simulated venue take whatever is free.
    with _bound_ports(settings) as ports, database.watched(settings) as (dsns, require_database):
        for name in database.migrate_schema(dsns):
            logger.info("migration.applied", extra={"migration": name})
        async with contextlib.AsyncExitStack() as stack:
            exchange: Exchange | None = None
            registry = CollectorRegistry()
            observer = VenueMetrics(registry)
            if settings.venue is VenueChoice.SIMULATED:
                exchange = simulated_venue.build_exchange()
                opened = venue.simulated(settings, exchange, clock, observer)
            else:
                opened = venue.binance(settings, clock, observer)
            connector = await stack.enter_async_context(opened)
            container = Container(
                settings=settings, dsn=dsns.application, connector=connector, registry=registry
            )
            for pool in (container.lane_pool(), container.log_pool(), container.query_pool()):
                await stack.enter_async_context(pool)
            executor = await stack.enter_async_context(container.executor())
            jobs = [] if exchange is None else [await _resumed(container, exchange)]
            await connector.prices.confirm()
            seeder = Seeder(executor, container.ids())
            symbols = [await connector.symbols.get(one) for one in settings.symbols]
            limits = (
                default_limits(symbols, connector.client.budgets.used())
                if exchange is None
                else Limits()
            )
            await seed_house(seeder, [one.instrument for one in symbols], limits)
            # Before anybody listens there: what the seed deposits is nobody's news.
            customers = [] if exchange is None else await seed_customers(seeder, exchange, clock)
            for one in symbols:
                container.news().symbol_changed(None, one.instrument)
            tasks = await stack.enter_async_context(_loops(container, require_database, jobs))
            address = await _serve(stack, container, ports, tasks)
            yield Running(container, customers, address, exchange)


async def _resumed(container: Container, exchange: Exchange) -> Coroutine[Any, Any, None]:
    """Let the simulated venue begin where the books say it stood; return what plays its market."""
    settings, clock = container.settings(), container.clock()
    await simulated_venue.forget_missing(container.executor(), container.queries(), container.ids())
    await simulated_venue.furnish(exchange, container.queries(), container.rules().venue, clock)
    market = simulated_venue.build_market(exchange, settings.market, settings.market_speed, clock)
    market.catch_up()
    return market.run()


async def _serve(
    stack: contextlib.AsyncExitStack,
    container: Container,
    ports: _Ports,
    tasks: asyncio.TaskGroup,
) -> str:
    """Open both ports; return the address of the public one."""
    limit = container.settings().max_connections
    await stack.enter_async_context(
        serving(container.operations_app(), ports.operations, tasks, limit)
    )
    return await stack.enter_async_context(serving(container.app(), ports.public, tasks, limit))


@contextlib.asynccontextmanager
async def _loops(
    container: Container,
    require_database: Callable[[], None],
    jobs: Sequence[Coroutine[Any, Any, None]],
) -> AsyncIterator[asyncio.TaskGroup]:
    """Run the loops that act on the world, and `jobs`; cancel them on the way out.

    What one of them raises ends the platform.
    """
    clock, gateway, news = container.clock(), container.gateway(), container.news()
    connector = container.connector()
    named = {
        "venue": venue.follow(connector, news),
        "news": tell_of_venue(news, gateway, connector, clock),
        "reports": follow_reports(gateway, clock),
        "gateway": submit_orders(container.consumer(), gateway, clock, container.wakeup()),
        "settle": settle_attempts(gateway, clock),
        "operators": tell_operators(container.alerts(), clock),
        "database": _watch(require_database),
    }
    async with asyncio.TaskGroup() as tasks:
        loops = [tasks.create_task(loop, name=name) for name, loop in named.items()]
        loops += [tasks.create_task(job) for job in jobs]
        try:
            yield tasks
        finally:
            for loop in loops:
                loop.cancel()


async def _watch(require_database: Callable[[], None]) -> None:
    """Raise as soon as the database is gone for good: nobody else would start it again."""
    while True:
        require_database()
        await asyncio.sleep(WATCH_SECONDS)


@contextlib.asynccontextmanager
async def serving(
    app: object, listener: socket.socket, tasks: asyncio.TaskGroup, max_connections: int = 1000
) -> AsyncIterator[str]:
    """Serve `app` on our own loop, so that signals and shutdown stay ours; yield its address."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type] # an ASGI application; uvicorn's own alias is wider
        http=functools.partial(BoundedProtocol, limit=max_connections),  # type: ignore[arg-type] # called as the class would be
        log_config=None,
        access_log=False,
        # Longer than clients keep idle connections, so that they close first and no request is lost.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
        server_header=False,
        # Nobody looks at the client's address, so nobody need guess which proxy to believe.
        proxy_headers=False,
        date_header=True,
    )
    server = _Server(config)
    task = tasks.create_task(server.serve([listener]), name="http")
    while not server.started:
        await asyncio.sleep(0.005)
        if task.done():
            task.result()
    address, bound = listener.getsockname()[:2]
    try:
        yield f"http://{address}:{bound}"
    finally:
        server.should_exit = True
        await task


@contextlib.contextmanager
def _bound_ports(settings: Settings) -> Iterator[_Ports]:
    """Take both ports, and give them back at the end. Raises OSError where one is taken."""
    with (
        contextlib.closing(bound(settings.host, settings.operations_port)) as operations,
        contextlib.closing(bound(settings.host, settings.port)) as public,
    ):
        yield _Ports(operations=operations, public=public)


def bound(host: str, port: int) -> socket.socket:
    """Return a socket on the port, for `serving` to listen on, that says it is TCP.

    `socket.create_server` leaves the protocol at 0, so asyncio does not switch Nagle's algorithm
    off on what it accepts: every answer on a kept connection would wait 40 ms.
    """
    (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener
