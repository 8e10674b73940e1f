"""Queries of orders and trades. Source: Binance Spot API, "Account endpoints".

Three freshnesses: the engine's, memory's (an order is found a little late, an ended one seems
open) and the database's; see `faults.lags`.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from binance_sim.engine import errors
from binance_sim.engine.history import DEFAULT_LIMIT, MAX_LIMIT
from binance_sim.engine.orders import Order
from binance_sim.engine.vocabulary import OrderStatus
from binance_sim.wire import failures
from binance_sim.wire.calls.method import Call, Handler, Method, Weight, by_symbol
from binance_sim.wire.keys import Security
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.views import lists, orders
from binance_sim.wire.views.values import Json

_LEAST_US: Final = 10**14
_DAY_US: Final = 24 * 3600 * 1_000_000
_WITHOUT_EXECUTION: Final = frozenset(
    {OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH}
)


def times(parameters: Parameters) -> tuple[int | None, int | None]:
    """Return `startTime` and `endTime` in microseconds, sent in either unit, both inclusive."""
    start, end = parameters.integer("startTime"), parameters.integer("endTime")
    start_us = None if start is None else _to_us(start)
    if end is None or end >= _LEAST_US:
        return start_us, end
    last_us = end * 1000 + 999  # the whole of that millisecond
    if start_us is not None and end * 1000 - start_us == _DAY_US:
        last_us = end * 1000  # a day is not too long
    return start_us, last_us


def _to_us(instant: int) -> int:
    return instant if instant >= _LEAST_US else instant * 1000


def order_status(call: Call) -> Json:
    """Return one order. Raises VenueError -1102, -2013, -2039, Failure -2026."""
    parameters, lags = call.parameters, call.desk.lags
    found = call.exchange.history.order(
        call.account_key,
        parameters.symbol(),
        order_id=parameters.integer("orderId"),
        orig_client_order_id=parameters.text("origClientOrderId"),
    )
    if call.now_us - found.terms.created_us < lags.new_order_us:
        raise errors.no_such_order()
    ended_quietly = found.status in _WITHOUT_EXECUTION and not found.filled_quantity
    if ended_quietly and call.now_us - found.updated_us > lags.archive_after_us:
        text = (
            "Order was canceled or expired with no executed qty over 90 days ago "
            "and has been archived."
        )
        raise failures.Failure(failures.ARCHIVED, text)
    return orders.queried(found, call.time)


def open_orders(call: Call) -> list[Json]:
    """Return the open orders of a symbol, or of all; with a lag, the ended ones too."""
    symbol = call.parameters.optional_symbol()
    found = call.exchange.history.open_orders(call.account_key, symbol)
    answers = [orders.queried(each, call.time) for each in found]
    lag_us = call.desk.lags.open_orders_us
    if lag_us:
        answers.extend(_lately_open(call, symbol, lag_us))
    return answers


def _lately_open(call: Call, symbol: str | None, lag_us: int) -> Iterable[Json]:
    for name in call.exchange.markets() if symbol is None else (symbol,):
        for order in _orders(call, name):
            if not order.is_open and call.now_us - order.updated_us < lag_us:
                answer = orders.queried(order.snapshot(), call.time)
                filled = order.filled if order.status is not OrderStatus.FILLED else 0
                answer["status"] = OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.NEW
                answer["isWorking"] = True
                yield answer


def _orders(call: Call, symbol: str) -> Sequence[Order]:
    return call.exchange.market(symbol).blotters[call.account_key].orders


def all_orders(call: Call) -> list[Json]:
    """Return orders of a symbol from an id up, or of a time range, or the newest."""
    parameters = call.parameters
    start_us, end_us = times(parameters)
    rows = call.exchange.history.all_orders(
        call.account_key,
        parameters.symbol(),
        order_id=parameters.integer("orderId"),
        start_us=start_us,
        end_us=end_us,
        limit=parameters.limit(DEFAULT_LIMIT, MAX_LIMIT),
    )
    seen_us = call.now_us - call.desk.lags.database_us
    return [orders.queried(row, call.time) for row in rows if row.terms.created_us <= seen_us]


def my_trades(call: Call) -> list[Json]:
    """Return executions; `fromId` is inclusive. Raises VenueError -1128, -1127."""
    parameters = call.parameters
    start_us, end_us = times(parameters)
    rows = call.exchange.history.my_trades(
        call.account_key,
        parameters.symbol(),
        order_id=parameters.integer("orderId"),
        from_id=parameters.integer("fromId"),
        start_us=start_us,
        end_us=end_us,
        limit=parameters.limit(DEFAULT_LIMIT, MAX_LIMIT),
    )
    seen_us = call.now_us - call.desk.lags.database_us
    return [orders.trade(row, call.time) for row in rows if row.traded_us <= seen_us]


def prevented_matches(call: Call) -> list[Json]:
    """Return the self-trades that did not happen, by order or by their own id."""
    parameters = call.parameters
    symbol, order_id = parameters.symbol(), parameters.integer("orderId")
    match_id = parameters.integer("preventedMatchId")
    from_id = parameters.integer("fromPreventedMatchId")
    limit = parameters.limit(DEFAULT_LIMIT, MAX_LIMIT)
    if order_id is None and match_id is None:
        raise errors.one_of_missing("preventedMatchId", "orderId")
    if match_id is not None and (order_id is not None or from_id is not None):
        raise failures.bad_combination()
    matches = call.exchange.history.prevented_matches(
        call.account_key,
        symbol,
        order_id=order_id,
        prevented_match_id=match_id,
        from_id=from_id or 0,
        limit=limit,
    )
    seen_us = call.now_us - call.desk.lags.database_us
    rows = [match for match in matches if match.transacted_us <= seen_us]
    return orders.prevented_matches(rows, call.time)


def amendments(call: Call) -> list[Json]:
    """Return what became of an order's quantity. Raises VenueError -1102."""
    parameters = call.parameters
    symbol = parameters.symbol()
    parameters.required("orderId")
    rows = call.exchange.history.amendments(
        call.account_key,
        symbol,
        parameters.integer("orderId") or 0,
        from_execution_id=parameters.integer("fromExecutionId") or 0,
        limit=parameters.limit(DEFAULT_LIMIT, MAX_LIMIT),
    )
    return [lists.amendment(row, call.time) for row in rows]


def _trades_weight(parameters: Parameters) -> int:
    return 5 if "orderId" in parameters else 20


def _matches_weight(parameters: Parameters) -> int:
    return 2 if "preventedMatchId" in parameters else 20


def _query(path: str, name: str, handler: Handler, weight: int | Weight, parameters: str) -> Method:
    return Method(
        route=("GET", path),
        name=name,
        handler=handler,
        security=Security.USER_DATA,
        parameters=frozenset(parameters.split()),
        weight=weight,
    )


METHODS = (
    _query("order", "order.status", order_status, 4, "symbol orderId origClientOrderId"),
    _query("openOrders", "openOrders.status", open_orders, by_symbol(6, 80), "symbol"),
    _query("allOrders", "allOrders", all_orders, 20, "symbol orderId startTime endTime limit"),
    _query(
        "myTrades",
        "myTrades",
        my_trades,
        _trades_weight,
        "symbol orderId startTime endTime fromId limit",
    ),
    _query(
        "order/amendments",
        "order.amendments",
        amendments,
        4,
        "symbol orderId fromExecutionId limit",
    ),
    _query(
        "myPreventedMatches",
        "myPreventedMatches",
        prevented_matches,
        _matches_weight,
        "symbol preventedMatchId orderId fromPreventedMatchId limit",
    ),
)
