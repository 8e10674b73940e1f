"""Commit the attempt before the send, so that no order is ever sent twice.

Whoever finds an attempt without an outcome asks the venue first. Only when the venue has proved
that it never saw the request, and no late twin of it can still be accepted, is it renewed.
"""

from datetime import datetime
from typing import ClassVar, Final

import attrs

from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.application.settlement import after_refusal, finish_order
from tradecore.domain import freezes, venue_orders
from tradecore.domain.errors import UnknownOrder
from tradecore.domain.ids import OrderId
from tradecore.domain.instruments import InstrumentState, TimeInForce
from tradecore.domain.money import ZERO
from tradecore.domain.orders import Order, OrderStatus, Trigger
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.ports.store import Footprint, StopsLock
from tradecore.ports.working_set import WorkingSet

TOO_LATE: Final = "could not be sent to the venue in time"


@attrs.frozen(kw_only=True)
class Attempt:
    """What is to be done at the venue now."""

    child: VenueOrder | None  #: None: nothing
    ask_first: bool = False  #: it may have been sent before


@attrs.frozen(kw_only=True)
class OpenAttempt(Command[Attempt]):
    """Begin to send an order: its first child, or the next one after the last has ended."""

    kind: ClassVar[str] = "open_attempt"
    answer_type: ClassVar[type] = Attempt

    order_id: OrderId

    def footprint(self) -> Footprint:
        """Return the order, and the freezes: none may be set while an attempt begins."""
        return Footprint(orders=frozenset({self.order_id}), positions=True, stops=StopsLock.SHARE)


@attrs.frozen(kw_only=True)
class RenewAttempt(Command[Attempt]):
    """Send an attempt anew that provably never reached the venue."""

    kind: ClassVar[str] = "renew_attempt"
    answer_type: ClassVar[type] = Attempt

    order_id: OrderId
    child: int
    attempted_at: datetime  #: of the attempt that was proved dead; a later one is left alone

    def footprint(self) -> Footprint:
        """Return what `OpenAttempt` does."""
        return Footprint(orders=frozenset({self.order_id}), positions=True, stops=StopsLock.SHARE)


def decide(command: OpenAttempt, books: WorkingSet, context: Context) -> Attempt:
    """Return the child to send, or to ask about; a stop that came meanwhile ends the order."""
    order = _order(books, command.order_id)
    if order.is_terminal:
        return Attempt(child=None)
    newest = books.venue_orders.find((order.order_id, order.children))
    if newest is not None and newest.status is not VenueOrderStatus.ENDED:
        open_still = newest.status is VenueOrderStatus.ATTEMPTED
        return Attempt(child=newest if open_still else None, ask_first=open_still)
    if (stop := _stop(books, order)) is not None:
        trigger = after_refusal(books, order, order.children + 1)
        finish_order(books, context, command.command_id, order, trigger, stop)
        return Attempt(child=None)
    if _too_late(order, context):
        finish_order(books, context, command.command_id, order, Trigger.EXPIRE, TOO_LATE)
        return Attempt(child=None)
    child = venue_orders.open_child(order, context.now, context.rules.receive_window)
    books.orders.save(attrs.evolve(order, children=child.child))
    books.venue_orders.save(child)
    return Attempt(child=child)


def decide_renewal(command: RenewAttempt, books: WorkingSet, context: Context) -> Attempt:
    """Return the child to send again; a cancel or a stop that came meanwhile ends the order."""
    order = _order(books, command.order_id)
    child = books.venue_orders[command.order_id, command.child]
    settled = child.status is not VenueOrderStatus.ATTEMPTED or order.is_terminal
    if settled or child.attempted_at != command.attempted_at:
        return Attempt(child=None)
    stop = _stop(books, order)
    if order.status is OrderStatus.PENDING_CANCEL:
        trigger, detail = Trigger.CANCEL, "canceled before it reached the venue"
    elif stop is not None:
        trigger, detail = after_refusal(books, order, child.child), stop
    elif _too_late(order, context):
        trigger, detail = Trigger.EXPIRE, TOO_LATE
    else:
        renewed = attrs.evolve(child, attempted_at=context.now)
        books.venue_orders.save(renewed)
        return Attempt(child=renewed)
    books.venue_orders.save(venue_orders.end(child, VenueOutcome.CANCELED, ZERO, detail))
    finish_order(books, context, command.command_id, order, trigger, detail)
    return Attempt(child=None)


def _too_late(order: Order, context: Context) -> bool:
    """Tell whether an order that was to trade at once has waited so long that the market moved on."""
    immediate = order.time_in_force is not TimeInForce.GTC
    return immediate and context.now - order.created_at > context.rules.patience


def _order(books: WorkingSet, order_id: OrderId) -> Order:
    order = books.orders.find(order_id)
    if order is None:
        raise UnknownOrder(order_id=order_id)
    return order


def _stop(books: WorkingSet, order: Order) -> str | None:
    """Return why the order may not be sent now, or None."""
    instrument = books.instruments[order.symbol]
    if instrument.state is not InstrumentState.TRADING:
        return f"{order.symbol} is not open for trading: {instrument.state}"
    stop = freezes.forbidding(books.freezes, order.account_id, order.symbol, order.side)
    return None if stop is None else f"frozen ({stop.mode}): {stop.reason}"
