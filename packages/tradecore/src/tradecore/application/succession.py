"""What follows when the child that stood at the venue has ended: the next one, or the order's end.

| the child ended as | the order | what follows |
| --- | --- | --- |
| CANCELED or EXPIRED_IN_MATCH | waits for a replacement | the next child, at the new price and quantity |
| EXPIRED_IN_MATCH | rests | by the house's policy the next child, for what is left |
| anything else | | the order ends likewise |
"""

from typing import Final

from tradecore.application.context import Context, SelfTradePolicy
from tradecore.application.settlement import (
    TRIGGER_OF,
    after_refusal,
    close_order,
    finish_order,
    release,
    save_step,
)
from tradecore.domain import orders, reservations
from tradecore.domain.events import OrderSubmitted
from tradecore.domain.ids import MAX_CHILDREN, CommandId
from tradecore.domain.instruments import TimeInForce
from tradecore.domain.orders import Order, OrderStatus, Trigger, transition
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.ports.working_set import WorkingSet

PUT_BACK = "met an order of this house at the venue; what is left goes back"


def end_with_child(
    books: WorkingSet, context: Context, command_id: CommandId, order: Order, child: VenueOrder
) -> None:
    """Let the order go on, or end, as its newest child did, once that is settled."""
    settled = child.status is VenueOrderStatus.ENDED and child.outcome is not None
    if order.is_terminal or not settled or child.child != order.children:
        return
    assert child.outcome is not None, child
    replaces = order.status is OrderStatus.PENDING_REPLACE and order.awaits_replacement
    if replaces and child.outcome in _MADE_ROOM:
        replace(books, context, command_id, order)
        return
    if child.outcome is VenueOutcome.EXPIRED_IN_MATCH and _may_go_back(books, context, order):
        put_back, event = transition(order, Trigger.REPLACE, context.now, PUT_BACK)
        save_step(books, put_back, event)
        books.record(OrderSubmitted(order=put_back))
        return
    trigger, reason = TRIGGER_OF[child.outcome], child.outcome_reason
    if child.outcome is VenueOutcome.REJECTED:
        trigger = after_refusal(books, order, child.child)
    elif reason is None and child.outcome is VenueOutcome.EXPIRED_IN_MATCH:
        reason = child.outcome
    finish_order(books, context, command_id, order, trigger, reason)


_MADE_ROOM: Final = (VenueOutcome.CANCELED, VenueOutcome.EXPIRED_IN_MATCH)


def _may_go_back(books: WorkingSet, context: Context, order: Order) -> bool:
    """Tell whether what is left of a resting order may go to the venue once more."""
    if context.rules.self_trade is not SelfTradePolicy.REPLACE:
        return False
    rests = order.time_in_force is TimeInForce.GTC and order.quantity is not None
    if not rests or order.status is OrderStatus.PENDING_CANCEL:
        return False
    met = sum(
        1
        for one in books.venue_orders
        if one.order_id == order.order_id and one.outcome is VenueOutcome.EXPIRED_IN_MATCH
    )
    return met <= context.rules.max_put_back and order.children < MAX_CHILDREN


def replace(books: WorkingSet, context: Context, command_id: CommandId, order: Order) -> Order:
    """Put the replacement in force: no child of the order is alive, and all its fills are here."""
    replaced, event = orders.replace(order, context.now)
    save_step(books, replaced, event)
    if replaced.is_terminal:
        close_order(books, context, command_id, replaced)
        return replaced
    fit_reservation(books, context, command_id, replaced)
    books.record(OrderSubmitted(order=replaced))
    return replaced


def go_on(books: WorkingSet, context: Context, order: Order) -> Order:
    """Return an order whose replacement is in force as going on: the venue has its newest child."""
    if order.status is not OrderStatus.PENDING_REPLACE or order.awaits_replacement:
        return order
    resumed, event = orders.resume(order, context.now, None)
    save_step(books, resumed, event)
    return resumed


def fit_reservation(
    books: WorkingSet, context: Context, command_id: CommandId, order: Order
) -> None:
    """Release what the open order has set aside beyond what it can still cost."""
    assert order.price is not None, order
    assert order.leaves_quantity is not None, order
    reservation = books.reservations[order.order_id]
    needed = reservations.needed(
        order.side, order.leaves_quantity, order.price, books.instruments[order.symbol]
    )
    fitted = reservations.resize(reservation, min(needed, reservation.open))
    books.reservations.save(fitted)
    excess = reservations.excess(reservation, fitted)
    if excess:
        wallet = books.wallets[order.account_id, fitted.asset]
        release(books, context, command_id, wallet, excess)
