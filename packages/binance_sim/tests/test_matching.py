"""Order types, times in force, cancels, queries: what an order becomes and what is reported."""

from decimal import Decimal

import pytest

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import (
    AccountPosition,
    Event,
    ExecutionReport,
    OrderSnapshot,
)
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import CancelOrder
from binance_sim.engine.vocabulary import (
    CancelRestriction,
    ExecutionType,
    ExpiryReason,
    OrderStatus,
    Side,
    TimeInForce,
)
from binance_sim.testing import build_exchange, limit, limit_maker, market

BUY, SELL = Side.BUY, Side.SELL
GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
D = Decimal
BTC = "BTCUSDT"


def answer_of(exchange: Exchange, key: str, request: object, now_us: int = 1) -> OrderSnapshot:
    order = exchange.place(key, request, now_us).order  # type: ignore[arg-type]  # any request
    assert order is not None
    return order


def kinds(events: tuple[Event, ...]) -> list[str]:
    return [
        event.execution_type.value if isinstance(event, ExecutionReport) else type(event).__name__
        for event in events
    ]


@pytest.fixture
def exchange() -> Exchange:
    """Asks of the market: 1 at 100, 2 at 101; bids: 1 at 99, 2 at 98."""
    exchange = build_exchange()
    for side, price, quantity in (
        (SELL, 100, 1),
        (SELL, 101, 2),
        (BUY, 99, 1),
        (BUY, 98, 2),
    ):
        exchange.set_liquidity(BTC, side, D(price), D(quantity), 0)
    return exchange


S, R = OrderStatus, ExpiryReason


@pytest.mark.parametrize(
    ("request_", "status", "filled", "notional", "reason"),
    [
        (limit(BUY, "1", "100"), S.FILLED, "1", "100", None),
        (limit(BUY, "2", "100"), S.PARTIALLY_FILLED, "1", "100", None),
        (limit(BUY, "2", "99"), S.NEW, "0", "0", None),
        (limit(BUY, "2", "105"), S.FILLED, "2", "201", None),
        (limit(SELL, "3", "98"), S.FILLED, "3", "295", None),
        (
            limit(BUY, "2", "100", time_in_force=IOC),
            S.EXPIRED,
            "1",
            "100",
            R.UNFILLED_IOC_QUANTITY_EXPIRED,
        ),
        (limit(BUY, "3", "101", time_in_force=IOC), S.FILLED, "3", "302", None),
        (
            limit(BUY, "2", "99", time_in_force=IOC),
            S.EXPIRED,
            "0",
            "0",
            R.UNFILLED_IOC_QUANTITY_EXPIRED,
        ),
        (
            limit(BUY, "2", "100", time_in_force=FOK),
            S.EXPIRED,
            "0",
            "0",
            R.UNFILLED_FOK_ORDER_EXPIRED,
        ),
        (limit(BUY, "2", "101", time_in_force=FOK), S.FILLED, "2", "201", None),
        (limit_maker(BUY, "1", "99.99"), S.NEW, "0", "0", None),
        (market(BUY, "2"), S.FILLED, "2", "201", None),
        (market(BUY, "4"), S.EXPIRED, "3", "302", R.INSUFFICIENT_LIQUIDITY),
        (market(SELL, "2"), S.FILLED, "2", "197", None),
        (market(SELL, "4"), S.EXPIRED, "3", "295", R.INSUFFICIENT_LIQUIDITY),
        (market(BUY, quote_order_quantity="150"), S.FILLED, "1.49504", "149.99904", None),
        (market(BUY, quote_order_quantity="100"), S.FILLED, "1", "100", None),
        (market(SELL, quote_order_quantity="148"), S.FILLED, "1.5", "148", None),
        (market(SELL, quote_order_quantity="150"), S.FILLED, "1.52041", "150.00018", None),
    ],
)
def test_order_against_the_market(
    exchange: Exchange,
    request_: object,
    status: OrderStatus,
    filled: str,
    notional: str,
    reason: ExpiryReason | None,
) -> None:
    """Each type and time in force ends as the venue's table says."""
    order = answer_of(exchange, "alice", request_)

    assert (order.status, order.expiry_reason) == (status, reason)
    assert (order.filled_quantity, order.filled_notional) == (D(filled), D(notional))
    assert sum((fill.quantity for fill in order.fills), D(0)) == D(filled)
    assert sum((fill.notional for fill in order.fills), D(0)) == D(notional)


