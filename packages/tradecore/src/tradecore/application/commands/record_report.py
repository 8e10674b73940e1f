"""What the venue says of an order that we sent: acknowledged, ended, refused, still alive."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

import attrs

from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.application.settlement import raise_alert, save_step, take_back
from tradecore.application.succession import end_with_child, fit_reservation, go_on
from tradecore.domain import orders, venue_orders
from tradecore.domain.errors import UnknownOrder
from tradecore.domain.events import AlertKind, OrderCancelRequested
from tradecore.domain.ids import OrderId
from tradecore.domain.money import ZERO
from tradecore.domain.orders import Order, OrderStatus, Trigger, transition
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class RecordReport(Command[VenueOrder]):
    """Note what the venue reports of one child. Any number of times, in any order."""

    kind: ClassVar[str] = "record_report"
    answer_type: ClassVar[type] = VenueOrder

    order_id: OrderId
    child: int
    venue_order_id: int
    filled_quantity: Decimal  #: the venue's cumulative figure, in base
    outcome: VenueOutcome | None  #: None while it is alive
    reason: str | None = None

    def footprint(self) -> Footprint:
        """Return the order with everything that its end releases."""
        return Footprint(orders=frozenset({self.order_id}), positions=True)


@attrs.frozen(kw_only=True)
class RejectAttempt(Command[Order]):
    """The venue refused to take the child: a definite no, nothing of it rests or traded."""

    kind: ClassVar[str] = "reject_attempt"
    answer_type: ClassVar[type] = Order

    order_id: OrderId
    child: int
    attempted_at: datetime  #: of the request that was refused; a later attempt lives on
    reason: str

    def footprint(self) -> Footprint:
        """Return the order with everything that its end releases."""
        return Footprint(orders=frozenset({self.order_id}), positions=True)


@attrs.frozen(kw_only=True)
class RefuseCancel(Command[Order]):
    """The venue did not cancel, and the order provably lives on: as it was, unreplaced."""

    kind: ClassVar[str] = "refuse_cancel"
    answer_type: ClassVar[type] = Order

    order_id: OrderId
    child: int  #: whose cancel was refused; of another the refusal says nothing
    reason: str

    def footprint(self) -> Footprint:
        """Return the order with everything that a replacement has set aside."""
        return Footprint(orders=frozenset({self.order_id}), positions=True)


@attrs.frozen(kw_only=True)
class ForgetMissing(Command[VenueOrder]):
    """End a child without the fills that its last report counts: they will never come.

    For a venue that was itself furnished from these books, and so knows of no others.
    """

    kind: ClassVar[str] = "forget_missing"
    answer_type: ClassVar[type] = VenueOrder

    order_id: OrderId
    child: int

    def footprint(self) -> Footprint:
        """Return the order with everything that its end releases."""
        return Footprint(orders=frozenset({self.order_id}), positions=True)


def decide(command: RecordReport, books: WorkingSet, context: Context) -> VenueOrder:
    """Acknowledge and, once all its executions are here, end the child and its order.

    The answer carries an outcome but is not ENDED while executions are missing: catch up.
    """
    order, child = _load(books, command.order_id, command.child)
    if child.venue_order_id not in (None, command.venue_order_id):
        return _second(command, books, child)
    if child.status is VenueOrderStatus.ENDED:
        # What follows from an end has followed: perhaps the order waits for its next child.
        known = child.venue_order_id is not None
        return child if known else _orphan(command, books, order, child)
    child = venue_orders.acknowledge(child, command.venue_order_id)
    order = _acknowledged(books, context, order, child)
    if command.outcome is not None:
        child = venue_orders.end(child, command.outcome, command.filled_quantity, command.reason)
    books.venue_orders.save(child)
    end_with_child(books, context, command.command_id, order, child)
    return child


def _acknowledged(books: WorkingSet, context: Context, order: Order, child: VenueOrder) -> Order:
    """Return the order after the venue has taken its newest child."""
    if child.child != order.children:
        return order
    if order.status is OrderStatus.PENDING_NEW:
        order, event = transition(order, Trigger.ACKNOWLEDGE, context.now)
        save_step(books, order, event)
    return go_on(books, context, order)


def _second(command: RecordReport, books: WorkingSet, child: VenueOrder) -> VenueOrder:
    """Call an operator: two orders stand, or stood, at the venue under one client order id."""
    raise_alert(
        books,
        AlertKind.ORPHAN,
        child.venue_client_order_id,
        f"the venue knows it as order {command.venue_order_id} too, not only"
        f" {child.venue_order_id}",
    )
    return child


def _orphan(
    command: RecordReport, books: WorkingSet, order: Order, child: VenueOrder
) -> VenueOrder:
    """Take back a child that was held to be dead: it is followed again, and canceled if it rests.

    Its order stays as it ended; what fills posts as late.
    """
    if command.outcome is not None and not command.filled_quantity:
        return child
    child = take_back(books, child, command.venue_order_id)
    if command.outcome is None:
        books.record(OrderCancelRequested(order=order))
    else:
        child = venue_orders.end(child, command.outcome, command.filled_quantity, command.reason)
    books.venue_orders.save(child)
    return child


def decide_rejection(command: RejectAttempt, books: WorkingSet, context: Context) -> Order:
    """End the child, and the order with it; a child that is known lives on.

    The first child's end is REJECTED; a later one's is that of the child before it.
    """
    order, child = _load(books, command.order_id, command.child)
    if child.status is not VenueOrderStatus.ATTEMPTED or child.attempted_at != command.attempted_at:
        return order
    child = venue_orders.end(child, VenueOutcome.REJECTED, ZERO, command.reason)
    books.venue_orders.save(child)
    end_with_child(books, context, command.command_id, order, child)
    return books.orders[order.order_id]


def decide_refusal(command: RefuseCancel, books: WorkingSet, context: Context) -> Order:
    """Return the order to what its fills say, if the cancel or the replacement still pends."""
    order = books.orders.find(command.order_id)
    if order is None:
        raise UnknownOrder(order_id=command.order_id)
    replaces = order.status is OrderStatus.PENDING_REPLACE and order.awaits_replacement
    if order.status is not OrderStatus.PENDING_CANCEL and not replaces:
        return order
    child = books.venue_orders[order.order_id, order.children]
    if command.child != child.child or child.outcome is not None:
        return order
    resumed, event = orders.resume(order, context.now, command.reason)
    save_step(books, resumed, event)
    if order.awaits_replacement:
        fit_reservation(books, context, command.command_id, resumed)
    return resumed


def decide_forgetting(command: ForgetMissing, books: WorkingSet, context: Context) -> VenueOrder:
    """Return the child, ended at what our executions say."""
    order, child = _load(books, command.order_id, command.child)
    if child.outcome is None or child.status is VenueOrderStatus.ENDED:
        return child
    child = venue_orders.settle(
        attrs.evolve(
            child,
            outcome=VenueOutcome.EXPIRED,
            outcome_reason="the venue forgot it",
            outcome_quantity=child.filled_quantity,
        )
    )
    books.venue_orders.save(child)
    end_with_child(books, context, command.command_id, order, child)
    return child


def _load(books: WorkingSet, order_id: OrderId, child: int) -> tuple[Order, VenueOrder]:
    order = books.orders.find(order_id)
    found = books.venue_orders.find((order_id, child))
    if order is None or found is None:
        raise UnknownOrder(order_id=order_id)
    return order, found
