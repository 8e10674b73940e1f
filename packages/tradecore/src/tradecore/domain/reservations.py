"""Money set aside for one order, so that no fill can cost more than was there.

| order | asset | amount |
| --- | --- | --- |
| limit buy | quote | price x quantity |
| market buy by quote amount | quote | that amount |
| market buy by quantity | quote | collar x quantity |
| any sell | base | quantity |
"""

from decimal import Decimal

import attrs

from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.instruments import Instrument, Side
from tradecore.domain.money import ZERO, add, multiply, round_up, subtract
from tradecore.domain.orders import Order


@attrs.frozen(kw_only=True)
class Reservation:
    """What one order has set aside. `consumed + released <= amount`; equal once it has ended."""

    order_id: OrderId
    account_id: AccountId
    asset: str
    amount: Decimal
    consumed: Decimal = ZERO
    released: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        """Return what is still set aside."""
        return subtract(self.amount, add(self.consumed, self.released))


def reservation_for(order: Order, instrument: Instrument) -> Reservation:
    """Return what `order` must set aside at most: rounded up to the asset's scale."""
    amount: Decimal
    if order.side is Side.SELL:
        assert order.quantity is not None, order
        asset, amount, scale = instrument.base_asset, order.quantity, instrument.base_scale
    elif order.quote_quantity is not None:
        asset, amount, scale = (
            instrument.quote_asset,
            order.quote_quantity,
            instrument.quote_scale,
        )
    else:
        assert order.price is not None, order
        assert order.quantity is not None, order
        asset, scale = instrument.quote_asset, instrument.quote_scale
        amount = multiply(order.price, order.quantity)
    return Reservation(
        order_id=order.order_id,
        account_id=order.account_id,
        asset=asset,
        amount=round_up(amount, scale),
    )


def consume(reservation: Reservation, amount: Decimal) -> Reservation:
    """Return the reservation after `amount` of it was spent."""
    assert ZERO <= amount <= reservation.open, (reservation, amount)
    return attrs.evolve(reservation, consumed=add(reservation.consumed, amount))


def needed(side: Side, open_quantity: Decimal, price: Decimal, instrument: Instrument) -> Decimal:
    """Return what `open_quantity` at no worse than `price` must have set aside."""
    if side is Side.SELL:
        return open_quantity
    return round_up(multiply(price, open_quantity), instrument.quote_scale)


def resize(reservation: Reservation, open_amount: Decimal) -> Reservation:
    """Return the reservation of an open order with `open_amount` still set aside."""
    assert open_amount >= ZERO, open_amount
    used = add(reservation.consumed, reservation.released)
    return attrs.evolve(reservation, amount=add(used, open_amount))


def excess(before: Reservation, after: Reservation) -> Decimal:
    """Return how much less is set aside than before."""
    return subtract(before.open, after.open)


def close(reservation: Reservation) -> tuple[Reservation, Decimal]:
    """Return the reservation closed, and the rest to release: price improvement and unfilled."""
    rest = reservation.open
    return attrs.evolve(reservation, released=add(reservation.released, rest)), rest
