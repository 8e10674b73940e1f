"""The venue port over the engine: what a gateway and a report reader see."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from binance_sim.engine.errors import VenueError
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import CancelOrder
from binance_sim.engine.symbols import BTCUSDT
from binance_sim.engine.vocabulary import Side as VenueSide
from binance_sim.mapping import cancel_id_of, to_instant, to_port_error, to_us
from binance_sim.recording import packaged_recordings
from binance_sim.replay import Replay
from binance_sim.simulated_market import BATCH, SimulatedMarket, SimulatedReferencePrices
from binance_sim.testing import build_exchange, limit, with_stp_none
from binance_sim.venue import SimulatedVenue
from tradecore.domain.executions import Liquidity
from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.ports.venue import (
    ExecutionReport,
    OrderReport,
    Venue,
    VenueOutcomeUnknown,
    VenueRejected,
    VenueReport,
    VenueUnavailable,
)
from tradecore.ports.venue import VenueError as PortError

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
D = Decimal
BTC = "BTCUSDT"


class StandingClock:
    """Time that moves only by sleeping; gives up after `naps`."""

    def __init__(self, naps: int = 0) -> None:
        self.instant = NOW
        self.naps = naps

    def now(self) -> datetime:
        return self.instant

    async def sleep(self, seconds: float) -> None:
        if self.naps == 0:
            raise asyncio.CancelledError
        self.naps -= 1
        self.instant += timedelta(seconds=seconds)


@pytest.fixture
def exchange() -> Exchange:
    return build_exchange(accounts=("omnibus", "stranger"))


@pytest.fixture
def venue(exchange: Exchange) -> Venue:
    return SimulatedVenue(exchange, "omnibus", StandingClock())


def child(
    client_order_id: str = "order-1",
    *,
    side: Side = Side.BUY,
    quantity: str = "1",
    price: str = "100",
) -> VenueOrder:
    return VenueOrder(
        order_id=OrderId("o"),
        account_id=AccountId("a"),
        child=1,
        venue_client_order_id=client_order_id,
        symbol=BTC,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Quantity(D(quantity)),
        quote_quantity=None,
        price=Price(D(price)),
        attempted_at=NOW,
        receive_window=timedelta(seconds=5),
    )


def offer(exchange: Exchange, price: str, quantity: str) -> None:
    exchange.set_liquidity(BTC, VenueSide.SELL, D(price), D(quantity), to_us(NOW))


async def read(stream: AsyncIterator[VenueReport], count: int) -> list[VenueReport]:
    return [await anext(stream) for _ in range(count)]


async def test_submit_rests_and_is_found_by_either_id(venue: Venue) -> None:
    report = await venue.submit(child())
    assert (report.outcome, report.filled_quantity) == (None, D(0))
    assert report.venue_client_order_id == "order-1"
    known = attrs.evolve(child(), venue_order_id=report.venue_order_id)
    assert await venue.query(child()) == await venue.query(known) == report
    assert await venue.open_orders() == [report]
    assert await venue.query(child("never-sent")) is None
    assert await venue.query(attrs.evolve(child(), symbol="NOPE")) is None


async def test_submit_that_fills_at_once_says_so(venue: Venue, exchange: Exchange) -> None:
    offer(exchange, "99", "1")
    report = await venue.submit(child())
    assert (report.outcome, report.filled_quantity) == (VenueOutcome.FILLED, D(1))
    [fill] = await venue.executions(child())
    assert (fill.price, fill.notional, fill.commission_asset) == (D(99), D(99), "BTC")
    assert (fill.liquidity, fill.side) == (Liquidity.TAKER, Side.BUY)
    assert (fill.venue_client_order_id, fill.transacted_at) == ("order-1", NOW)
    assert await venue.executions(child("never-sent")) == []


async def test_cancel_keeps_the_orders_own_id_for_us(venue: Venue) -> None:
    await venue.submit(child())
    report = await venue.cancel(child())
    assert (report.outcome, report.venue_client_order_id) == (VenueOutcome.CANCELED, "order-1")
    assert await venue.query(child()) == report
    with pytest.raises(VenueRejected, match="Unknown order"):
        await venue.cancel(attrs.evolve(child(), venue_order_id=report.venue_order_id))


async def test_refusals_are_classed(venue: Venue) -> None:
    with pytest.raises(VenueRejected, match="-1013 Filter failure: PRICE_FILTER"):
        await venue.submit(child(price="100.001"))
    with pytest.raises(VenueRejected, match="-1121"):
        await venue.submit(attrs.evolve(child(), symbol="NOPE"))
    await venue.submit(child())
    with pytest.raises(VenueOutcomeUnknown, match="Duplicate"):
        await venue.submit(child())


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (-1013, "Filter failure: LOT_SIZE", VenueRejected),
        (-2010, "Account has insufficient balance for requested action.", VenueRejected),
        (-2010, "Duplicate order sent.", VenueOutcomeUnknown),
        (-2011, "Unknown order sent.", VenueRejected),
        (-1003, "", VenueUnavailable),
        (-1015, "", VenueUnavailable),
        (-1021, "", VenueUnavailable),
        (-2015, "", VenueUnavailable),
        (-1000, "", VenueOutcomeUnknown),
        (-1007, "", VenueOutcomeUnknown),
        (-1008, "", VenueOutcomeUnknown),
    ],
)
def test_error_class(code: int, message: str, expected: type[PortError]) -> None:
    """A code belongs to the class that BINANCE's table gives it."""
    assert type(to_port_error(VenueError(code, message))) is expected


