"""Order lists: which orders wait, which end together, what they lock and what is reported."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import Event, ExecutionReport, ListStatus, Step
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import (
    AmendOrder,
    CancelOrder,
    CancelOrderList,
    NewOrder,
    NewOrderList,
)
from binance_sim.engine.symbols import (
    BTCUSDT,
    ExchangeMaxNumOrderLists,
    MaxNumOrderLists,
    MaxNumOrders,
    complete,
)
from binance_sim.engine.vocabulary import (
    ContingencyType,
    ExpiryReason,
    ListOrderStatus,
    ListStatusType,
    OrderStatus,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
)
from binance_sim.testing import build_exchange, limit, limit_maker, market

BUY, SELL = Side.BUY, Side.SELL
S, T, R = OrderStatus, OrderType, ExpiryReason
D = Decimal
BTC = "BTCUSDT"


def stop(kind: OrderType, side: Side, stop_price: str, price: str | None = None) -> NewOrder:
    return NewOrder(
        symbol=BTC,
        side=side,
        type=kind,
        quantity=D(1),
        time_in_force=None if price is None else TimeInForce.GTC,
        price=None if price is None else D(price),
        stop_price=D(stop_price),
    )


TAKE = limit_maker(SELL, "1", "120")
LOSS = stop(T.STOP_LOSS_LIMIT, SELL, "90", "80")
SELL_OCO = NewOrderList(symbol=BTC, above=TAKE, below=LOSS, list_client_order_id="pair")
BUY_OCO = NewOrderList(
    symbol=BTC,
    above=stop(T.STOP_LOSS_LIMIT, BUY, "120", "130"),
    below=limit_maker(BUY, "1", "90"),
)
OTO = NewOrderList(symbol=BTC, working=limit(BUY, "1", "95"), pending=limit(SELL, "1", "125"))
OTOCO = NewOrderList(symbol=BTC, working=limit(BUY, "1", "95"), above=TAKE, below=LOSS)


def listing(**changes: Any) -> Exchange:
    """Last price 100, the market bids 10 at 85 and asks 10 at 110."""
    exchange = build_exchange(symbols=[attrs.evolve(complete(BTCUSDT), **changes)])
    exchange.set_liquidity(BTC, BUY, D(85), D(10), 0)
    exchange.set_liquidity(BTC, SELL, D(110), D(10), 0)
    trade(exchange, "100", 0)
    return exchange


@pytest.fixture
def exchange() -> Exchange:
    return listing()


def trade(exchange: Exchange, price: str, now_us: int, quantity: str = "0.1") -> tuple[Event, ...]:
    step = exchange.trade_market(BTC, D(price), D(quantity), now_us, is_buyer_maker=True)
    if step.events:
        return step.events
    return exchange.trade_market(BTC, D(price), D(quantity), now_us, is_buyer_maker=False).events


def said(events: tuple[Event, ...]) -> list[str]:
    """The events in brief."""
    words = []
    for event in events:
        if isinstance(event, ExecutionReport):
            words.append(f"{event.terms.order_id} {event.execution_type} {event.status}")
        elif isinstance(event, ListStatus):
            words.append(f"list {event.status_type} {event.order_status}")
        else:
            words.append("position")
    return words


def statuses(exchange: Exchange) -> list[OrderStatus]:
    return [order.status for order in exchange.history.all_orders("alice", BTC)]


def locked(exchange: Exchange, asset: str) -> Decimal:
    return exchange.account("alice").snapshot(asset).locked


def free(exchange: Exchange, asset: str) -> Decimal:
    return exchange.account("alice").snapshot(asset).free


def test_an_oco_is_two_orders_and_one_lock(exchange: Exchange) -> None:
    step = exchange.place_list("alice", SELL_OCO, 1)
    assert said(step.events) == [
        "1 NEW NEW",
        "2 NEW NEW",
        "list EXEC_STARTED EXECUTING",
        "position",
    ]
    assert locked(exchange, "BTC") == D(1)
    assert step.order_list is not None
    assert step.order_list.contingency_type is ContingencyType.OCO
    assert [order.order_id for order in step.order_list.orders] == [1, 2]
    assert [(o.terms.type, o.terms.order_list_id, o.is_working) for o in step.orders] == [
        (T.STOP_LOSS_LIMIT, 1, False),
        (T.LIMIT_MAKER, 1, True),
    ]


def test_a_buy_oco_locks_the_dearer_leg(exchange: Exchange) -> None:
    exchange.place_list("alice", BUY_OCO, 1)
    assert locked(exchange, "USDT") == D(130)


def test_a_partial_fill_of_one_leg_ends_the_other(exchange: Exchange) -> None:
    exchange.place_list("alice", BUY_OCO, 1)
    events = trade(exchange, "90", 2, "0.4")
    assert said(events) == ["2 EXPIRED EXPIRED", "1 TRADE PARTIALLY_FILLED", "position"]
    assert exchange.history.order("alice", BTC, order_id=2).expiry_reason is R.OCO_TRIGGER
    assert locked(exchange, "USDT") == D(54)
    assert exchange.history.open_order_lists("alice")
    events = trade(exchange, "90", 3, "0.6")
    assert said(events) == ["1 TRADE FILLED", "list ALL_DONE ALL_DONE", "position"]
    assert locked(exchange, "USDT") == 0
    assert not exchange.history.open_order_lists("alice")


def test_a_triggered_stop_ends_the_limit_leg(exchange: Exchange) -> None:
    exchange.place_list("alice", SELL_OCO, 1)
    events = trade(exchange, "90", 2)
    assert said(events) == [
        "2 EXPIRED EXPIRED",
        "1 NEW NEW",
        "1 TRADE FILLED",
        "list ALL_DONE ALL_DONE",
        "position",
    ]
    assert (locked(exchange, "BTC"), free(exchange, "BTC")) == (D(0), D(99))


@pytest.mark.parametrize("order_id", [1, 2])
def test_cancelling_one_leg_cancels_the_list(exchange: Exchange, order_id: int) -> None:
    exchange.place_list("alice", SELL_OCO, 1)
    step = exchange.cancel("alice", CancelOrder(symbol=BTC, order_id=order_id), 2)
    assert statuses(exchange) == [S.CANCELED, S.CANCELED]
    assert said(step.events)[-2:] == ["list ALL_DONE ALL_DONE", "position"]
    assert step.order is not None
    assert step.order.terms.order_id == order_id
    assert step.order_list is not None
    assert step.order_list.order_status is ListOrderStatus.ALL_DONE
    assert (locked(exchange, "BTC"), free(exchange, "BTC")) == (D(0), D(100))


def test_a_list_is_cancelled_whole_under_one_id(exchange: Exchange) -> None:
    exchange.place_list("alice", OTOCO, 1)
    request = CancelOrderList(symbol=BTC, order_list_id=1, new_client_order_id="enough")
    step = exchange.cancel_list("alice", request, 2)
    assert [order.status for order in step.orders] == [S.CANCELED] * 3
    assert {order.client_order_id for order in step.orders} == {"enough"}
    assert len({order.original_client_order_id for order in step.orders}) == 3
    assert locked(exchange, "USDT") == 0
    with pytest.raises(VenueError, match="Unknown order sent"):
        exchange.cancel_list("alice", request, 3)


def test_a_pending_order_enters_when_the_working_one_is_filled(exchange: Exchange) -> None:
    step = exchange.place_list("alice", OTO, 1)
    assert said(step.events)[:3] == [
        "1 NEW NEW",
        "2 NEW PENDING_NEW",
        "list EXEC_STARTED EXECUTING",
    ]
    assert (locked(exchange, "USDT"), locked(exchange, "BTC")) == (D(95), D(0))
    trade(exchange, "95", 2, "0.5")
    assert statuses(exchange) == [S.PARTIALLY_FILLED, S.PENDING_NEW]
    events = trade(exchange, "95", 3, "0.5")
    assert said(events) == [
        "1 TRADE FILLED",
        "list EXEC_STARTED EXECUTING",
        "2 NEW NEW",
        "position",
    ]
    assert locked(exchange, "BTC") == D(1)
    assert exchange.history.order("alice", BTC, order_id=2).working_us == 3


def test_a_working_order_that_fills_at_once_still_answers_pending_new(
    exchange: Exchange,
) -> None:
    request = attrs.evolve(OTO, working=limit(BUY, "1", "110"))
    step = exchange.place_list("alice", request, 1)
    assert [order.status for order in step.orders] == [S.FILLED, S.PENDING_NEW]
    assert statuses(exchange) == [S.FILLED, S.NEW]


@pytest.mark.parametrize("ends", [1, 2, 3])
def test_any_cancel_in_phase_one_ends_an_otoco(exchange: Exchange, ends: int) -> None:
    exchange.place_list("alice", OTOCO, 1)
    assert (locked(exchange, "USDT"), locked(exchange, "BTC")) == (D(95), D(0))
    exchange.cancel("alice", CancelOrder(symbol=BTC, order_id=ends), 2)
    assert statuses(exchange) == [S.CANCELED] * 3
    assert locked(exchange, "USDT") == 0


def test_a_working_order_that_expires_takes_the_others_along(exchange: Exchange) -> None:
    working = limit(BUY, "1", "95", time_in_force=TimeInForce.FOK)
    step = exchange.place_list("alice", attrs.evolve(OTOCO, working=working), 1)
    assert [(o.status, o.expiry_reason) for o in step.orders] == [
        (S.EXPIRED, R.UNFILLED_FOK_ORDER_EXPIRED),
        (S.EXPIRED, R.OTO_PHASE_ONE_EXPIRED),
        (S.EXPIRED, R.OTO_PHASE_ONE_EXPIRED),
    ]
    assert step.order_list is not None
    assert step.order_list.status_type is ListStatusType.ALL_DONE


def test_an_otoco_becomes_an_oco(exchange: Exchange) -> None:
    exchange.place_list("alice", OTOCO, 1)
    trade(exchange, "95", 2, "1")
    assert statuses(exchange) == [S.FILLED, S.NEW, S.NEW]
    assert locked(exchange, "BTC") == D(1)
    trade(exchange, "120", 3, "1")
    assert statuses(exchange) == [S.FILLED, S.EXPIRED, S.FILLED]
    assert locked(exchange, "BTC") == 0
    [done] = exchange.history.order_lists("alice")
    assert done.status_type is ListStatusType.ALL_DONE


def test_a_pending_order_without_money_is_rejected() -> None:
    exchange = build_exchange(symbols=[complete(BTCUSDT)], base="0", quote="1000")
    trade(exchange, "100", 0)
    request = attrs.evolve(OTO, pending=limit(SELL, "2", "125"))
    exchange.place_list("alice", request, 1)
    trade(exchange, "95", 2, "1")
    order = exchange.history.order("alice", BTC, order_id=2)
    assert (order.status, order.expiry_reason) == (S.EXPIRED, R.REJECTED)
    assert [e for e in exchange.journal.events if isinstance(e, ExecutionReport)][
        -1
    ].reject_reason is RejectReason.INSUFFICIENT_BALANCES
    assert not exchange.history.open_order_lists("alice")


def test_a_pending_pair_past_its_prices_is_rejected(exchange: Exchange) -> None:
    request = attrs.evolve(OTOCO, below=stop(T.STOP_LOSS_LIMIT, SELL, "96", "80"))
    exchange.place_list("alice", request, 1)
    trade(exchange, "95", 2, "1")
    orders = exchange.history.all_orders("alice", BTC)
    assert [o.expiry_reason for o in orders] == [None, R.REJECTED, R.OCO_TRIGGER]
    assert locked(exchange, "BTC") == 0


def test_a_pending_market_order_takes(exchange: Exchange) -> None:
    request = attrs.evolve(OTO, pending=market(SELL, "1"))
    exchange.place_list("alice", request, 1)
    trade(exchange, "95", 2, "1")
    assert statuses(exchange) == [S.FILLED, S.FILLED]


def test_cancel_all_takes_orders_and_lists(exchange: Exchange) -> None:
    exchange.place("alice", limit(BUY, "1", "50"), 1)
    exchange.place_list("alice", SELL_OCO, 2)
    answers, step = exchange.cancel_all("alice", BTC, 3)
    assert [answer.terms.order_list_id for answer in answers] == [-1, 1, 1]
    assert said(step.events)[-2:] == ["list ALL_DONE ALL_DONE", "position"]
    assert exchange.account("alice").open_orders == 0


SL, TP, SLL = T.STOP_LOSS, T.TAKE_PROFIT, T.STOP_LOSS_LIMIT


@pytest.mark.parametrize(
    ("above", "below", "code"),
    [
        (limit(SELL, "1", "120"), LOSS, -1158),
        (TAKE, limit_maker(SELL, "1", "90"), -1168),
        (stop(SL, SELL, "120"), limit_maker(SELL, "1", "90"), -1166),
        (limit_maker(BUY, "1", "120"), stop(TP, BUY, "90"), -1165),
        (stop(SL, BUY, "120"), stop(SL, BUY, "90"), -1196),
        (stop(SL, SELL, "120"), stop(SL, SELL, "90"), -1197),
        (stop(TP, BUY, "120"), limit_maker(BUY, "1", "90"), -1198),
        (TAKE, stop(TP, SELL, "90"), -1199),
        (TAKE, stop(SLL, SELL, "101", "80"), -2010),
        (limit_maker(SELL, "1", "99"), stop(SL, SELL, "90"), -2010),
        (limit_maker(SELL, "1", "120.001"), LOSS, -1013),
        (limit_maker(SELL, "101", "120"), LOSS, -2010),
        (stop(TP, SELL, "120"), stop(SL, SELL, "90"), None),
        (TAKE, stop(SL, SELL, "90"), None),
    ],
)
def test_which_pairs_are_an_oco(above: NewOrder, below: NewOrder, code: int | None) -> None:
    """A refusal changes nothing: no id, no lock, no event."""
    exchange = listing()
    before = len(exchange.journal.events)
    request = NewOrderList(symbol=BTC, above=above, below=below)
    if code is None:
        exchange.place_list("alice", request, 1)
        return
    with pytest.raises(VenueError) as caught:
        exchange.place_list("alice", request, 1)
    assert caught.value.code == code
    assert len(exchange.journal.events) == before
    assert exchange.account("alice").snapshot("BTC").locked == 0
    assert exchange.place_list("alice", SELL_OCO, 2).orders[0].terms.order_id == 1


def test_ids_are_unique_while_open(exchange: Exchange) -> None:
    exchange.place_list("alice", SELL_OCO, 1)
    with pytest.raises(VenueError, match="Duplicate order sent"):
        exchange.place_list("alice", SELL_OCO, 2)
    exchange.cancel("alice", CancelOrder(symbol=BTC, order_id=1), 3)
    exchange.place_list("alice", SELL_OCO, 4)
    same = attrs.evolve(TAKE, new_client_order_id="x")
    twice = attrs.evolve(SELL_OCO, above=same, below=attrs.evolve(LOSS, new_client_order_id="x"))
    with pytest.raises(VenueError, match="Duplicate order sent"):
        exchange.place_list("alice", attrs.evolve(twice, list_client_order_id="other"), 5)


def test_lists_and_their_orders_have_filters() -> None:
    exchange = listing(filters=(MaxNumOrders(limit=3), MaxNumOrderLists(limit=1)))
    exchange.place_list("alice", OTO, 1)
    with pytest.raises(VenueError, match="MAX_NUM_ORDER_LISTS"):
        exchange.place_list("alice", OTO, 2)
    exchange.replace_rules(attrs.evolve(complete(BTCUSDT), filters=(MaxNumOrders(limit=3),)))
    with pytest.raises(VenueError, match="Filter failure: MAX_NUM_ORDERS"):
        exchange.place_list("alice", OTO, 3)
    exchange.replace_rules(complete(BTCUSDT))
    exchange.replace_exchange_filters([ExchangeMaxNumOrderLists(limit=1)])
    with pytest.raises(VenueError, match="EXCHANGE_MAX_NUM_ORDER_LISTS"):
        exchange.place_list("alice", OTO, 4)
    assert exchange.account("alice").counts.lists == 1


def test_a_leg_names_its_own_parameters(exchange: Exchange) -> None:
    legs = attrs.evolve(LOSS, time_in_force=None)
    with pytest.raises(VenueError, match="'pendingBelowTimeInForce'"):
        exchange.place_list("alice", attrs.evolve(OTOCO, below=legs), 1)
    with pytest.raises(VenueError, match="'belowTimeInForce'"):
        exchange.place_list("alice", attrs.evolve(SELL_OCO, below=legs), 1)


def test_a_symbol_may_allow_no_lists() -> None:
    exchange = listing(oco_allowed=False)
    for request in (SELL_OCO, OTOCO):
        with pytest.raises(VenueError, match="OCO orders are not supported for this symbol"):
            exchange.place_list("alice", request, 1)
    exchange.place_list("alice", OTO, 1)


def test_an_amended_pair_locks_for_the_dearer_leg_again(exchange: Exchange) -> None:
    exchange.place_list("alice", BUY_OCO, 1)
    amended = AmendOrder(symbol=BTC, order_id=2, new_quantity=D("0.5"), new_client_order_id="n")
    step = exchange.amend("alice", amended, 2)
    assert locked(exchange, "USDT") == D(90)
    assert said(step.events) == ["2 REPLACED NEW", "list UPDATED EXECUTING", "position"]
    assert step.order_list is not None
    assert step.order_list.orders[1].client_order_id == "n"


def test_lists_are_found_by_either_id_and_paged(exchange: Exchange) -> None:
    steps = [exchange.place_list("alice", OTO, now_us) for now_us in (1, 2, 3)]
    ids = [ids_of(step) for step in steps]
    history = exchange.history
    assert history.order_list("alice", order_list_id=ids[0][0]).order_list_id == 1
    assert history.order_list("alice", orig_client_order_id=ids[1][1]).order_list_id == 2
    with pytest.raises(VenueError, match="-2013"):
        history.order_list("alice", order_list_id=9)
    with pytest.raises(VenueError, match="-1102"):
        history.order_list("alice")
    numbers = [
        [each.order_list_id for each in rows]
        for rows in (
            history.order_lists("alice", limit=2),
            history.order_lists("alice", from_id=2),
            history.order_lists("alice", start_us=1, end_us=2),
            history.order_lists("alice", end_us=2, limit=1),
        )
    ]
    assert numbers == [[2, 3], [2, 3], [1, 2], [2]]
    with pytest.raises(VenueError, match="-1128"):
        history.order_lists("alice", from_id=1, start_us=1)


def ids_of(step: Step) -> tuple[int, str]:
    assert step.order_list is not None
    return step.order_list.order_list_id, step.order_list.list_client_order_id
