"""A customer's orders: place, preview, read, cancel."""

from enum import StrEnum
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from http_adapter import parameters
from http_adapter.answers import answer, execute, of_outcome
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.guards import account_of
from http_adapter.idempotency import origin
from http_adapter.metrics import Metrics
from http_adapter.operations_spec import READ_PROBLEMS, WRITE_PROBLEMS, KeyedOfAccount, OfAccount
from http_adapter.paging import Cursor, Limit, Sort, SortBy, filled, instant_parameter, paging
from http_adapter.parameters import SymbolFilter
from http_adapter.v1.order_messages import (
    NewOrder,
    OrderEventList,
    OrderEventMessage,
    OrderList,
    OrderMessage,
    PreviewMessage,
    Replacement,
)
from tradecore.application.commands.cancel_order import CancelOrder
from tradecore.application.outcomes import Outcome
from tradecore.application.preview import preview
from tradecore.domain.errors import OrderRefused, UnknownOrder
from tradecore.domain.instruments import Side
from tradecore.domain.orders import Order
from tradecore.ports.queries import OrderFilter


class OrderScope(StrEnum):
    """Which orders a list holds."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


_OPEN: Final = {OrderScope.OPEN: True, OrderScope.CLOSED: False, OrderScope.ALL: None}


@post(
    "/orders",
    status_code=202,
    operation_id="PlaceOrder",
    operation_class=KeyedOfAccount,
    responses=WRITE_PROBLEMS,
)
async def place_order(request: ApiRequest, data: JSONBody[NewOrder]) -> Response[OrderMessage]:
    """Place an order. It is accepted, its money reserved; the venue has yet to hear of it."""
    account_id = account_of(request)
    command = data.to_command(await origin(request, owner=account_id), account_id)
    exchange = exchange_of(request)
    outcome = await exchange.services.executor.execute(command)
    _count(exchange.metrics, outcome)
    return of_outcome(request, outcome, OrderMessage.of, status=202)


def _count(metrics: Metrics, outcome: Outcome[Order]) -> None:
    if outcome.replayed:
        return
    if outcome.answer is not None:
        metrics.order_accepted(outcome.answer.type)
    elif isinstance(outcome.refusal, OrderRefused):
        for reason in outcome.refusal.reasons:
            metrics.order_refused(reason.rule)


@post(
    "/orders/preview",
    status_code=200,
    operation_id="PreviewOrder",
    operation_class=OfAccount,
    responses=WRITE_PROBLEMS,
)
async def preview_order(request: ApiRequest, data: JSONBody[NewOrder]) -> Response[PreviewMessage]:
    """Check an order and tell what it would reserve and cost. Nothing is kept."""
    account_id = account_of(request)
    services = exchange_of(request).services
    command = data.to_command(await origin(request, owner=account_id, required=False), account_id)
    previewed = await preview(
        services.store,
        command,
        prices=services.prices,
        ids=services.ids,
        rules=services.rules,
    )
    return answer(PreviewMessage.of(previewed))


@get("/orders", operation_id="ListOrders", operation_class=OfAccount, responses=READ_PROBLEMS)
async def list_orders(  # noqa: PLR0913, PLR0917 - the query's parameters
    request: ApiRequest,
    status: FromQuery[OrderScope] = OrderScope.ALL,
    symbol: SymbolFilter = None,
    side: FromQuery[Side | None] = None,
    created_from: Annotated[str | None, QueryParameter(name="from")] = None,
    created_to: Annotated[str | None, QueryParameter(name="to")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: SortBy = Sort.NEWEST,
) -> Response[OrderList]:
    """List own orders. `from` is inclusive, `to` exclusive; both are of the creation."""
    which = OrderFilter(
        open=_OPEN[status],
        symbol=symbol,
        side=side,
        created_from=instant_parameter(created_from, "from"),
        created_to=instant_parameter(created_to, "to"),
    )
    page = await exchange_of(request).services.queries.list_orders(
        account_of(request), which, paging(limit, cursor, sort)
    )
    return answer(filled(OrderList, page, OrderMessage.of))


@get(
    "/orders/{order_id:str}",
    operation_id="GetOrder",
    operation_class=OfAccount,
    responses=READ_PROBLEMS,
)
async def get_order(request: ApiRequest, order_id: FromPath[str]) -> Response[OrderMessage]:
    """Read one order."""
    return answer(OrderMessage.of(await _own_order(request, order_id)))


@get(
    "/orders/by-client-order-id/{client_order_id:str}",
    operation_id="GetOrderByClientOrderId",
    operation_class=OfAccount,
    responses=READ_PROBLEMS,
)
async def get_order_by_client_order_id(
    request: ApiRequest, client_order_id: FromPath[str]
) -> Response[OrderMessage]:
    """Read one order by the name that its owner gave it."""
    order = await exchange_of(request).services.queries.find_order_by_client_order_id(
        account_of(request), parameters.client_order_id(client_order_id)
    )
    if order is None:
        raise UnknownOrder(order_id=client_order_id)
    return answer(OrderMessage.of(order))


@get(
    "/orders/{order_id:str}/events",
    operation_id="ListOrderEvents",
    operation_class=OfAccount,
    responses=READ_PROBLEMS,
)
async def list_order_events(
    request: ApiRequest, order_id: FromPath[str]
) -> Response[OrderEventList]:
    """Read an order's history, as it was appended."""
    order = await _own_order(request, order_id)
    events = await exchange_of(request).services.queries.list_order_events(order.order_id)
    return answer(OrderEventList(items=tuple(map(OrderEventMessage.of, events))))


@post(
    "/orders/{order_id:str}/cancel",
    status_code=202,
    operation_id="CancelOrder",
    operation_class=OfAccount,
    responses=WRITE_PROBLEMS,
)
async def cancel_order(request: ApiRequest, order_id: FromPath[str]) -> Response[OrderMessage]:
    """Ask for the end of an order. Asking twice is asking once, so the key may be left out."""
    account_id = account_of(request)
    command = CancelOrder(
        **await origin(request, owner=account_id, required=False),
        account_id=account_id,
        order_id=parameters.order_id(order_id),
    )
    return await execute(request, command, OrderMessage.of, status=202)


@post(
    "/orders/{order_id:str}/replace",
    status_code=202,
    operation_id="ReplaceOrder",
    operation_class=KeyedOfAccount,
    responses=WRITE_PROBLEMS,
)
async def replace_order(
    request: ApiRequest, data: JSONBody[Replacement], order_id: FromPath[str]
) -> Response[OrderMessage]:
    """Give a resting order another limit or total quantity; what more it may cost is reserved.

    The order keeps its id. Its place in the market's queue is lost: the venue gets a new one once
    the old is proved dead. An order that fills whole before that is not replaced.
    """
    account_id = account_of(request)
    command = data.to_command(
        await origin(request, owner=account_id), account_id, parameters.order_id(order_id)
    )
    return await execute(request, command, OrderMessage.of, status=202)


async def _own_order(request: ApiRequest, order_id: str) -> Order:
    order = await exchange_of(request).services.queries.find_order(
        account_of(request), parameters.order_id(order_id)
    )
    if order is None:
        raise UnknownOrder(order_id=order_id)
    return order


HANDLERS: Final = (
    place_order,
    preview_order,
    list_orders,
    get_order,
    get_order_by_client_order_id,
    list_order_events,
    cancel_order,
    replace_order,
)
