"""Placing and cancelling. Source: Binance Spot API, "Trading endpoints"."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from binance_sim.engine.events import OrderSnapshot
from binance_sim.engine.requests import CancelOrder, NewOrder
from binance_sim.engine.vocabulary import (
    CancelRestriction,
    OrderType,
    Side,
    StpMode,
    TimeInForce,
)
from binance_sim.wire.calls.method import Call, Method
from binance_sim.wire.keys import Security
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.views import orders
from binance_sim.wire.views.values import Json, Time


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
_ANSWERS: Final[dict[ResponseType, Callable[[OrderSnapshot, Time], Json]]] = {
    ResponseType.ACK: orders.acknowledged,
    ResponseType.RESULT: orders.result,
    ResponseType.FULL: orders.full,
}
_FULL_BY_DEFAULT: Final = frozenset({OrderType.LIMIT, OrderType.MARKET})


def new_order(parameters: Parameters) -> NewOrder:
    """Return the order that the parameters ask for. Raises VenueError, Failure."""
    return NewOrder(
        symbol=parameters.symbol(),
        side=parameters.required_choice("side", Side),
        type=parameters.required_choice("type", OrderType),
        time_in_force=parameters.choice("timeInForce", TimeInForce),
        quantity=parameters.amount("quantity"),
        quote_order_quantity=parameters.amount("quoteOrderQty"),
        price=parameters.amount("price"),
        new_client_order_id=parameters.client_order_id("newClientOrderId"),
        stp_mode=parameters.choice("selfTradePreventionMode", StpMode),
        strategy_id=parameters.integer("strategyId"),
        strategy_type=parameters.integer("strategyType"),
    )


def response_type(parameters: Parameters, order_type: OrderType) -> ResponseType:
    """Return how much the answer shows: FULL for LIMIT and MARKET, else ACK, unless told."""
    default = ResponseType.FULL if order_type in _FULL_BY_DEFAULT else ResponseType.ACK
    return parameters.choice("newOrderRespType", ResponseType) or default


def place(call: Call) -> Json:
    """Place an order."""
    request = new_order(call.parameters)
    chosen = response_type(call.parameters, request.type)
    step = call.exchange.place(call.account_key, request, call.now_us)
    assert step.order is not None
    return _ANSWERS[chosen](step.order, call.time)


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
    """Cancel every open order of a symbol."""
    symbol = call.parameters.symbol()
    answers, _ = call.exchange.cancel_all(call.account_key, symbol, call.now_us)
    return [orders.canceled(each, call.time) for each in answers]


METHODS = (
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
