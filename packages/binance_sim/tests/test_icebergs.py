"""Icebergs, pegs, and the range in which a taker may trade."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from binance_sim.engine.errors import VenueError
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import AmendOrder, NewOrder
from binance_sim.engine.symbols import (
    BTCUSDT,
    IcebergParts,
    MaxNumIcebergOrders,
    PriceRange,
    complete,
)
from binance_sim.engine.vocabulary import (
    ExpiryReason,
    OrderStatus,
    OrderType,
    PegOffsetType,
    PegPriceType,
    Side,
    TimeInForce,
)
from binance_sim.testing import build_exchange, limit, limit_maker, market

BUY, SELL = Side.BUY, Side.SELL
S, T, D = OrderStatus, OrderType, Decimal
PRIMARY, OPPOSITE = PegPriceType.PRIMARY_PEG, PegPriceType.MARKET_PEG
BTC = "BTCUSDT"


@pytest.fixture
def exchange() -> Exchange:
    return build_exchange(symbols=[complete(BTCUSDT)])


def iceberg(side: Side, quantity: str, shown: str, price: str = "100") -> NewOrder:
    return attrs.evolve(limit(side, quantity, price), iceberg_quantity=D(shown))


def pegged(request: NewOrder, peg: PegPriceType, levels: int | None = None) -> NewOrder:
    return attrs.evolve(
        request,
        price=None,
        peg_price_type=peg,
        peg_offset_type=None if levels is None else PegOffsetType.PRICE_LEVEL,
        peg_offset_value=levels,
    )


def test_an_iceberg_shows_a_part_and_queues_anew_with_the_next(exchange: Exchange) -> None:
    exchange.place("alice", iceberg(SELL, "5", "2"), 1)
    exchange.place("alice", limit(SELL, "1", "100"), 2)
    assert exchange.market(BTC).top().ask_quantity == D(3)

    exchange.place("bob", market(BUY, "4"), 3)
    fills = [(f.order_id, f.quantity) for f in exchange.history.my_trades("alice", BTC)]
    assert fills == [(1, D(2)), (2, D(1)), (1, D(1))]
    assert exchange.market(BTC).top().ask_quantity == D(1)
    exchange.place("bob", market(BUY, "2"), 4)
    assert exchange.history.order("alice", BTC, order_id=1).status is S.FILLED


def test_a_fill_or_kill_finds_what_an_iceberg_hides(exchange: Exchange) -> None:
    exchange.place("alice", iceberg(SELL, "5", "1"), 1)
    step = exchange.place("bob", limit(BUY, "5", "100", time_in_force=TimeInForce.FOK), 2)
    assert step.order is not None
    assert step.order.status is S.FILLED
    assert len(step.order.fills) == 5


def test_an_iceberg_takes_with_all_that_it_has(exchange: Exchange) -> None:
    exchange.place("bob", limit(SELL, "4", "100"), 1)
    exchange.place("alice", iceberg(BUY, "5", "1"), 2)
    assert exchange.market(BTC).top().bid_quantity == D(1)
    assert exchange.history.order("alice", BTC, order_id=2).filled_quantity == D(4)


def test_the_market_meets_the_shown_part_at_a_time(exchange: Exchange) -> None:
    exchange.place("alice", iceberg(SELL, "5", "2"), 1)
    exchange.trade_market(BTC, D(100), D(3), 2, is_buyer_maker=False)
    exchange.set_liquidity(BTC, BUY, D(101), D(1), 3)
    order = exchange.history.order("alice", BTC, order_id=1)
    assert order.filled_quantity == D(4)
    assert exchange.market(BTC).top().ask_quantity == D(1)


def test_an_amended_iceberg_shows_no_more_than_it_has(exchange: Exchange) -> None:
    exchange.place("alice", iceberg(SELL, "5", "2"), 1)
    exchange.amend("alice", AmendOrder(symbol=BTC, order_id=1, new_quantity=D(1)), 2)
    assert exchange.market(BTC).top().ask_quantity == D(1)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (iceberg(SELL, "5", "6"), "IcebergQty exceeds QTY."),
        (iceberg(SELL, "5", "0.000001"), "Filter failure: LOT_SIZE"),
        (iceberg(SELL, "10.1", "0.1"), "Filter failure: ICEBERG_PARTS"),
        (
            attrs.evolve(iceberg(SELL, "5", "1"), time_in_force=TimeInForce.IOC),
            "Unsupported order combination",
        ),
    ],
)
def test_refused_icebergs(exchange: Exchange, request_: NewOrder, text: str) -> None:
    with pytest.raises(VenueError, match=text):
        exchange.place("alice", request_, 1)


def test_icebergs_are_counted() -> None:
    filters = (IcebergParts(limit=10), MaxNumIcebergOrders(limit=1))
    exchange = build_exchange(symbols=[attrs.evolve(complete(BTCUSDT), filters=filters)])
    exchange.place("alice", iceberg(SELL, "5", "1"), 1)
    exchange.place("alice", limit(SELL, "5", "100"), 1)
    with pytest.raises(VenueError, match="MAX_NUM_ICEBERG_ORDERS"):
        exchange.place("alice", iceberg(SELL, "5", "1"), 1)


def quoted() -> Exchange:
    """Bids 1 at 99, 98; asks 1 at 101, 102."""
    exchange = build_exchange(symbols=[complete(BTCUSDT)])
    for side, price in ((BUY, 99), (BUY, 98), (SELL, 101), (SELL, 102)):
        exchange.set_liquidity(BTC, side, D(price), D(1), 0)
    return exchange


@pytest.mark.parametrize(
    ("request_", "price", "status"),
    [
        (pegged(limit(BUY, "1", "1"), PRIMARY), "99", S.NEW),
        (pegged(limit(SELL, "1", "1"), PRIMARY, 1), "102", S.NEW),
        (pegged(limit(BUY, "1", "1"), OPPOSITE), "101", S.FILLED),
        (pegged(limit(BUY, "2", "1"), OPPOSITE, 1), "102", S.FILLED),
        (pegged(limit_maker(SELL, "1", "1"), PRIMARY), "101", S.NEW),
        (
            attrs.evolve(pegged(limit(BUY, "1", "1"), OPPOSITE), price=D("100.5")),
            "100.5",
            S.NEW,
        ),
    ],
)
def test_a_peg_takes_its_price_from_the_book(
    request_: NewOrder, price: str, status: OrderStatus
) -> None:
    exchange = quoted()
    step = exchange.place("alice", request_, 1)
    assert step.order is not None
    assert (step.order.pegged_price, step.order.status) == (D(price), status)
    assert step.order.terms.price == (request_.price or D(0))
    assert all(report.pegged_price == D(price) for report in step.events[:-1])  # type: ignore[union-attr]  # all but the position are reports


def test_a_pegged_stop_is_priced_when_triggered() -> None:
    exchange = quoted()
    request = NewOrder(
        symbol=BTC,
        side=SELL,
        type=T.STOP_LOSS_LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=D(1),
        stop_price=D(95),
        peg_price_type=PRIMARY,
    )
    placed = exchange.place("alice", request, 1).order
    assert placed is not None
    assert placed.pegged_price is None
    exchange.set_liquidity(BTC, SELL, D("100.5"), D(1), 2)
    exchange.trade_market(BTC, D(95), D(1), 3, is_buyer_maker=True)
    order = exchange.history.order("alice", BTC, order_id=1)
    assert (order.status, order.pegged_price) == (S.NEW, D("100.5"))


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (pegged(limit(BUY, "1", "1"), PRIMARY, 2), -2010, "Order book liquidity is too low"),
        (pegged(limit(BUY, "1", "1"), PRIMARY, 101), -1130, "Data sent for parameter"),
        (pegged(limit_maker(BUY, "1", "1"), OPPOSITE), -2010, "This price peg cannot be used"),
        (pegged(market(BUY, "1"), PRIMARY), -2010, "This order type may not use pegged price."),
        (
            pegged(limit(BUY, "1", "1", time_in_force=TimeInForce.IOC), PRIMARY),
            -2010,
            "Unsupported order combination",
        ),
        (
            attrs.evolve(pegged(limit(BUY, "1", "1"), PRIMARY), peg_offset_value=1),
            -1128,
            "Fields [pegOffsetType, pegOffsetValue] must be sent together",
        ),
        (
            attrs.evolve(limit(BUY, "1", "1"), peg_offset_value=1),
            -1102,
            "Mandatory parameter 'pegPriceType'",
        ),
        (
            attrs.evolve(pegged(limit(BUY, "1", "1"), PRIMARY), price=D("99.001")),
            -1013,
            "Filter failure: PRICE_FILTER",
        ),
    ],
)
def test_refused_pegs(request_: NewOrder, code: int, text: str) -> None:
    with pytest.raises(VenueError) as caught:
        quoted().place("alice", request_, 1)
    assert (caught.value.code, caught.value.message[: len(text)]) == (code, text)


def ranged(**multipliers: str) -> Exchange:
    values: dict[str, Any] = {
        "bid_multiplier_up": "1.1",
        "bid_multiplier_down": "0.5",
        "ask_multiplier_up": "2",
        "ask_multiplier_down": "0.9",
    }
    rule = PriceRange(**{name: D(value) for name, value in (values | multipliers).items()})
    exchange = build_exchange(symbols=[attrs.evolve(complete(BTCUSDT), price_range=rule)])
    for side, price in ((BUY, 90), (BUY, 89), (SELL, 110), (SELL, 111)):
        exchange.set_liquidity(BTC, side, D(price), D(1), 0)
    return exchange


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_taker_beyond_the_range_expires(side: Side) -> None:
    exchange = ranged()
    exchange.set_reference_price(BTC, D(100), 5)
    step = exchange.place("alice", market(side, "2"), 6)
    assert step.order is not None
    assert (step.order.status, step.order.filled_quantity) == (S.EXPIRED, D(1))
    assert step.order.expiry_reason is ExpiryReason.EXECUTION_RULE_PRICE_RANGE_EXCEEDED


def test_no_range_without_a_reference_price() -> None:
    step = ranged().place("alice", market(BUY, "2"), 1)
    assert step.order is not None
    assert step.order.status is S.FILLED
