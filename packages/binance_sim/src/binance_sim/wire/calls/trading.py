"""Placing and cancelling. Source: Binance Spot API, "Trading endpoints"."""

from enum import StrEnum
from typing import Final

from binance_sim.engine.events import NO_ORDER_LIST, OrderSnapshot
from binance_sim.engine.requests import AmendOrder, CancelOrder, NewOrder, named
from binance_sim.engine.vocabulary import (
    CancelRestriction,
    OrderType,
    PegOffsetType,
    PegPriceType,
    Side,
    StpMode,
    TimeInForce,
)
from binance_sim.wire.calls.method import Call, Method
from binance_sim.wire.keys import Security
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.views import lists, orders
from binance_sim.wire.views.lists import OrderView
from binance_sim.wire.views.values import Json


class ResponseType(StrEnum):
    """`newOrderRespType`."""

    ACK = "ACK"
    RESULT = "RESULT"
    FULL = "FULL"


NEW_ORDER: Final = frozenset(
    {
        "symbol",
        "side",
        "type",
        "timeInForce",
        "quantity",
        "quoteOrderQty",
        "price",
        "stopPrice",
        "trailingDelta",
        "icebergQty",
        "newClientOrderId",
        "strategyId",
        "strategyType",
        "newOrderRespType",
        "selfTradePreventionMode",
        "pegPriceType",
        "pegOffsetType",
        "pegOffsetValue",
    }
)
ANSWERS: Final[dict[ResponseType, OrderView]] = {
    ResponseType.ACK: orders.acknowledged,
    ResponseType.RESULT: orders.result,
    ResponseType.FULL: orders.full,
}
_FULL_BY_DEFAULT: Final = frozenset({OrderType.LIMIT, OrderType.MARKET})


def new_order(parameters: Parameters) -> NewOrder:
    """Return the order that the parameters ask for. Raises VenueError, Failure."""
    return leg(parameters, "", "newClientOrderId", "side", "quantity")


def leg(
    parameters: Parameters, prefix: str, client_order_id: str, side: str, quantity: str
) -> NewOrder:
    """Return an order whose parameters' names begin with `prefix`, three apart.

    Raises VenueError, Failure.
    """
    return NewOrder(
        symbol=parameters.symbol(),
        side=parameters.required_choice(side, Side),
        type=parameters.required_choice(named(prefix, "type"), OrderType),
        time_in_force=parameters.choice(named(prefix, "timeInForce"), TimeInForce),
        quantity=parameters.amount(quantity),
        quote_order_quantity=parameters.amount(named(prefix, "quoteOrderQty")),
        price=parameters.amount(named(prefix, "price")),
        stop_price=parameters.amount(named(prefix, "stopPrice")),
        trailing_delta=parameters.integer(named(prefix, "trailingDelta")),
        iceberg_quantity=parameters.amount(named(prefix, "icebergQty")),
        new_client_order_id=parameters.client_order_id(client_order_id),
        stp_mode=parameters.choice("selfTradePreventionMode", StpMode),
        strategy_id=parameters.integer(named(prefix, "strategyId")),
        strategy_type=parameters.integer(named(prefix, "strategyType")),
        peg_price_type=parameters.choice(named(prefix, "pegPriceType"), PegPriceType),
        peg_offset_type=parameters.choice(named(prefix, "pegOffsetType"), PegOffsetType),
        peg_offset_value=parameters.integer(named(prefix, "pegOffsetValue")),
    )


def response_type(parameters: Parameters, order_type: OrderType) -> ResponseType:
    """Return how much the answer shows: FULL for LIMIT and MARKET, else ACK, unless told."""
    default = ResponseType.FULL if order_type in _FULL_BY_DEFAULT else ResponseType.ACK
    return parameters.choice("newOrderRespType", ResponseType) or default


def answer_view(parameters: Parameters, order_type: OrderType) -> OrderView:
    """Return how the answer to placing is written."""
    return ANSWERS[response_type(parameters, order_type)]


def place(call: Call) -> Json:
    """Place an order."""
    request = new_order(call.parameters)
    view = answer_view(call.parameters, request.type)
    step = call.exchange.place(call.account_key, request, call.now_us)
    assert step.order is not None
    return view(step.order, call.time)


def cancel_request(parameters: Parameters) -> CancelOrder:
    """Return the cancel that the parameters ask for. Raises VenueError, Failure."""
    return CancelOrder(
        symbol=parameters.symbol(),
        order_id=parameters.integer("orderId"),
        orig_client_order_id=parameters.text("origClientOrderId"),
        new_client_order_id=parameters.client_order_id("newClientOrderId"),
        restriction=parameters.choice("cancelRestrictions", CancelRestriction),
    )


def cancel(call: Call) -> Json:
    """Cancel one order."""
    step = call.exchange.cancel(call.account_key, cancel_request(call.parameters), call.now_us)
    assert step.order is not None
    return orders.canceled(step.order, call.time)


def cancel_all(call: Call) -> list[Json]:
    """Cancel every open order of a symbol; order lists show as such among the orders."""
    symbol = call.parameters.symbol()
    answers, _ = call.exchange.cancel_all(call.account_key, symbol, call.now_us)
    by_list: dict[int, list[OrderSnapshot]] = {}
    rows: list[Json] = []
    for order in answers:
        list_id = order.terms.order_list_id
        if list_id == NO_ORDER_LIST:
            rows.append(orders.canceled(order, call.time))
        else:
            by_list.setdefault(list_id, []).append(order)
    for list_id, members in by_list.items():
        found = call.exchange.history.order_list(call.account_key, order_list_id=list_id)
        rows.append(lists.with_reports(found, members, orders.canceled, call.time))
    return rows


def amend(call: Call) -> Json:
    """Reduce an order's quantity where it stands."""
    parameters = call.parameters
    parameters.required("newQty")
    quantity = parameters.amount("newQty")
    assert quantity is not None
    request = AmendOrder(
        symbol=parameters.symbol(),
        new_quantity=quantity,
        order_id=parameters.integer("orderId"),
        orig_client_order_id=parameters.text("origClientOrderId"),
        new_client_order_id=parameters.client_order_id("newClientOrderId"),
    )
    return lists.amended(call.exchange.amend(call.account_key, request, call.now_us), call.time)


METHODS = (
    Method(
        route=("PUT", "order/amend/keepPriority"),
        name="order.amend.keepPriority",
        handler=amend,
        security=Security.TRADE,
        parameters=frozenset(
            {"symbol", "orderId", "origClientOrderId", "newClientOrderId", "newQty"}
        ),
        weight=4,
    ),
    Method(
        route=("POST", "order"),
        name="order.place",
        handler=place,
        security=Security.TRADE,
        parameters=NEW_ORDER,
        orders=1,
        is_free_on_success=True,
    ),
    Method(
        route=("DELETE", "order"),
        name="order.cancel",
        handler=cancel,
        security=Security.TRADE,
        parameters=frozenset(
            {"symbol", "orderId", "origClientOrderId", "newClientOrderId", "cancelRestrictions"}
        ),
        is_free_on_success=True,
    ),
    Method(
        route=("DELETE", "openOrders"),
        name="openOrders.cancelAll",
        handler=cancel_all,
        security=Security.TRADE,
        parameters=frozenset({"symbol"}),
        is_free_on_success=True,
    ),
)