def test_quote_amount_beyond_the_book_takes_all_and_expires(exchange: Exchange) -> None:
    order = answer_of(exchange, "alice", market(BUY, quote_order_quantity="1000"))
    assert (order.status, order.filled_quantity) == (S.EXPIRED, D(3))
    assert order.expiry_reason is R.INSUFFICIENT_LIQUIDITY
    assert order.terms.quantity == D(3)
    assert order.terms.quote_order_quantity == D(1000)


def test_quote_amount_needs_a_book() -> None:
    exchange = build_exchange()
    with pytest.raises(VenueError, match="Order book liquidity is less than symbol minimum"):
        exchange.place("alice", market(BUY, quote_order_quantity="100"), 1)


def test_quote_amount_below_one_step_fails_the_lot_size(exchange: Exchange) -> None:
    exchange = build_exchange()
    exchange.set_liquidity(BTC, SELL, D(1000000), D(1), 0)
    with pytest.raises(VenueError, match="LOT_SIZE"):
        exchange.place("alice", market(BUY, quote_order_quantity="9"), 1)


def test_market_by_quantity_without_a_book_expires_unfilled() -> None:
    exchange = build_exchange()
    step = exchange.place("alice", market(BUY, "1"), 1)
    assert step.order is not None
    assert (step.order.status, step.order.fills) == (S.EXPIRED, ())
    assert kinds(step.events) == ["NEW", "EXPIRED", "AccountPosition"]


def test_market_buy_needs_the_money_that_the_book_would_cost() -> None:
    exchange = build_exchange(quote="301")
    exchange.set_liquidity(BTC, SELL, D(100), D(1), 0)
    exchange.set_liquidity(BTC, SELL, D(101), D(2), 0)
    with pytest.raises(VenueError, match="insufficient balance"):
        exchange.place("alice", market(BUY, "3"), 1)
    assert answer_of(exchange, "alice", market(BUY, "2.9")).status is S.FILLED


def test_step_reports_new_then_trades_then_the_end_then_positions(exchange: Exchange) -> None:
    step = exchange.place("alice", limit(BUY, "4", "101", time_in_force=IOC), 7)

    assert kinds(step.events) == ["NEW", "TRADE", "TRADE", "EXPIRED", "AccountPosition"]
    new, first, second, expired, position = step.events
    assert isinstance(new, ExecutionReport)
    assert isinstance(first, ExecutionReport)
    assert isinstance(second, ExecutionReport)
    assert isinstance(expired, ExecutionReport)
    assert isinstance(position, AccountPosition)
    assert (new.status, new.trade_id, new.commission_asset) == (S.NEW, -1, None)
    assert (first.status, first.last_quantity, first.last_price) == (
        S.PARTIALLY_FILLED,
        D(1),
        D(100),
    )
    assert (second.filled_quantity, second.filled_notional) == (D(3), D(302))
    assert (first.trade_id, second.trade_id) == (1, 2)
    assert (first.commission_asset, first.is_maker) == ("BTC", False)
    assert (expired.status, expired.last_quantity) == (S.EXPIRED, D(0))
    assert expired.expiry_reason is R.UNFILLED_IOC_QUANTITY_EXPIRED
    assert [each.asset for each in position.balances] == ["BTC", "USDT"]
    assert {report.transacted_us for report in (new, first, second, expired)} == {7}
    ids = [report.execution_id for report in (new, first, second, expired)]
    assert ids == sorted(set(ids))
    assert tuple(exchange.journal.events)[-5:] == step.events


def test_two_customers_trade_at_the_makers_price_and_both_hear_of_it() -> None:
    exchange = build_exchange()
    exchange.place("alice", limit(SELL, "2", "100", client_order_id="rest"), 1)
    step = exchange.place("bob", limit(BUY, "1", "110", client_order_id="take"), 2)

    trades = [e for e in step.events if isinstance(e, ExecutionReport)][1:]
    assert [(t.terms.account, t.is_maker, t.last_price) for t in trades] == [
        ("bob", False, D(100)),
        ("alice", True, D(100)),
    ]
    assert trades[0].trade_id == trades[1].trade_id
    assert [e.account for e in step.events if isinstance(e, AccountPosition)] == ["bob", "alice"]
    alice, bob = exchange.account("alice"), exchange.account("bob")
    assert alice.snapshot("BTC").locked == D(1)
    assert alice.snapshot("USDT").free == D(10000100)
    assert bob.snapshot("USDT") == exchange.account("bob").snapshot("USDT")
    assert (bob.snapshot("USDT").free, bob.snapshot("USDT").locked) == (D(9999900), D(0))


