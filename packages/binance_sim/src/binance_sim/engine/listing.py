"""From a request to an order list that may enter the book: every check of the whole.

Types and sides of the legs (-1158..-1199), each leg as an order (parameters, filters), then the
balance, the relation of the prices and the engine's checks (-2010). Nothing changes until all have
passed. Source: Binance Spot API, "Order lists".
"""

from collections.abc import Sequence

from binance_sim.engine import errors
from binance_sim.engine.balances import Account
from binance_sim.engine.filters import Check
from binance_sim.engine.market import Market
from binance_sim.engine.order_lists import PAIR, OrderListBook
from binance_sim.engine.orders import Order, OrderList
from binance_sim.engine.placing import Leg, admit, check, check_engine
from binance_sim.engine.requests import NewOrder, NewOrderList, check_client_order_id
from binance_sim.engine.symbols import SymbolRules
from binance_sim.engine.vocabulary import ContingencyType, OrderType, Side

_WORKING_TYPES = frozenset({OrderType.LIMIT, OrderType.LIMIT_MAKER})


def new_list(account: Account, request: NewOrderList, now_us: int, list_id: int) -> OrderList:
    """Return the list without its orders."""
    return OrderList(
        order_list_id=list_id,
        client_id=request.list_client_order_id or f"simlist{list_id:016d}",
        account=account,
        symbol=request.symbol,
        contingency=request.contingency,
        placed_us=now_us,
    )


def prepare_list(
    market: Market,
    exchange_checks: tuple[Check, ...],
    book: OrderListBook,
    order_list: OrderList,
    request: NewOrderList,
) -> None:
    """Give the list the orders that `request` makes; it takes nothing yet. Raises VenueError.

    What each order locks is noted; a pair locks once, for the dearer of the two.
    """
    check_client_order_id("listClientOrderId", request.list_client_order_id)
    _check_allowed(market.rules, request)
    _check_types(request)
    account, now_us = order_list.account, order_list.placed_us
    for prefix, leg in request.legs:
        place = _place(order_list, prefix)
        order_list.orders.append(check(market, exchange_checks, account, leg, now_us, place))
    _check_engine(market, book, order_list, request)
    _link(order_list)


def _place(order_list: OrderList, prefix: str) -> Leg:
    earlier = order_list.orders
    return Leg(
        prefix=prefix,
        order_list_id=order_list.order_list_id,
        earlier_orders=len(earlier),
        earlier_algos=sum(each.trigger is not None for each in earlier),
        earlier_icebergs=sum(bool(each.iceberg) for each in earlier),
        is_pending=order_list.contingency is ContingencyType.OTO and bool(earlier),
    )


def _link(order_list: OrderList) -> None:
    """Let the orders know their list, and a working pair each other."""
    orders = order_list.orders
    for order in orders:
        order.order_list = order_list
    if order_list.contingency is ContingencyType.OTO:
        order_list.pending = tuple(orders[1:])
        return
    first, second = orders
    first.sibling, second.sibling = second, first
    first.locked, second.locked = max(first.locked, second.locked), 0


def _check_allowed(rules: SymbolRules, request: NewOrderList) -> None:
    is_pair = request.above is not None
    if request.working is not None and not rules.oto_allowed:
        raise errors.rejected(errors.NO_ORDER_LISTS.format("OTO"))
    if is_pair and not rules.oco_allowed:
        raise errors.rejected(errors.NO_ORDER_LISTS.format("OCO"))


def _check_types(request: NewOrderList) -> None:
    working = request.working
    if working is not None and working.type not in _WORKING_TYPES:
        text = "Order type not supported as the working order of an OTO."
        raise errors.VenueError(errors.OTO_TYPE_REJECTED, text)
    if request.above is not None and request.below is not None:
        _check_pair(request.above, request.below)


def _check_pair(above: NewOrder, below: NewOrder) -> None:
    """Check which types may stand above and below the market."""
    for leg in (above, below):
        if leg.type is not OrderType.LIMIT_MAKER and not leg.type.is_contingent:
            text = "Order type not supported in OCO."
            raise errors.VenueError(errors.OCO_TYPE_REJECTED, text)
    if above.type is OrderType.LIMIT_MAKER and below.type is OrderType.LIMIT_MAKER:
        text = "At least one OCO order must be contingent."
        raise errors.VenueError(errors.BOTH_CANNOT_BE_LIMIT, text)
    is_buy = above.side is Side.BUY
    wrong = above if is_buy else below  # where only a stop loss may stand
    right = below if is_buy else above
    side, place, other = ("buy", "below", "above") if is_buy else ("sell", "above", "below")
    if wrong.type is OrderType.LIMIT_MAKER:
        code = errors.BUY_LIMIT_MUST_BE_BELOW if is_buy else errors.SELL_LIMIT_MUST_BE_ABOVE
        raise errors.VenueError(code, f"A limit order in a {side} OCO must be {place}.")
    if right.type.is_stop_loss:
        code = errors.BUY_STOP_LOSS_MUST_BE_ABOVE if is_buy else errors.SELL_STOP_LOSS_MUST_BE_BELOW
        raise errors.VenueError(code, f"A stop loss order in a {side} OCO must be {other}.")
    if not wrong.type.is_stop_loss:
        code = (
            errors.BUY_TAKE_PROFIT_MUST_BE_BELOW
            if is_buy
            else errors.SELL_TAKE_PROFIT_MUST_BE_ABOVE
        )
        raise errors.VenueError(code, f"A take profit order in a {side} OCO must be {place}.")


def _check_engine(
    market: Market, book: OrderListBook, order_list: OrderList, request: NewOrderList
) -> None:
    """Check ids, prices, balance and book. Raises VenueError -2010."""
    orders = order_list.orders
    ids = {each.client_order_id for each in orders}
    if len(ids) < len(orders) or book.is_open(order_list.client_id):
        raise errors.rejected(errors.DUPLICATE_ORDER)
    if request.working is None:
        _check_prices(request, orders, market.average.last_price)
        _check_pair_balance(market, orders)
        for order in orders:
            check_engine(market, order)
        return
    _check_prices(request, orders[1:], None)
    admit(market, orders[0])
    for order in orders[1:]:
        order.locked = 0
        check_engine(market, order)


def _check_prices(request: NewOrderList, pair: Sequence[Order], last_price: int | None) -> None:
    """Check that a pair encloses the last price; None: not known, or not yet of importance."""
    if len(pair) != PAIR or request.above is None:
        return
    below, above = (_level(each) for each in pair)
    last = last_price
    in_order = (
        (not below or not above or below < above)
        and (not below or last is None or below < last)
        and (not above or last is None or last < above)
    )
    if not in_order:
        raise errors.rejected(errors.BAD_PRICE_RELATION)


def _level(order: Order) -> int:
    """Return where an order stands to the market; zero: it trails without a stop."""
    return order.price if order.trigger is None else order.trigger.stop_price


def _check_pair_balance(market: Market, pair: Sequence[Order]) -> None:
    needed = max(each.locked for each in pair)
    first = pair[0]
    if first.account.balance(market.lock_asset(first)).free < needed:
        raise errors.rejected(errors.INSUFFICIENT_BALANCE)
