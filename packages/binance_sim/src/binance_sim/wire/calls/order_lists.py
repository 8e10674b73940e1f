"""OCO, OTO and OTOCO, and cancel-replace. Source: Binance Spot API, "Trading endpoints"."""

from enum import StrEnum
from typing import Final

from binance_sim.engine.requests import (
    CancelOrder,
    CancelOrderList,
    CancelReplace,
    NewOrder,
    NewOrderList,
    named,
)
from binance_sim.engine.vocabulary import CancelReplaceMode, CancelReplaceOutcome, CancelRestriction
from binance_sim.wire.calls.method import Call, Handler, Method
from binance_sim.wire.calls.reading import times
from binance_sim.wire.calls.trading import (
    ANSWERS,
    NEW_ORDER,
    ResponseType,
    answer_view,
    leg,
    new_order,
)
from binance_sim.wire.failures import Failure
from binance_sim.wire.keys import Security
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.views import lists, orders
from binance_sim.wire.views.values import Json

_DEFAULT_LIMIT: Final = 500
_MAX_LIMIT: Final = 1000
_LEG: Final = frozenset(NEW_ORDER - {"symbol", "newOrderRespType", "selfTradePreventionMode"})
_LIST: Final = frozenset(
    {"symbol", "listClientOrderId", "newOrderRespType", "selfTradePreventionMode"}
)


class RateLimitMode(StrEnum):
    """`orderRateLimitExceededMode`."""

    DO_NOTHING = "DO_NOTHING"
    CANCEL_ONLY = "CANCEL_ONLY"


def _leg(parameters: Parameters, prefix: str) -> NewOrder:
    """Return a leg that has a side and a quantity of its own."""
    names = (named(prefix, name) for name in ("clientOrderId", "side", "quantity"))
    return leg(parameters, prefix, *names)


def _pair(parameters: Parameters, prefix: str) -> tuple[NewOrder, NewOrder]:
    """Return the legs of an OCO, which share side and quantity."""
    side, quantity = named(prefix, "side"), named(prefix, "quantity")
    above, below = named(prefix, "above"), named(prefix, "below")
    return (
        leg(parameters, above, f"{above}ClientOrderId", side, quantity),
        leg(parameters, below, f"{below}ClientOrderId", side, quantity),
    )


def place_oco(call: Call) -> Json:
    """Place two orders of which one cancels the other."""
    above, below = _pair(call.parameters, "")
    return _place(call, NewOrderList(symbol=above.symbol, above=above, below=below))


def place_oto(call: Call) -> Json:
    """Place an order that lets another one follow when it is filled."""
    working, pending = _leg(call.parameters, "working"), _leg(call.parameters, "pending")
    return _place(call, NewOrderList(symbol=working.symbol, working=working, pending=pending))


def place_otoco(call: Call) -> Json:
    """Place an order that lets an OCO follow when it is filled."""
    working = _leg(call.parameters, "working")
    above, below = _pair(call.parameters, "pending")
    request = NewOrderList(symbol=working.symbol, working=working, above=above, below=below)
    return _place(call, request)


def _place(call: Call, request: NewOrderList) -> Json:
    client_id = call.parameters.client_order_id("listClientOrderId")
    chosen = call.parameters.choice("newOrderRespType", ResponseType) or ResponseType.RESULT
    whole = NewOrderList(
        symbol=request.symbol,
        list_client_order_id=client_id,
        working=request.working,
        pending=request.pending,
        above=request.above,
        below=request.below,
    )
    step = call.exchange.place_list(call.account_key, whole, call.now_us)
    assert step.order_list is not None
    return lists.with_reports(step.order_list, step.orders, ANSWERS[chosen], call.time)


def cancel_list(call: Call) -> Json:
    """Cancel a whole order list."""
    parameters = call.parameters
    request = CancelOrderList(
        symbol=parameters.symbol(),
        order_list_id=parameters.integer("orderListId"),
        list_client_order_id=parameters.text("listClientOrderId"),
        new_client_order_id=parameters.client_order_id("newClientOrderId"),
    )
    step = call.exchange.cancel_list(call.account_key, request, call.now_us)
    assert step.order_list is not None
    return lists.with_reports(step.order_list, step.orders, orders.canceled, call.time)


def list_status(call: Call) -> Json:
    """Return one order list, by its id or by its client id."""
    found = call.exchange.history.order_list(
        call.account_key,
        order_list_id=call.parameters.integer("orderListId"),
        orig_client_order_id=call.parameters.text("origClientOrderId"),
    )
    return lists.order_list(found, call.time)


def all_lists(call: Call) -> list[Json]:
    """Return order lists from an id up, or of a time range."""
    start_us, end_us = times(call.parameters)
    rows = call.exchange.history.order_lists(
        call.account_key,
        from_id=call.parameters.integer("fromId"),
        start_us=start_us,
        end_us=end_us,
        limit=call.parameters.limit(_DEFAULT_LIMIT, _MAX_LIMIT),
    )
    seen_us = call.now_us - call.desk.lags.database_us
    return [lists.order_list(row, call.time) for row in rows if row.transacted_us <= seen_us]


