"""What a customer asked for, and its path from acceptance to its end.

An order is the customer's; what stands at the venue are its children, one alive at a time
(`venue_orders.py`).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from tradecore.domain.errors import IllegalTransition
from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.money import ZERO, Price, Quantity, add, subtract, text


class OrderStatus(StrEnum):
    """FIX 39 in the venue's words."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class Trigger(StrEnum):
    """What moves an order."""

    SUBMIT = "SUBMIT"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    FILL_PARTIALLY = "FILL_PARTIALLY"
    FILL = "FILL"
    LATE_FILL = "LATE_FILL"
    REQUEST_CANCEL = "REQUEST_CANCEL"
    REQUEST_REPLACE = "REQUEST_REPLACE"
    REPLACE = "REPLACE"  #: the old child is dead, the next one is asked for
    RESUME_NEW = "RESUME_NEW"
    RESUME_PARTIALLY_FILLED = "RESUME_PARTIALLY_FILLED"
    CANCEL = "CANCEL"
    REJECT = "REJECT"
    EXPIRE = "EXPIRE"


TERMINAL: Final = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED}
)

_S, _T = OrderStatus, Trigger

# Source: FIX 4.4 volume 4, appendix D. A pair that is missing here is illegal.
TRANSITIONS: Final[Mapping[tuple[OrderStatus, Trigger], OrderStatus]] = {
    (_S.PENDING_NEW, _T.ACKNOWLEDGE): _S.NEW,
    (_S.PENDING_NEW, _T.FILL_PARTIALLY): _S.PARTIALLY_FILLED,
    (_S.PENDING_NEW, _T.FILL): _S.FILLED,
    (_S.PENDING_NEW, _T.REQUEST_CANCEL): _S.PENDING_CANCEL,
    (_S.PENDING_NEW, _T.CANCEL): _S.CANCELED,
    (_S.PENDING_NEW, _T.REJECT): _S.REJECTED,
    (_S.PENDING_NEW, _T.EXPIRE): _S.EXPIRED,
    (_S.NEW, _T.FILL_PARTIALLY): _S.PARTIALLY_FILLED,
    (_S.NEW, _T.FILL): _S.FILLED,
    (_S.NEW, _T.REQUEST_CANCEL): _S.PENDING_CANCEL,
    (_S.NEW, _T.REQUEST_REPLACE): _S.PENDING_REPLACE,
    (_S.NEW, _T.REPLACE): _S.NEW,
    (_S.NEW, _T.CANCEL): _S.CANCELED,
    (_S.NEW, _T.REJECT): _S.REJECTED,
    (_S.NEW, _T.EXPIRE): _S.EXPIRED,
    (_S.PARTIALLY_FILLED, _T.FILL_PARTIALLY): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _T.FILL): _S.FILLED,
    (_S.PARTIALLY_FILLED, _T.REQUEST_CANCEL): _S.PENDING_CANCEL,
    (_S.PARTIALLY_FILLED, _T.REQUEST_REPLACE): _S.PENDING_REPLACE,
    (_S.PARTIALLY_FILLED, _T.REPLACE): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _T.CANCEL): _S.CANCELED,
    (_S.PARTIALLY_FILLED, _T.EXPIRE): _S.EXPIRED,
    # A pending wish has precedence over what fills say, until the venue has decided it.
    (_S.PENDING_CANCEL, _T.ACKNOWLEDGE): _S.PENDING_CANCEL,
    (_S.PENDING_CANCEL, _T.FILL_PARTIALLY): _S.PENDING_CANCEL,
    (_S.PENDING_CANCEL, _T.FILL): _S.FILLED,
    (_S.PENDING_CANCEL, _T.CANCEL): _S.CANCELED,
    (_S.PENDING_CANCEL, _T.REJECT): _S.REJECTED,
    (_S.PENDING_CANCEL, _T.EXPIRE): _S.EXPIRED,
    (_S.PENDING_CANCEL, _T.RESUME_NEW): _S.NEW,
    (_S.PENDING_CANCEL, _T.RESUME_PARTIALLY_FILLED): _S.PARTIALLY_FILLED,
    (_S.PENDING_REPLACE, _T.ACKNOWLEDGE): _S.NEW,
    (_S.PENDING_REPLACE, _T.FILL_PARTIALLY): _S.PENDING_REPLACE,
    (_S.PENDING_REPLACE, _T.FILL): _S.FILLED,
    (_S.PENDING_REPLACE, _T.REQUEST_CANCEL): _S.PENDING_CANCEL,
    (_S.PENDING_REPLACE, _T.REPLACE): _S.PENDING_REPLACE,
    (_S.PENDING_REPLACE, _T.CANCEL): _S.CANCELED,
    (_S.PENDING_REPLACE, _T.EXPIRE): _S.EXPIRED,
    (_S.PENDING_REPLACE, _T.RESUME_NEW): _S.NEW,
    (_S.PENDING_REPLACE, _T.RESUME_PARTIALLY_FILLED): _S.PARTIALLY_FILLED,
    # Money that moved after the end is posted and flagged; the status stays what it was.
    (_S.FILLED, _T.LATE_FILL): _S.FILLED,
    (_S.CANCELED, _T.LATE_FILL): _S.CANCELED,
    (_S.REJECTED, _T.LATE_FILL): _S.REJECTED,
    (_S.EXPIRED, _T.LATE_FILL): _S.EXPIRED,
}