def test_price_improvement_is_unlocked_with_the_fill() -> None:
    exchange = build_exchange(quote="1000")
    exchange.set_liquidity(BTC, SELL, D(90), D(1), 0)
    exchange.place("alice", limit(BUY, "2", "100"), 1)
    usdt = exchange.account("alice").snapshot("USDT")
    assert (usdt.free, usdt.locked) == (D(810), D(100))


def test_orders_fill_by_price_then_time() -> None:
    exchange = build_exchange(accounts=("alice", "bob", "carol"))
    exchange.place("alice", limit(SELL, "1", "101"), 1)
    exchange.place("bob", limit(SELL, "1", "100", client_order_id="first"), 2)
    exchange.place("alice", limit(SELL, "1", "100", client_order_id="second"), 3)
    step = exchange.place("carol", limit(BUY, "2.5", "101"), 4)

    assert step.order is not None
    assert [fill.price for fill in step.order.fills] == [D(100), D(100), D(101)]
    makers = [e for e in step.events if isinstance(e, ExecutionReport) and e.is_maker]
    assert [m.client_order_id for m in makers][:2] == ["first", "second"]


def test_customers_stand_before_the_market_at_one_price(exchange: Exchange) -> None:
    exchange.place("alice", limit(SELL, "1", "100"), 1)
    step = exchange.place("bob", limit(BUY, "1", "100"), 2)
    assert [e.terms.account for e in step.events if isinstance(e, ExecutionReport)] == [
        "bob",
        "bob",
        "alice",
    ]
    assert exchange.market(BTC).top().ask_quantity == D(1)


def test_taking_eats_the_markets_level_until_it_is_set_anew(exchange: Exchange) -> None:
    exchange.place("alice", limit(BUY, "1", "100"), 1)
    assert exchange.market(BTC).top().ask_price == D(101)
    exchange.set_liquidity(BTC, SELL, D(100), D(5), 2)
    assert exchange.market(BTC).top().ask_quantity == D(5)


def test_limit_maker_may_not_take_from_a_customer_either() -> None:
    exchange = build_exchange()
    exchange.place("alice", limit(SELL, "1", "100"), 1)
    with pytest.raises(VenueError, match="would immediately match and take"):
        exchange.place("bob", limit_maker(BUY, "1", "100"), 2)


def test_client_order_id_is_free_again_once_its_order_ended(exchange: Exchange) -> None:
    request = limit(BUY, "0.5", "100", client_order_id="again")
    first, second = (answer_of(exchange, "alice", request).terms.order_id for _ in range(2))
    assert first != second
    exchange.place("alice", limit(BUY, "1", "90", client_order_id="again"), 1)
    with pytest.raises(VenueError, match="Duplicate"):
        exchange.place("alice", limit(BUY, "1", "90", client_order_id="again"), 1)
    exchange.place("bob", limit(BUY, "1", "90", client_order_id="again"), 1)


def test_client_order_id_is_made_up_where_none_was_sent() -> None:
    exchange = build_exchange()
    order = answer_of(exchange, "alice", limit(BUY, "1", "90"))
    found = exchange.history.order("alice", BTC, orig_client_order_id=order.client_order_id)
    assert found.terms == order.terms


def test_cancel_releases_and_bears_its_own_id(exchange: Exchange) -> None:
    placed = answer_of(exchange, "alice", limit(BUY, "3", "100", client_order_id="mine"))
    step = exchange.cancel(
        "alice",
        CancelOrder(symbol=BTC, orig_client_order_id="mine", new_client_order_id="the-cancel"),
        9,
    )

    assert step.order is not None
    assert (step.order.status, step.order.filled_quantity) == (S.CANCELED, D(1))
    assert step.order.client_order_id == "the-cancel"
    assert step.order.original_client_order_id == "mine"
    report = step.events[0]
    assert isinstance(report, ExecutionReport)
    assert report.execution_type is ExecutionType.CANCELED
    assert (report.client_order_id, report.original_client_order_id) == ("the-cancel", "mine")
    assert exchange.account("alice").snapshot("USDT").locked == 0
    query = exchange.history.order
    assert query("alice", BTC, order_id=placed.terms.order_id).client_order_id == "the-cancel"
    with pytest.raises(VenueError, match="does not exist"):
        query("alice", BTC, orig_client_order_id="mine")