def open_lists(call: Call) -> list[Json]:
    """Return the order lists of which an order is open."""
    rows = call.exchange.history.open_order_lists(call.account_key)
    return [lists.order_list(row, call.time) for row in rows]


def cancel_replace(call: Call) -> Json:
    """Cancel one order and place another. Raises Failure -2021, -2022, -1015."""
    parameters = call.parameters
    request = new_order(parameters)
    mode = parameters.required_choice("cancelReplaceMode", CancelReplaceMode)
    exceeded = parameters.choice("orderRateLimitExceededMode", RateLimitMode)
    target = CancelOrder(
        symbol=request.symbol,
        order_id=parameters.integer("cancelOrderId"),
        orig_client_order_id=parameters.text("cancelOrigClientOrderId"),
        new_client_order_id=parameters.client_order_id("cancelNewClientOrderId"),
        restriction=parameters.choice("cancelRestrictions", CancelRestriction),
    )
    view = answer_view(parameters, request.type)
    try:
        call.desk.orders(call.account_key).check(1, call.now_us)
    except Failure as failure:
        if exceeded is RateLimitMode.CANCEL_ONLY:
            _cancel_only(call, target, failure)
        raise
    done = call.exchange.cancel_replace(
        call.account_key, CancelReplace(cancel=target, new=request, mode=mode), call.now_us
    )
    answer = lists.cancel_replace(done, view, call.time)
    if done.error is not None:
        raise Failure(done.error.code, done.error.message, data=answer)
    return answer


def _cancel_only(call: Call, target: CancelOrder, failure: Failure) -> None:
    """Cancel although nothing may be placed; what comes of it goes beside the refusal."""
    step = call.exchange.cancel(call.account_key, target, call.now_us)
    assert step.order is not None
    failure.data = {
        "cancelResult": CancelReplaceOutcome.SUCCESS,
        "newOrderResult": CancelReplaceOutcome.FAILURE,
        "cancelResponse": orders.canceled(step.order, call.time),
        "newOrderResponse": {"code": failure.code, "msg": failure.message},
    }


def _prefixed(prefix: str, names: frozenset[str]) -> frozenset[str]:
    shared = {"newClientOrderId": "clientOrderId"}
    return frozenset(named(prefix, shared.get(name, name)) for name in names)


_PAIR_LEG: Final = _LEG - {"side", "quantity", "quoteOrderQty"}
_OCO: Final = _prefixed("above", _PAIR_LEG) | _prefixed("below", _PAIR_LEG)
_OTOCO: Final = (
    _prefixed("working", _LEG)
    | {"pendingSide", "pendingQuantity"}
    | _prefixed("pendingAbove", _PAIR_LEG)
    | _prefixed("pendingBelow", _PAIR_LEG)
)


def _placing(kind: str, handler: Handler, parameters: frozenset[str], count: int) -> Method:
    return Method(
        route=("POST", f"orderList/{kind}"),
        name=f"orderList.place.{kind}",
        handler=handler,
        security=Security.TRADE,
        parameters=_LIST | parameters,
        orders=count,
        is_free_on_success=True,
    )


def _query(path: str, name: str, handler: Handler, weight: int, parameters: str) -> Method:
    return Method(
        route=("GET", path),
        name=name,
        handler=handler,
        security=Security.USER_DATA,
        parameters=frozenset(parameters.split()),
        weight=weight,
    )


METHODS = (
    _placing("oco", place_oco, _OCO | {"side", "quantity"}, 2),
    _placing("oto", place_oto, _prefixed("working", _LEG) | _prefixed("pending", _LEG), 2),
    _placing("otoco", place_otoco, _OTOCO, 3),
    Method(
        route=("DELETE", "orderList"),
        name="orderList.cancel",
        handler=cancel_list,
        security=Security.TRADE,
        parameters=frozenset({"symbol", "orderListId", "listClientOrderId", "newClientOrderId"}),
        is_free_on_success=True,
    ),
    _query("orderList", "orderList.status", list_status, 4, "orderListId origClientOrderId"),
    _query("allOrderList", "allOrderLists", all_lists, 20, "fromId startTime endTime limit"),
    _query("openOrderList", "openOrderLists.status", open_lists, 6, ""),
    Method(
        route=("POST", "order/cancelReplace"),
        name="order.cancelReplace",
        handler=cancel_replace,
        security=Security.TRADE,
        parameters=NEW_ORDER
        | {
            "cancelReplaceMode",
            "cancelNewClientOrderId",
            "cancelOrigClientOrderId",
            "cancelOrderId",
            "cancelRestrictions",
            "orderRateLimitExceededMode",
        },
        orders=1,
        checks_orders=False,
        is_free_on_success=True,
    ),
)
