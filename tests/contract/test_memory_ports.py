"""The in-memory adapters keep every promise of their ports."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tradecore.application.recent_market_data import RecentMarketData
from tradecore.domain.money import Price, Quantity
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.domain.venue_orders import VenueOrder
from tradecore.memory import (
    FixedMarket,
    FixedMarketData,
    FixedPrices,
    MemoryEventConsumer,
    MemoryQueries,
    MemoryStore,
    SequentialIds,
    SystemClock,
    SystemIds,
    VirtualClock,
)
from tradecore.ports.clock import Clock
from tradecore.ports.events import EventConsumer
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.market_data import Candle, Level, MarketData, PublicTrade
from tradecore.ports.queries import Queries
from tradecore.ports.reference_prices import ReferencePrices
from tradecore.ports.venue import Venue
from tradecore.testing.contracts.events import ConsumerOf, EventConsumerContract
from tradecore.testing.contracts.market_data import MarketDataContract
from tradecore.testing.contracts.queries import QueriesContract
from tradecore.testing.contracts.sources import (
    ClockContract,
    IdFactoryContract,
    ReferencePricesContract,
)
from tradecore.testing.contracts.venue import RESTING_PRICE, VenueContract
from tradecore.testing.scripted_venue import Answer, ScriptedVenue


class TestMemoryEventConsumer(EventConsumerContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore(SystemClock())

    @pytest.fixture
    def consumer_of(self, store: MemoryStore) -> ConsumerOf:  # type: ignore[override] # its own store
        places: dict[str, int] = {}

        def consumer(name: str, topics: Sequence[str]) -> EventConsumer:
            return MemoryEventConsumer(store.tables, name, topics, places=places)

        return consumer


class TestMemoryQueries(QueriesContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore(SystemClock())

    @pytest.fixture
    def queries(self, store: MemoryStore) -> Queries:  # type: ignore[override] # its own store
        return MemoryQueries(store.tables)


class TestScriptedVenue(VenueContract):
    @pytest.fixture
    def venue(self) -> Venue:
        def script(child: VenueOrder) -> Answer:
            return Answer.REST if child.price == RESTING_PRICE else Answer.FILL

        venue = ScriptedVenue(SystemClock(), script)
        venue.deposit("USDT", Decimal(1_000_000))
        return venue


def market_of_two() -> FixedMarket:
    """Return a market with two of everything."""
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    trades = [
        PublicTrade(
            trade_id=number,
            price=Price(Decimal(60_000)),
            quantity=Quantity(Decimal(number)),
            notional=Decimal(60_000 * number),
            traded_at=start,
            is_buyer_maker=False,
        )
        for number in (1, 2)
    ]
    candles = [
        Candle(
            opened_at=opened_at,
            closed_at=opened_at + timedelta(seconds=59, milliseconds=999),
            open=Price(Decimal(2)),
            high=Price(Decimal(4)),
            low=Price(Decimal(1)),
            close=Price(Decimal(3)),
            volume=Quantity(Decimal(1)),
            notional=Decimal(2),
            trades=1,
        )
        for opened_at in (start, start + timedelta(minutes=1))
    ]
    return FixedMarket(
        bids=[Level(Price(Decimal(price)), Quantity(Decimal(1))) for price in (59_990, 59_980)],
        asks=[Level(Price(Decimal(price)), Quantity(Decimal(1))) for price in (60_010, 60_020)],
        trades=trades,
        candles=candles,
    )


class TestFixedMarketData(MarketDataContract):
    @pytest.fixture
    def market_data(self) -> MarketData:
        return FixedMarketData(SystemClock(), BTCUSDT=market_of_two())


class TestRecentMarketData(MarketDataContract):
    @pytest.fixture
    def market_data(self) -> MarketData:
        clock = SystemClock()
        return RecentMarketData(FixedMarketData(clock, BTCUSDT=market_of_two()), clock)


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


class TestVirtualClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return VirtualClock()


class TestSystemIds(IdFactoryContract):
    @pytest.fixture
    def ids(self) -> IdFactory:
        return SystemIds()


class TestSequentialIds(IdFactoryContract):
    @pytest.fixture
    def ids(self) -> IdFactory:
        return SequentialIds(seed=7)


class TestFixedPrices(ReferencePricesContract):
    @pytest.fixture
    def prices(self) -> ReferencePrices:
        return FixedPrices(
            ReferencePrice(
                symbol="BTCUSDT",
                bid=Price(Decimal(1)),
                ask=Price(Decimal(2)),
                at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
