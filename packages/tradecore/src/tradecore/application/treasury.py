"""The house's inventory behind what customers are credited with."""

from decimal import Decimal

import attrs

from tradecore.application.context import Context
from tradecore.application.settlement import position_of, receive
from tradecore.domain import positions, wallets
from tradecore.domain.errors import NoReferencePrice, TreasuryExceeded
from tradecore.domain.ids import CommandId
from tradecore.domain.money import ZERO, add, multiply, negate, round_down, subtract
from tradecore.domain.risk import MAX_QUOTE_AGE
from tradecore.domain.wallets import Wallet
from tradecore.ports.records import HouseBalance
from tradecore.ports.working_set import WorkingSet


def lend(books: WorkingSet, context: Context, asset: str, amount: Decimal) -> None:
    """Take `amount` out of the treasury. Raises TreasuryExceeded beyond what it can back (L17)."""
    house = _house(books, asset)
    headroom = subtract(add(house.treasury, house.negatives), context.rules.treasury_margin)
    if amount > headroom:
        raise TreasuryExceeded(asset=asset, required=amount, headroom=max(headroom, ZERO))
    adjust(books, asset, negate(amount))


def adjust(books: WorkingSet, asset: str, amount: Decimal) -> None:
    """Change the treasury by a signed `amount` in the working set; the postings are the truth.

    So the batch's next command sees it as it will be.
    """
    house = _house(books, asset)
    books.house_balances.save(attrs.evolve(house, treasury=add(house.treasury, amount)))


def pay_in(
    books: WorkingSet, context: Context, command_id: CommandId, wallet: Wallet, amount: Decimal
) -> None:
    """Add `amount` to the wallet, and to the position at the market's price.

    Raises:
        NoReferencePrice: the position's cost is not known now.
    """
    value = _value(wallet.asset, amount, context)
    if value is not None:
        position = position_of(books, wallet.account_id, wallet.asset)
        books.positions.save(positions.acquire(position, amount, value))
    # Last: it may repay a debt, out of the position that it has just joined.
    receive(books, context, command_id, wallet, amount)


def pay_out(books: WorkingSet, context: Context, wallet: Wallet, amount: Decimal) -> None:
    """Take `amount` from the wallet, and from the position at cost. Raises InsufficientFunds."""
    books.wallets.save(wallets.debit(wallet, amount))
    if wallet.asset != context.rules.quote_asset:
        position = position_of(books, wallet.account_id, wallet.asset)
        position, _ = positions.withdraw(position, amount, context.rules.quote_scale)
        books.positions.save(position)


def _house(books: WorkingSet, asset: str) -> HouseBalance:
    return books.house_balances.find(asset) or HouseBalance(
        asset=asset, treasury=ZERO, negatives=ZERO
    )


def _value(asset: str, amount: Decimal, context: Context) -> Decimal | None:
    """Return what `amount` is worth in the house's quote currency; None for that currency."""
    quote_asset = context.rules.quote_asset
    if asset == quote_asset:
        return None
    symbol = f"{asset}{quote_asset}"
    price = context.find_price(symbol)
    if price is None or context.now - price.at > MAX_QUOTE_AGE:
        raise NoReferencePrice(symbol=symbol)
    return round_down(multiply(price.bid, amount), context.rules.quote_scale)