async def test_every_subscriber_reads_every_report_in_order(
    venue: Venue, exchange: Exchange
) -> None:
    streams = [venue.reports(), venue.reports()]
    reads = [asyncio.ensure_future(read(stream, 5)) for stream in streams]
    await asyncio.sleep(0)
    offer(exchange, "99", "0.4")
    await venue.submit(child())
    exchange.place("stranger", limit(VenueSide.SELL, "0.6", "100"), to_us(NOW))
    await venue.submit(child("order-2"))

    first, second = await asyncio.gather(*reads)
    assert first == second
    new, taken, made, filled, following = first
    assert isinstance(new, OrderReport)
    assert isinstance(taken, ExecutionReport)
    assert isinstance(made, ExecutionReport)
    assert isinstance(filled, OrderReport)
    assert isinstance(following, OrderReport)
    assert (new.outcome, taken.liquidity, made.liquidity) == (
        None,
        Liquidity.TAKER,
        Liquidity.MAKER,
    )
    assert (filled.outcome, filled.filled_quantity) == (VenueOutcome.FILLED, D(1))
    assert following.venue_client_order_id == "order-2"
    assert [taken, made] == await venue.executions(child())


async def test_reader_that_falls_behind_loses_its_stream(exchange: Exchange) -> None:
    venue = SimulatedVenue(exchange, "omnibus", StandingClock(), capacity=1)
    stream = venue.reports()
    first = asyncio.ensure_future(read(stream, 1))
    await asyncio.sleep(0)
    await venue.submit(child("a"))
    await first
    await venue.submit(child("b"))
    await venue.submit(child("c"))
    with pytest.raises(VenueUnavailable):
        await anext(stream)


async def test_a_cut_breaks_every_stream(exchange: Exchange) -> None:
    venue = SimulatedVenue(exchange, "omnibus", StandingClock())
    waiting = asyncio.ensure_future(read(venue.reports(), 1))
    await asyncio.sleep(0)
    venue.feed.cut()
    with pytest.raises(VenueUnavailable):
        await waiting


async def test_customers_meet_where_the_symbol_allows_it() -> None:
    exchange = build_exchange(symbols=[with_stp_none(BTCUSDT)], accounts=("omnibus",))
    venue = SimulatedVenue(exchange, "omnibus", StandingClock())
    await venue.submit(child("buyer"))
    await venue.submit(child("seller", side=Side.SELL))
    [buy], [sell] = await venue.executions(child("buyer")), await venue.executions(child("seller"))
    assert buy.trade_id == sell.trade_id
    assert buy.key != sell.key


async def test_resting_order_ends_in_match_where_it_does_not(venue: Venue) -> None:
    await venue.submit(child("buyer"))
    await venue.submit(child("seller", side=Side.SELL))
    buyer = await venue.query(child("buyer"))
    assert buyer is not None
    assert buyer.outcome is VenueOutcome.EXPIRED_IN_MATCH


async def test_history_is_complete_and_only_ours(exchange: Exchange) -> None:
    venue = SimulatedVenue(exchange, "omnibus", StandingClock())
    await venue.submit(child("one"))
    await venue.cancel(child("one"))
    await venue.submit(child("two"))
    exchange.place("stranger", limit(VenueSide.SELL, "1", "100"), to_us(NOW))
    history = venue.history()
    assert [order.venue_client_order_id for order in history.orders] == ["one", "two"]
    assert [each.venue_client_order_id for each in history.executions] == ["two"]
    balances = {each.asset: each.free for each in history.balances}
    assert balances["USDT"] == D(9999900)
    assert list(history.balances) == list(await venue.balances())


async def test_foreign_cancel_does_not_hide_an_order(exchange: Exchange) -> None:
    venue = SimulatedVenue(exchange, "omnibus", StandingClock())
    report = await venue.submit(child())
    exchange.cancel("omnibus", CancelOrder(symbol=BTC, order_id=report.venue_order_id), 0)
    known = attrs.evolve(child(), venue_order_id=report.venue_order_id)
    found = await venue.query(known)
    assert found is not None
    assert found.outcome is VenueOutcome.CANCELED
    assert await venue.query(child()) == found
    assert await venue.query(attrs.evolve(known, venue_order_id=99)) is None


@pytest.mark.parametrize(
    ("own", "cancel"), [("a" * 32, "a" * 32 + "_1"), ("a" * 32 + "-999", "a" * 32 + "_999")]
)
def test_cancel_id_fits_wherever_the_orders_id_fits(own: str, cancel: str) -> None:
    assert cancel_id_of(own) == cancel


def test_instants_survive_the_round_trip() -> None:
    assert to_instant(to_us(NOW)) == NOW


async def test_market_plays_against_the_clock_and_quotes_its_prices(exchange: Exchange) -> None:
    clock = StandingClock(naps=400)
    replay = Replay(exchange, packaged_recordings(), start_us=to_us(NOW), speed=2)
    prices = SimulatedReferencePrices(exchange)
    with pytest.raises(asyncio.CancelledError):
        await SimulatedMarket(replay, clock).run()

    assert timedelta(seconds=2) < clock.instant - NOW < timedelta(seconds=60)
    quoted = prices.find(BTC)
    assert quoted is not None
    assert D(60000) < quoted.bid < quoted.ask < D(63000)
    assert clock.instant - quoted.at < timedelta(seconds=2)
    assert prices.find("NOPE") is None


def test_prices_are_unknown_before_the_market_spoke(exchange: Exchange) -> None:
    prices = SimulatedReferencePrices(exchange)
    assert prices.find(BTC) is None
    offer(exchange, "100", "1")
    assert prices.find(BTC) is None


def test_a_late_market_catches_up_in_batches(exchange: Exchange) -> None:
    clock = StandingClock()
    market = SimulatedMarket(
        Replay(exchange, packaged_recordings(), start_us=to_us(NOW), speed=1), clock
    )
    clock.instant += timedelta(hours=1)
    assert market.catch_up() == BATCH
