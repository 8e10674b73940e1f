"""What the end of one order of a list means for the others.

An OCO pair: whichever leg starts ends the other. An OTO: the pending orders enter the book when
the working one is filled, and end with it otherwise. Source: Binance Spot API, "Order lists".
"""

from collections.abc import Sequence

from binance_sim.engine.journal import Draft
from binance_sim.engine.market import Market, report
from binance_sim.engine.orders import Order, OrderList
from binance_sim.engine.vocabulary import (
    ExecutionType,
    ExpiryReason,
    ListOrderStatus,
    ListStatusType,
    OrderStatus,
    RejectReason,
)

PAIR = 2  #: orders of an OCO


class OrderListBook:
    """The order lists of one account on all symbols, by id."""

    def __init__(self) -> None:
        self.lists: list[OrderList] = []
        self._by_id: dict[int, OrderList] = {}
        self._by_client_id: dict[str, OrderList] = {}

    def add(self, order_list: OrderList) -> None:
        """Remember a newly accepted list."""
        self.lists.append(order_list)
        self._by_id[order_list.order_list_id] = order_list
        self._by_client_id[order_list.client_id] = order_list

    def find(self, order_list_id: int | None, client_id: str | None) -> OrderList | None:
        """Return the list that an id names; the number decides when both are given."""
        if order_list_id is not None:
            return self._by_id.get(order_list_id)
        return self._by_client_id.get(client_id or "")

    def is_open(self, client_id: str) -> bool:
        """Whether an open list bears this id."""
        found = self._by_client_id.get(client_id)
        return found is not None and found.is_open


def cancel_id_of(order: Order) -> str:
    """Return the id of a cancel that was given none."""
    return f"simcancel{order.order_id:013d}"


def start_leg(draft: Draft, market: Market, order: Order) -> None:
    """Let a leg of an OCO pair work alone: the other expires, the lock becomes its own."""
    sibling = order.sibling
    if sibling is None:
        return
    order.sibling = sibling.sibling = None
    market.expire(draft, sibling, ExpiryReason.OCO_TRIGGER)
    is_locked = market.try_lock(draft, order, order.need)
    assert is_locked, "a pair locks for the dearer leg"


def follow(draft: Draft, market: Market, ended: Order) -> Sequence[Order]:
    """Draw the consequences of a member's end; return the orders that enter the book now."""
    order_list = ended.order_list
    assert order_list is not None
    if not order_list.is_open:
        return ()
    entering: Sequence[Order] = ()
    working, sibling = order_list.working, ended.sibling
    if working is not None and working.status is not OrderStatus.FILLED:
        rest = [each for each in order_list.orders if each.is_open]
        _end(draft, market, ended, rest, ExpiryReason.OTO_PHASE_ONE_EXPIRED)
    elif ended is working:
        entering = _activate(draft, market, order_list)
    elif sibling is not None:
        ended.sibling = sibling.sibling = None
        if sibling.is_open:
            _end(draft, market, ended, [sibling], ExpiryReason.OCO_TRIGGER)
    if not any(each.is_open for each in order_list.orders):
        _finish(draft, market, order_list)
    return entering


def _end(
    draft: Draft, market: Market, ended: Order, rest: Sequence[Order], reason: ExpiryReason
) -> None:
    """End the others as their fellow ended: cancelled with it, or expired."""
    for order in rest:
        if ended.status is OrderStatus.CANCELED:
            market.cancel(draft, order, cancel_id_of(order))
        else:
            market.expire(draft, order, reason)


def _finish(draft: Draft, market: Market, order_list: OrderList) -> None:
    order_list.status_type = ListStatusType.ALL_DONE
    order_list.order_status = ListOrderStatus.ALL_DONE
    count_list(market, order_list, -1)
    draft.add(order_list.status(draft.now_us))


def count_list(market: Market, order_list: OrderList, one: int) -> None:
    """Count a list among the account's open ones, or no longer."""
    account = order_list.account
    for counts in (market.blotters[account.key].counts, account.counts):
        counts.lists += one


def _activate(draft: Draft, market: Market, order_list: OrderList) -> Sequence[Order]:
    """Let pending stops wait; return the other pending orders, which enter the book at once."""
    pending = [each for each in order_list.pending if each.is_open]
    for order in pending:
        if order.is_buy and not order.price:
            stop = 0 if order.trigger is None else order.trigger.stop_price
            order.lock_price = stop or market.average.last_price or 0
    if _cannot_wait(draft, market, pending):
        return ()
    for order in pending:
        order.status = OrderStatus.NEW
        if order.trigger is not None:
            market.wait(draft, order)
            draft.add(report(draft, order, ExecutionType.NEW))
    draft.add(order_list.status(draft.now_us))
    return [order for order in pending if order.trigger is None]


def _cannot_wait(draft: Draft, market: Market, pending: Sequence[Order]) -> bool:
    """Lock for stops and pairs; or reject the first that fails, and the rest follows it."""
    if len(pending) == PAIR:
        first, second = pending
        first.sibling, second.sibling = second, first
    for order in pending:
        if market.would_trigger(order):
            reason = RejectReason.STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY
            if order.sibling is not None:
                reason = RejectReason.OCO_BAD_PRICES
            market.reject(draft, order, reason)
            return True
    stops = [order for order in pending if order.trigger is not None]
    if not stops:
        return False
    if market.try_lock(draft, stops[0], stops[0].need):
        return False
    market.reject(draft, stops[0], RejectReason.INSUFFICIENT_BALANCES)
    return True