def test_cancel_of_what_is_not_open_is_refused(exchange: Exchange) -> None:
    filled = answer_of(exchange, "alice", limit(BUY, "1", "100")).terms.order_id
    others = answer_of(exchange, "bob", limit(BUY, "1", "90")).terms.order_id
    for order_id in (filled, others, 999):
        with pytest.raises(VenueError) as caught:
            exchange.cancel("alice", CancelOrder(symbol=BTC, order_id=order_id), 2)
        assert (caught.value.code, caught.value.message) == (-2011, "Unknown order sent.")


@pytest.mark.parametrize(
    ("quantity", "restriction", "allowed"),
    [
        ("2", CancelRestriction.ONLY_NEW, False),
        ("2", CancelRestriction.ONLY_PARTIALLY_FILLED, True),
    ],
)
def test_cancel_may_be_restricted(
    exchange: Exchange, quantity: str, restriction: CancelRestriction, allowed: bool
) -> None:
    order = answer_of(exchange, "alice", limit(BUY, quantity, "100"))
    cancel = CancelOrder(symbol=BTC, order_id=order.terms.order_id, restriction=restriction)
    if allowed:
        exchange.cancel("alice", cancel, 2)
        return
    with pytest.raises(VenueError, match="due to cancel restrictions"):
        exchange.cancel("alice", cancel, 2)


def test_cancel_all_ends_every_open_order_of_the_symbol(exchange: Exchange) -> None:
    for price in ("90", "91"):
        exchange.place("alice", limit(BUY, "1", price), 1)
    answers, step = exchange.cancel_all("alice", BTC, 2)
    assert len(answers) == 2
    assert kinds(step.events) == ["CANCELED", "CANCELED", "AccountPosition"]
    with pytest.raises(VenueError, match="Unknown order"):
        exchange.cancel_all("alice", BTC, 3)


def test_query_by_either_id_by_both_or_by_neither(exchange: Exchange) -> None:
    order = answer_of(exchange, "alice", limit(BUY, "1", "90", client_order_id="one"))
    exchange.place("alice", limit(BUY, "1", "91", client_order_id="two"), 1)
    order_id, query = order.terms.order_id, exchange.history.order

    assert query("alice", BTC, order_id=order_id).terms == order.terms
    both = query("alice", BTC, order_id=order_id, orig_client_order_id="one")
    assert both.terms == order.terms
    for ids, code in (
        ({}, -1102),
        ({"order_id": order_id, "orig_client_order_id": "two"}, -2039),
        ({"order_id": 999}, -2013),
        ({"orig_client_order_id": "three"}, -2013),
    ):
        with pytest.raises(VenueError) as caught:
            query("alice", BTC, **ids)
        assert caught.value.code == code


def test_histories_ascend_and_their_ids_are_inclusive(exchange: Exchange) -> None:
    first = answer_of(exchange, "alice", limit(BUY, "3", "101")).terms.order_id
    exchange.place("alice", limit(SELL, "2", "98"), 1)
    history = exchange.history

    trades = history.my_trades("alice", BTC)
    assert [t.trade_id for t in trades] == [1, 2, 3, 4]
    assert [t.trade_id for t in history.my_trades("alice", BTC, from_id=3)] == [3, 4]
    assert [t.trade_id for t in history.my_trades("alice", BTC, limit=1)] == [4]
    assert [t.trade_id for t in history.my_trades("alice", BTC, from_id=2, limit=2)] == [2, 3]
    of_first = history.my_trades("alice", BTC, order_id=first)
    assert [t.trade_id for t in of_first] == [1, 2]
    assert [t.trade_id for t in history.my_trades("alice", BTC, order_id=first, from_id=2)] == [2]
    assert history.my_trades("alice", BTC, order_id=999) == []
    orders = [o.terms.order_id for o in history.all_orders("alice", BTC)]
    assert orders == sorted(orders)
    assert [o.terms.order_id for o in history.all_orders("alice", BTC, order_id=orders[1])] == (
        orders[1:]
    )
    assert history.my_trades("bob", BTC) == []
    assert history.open_orders("alice") == []


def test_public_trade_ids_are_dense_and_the_tape_is_public() -> None:
    exchange = build_exchange()
    exchange.trade_market(BTC, D(100), D(1), 1, is_buyer_maker=True)
    exchange.place("alice", limit(SELL, "1", "100"), 2)
    exchange.place("bob", limit(BUY, "1", "100"), 3)
    tape = exchange.market(BTC).tape
    assert [(t.trade_id, t.is_buyer_maker) for t in tape] == [(1, True), (2, False)]
    assert exchange.market(BTC).last_trade() == tape[-1]
