"""What a customer holds of an asset and what it cost, in the house's quote currency.

Two exact numbers, quantity and cost; the average is their quotient and is only shown.
"""

from decimal import Decimal

import attrs

from tradecore.domain.ids import AccountId
from tradecore.domain.money import ZERO, add, share, subtract


@attrs.frozen(kw_only=True)
class Position:
    """A holding at weighted average cost, fees in the cost."""

    account_id: AccountId
    asset: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO  #: of all that is held, in the house's quote currency
    realised_profit: Decimal = ZERO


def acquire(position: Position, quantity: Decimal, cost: Decimal) -> Position:
    """Return the position with `quantity` more (after fees) that cost `cost` in all."""
    return attrs.evolve(
        position, quantity=add(position.quantity, quantity), cost=add(position.cost, cost)
    )


def dispose(position: Position, quantity: Decimal, proceeds: Decimal, scale: int) -> Position:
    """Return the position with `quantity` sold for `proceeds` net of fees.

    The part sold carries its share of the cost, the last unit takes the rest. What is sold
    beyond the holding (a shortfall) carries no cost until it is repaid.
    """
    sold = min(quantity, position.quantity)
    cost = _cost_of(position, sold, scale)
    return attrs.evolve(
        position,
        quantity=subtract(position.quantity, sold),
        cost=subtract(position.cost, cost),
        realised_profit=add(position.realised_profit, subtract(proceeds, cost)),
    )


def withdraw(position: Position, quantity: Decimal, scale: int) -> tuple[Position, Decimal]:
    """Return the position with `quantity` gone at cost, and that cost. Nothing is realised."""
    gone = min(quantity, position.quantity)
    cost = _cost_of(position, gone, scale)
    return (
        attrs.evolve(
            position,
            quantity=subtract(position.quantity, gone),
            cost=subtract(position.cost, cost),
        ),
        cost,
    )


def repay(position: Position, quantity: Decimal, scale: int) -> Position:
    """Return the position after `quantity` went to a debt: the sale that made it gets its cost."""
    return dispose(position, quantity, ZERO, scale)


def _cost_of(position: Position, quantity: Decimal, scale: int) -> Decimal:
    if quantity == position.quantity:
        return position.cost
    return share(position.cost, quantity, position.quantity, scale)
