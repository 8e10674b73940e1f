"""What stands at the venue for an order: its children, one alive at a time.

The attempt to send one is committed before the send, with the signing time inside, so that
whoever finds an attempt without an outcome asks the venue first.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import attrs

from tradecore.domain.ids import AccountId, OrderId, venue_client_order_id
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.money import ZERO, Price, Quantity, subtract
from tradecore.domain.orders import Order


class VenueOrderStatus(StrEnum):
    """Where a child is, as far as we can prove."""

    ATTEMPTED = "ATTEMPTED"  #: committed for sending; may or may not have reached the venue
    LIVE = "LIVE"  #: the venue acknowledged it
    ENDED = "ENDED"  #: proved dead at the venue, or proved never to have been there


class VenueOutcome(StrEnum):
    """How a child ended; the venue's own words."""

    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


@attrs.frozen(kw_only=True)
class VenueOrder:
    """One child of an order, as it is or was asked of the venue."""

    order_id: OrderId
    account_id: AccountId
    child: int  #: 1, 2, …
    venue_client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce | None
    quantity: Quantity | None
    quote_quantity: Decimal | None
    price: Price | None
    attempted_at: datetime  #: signing time of the request
    receive_window: timedelta
    status: VenueOrderStatus = VenueOrderStatus.ATTEMPTED
    venue_order_id: int | None = None
    outcome: VenueOutcome | None = None  #: set before the end if executions are still missing
    outcome_reason: str | None = None
    outcome_quantity: Decimal | None = None  #: the venue's cumulative filled quantity at the end
    filled_quantity: Decimal = ZERO  #: sum of our executions of this child


def open_child(order: Order, at: datetime, receive_window: timedelta) -> VenueOrder:
    """Return the next child of `order`, asking for what is left of it.

    A market buy by quantity goes out as a limit IOC at its collar, so that it cannot cost more
    than was reserved (`docs/decisions/0005-market-orders.md`).
    """
    child = order.children + 1
    kind, time_in_force, price = order.type, order.time_in_force, order.price
    sent_time_in_force: TimeInForce | None = time_in_force
    if kind is OrderType.MARKET and order.side is Side.BUY and order.quantity is not None:
        kind, sent_time_in_force = OrderType.LIMIT, TimeInForce.IOC
    elif kind is OrderType.MARKET:
        sent_time_in_force, price = None, None
    elif kind is OrderType.LIMIT_MAKER:
        sent_time_in_force = None
    leaves = order.leaves_quantity
    return VenueOrder(
        order_id=order.order_id,
        account_id=order.account_id,
        child=child,
        venue_client_order_id=venue_client_order_id(order.order_id, order.account_number, child),
        symbol=order.symbol,
        side=order.side,
        type=kind,
        time_in_force=sent_time_in_force,
        quantity=None if leaves is None else Quantity(leaves),
        quote_quantity=(
            None
            if order.quote_quantity is None
            else subtract(order.quote_quantity, order.filled_notional)
        ),
        price=price,
        attempted_at=at,
        receive_window=receive_window,
    )


def acknowledge(child: VenueOrder, venue_order_id: int) -> VenueOrder:
    """Return the child as known to the venue, under the first id that it was told by."""
    if child.venue_order_id is not None:
        return child
    if child.status is VenueOrderStatus.ENDED:
        return attrs.evolve(child, venue_order_id=venue_order_id)
    return attrs.evolve(child, status=VenueOrderStatus.LIVE, venue_order_id=venue_order_id)


def reopen(child: VenueOrder, venue_order_id: int) -> VenueOrder:
    """Return a child that was held to be dead and is not: the venue says that it lives."""
    return attrs.evolve(
        child,
        status=VenueOrderStatus.LIVE,
        venue_order_id=venue_order_id,
        outcome=None,
        outcome_reason=None,
        outcome_quantity=None,
    )


def end(
    child: VenueOrder, outcome: VenueOutcome, quantity: Decimal, reason: str | None
) -> VenueOrder:
    """Return the child with its end noted: ENDED once our executions reach `quantity`.

    Until then it waits, because a terminal report may run ahead of the fills that it counts.
    The first outcome stays; the greater quantity counts, since a read of the venue may lag.
    """
    if child.status is VenueOrderStatus.ENDED:
        return child
    if child.outcome is not None and child.outcome_quantity is not None:
        return attrs.evolve(child, outcome_quantity=max(child.outcome_quantity, quantity))
    noted = attrs.evolve(child, outcome=outcome, outcome_reason=reason, outcome_quantity=quantity)
    return settle(noted)


def settle(child: VenueOrder) -> VenueOrder:
    """Return the child ENDED if its outcome is known and all its executions are here."""
    if child.outcome_quantity is None or child.filled_quantity < child.outcome_quantity:
        return child
    return attrs.evolve(child, status=VenueOrderStatus.ENDED)
