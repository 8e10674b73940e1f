"""Double entry: what is posted for each thing that can happen to money.

Chart of accounts (all per asset; a customer's balance is positive, what the house holds negative):

| account | holds |
| --- | --- |
| `client:{account_id}` | a customer's money |
| `receivable:{account_id}` | what a customer owes after a shortfall (negative) |
| `venue:{name}` | contra of what the omnibus account holds, free and locked (negative) |
| `treasury` | the house's own inventory |
| `fees:platform` | fees earned |
| `fees:venue` | commissions that the house paid (negative) |
| `suspense` | fills of orders that we do not know |

Postings of one entry sum to zero per asset. An entry is never changed: a mistake is reversed.
"""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from tradecore.domain.errors import NotReversible
from tradecore.domain.ids import AccountId, JournalEntryId
from tradecore.domain.instruments import Side
from tradecore.domain.money import ZERO, add, negate

TREASURY: Final = "treasury"
PLATFORM_FEES: Final = "fees:platform"
VENUE_FEES: Final = "fees:venue"
SUSPENSE: Final = "suspense"


def client(account_id: AccountId) -> str:
    """Return the ledger account of a customer's money."""
    return f"client:{account_id}"


def receivable(account_id: AccountId) -> str:
    """Return the ledger account of what a customer owes."""
    return f"receivable:{account_id}"


def venue(name: str) -> str:
    """Return the contra account of what the omnibus account holds."""
    return f"venue:{name}"


class EntryKind(StrEnum):
    """What a journal entry records; with `reference` it is unique."""

    OPENING = "opening"  #: treasury inventory at the venue; resync and transfers too
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    JOURNAL = "journal"  #: between two customers
    FILL = "fill"
    REPAYMENT = "repayment"
    WRITE_OFF = "write-off"
    REVERSAL = "reversal"


@attrs.frozen
class Posting:
    """One line of an entry: a signed amount of one asset on one account."""

    account: str
    asset: str
    amount: Decimal


@attrs.frozen(kw_only=True)
class JournalEntry:
    """The balanced whole."""

    journal_entry_id: JournalEntryId
    kind: EntryKind
    reference: str  #: the fill's key, the command's id, or the entry that this one concerns
    postings: tuple[Posting, ...]
    recorded_at: datetime


def require_balanced(entry: JournalEntry) -> JournalEntry:
    """Return the entry; one that is empty or does not balance is a bug and must not be posted.

    Not the constructor's business: whoever examines the books must be able to read a broken one.
    """
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for posting in entry.postings:
        sums[posting.asset] = add(sums[posting.asset], posting.amount)
    assert entry.postings, entry
    assert not any(sums.values()), entry
    return entry


def _moved(asset: str, amount: Decimal, source: str, target: str) -> tuple[Posting, ...]:
    """Return the two lines that take `amount` from `source` to `target`; none for zero."""
    if not amount:
        return ()
    return (Posting(target, asset, amount), Posting(source, asset, negate(amount)))


def opening(asset: str, amount: Decimal, venue_name: str) -> tuple[Posting, ...]:
    """Return the postings of house inventory at the venue; `amount` may be negative."""
    return _moved(asset, amount, venue(venue_name), TREASURY)


def deposit(account_id: AccountId, asset: str, amount: Decimal) -> tuple[Posting, ...]:
    """Return the postings of a simulated deposit."""
    return _moved(asset, amount, TREASURY, client(account_id))


def withdrawal(account_id: AccountId, asset: str, amount: Decimal) -> tuple[Posting, ...]:
    """Return the postings of a simulated withdrawal."""
    return _moved(asset, amount, client(account_id), TREASURY)


def journal(
    sender: AccountId, receiver: AccountId, asset: str, amount: Decimal
) -> tuple[Posting, ...]:
    """Return the postings that move money between two customers."""
    return _moved(asset, amount, client(sender), client(receiver))


def repayment(account_id: AccountId, asset: str, amount: Decimal) -> tuple[Posting, ...]:
    """Return the postings by which a customer pays what it owes."""
    return _moved(asset, amount, client(account_id), receivable(account_id))


def write_off(account_id: AccountId, asset: str, amount: Decimal) -> tuple[Posting, ...]:
    """Return the postings by which the house bears what a customer owes."""
    return _moved(asset, amount, TREASURY, receivable(account_id))


@attrs.frozen(kw_only=True)
class FillAmounts:
    """The figures of one fill that move money."""

    side: Side
    base_asset: str
    quote_asset: str
    quantity: Decimal
    notional: Decimal
    commission: Decimal
    commission_asset: str
    fee: Decimal
    shortfall: Decimal = ZERO  #: of the paid asset, what the customer could not cover

    @property
    def received_asset(self) -> str:
        """Return what the customer gets."""
        return self.base_asset if self.side is Side.BUY else self.quote_asset

    @property
    def paid_asset(self) -> str:
        """Return what the customer gives."""
        return self.quote_asset if self.side is Side.BUY else self.base_asset

    @property
    def received(self) -> Decimal:
        """Return what arrives, before commission and fee."""
        return self.quantity if self.side is Side.BUY else self.notional

    @property
    def paid(self) -> Decimal:
        """Return what the fill costs."""
        return self.notional if self.side is Side.BUY else self.quantity

    @property
    def client_commission(self) -> Decimal:
        """Return the commission that the customer bears: only one taken from what it receives.

        BNB is the house's cost, even where BNB is what is bought by someone's order
        in another pair; where BNB is received, it is the received asset like any other.
        """
        return self.commission if self.commission_asset == self.received_asset else ZERO

    @property
    def net_received(self) -> Decimal:
        """Return what reaches the customer's wallet."""
        return add(self.received, negate(add(self.client_commission, self.fee)))


def fill(fill_of: str, amounts: FillAmounts, venue_name: str) -> tuple[Posting, ...]:
    """Return the postings of one fill, commission and fee inside.

    `fill_of` is the ledger account that trades: a client's, or suspense for an unknown order.
    """
    at_venue = venue(venue_name)
    commission_payer = fill_of if amounts.client_commission else VENUE_FEES
    return (
        *_moved(amounts.received_asset, amounts.received, at_venue, fill_of),
        *_moved(amounts.paid_asset, amounts.paid, fill_of, at_venue),
        *_moved(amounts.commission_asset, amounts.commission, commission_payer, at_venue),
        *_moved(amounts.received_asset, amounts.fee, fill_of, PLATFORM_FEES),
    )


def shortfall(account_id: AccountId, asset: str, amount: Decimal) -> tuple[Posting, ...]:
    """Return the postings that carry what a late fill cost beyond the customer's money."""
    return _moved(asset, amount, receivable(account_id), client(account_id))


def reversal(entry: JournalEntry) -> tuple[Posting, ...]:
    """Return the postings that undo `entry`. Raises NotReversible for fills and reversals."""
    if entry.kind in (EntryKind.FILL, EntryKind.REVERSAL, EntryKind.REPAYMENT):
        raise NotReversible(kind=entry.kind)
    return tuple(attrs.evolve(posting, amount=negate(posting.amount)) for posting in entry.postings)
