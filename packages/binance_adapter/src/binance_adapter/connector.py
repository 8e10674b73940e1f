"""The parts put together: one conversation with one venue, for one process."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final

import attrs

from binance_adapter.backoff import Backoff, ConnectionBudget
from binance_adapter.bans import BanStore, MemoryBanStore
from binance_adapter.book_tickers import BookTickers
from binance_adapter.client import Client
from binance_adapter.clock_offset import RESYNC_SECONDS, VenueClock
from binance_adapter.endpoints import Endpoints
from binance_adapter.exchange_info import InstrumentChange, SymbolBook
from binance_adapter.market_data import MarketData
from binance_adapter.metrics import HealthRecord, Observer
from binance_adapter.rest import RestTransport, open_session
from binance_adapter.signing import Credentials
from binance_adapter.sockets import aiohttp_connector
from binance_adapter.stream_watch import PROBE_SECONDS, StreamWatch
from binance_adapter.user_stream import LONGEST_WAIT_SECONDS as STREAM_WAIT_SECONDS
from binance_adapter.user_stream import StreamParts, UserStream
from binance_adapter.venue import BinanceVenue
from binance_adapter.websocket_api import WebSocketApiTransport
from binance_adapter.weights import Budgets
from tradecore.ports.clock import Clock
from tradecore.ports.connector import BudgetUse, ConnectorHealth
from tradecore.ports.venue import VenueUnavailable

logger = logging.getLogger(__name__)

HEALTH_SECONDS: Final = 5.0
LONGEST_WAIT_SECONDS: Final = 5.0
"""Of requests for a connection: orders wait for it, and 60 attempts fit in five minutes."""


class TransportKind(StrEnum):
    """Which way requests go; events come over a WebSocket in any case."""

    REST = "rest"
    WEBSOCKET_API = "websocket_api"


@attrs.frozen(kw_only=True)
class ConnectorSettings:
    """Where the venue is, and what of it concerns us."""

    endpoints: Endpoints
    symbols: Sequence[str]  #: traded here: their prices and rules are followed
    transport: TransportKind = TransportKind.REST
    name: str = "binance"  #: the venue's, in execution keys and in the ledger
    stream_wait_seconds: float = STREAM_WAIT_SECONDS  #: at most, before the stream is tried anew


@attrs.frozen(kw_only=True)
class Outside:
    """What the connector is given: time, memory of bans, who looks on, chance."""

    clock: Clock
    bans: BanStore = attrs.field(factory=MemoryBanStore)
    observer: Observer | None = None
    chance: random.Random = attrs.field(factory=random.Random)


@attrs.frozen(kw_only=True)
class BinanceConnector:
    """Everything of one venue that the platform uses. Made by `open_connector`."""

    venue: BinanceVenue
    prices: BookTickers
    market_data: MarketData
    symbols: SymbolBook
    client: Client
    connections: ConnectionBudget
    outside: Outside
    stream: UserStream
    transport: RestTransport | WebSocketApiTransport

    def change_key(self, credentials: Credentials) -> None:
        """Sign with another key of the same account from now on.

        The old one must hold for as long as its last requests and the stream's change take: some
        ten seconds.
        """
        self.transport.credentials = credentials
        self.stream.credentials = credentials
        self.stream.renew()

    async def run(self, changed: Callable[[InstrumentChange], None] = lambda _: None) -> None:
        """Keep time, prices and symbols up to date until cancelled.

        `changed` is told of a symbol's new rules or state; it must neither raise nor wait.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.symbols.run(self.outside.clock, changed))
            tasks.create_task(self.prices.run())
            # Before it is due, so that no order ever waits for it.
            tasks.create_task(self._again(RESYNC_SECONDS / 2, self.client.time))
            tasks.create_task(self._again(PROBE_SECONDS, self.venue.probe))
            tasks.create_task(self._tell_ages())

    def health(self) -> ConnectorHealth:
        """Return how the conversation goes."""
        record, clock = self.client.health, self.client.venue_clock
        return ConnectorHealth(
            last_success_at=record.last_success_at,
            last_error_at=record.last_error_at,
            last_error=record.last_error,
            stream_ages=record.stream_ages(),
            budgets_used={
                name: BudgetUse(used, limit)
                for name, (used, limit) in self.client.budgets.used().items()
            },
            banned_until=self.client.banned_until,
            clock_ahead=(clock.ahead_of(self.outside.clock.now()) if clock.is_known else None),
            reconnects={name: tried - 1 for name, tried in record.reconnects.items()},
            connections_used=BudgetUse(self.connections.used, self.connections.attempts),
            stale_streams=record.stale,
        )

    async def _again(self, seconds: float, job: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await job()
            except VenueUnavailable as failure:
                logger.warning("venue.chore_failed", extra={"error": str(failure)})
            await self.outside.clock.sleep(seconds)

    async def _tell_ages(self) -> None:
        while True:
            self.client.health.stream_ages()
            await self.outside.clock.sleep(HEALTH_SECONDS)


@contextlib.asynccontextmanager
async def open_connector(
    settings: ConnectorSettings, credentials: Credentials, outside: Outside
) -> AsyncIterator[BinanceConnector]:
    """Yield a connector; its sockets are closed at the end. Nothing is sent before it is used."""
    async with contextlib.AsyncExitStack() as closing:
        session = await closing.enter_async_context(open_session())
        budget = ConnectionBudget()
        health = HealthRecord(outside.clock, outside.observer)
        connect = aiohttp_connector(session)
        transport: RestTransport | WebSocketApiTransport
        if settings.transport is TransportKind.REST:
            transport = RestTransport(session, settings.endpoints.rest, credentials)
        else:
            transport = WebSocketApiTransport(
                connect,
                settings.endpoints.websocket_api,
                credentials,
                budget,
                Backoff(outside.chance, longest=LONGEST_WAIT_SECONDS),
                health,
            )
            closing.push_async_callback(transport.close)
        client = Client(transport, outside.clock, VenueClock(), Budgets(), outside.bans, health)
        stream = UserStream(
            StreamParts(
                connect=connect,
                address=settings.endpoints.websocket_api,
                credentials=credentials,
                client=client,
                clock=outside.clock,
                budget=budget,
                chance=outside.chance,
                longest_wait_seconds=settings.stream_wait_seconds,
            )
        )
        yield _assemble(settings, outside, transport, client, stream)


def _assemble(
    settings: ConnectorSettings,
    outside: Outside,
    transport: RestTransport | WebSocketApiTransport,
    client: Client,
    stream: UserStream,
) -> BinanceConnector:
    symbols = SymbolBook(client, settings.symbols)
    watch = StreamWatch(stream.distrust, client.health, client.hooks)
    return BinanceConnector(
        venue=BinanceVenue(client, symbols, stream, watch, name=settings.name),
        prices=BookTickers(
            stream.parts.connect,
            settings.endpoints.streams,
            settings.symbols,
            client,
            outside.clock,
            stream.parts.budget,
            client.health,
            outside.chance,
        ),
        market_data=MarketData(client, outside.clock),
        symbols=symbols,
        client=client,
        connections=stream.parts.budget,
        outside=outside,
        stream=stream,
        transport=transport,
    )
