"""One account's money in one asset, and what each movement does to it.

`available` and `reserved` are what the customer has; `owed` is what a fill cost beyond that.
All three stay at or above zero, and nothing is available while something is owed.
"""

from decimal import Decimal
from typing import NamedTuple

import attrs

from tradecore.domain.errors import InsufficientFunds
from tradecore.domain.ids import AccountId
from tradecore.domain.money import ZERO, add, subtract


@attrs.frozen(kw_only=True)
class Wallet:
    """A balance of one asset."""

    account_id: AccountId
    asset: str
    available: Decimal = ZERO
    reserved: Decimal = ZERO
    owed: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Return what the customer has, reserved or not."""
        return add(self.available, self.reserved)


class Payment(NamedTuple):
    """Where the cost of a fill came from; the three add up to the cost."""

    from_reservation: Decimal
    from_available: Decimal
    owed: Decimal


def reserve(wallet: Wallet, amount: Decimal) -> Wallet:
    """Return the wallet with `amount` set aside. Raises InsufficientFunds."""
    _require_available(wallet, amount)
    return attrs.evolve(
        wallet,
        available=subtract(wallet.available, amount),
        reserved=add(wallet.reserved, amount),
    )


def release(wallet: Wallet, amount: Decimal) -> tuple[Wallet, Decimal]:
    """Return the wallet with `amount` no longer set aside, and what of it repaid a debt."""
    assert ZERO <= amount <= wallet.reserved, (wallet, amount)
    return credit(attrs.evolve(wallet, reserved=subtract(wallet.reserved, amount)), amount)


def credit(wallet: Wallet, amount: Decimal) -> tuple[Wallet, Decimal]:
    """Return the wallet with `amount` more, and what of it went to repay what was owed."""
    assert amount >= ZERO, amount
    repaid = min(amount, wallet.owed)
    return (
        attrs.evolve(
            wallet,
            available=add(wallet.available, subtract(amount, repaid)),
            owed=subtract(wallet.owed, repaid),
        ),
        repaid,
    )


def debit(wallet: Wallet, amount: Decimal) -> Wallet:
    """Return the wallet with `amount` less, as a person decided. Raises InsufficientFunds."""
    _require_available(wallet, amount)
    return attrs.evolve(wallet, available=subtract(wallet.available, amount))


def pay(wallet: Wallet, cost: Decimal, reserved: Decimal) -> tuple[Wallet, Payment]:
    """Return the wallet after a fill cost `cost`, of which up to `reserved` was set aside.

    What the venue did always posts: what the reservation does not cover comes from `available`,
    and what that does not cover is owed. A wallet never goes below zero.
    """
    from_reservation = min(cost, reserved)
    rest = subtract(cost, from_reservation)
    from_available = min(rest, wallet.available)
    owed = subtract(rest, from_available)
    paid = attrs.evolve(
        wallet,
        reserved=subtract(wallet.reserved, from_reservation),
        available=subtract(wallet.available, from_available),
        owed=add(wallet.owed, owed),
    )
    return paid, Payment(from_reservation, from_available, owed)


def _require_available(wallet: Wallet, amount: Decimal) -> None:
    assert amount > ZERO, amount
    if amount > wallet.available:
        raise InsufficientFunds(asset=wallet.asset, required=amount, available=wallet.available)
