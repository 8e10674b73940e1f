"""Ask for the end of an order: here at once if it was never sent, else by the venue."""

from typing import ClassVar

import attrs

from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.application.settlement import finish_order, save_step
from tradecore.domain.errors import OrderAlreadyTerminal, UnknownOrder
from tradecore.domain.events import OrderCancelRequested
from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.orders import Order, OrderStatus, Trigger, transition
from tradecore.domain.venue_orders import VenueOrderStatus
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class CancelOrder(Command[Order]):
    """Cancel one order of the account. Asking twice is asking once."""

    kind: ClassVar[str] = "cancel_order"
    answer_type: ClassVar[type] = Order

    account_id: AccountId
    order_id: OrderId

    def footprint(self) -> Footprint:
        """Return the order with everything that its end releases."""
        return Footprint(
            accounts=frozenset({self.account_id}),
            orders=frozenset({self.order_id}),
            positions=True,
        )


def decide(command: CancelOrder, books: WorkingSet, context: Context) -> Order:
    """Return the order, CANCELED or PENDING_CANCEL.

    Raises:
        UnknownOrder: no such order, or not of this account.
        OrderAlreadyTerminal: it has ended.
    """
    order = books.orders.find(command.order_id)
    if order is None or order.account_id != command.account_id:
        raise UnknownOrder(order_id=command.order_id)
    if order.is_terminal:
        raise OrderAlreadyTerminal(order_id=order.order_id, status=order.status)
    if order.status is OrderStatus.PENDING_CANCEL:
        return order
    newest = books.venue_orders.find((order.order_id, order.children))
    if newest is None or newest.status is VenueOrderStatus.ENDED:
        return finish_order(
            books, context, command.command_id, order, Trigger.CANCEL, "canceled before it was sent"
        )
    order, event = transition(order, Trigger.REQUEST_CANCEL, context.now)
    save_step(books, order, event)
    books.record(OrderCancelRequested(order=order))
    return order
