"""Order lists, amendments, cancel-replace. Source: Binance Spot API, "Trading endpoints"."""

from collections.abc import Callable, Sequence

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import Amendment, OrderListSnapshot, OrderSnapshot, Step
from binance_sim.engine.replacing import CancelReplaceResult
from binance_sim.wire.views import orders
from binance_sim.wire.views.values import Json, Time, amount

OrderView = Callable[[OrderSnapshot, Time], Json]


def order_list(found: OrderListSnapshot, time: Time) -> Json:
    """Return an order list as a query shows it."""
    return {
        "orderListId": found.order_list_id,
        "contingencyType": found.contingency_type,
        "listStatusType": found.status_type,
        "listOrderStatus": found.order_status,
        "listClientOrderId": found.list_client_order_id,
        "transactionTime": time(found.transacted_us),
        "symbol": found.symbol,
        "orders": [
            {
                "symbol": order.symbol,
                "orderId": order.order_id,
                "clientOrderId": order.client_order_id,
            }
            for order in found.orders
        ],
    }


def with_reports(
    found: OrderListSnapshot, reports: Sequence[OrderSnapshot], view: OrderView, time: Time
) -> Json:
    """Return an order list with what became of its orders, as placing and cancelling show it."""
    answer = order_list(found, time)
    answer["orderReports"] = [view(order, time) for order in reports]
    return answer


def amended(step: Step, time: Time) -> Json:
    """Return the answer to an amendment."""
    order, made = step.order, step.amendment
    assert order is not None
    assert made is not None
    terms = order.terms
    answer: Json = {
        "transactTime": time(made.amended_us),
        "executionId": made.execution_id,
        "amendedOrder": {
            "symbol": terms.symbol,
            "orderId": terms.order_id,
            "orderListId": terms.order_list_id,
            "origClientOrderId": made.original_client_order_id,
            "clientOrderId": order.client_order_id,
            "price": amount(terms.price),
            "qty": amount(terms.quantity),
            "executedQty": amount(order.filled_quantity),
            "preventedQty": amount(order.prevented_quantity),
            "quoteOrderQty": amount(terms.quote_order_quantity),
            "cumulativeQuoteQty": amount(order.filled_notional),
            "status": order.status,
            "timeInForce": terms.time_in_force,
            "type": terms.type,
            "side": terms.side,
            "workingTime": time(order.working_us) if order.working_us > 0 else order.working_us,
            "selfTradePreventionMode": terms.stp_mode,
        },
    }
    if step.order_list is not None:
        answer["listStatus"] = _list_status(step.order_list)
    return answer


def _list_status(found: OrderListSnapshot) -> Json:
    return {
        "orderListId": found.order_list_id,
        "contingencyType": found.contingency_type,
        "listOrderStatus": found.order_status,
        "listClientOrderId": found.list_client_order_id,
        "symbol": found.symbol,
        "orders": [
            {
                "symbol": order.symbol,
                "orderId": order.order_id,
                "clientOrderId": order.client_order_id,
            }
            for order in found.orders
        ],
    }


def amendment(row: Amendment, time: Time) -> Json:
    """Return a row of `order/amendments`."""
    return {
        "symbol": row.symbol,
        "orderId": row.order_id,
        "executionId": row.execution_id,
        "origClientOrderId": row.original_client_order_id,
        "newClientOrderId": row.new_client_order_id,
        "origQty": amount(row.original_quantity),
        "newQty": amount(row.new_quantity),
        "time": time(row.amended_us),
    }


def cancel_replace(done: CancelReplaceResult, new_view: OrderView, time: Time) -> Json:
    """Return both parts of a cancel-replace."""
    return {
        "cancelResult": done.cancel_result,
        "newOrderResult": done.new_order_result,
        "cancelResponse": _part(done.cancel, orders.canceled, time),
        "newOrderResponse": _part(done.new, new_view, time),
    }


def _part(part: OrderSnapshot | VenueError | None, view: OrderView, time: Time) -> Json | None:
    if part is None:
        return None
    if isinstance(part, VenueError):
        return {"code": part.code, "msg": part.message}
    return view(part, time)