@attrs.frozen(kw_only=True)
class Order:
    """What a customer asked for and what became of it."""

    order_id: OrderId
    account_id: AccountId
    account_number: int
    symbol: str
    base_asset: str
    quote_asset: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Quantity | None  #: in the base asset; None when `quote_quantity` rules
    quote_quantity: Decimal | None  #: market buys by amount: what may be spent
    price: Price | None  #: the limit; of a market buy by quantity, the collar
    stop_price: Price | None = None
    client_order_id: str
    status: OrderStatus = OrderStatus.PENDING_NEW
    filled_quantity: Decimal = ZERO
    filled_notional: Decimal = ZERO
    version: int = 1  #: of the last `OrderEvent`
    children: int = 0  #: venue orders so far
    reason: str | None = None  #: why it was rejected or expired
    late_fill: bool = False  #: something filled after the end
    replace_quantity: Quantity | None = None  #: the new total, asked for and not yet in force
    replace_price: Price | None = None  #: its limit; set and cleared with the quantity
    created_at: datetime
    updated_at: datetime

    @property
    def is_terminal(self) -> bool:
        """Tell whether the order has ended; its status will not change again."""
        return self.status in TERMINAL

    @property
    def leaves_quantity(self) -> Decimal | None:
        """Return what is still to be filled, in base; None for an order by quote amount."""
        return None if self.quantity is None else subtract(self.quantity, self.filled_quantity)

    @property
    def awaits_replacement(self) -> bool:
        """Tell whether another quantity and price are to come into force."""
        return self.replace_quantity is not None


@attrs.frozen(kw_only=True)
class OrderEvent:
    """One step of an order, as appended. Never changed."""

    order_id: OrderId
    version: int
    trigger: Trigger
    status: OrderStatus  #: after the step
    filled_quantity: Decimal
    detail: str | None = None
    recorded_at: datetime


def submitted(order: Order) -> OrderEvent:
    """Return the first event of a new order."""
    return _event(order, Trigger.SUBMIT, None)


def transition(
    order: Order, trigger: Trigger, at: datetime, detail: str | None = None
) -> tuple[Order, OrderEvent]:
    """Return the order after `trigger`, and the event to append.

    Raises:
        IllegalTransition: the table has no such step; terminal states never move.
    """
    after = TRANSITIONS.get((order.status, trigger))
    if after is None:
        raise IllegalTransition(order_id=order.order_id, status=order.status, trigger=trigger)
    moved = attrs.evolve(
        order,
        status=after,
        version=order.version + 1,
        updated_at=at,
        reason=detail if trigger in (Trigger.REJECT, Trigger.EXPIRE) else order.reason,
        late_fill=order.late_fill or trigger is Trigger.LATE_FILL,
        replace_quantity=None if after in TERMINAL else order.replace_quantity,
        replace_price=None if after in TERMINAL else order.replace_price,
    )
    return moved, _event(moved, trigger, detail)


def record_fill(
    order: Order, quantity: Decimal, notional: Decimal, at: datetime
) -> tuple[Order, OrderEvent]:
    """Return the order with one more fill: `quantity` in base, `notional` in quote.

    An order by quote amount is complete only when the venue says so, hence never by its fills.
    """
    filled = attrs.evolve(
        order,
        filled_quantity=add(order.filled_quantity, quantity),
        filled_notional=add(order.filled_notional, notional),
    )
    if order.is_terminal:
        trigger = Trigger.LATE_FILL
    elif filled.quantity is not None and filled.filled_quantity >= filled.quantity:
        trigger = Trigger.FILL
    else:
        trigger = Trigger.FILL_PARTIALLY
    return transition(filled, trigger, at)


def request_replacement(
    order: Order, quantity: Quantity, price: Price, at: datetime
) -> tuple[Order, OrderEvent]:
    """Return the order that waits for another total `quantity` and `price`. Raises IllegalTransition."""
    wished = attrs.evolve(order, replace_quantity=quantity, replace_price=price)
    return transition(wished, Trigger.REQUEST_REPLACE, at, f"{text(quantity)} at {text(price)}")


def replace(order: Order, at: datetime) -> tuple[Order, OrderEvent]:
    """Return the order with the quantity and price that it waited for.

    What has filled by now counts: where that is the new total or more, the order is FILLED at it.
    """
    assert order.replace_quantity is not None, order
    filled = order.filled_quantity >= order.replace_quantity
    changed = attrs.evolve(
        order,
        quantity=Quantity(order.filled_quantity) if filled else order.replace_quantity,
        price=order.replace_price,
        replace_quantity=None,
        replace_price=None,
    )
    return transition(changed, Trigger.FILL if filled else Trigger.REPLACE, at)


def resume(order: Order, at: datetime, detail: str | None) -> tuple[Order, OrderEvent]:
    """Return the order after a cancel or replace was refused: back to what its fills say."""
    filled = order.filled_quantity > 0
    trigger = Trigger.RESUME_PARTIALLY_FILLED if filled else Trigger.RESUME_NEW
    return transition(
        attrs.evolve(order, replace_quantity=None, replace_price=None), trigger, at, detail
    )


def _event(order: Order, trigger: Trigger, detail: str | None) -> OrderEvent:
    return OrderEvent(
        order_id=order.order_id,
        version=order.version,
        trigger=trigger,
        status=order.status,
        filled_quantity=order.filled_quantity,
        detail=detail,
        recorded_at=order.updated_at,
    )
