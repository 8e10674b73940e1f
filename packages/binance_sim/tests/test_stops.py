"""Contingent orders: what triggers them, what they become, what they lock and count as."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import Event, ExecutionReport, OrderSnapshot
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import CancelOrder, NewOrder
from binance_sim.engine.symbols import BTCUSDT, MaxNumAlgoOrders, MaxNumOrders, complete
from binance_sim.engine.vocabulary import (
    ExecutionType,
    ExpiryReason,
    OrderStatus,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
)
from binance_sim.testing import build_exchange, limit, market

BUY, SELL = Side.BUY, Side.SELL
S, T = OrderStatus, OrderType
D = Decimal
BTC = "BTCUSDT"


def stop(
    kind: OrderType,
    side: Side,
    *,
    stop_price: str | None = None,
    price: str | None = None,
    delta: int | None = None,
    quantity: str = "1",
) -> NewOrder:
    is_limit = kind in {T.STOP_LOSS_LIMIT, T.TAKE_PROFIT_LIMIT}
    return NewOrder(
        symbol=BTC,
        side=side,
        type=kind,
        quantity=D(quantity),
        time_in_force=TimeInForce.GTC if is_limit else None,
        price=None if price is None else D(price),
        stop_price=None if stop_price is None else D(stop_price),
        trailing_delta=delta,
    )


@pytest.fixture
def exchange() -> Exchange:
    """Last price 100, the market bids 10 at 90 and asks 10 at 110."""
    exchange = build_exchange(symbols=[complete(BTCUSDT)])
    exchange.set_liquidity(BTC, BUY, D(90), D(10), 0)
    exchange.set_liquidity(BTC, SELL, D(110), D(10), 0)
    trade(exchange, "100", 0)
    return exchange


def trade(exchange: Exchange, price: str, now_us: int) -> tuple[Event, ...]:
    step = exchange.trade_market(BTC, D(price), D("0.1"), now_us, is_buyer_maker=False)
    return step.events


def order_of(exchange: Exchange, order_id: int = 1) -> OrderSnapshot:
    return exchange.history.order("alice", BTC, order_id=order_id)


@pytest.mark.parametrize(
    ("kind", "side", "stop_price", "quiet", "reached"),
    [
        (T.STOP_LOSS, BUY, "105", "104.99", "105"),
        (T.STOP_LOSS, SELL, "95", "95.01", "95"),
        (T.TAKE_PROFIT, SELL, "105", "104.99", "106"),
        (T.TAKE_PROFIT, BUY, "95", "95.01", "94"),
    ],
)
def test_a_stop_waits_for_the_last_price_and_becomes_a_market_order(
    exchange: Exchange, kind: OrderType, side: Side, stop_price: str, quiet: str, reached: str
) -> None:
    placed = exchange.place("alice", stop(kind, side, stop_price=stop_price), 1)
    assert placed.order is not None
    assert (placed.order.status, placed.order.is_working) == (S.NEW, False)
    assert placed.order.working_us == -1
    [new, _position] = placed.events
    assert isinstance(new, ExecutionReport)
    assert not new.is_on_book

    trade(exchange, quiet, 2)
    assert order_of(exchange).status is S.NEW
    events = trade(exchange, reached, 3)

    order = order_of(exchange)
    assert (order.status, order.is_working, order.working_us) == (S.FILLED, True, 3)
    kinds = [e.execution_type for e in events if isinstance(e, ExecutionReport)]
    assert kinds == [ExecutionType.NEW, ExecutionType.TRADE]


@pytest.mark.parametrize(
    ("kind", "side", "stop_price", "price"),
    [
        (T.STOP_LOSS, BUY, "100", None),
        (T.STOP_LOSS_LIMIT, SELL, "100", "99"),
        (T.STOP_LOSS_LIMIT, BUY, "99", "120"),
        (T.TAKE_PROFIT, SELL, "100", None),
        (T.TAKE_PROFIT_LIMIT, BUY, "101", "99"),
    ],
)
def test_a_stop_already_reached_is_refused(
    exchange: Exchange, kind: OrderType, side: Side, stop_price: str, price: str | None
) -> None:
    with pytest.raises(VenueError, match=r"^\(-2010, 'Order would trigger immediately\.'\)$"):
        exchange.place("alice", stop(kind, side, stop_price=stop_price, price=price), 1)
    assert exchange.account("alice").snapshot("BTC").locked == 0


def test_a_stop_limit_rests_at_its_price_once_triggered(exchange: Exchange) -> None:
    exchange.place("alice", stop(T.STOP_LOSS_LIMIT, SELL, stop_price="95", price="94"), 1)
    assert exchange.market(BTC).book.asks.first_order() is None
    trade(exchange, "95", 2)
    order = order_of(exchange)
    assert (order.status, order.is_working, order.working_us) == (S.NEW, True, 2)
    assert exchange.market(BTC).top().ask_price == D(94)


def test_one_trigger_sets_off_the_next(exchange: Exchange) -> None:
    """The first stop sells down to 90, where the second waits."""
    exchange.place("alice", stop(T.STOP_LOSS, SELL, stop_price="95"), 1)
    exchange.place("bob", stop(T.STOP_LOSS, SELL, stop_price="92"), 2)
    events = trade(exchange, "95", 3)
    reports = [e for e in events if isinstance(e, ExecutionReport)]
    assert [(r.terms.account, r.execution_type.value) for r in reports] == [
        ("alice", "NEW"),
        ("alice", "TRADE"),
        ("bob", "NEW"),
        ("bob", "TRADE"),
    ]


def test_a_trade_of_customers_triggers_too(exchange: Exchange) -> None:
    exchange.place("bob", stop(T.STOP_LOSS, SELL, stop_price="95"), 1)
    exchange.place("alice", market(SELL, "1"), 2)
    assert exchange.history.order("bob", BTC, order_id=1).status is S.FILLED


def test_a_cancelled_stop_never_triggers(exchange: Exchange) -> None:
    exchange.place("alice", stop(T.STOP_LOSS, SELL, stop_price="95"), 1)
    exchange.cancel("alice", CancelOrder(symbol=BTC, order_id=1), 2)
    trade(exchange, "90", 3)
    assert order_of(exchange).status is S.CANCELED
    assert exchange.account("alice").snapshot("BTC").locked == 0


def test_a_market_buy_that_cannot_be_paid_when_triggered_is_rejected() -> None:
    exchange = build_exchange(symbols=[complete(BTCUSDT)], quote="110")
    exchange.set_liquidity(BTC, SELL, D(120), D(10), 0)
    trade(exchange, "100", 0)
    exchange.place("alice", stop(T.STOP_LOSS, BUY, stop_price="105"), 1)
    assert exchange.account("alice").snapshot("USDT").locked == D(105)
    events = trade(exchange, "105", 2)
    order = order_of(exchange)
    assert (order.status, order.expiry_reason) == (S.EXPIRED, ExpiryReason.REJECTED)
    [report] = [e for e in events if isinstance(e, ExecutionReport)]
    assert report.reject_reason is RejectReason.INSUFFICIENT_BALANCES
    assert exchange.account("alice").snapshot("USDT").free == D(110)


@pytest.mark.parametrize(
    ("request_", "path", "triggered_at"),
    [
        # The scenarios of the venue's own page, a tenth of a percent of their prices.
        (
            stop(T.STOP_LOSS_LIMIT, BUY, stop_price="44", price="45", delta=500),
            ["37", "44", "46", "42", "44", "44.1"],
            5,
        ),
        (
            stop(T.STOP_LOSS_LIMIT, SELL, stop_price="39", price="38", delta=1000),
            ["41.5", "39", "37", "41", "37", "36.9"],
            5,
        ),
        (
            stop(T.TAKE_PROFIT_LIMIT, BUY, stop_price="38", price="38.5", delta=850),
            ["42", "38", "37", "39", "38", "40.15"],
            5,
        ),
        (
            stop(T.TAKE_PROFIT_LIMIT, SELL, stop_price="42", price="41", delta=750),
            ["39", "42", "45", "44", "46.5", "43.01"],
            5,
        ),
        (
            stop(T.STOP_LOSS_LIMIT, SELL, price="39", delta=700),
            ["42", "39.5", "45.5", "42.32", "42.31"],
            4,
        ),
    ],
)
def test_a_trailing_stop_follows_the_price(
    request_: NewOrder, path: list[str], triggered_at: int
) -> None:
    exchange = build_exchange(symbols=[complete(BTCUSDT)])
    trade(exchange, "40", 0)
    exchange.place("alice", request_, 1)
    for step, price in enumerate(path):
        assert not order_of(exchange).is_working, price
        trade(exchange, price, 10 + step)
        assert order_of(exchange).is_working is (step == triggered_at)
    tracked = order_of(exchange).trailing_us
    assert tracked == (1 if request_.stop_price is None else 11)


@pytest.mark.parametrize(
    ("kind", "side", "delta", "passes"),
    [
        (T.STOP_LOSS, SELL, 9, False),
        (T.STOP_LOSS, SELL, 10, True),
        (T.STOP_LOSS, SELL, 2000, True),
        (T.TAKE_PROFIT, SELL, 2001, False),
    ],
)
def test_trailing_delta_has_a_filter(
    exchange: Exchange, kind: OrderType, side: Side, delta: int, *, passes: bool
) -> None:
    request = stop(kind, side, delta=delta)
    if passes:
        exchange.place("alice", request, 1)
        return
    with pytest.raises(VenueError, match="Filter failure: TRAILING_DELTA"):
        exchange.place("alice", request, 1)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"stop_price": None}, -1102, "Param 'stopPrice' or 'trailingDelta' must be sent"),
        ({"price": D(90)}, -1106, "Parameter 'price' sent when not required."),
        ({"quantity": None}, -1102, "Mandatory parameter 'quantity'"),
        ({"type": T.STOP_LOSS_LIMIT}, -1102, "Mandatory parameter 'timeInForce'"),
        ({"trailing_delta": 0}, -1130, "Data sent for parameter 'trailingDelta'"),
        ({"stop_price": D("95.001")}, -1013, "Filter failure: PRICE_FILTER"),
        ({"type": T.MARKET}, -1106, "Parameter 'stopPrice' sent when not required."),
        ({"iceberg_quantity": D("0.1")}, -1106, "Parameter 'icebergQty' sent when not required."),
    ],
)
def test_parameters_of_a_stop(
    exchange: Exchange, changes: dict[str, Any], code: int, text: str
) -> None:
    request = attrs.evolve(stop(T.STOP_LOSS, SELL, stop_price="95"), **changes)
    with pytest.raises(VenueError) as caught:
        exchange.place("alice", request, 1)
    assert (caught.value.code, caught.value.message[: len(text)]) == (code, text)


def test_a_symbol_without_trailing_stops_refuses_them() -> None:
    rules = attrs.evolve(complete(BTCUSDT), allow_trailing_stop=False)
    exchange = build_exchange(symbols=[rules])
    with pytest.raises(VenueError, match="Trailing stop orders are not supported"):
        exchange.place("alice", stop(T.STOP_LOSS, SELL, delta=100), 1)


def test_a_stop_counts_as_an_order_and_as_an_algo_order() -> None:
    limits = (MaxNumOrders(limit=3), MaxNumAlgoOrders(limit=2))
    exchange = build_exchange(symbols=[attrs.evolve(complete(BTCUSDT), filters=limits)])
    for _ in range(2):
        exchange.place("alice", stop(T.STOP_LOSS, SELL, stop_price="95"), 1)
    with pytest.raises(VenueError, match="MAX_NUM_ALGO_ORDERS"):
        exchange.place("alice", stop(T.STOP_LOSS, SELL, stop_price="95"), 1)
    exchange.place("alice", limit(BUY, "1", "1"), 1)
    with pytest.raises(VenueError, match="MAX_NUM_ORDERS"):
        exchange.place("alice", limit(BUY, "1", "1"), 1)
    exchange.cancel("alice", CancelOrder(symbol=BTC, order_id=1), 2)
    exchange.place("alice", stop(T.STOP_LOSS, SELL, stop_price="95"), 3)
