"""Correct a mistake in the books by its mirror; the mistake stays visible."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

import attrs

from tradecore.application import treasury
from tradecore.application.auditing import audit
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.application.settlement import post, wallet_of
from tradecore.domain import accounts, ledger
from tradecore.domain.errors import AlreadyReversed, NotReversible, UnknownJournalEntry
from tradecore.domain.ids import AccountId, JournalEntryId
from tradecore.domain.ledger import EntryKind, JournalEntry, Posting
from tradecore.domain.money import ZERO, negate
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class ReverseEntry(Command[JournalEntry]):
    """Reverse a deposit or a withdrawal of the account."""

    kind: ClassVar[str] = "reverse_entry"
    answer_type: ClassVar[type] = JournalEntry

    journal_entry_id: JournalEntryId
    account_id: AccountId
    asset: str
    reason: str

    def footprint(self) -> Footprint:
        """Return the entry, and the wallet and house balances that it moved."""
        return Footprint(
            accounts=frozenset({self.account_id}),
            assets=frozenset({self.asset}),
            positions=True,
            funding=frozenset({self.asset}),
            journal_entries=frozenset({self.journal_entry_id}),
        )


def decide(command: ReverseEntry, books: WorkingSet, context: Context) -> JournalEntry:
    """Return the reversing entry.

    Raises:
        UnknownJournalEntry: no such entry, or it does not concern this account and asset.
        NotReversible: fills are moved on by a journal, reversals and repayments are final.
        AlreadyReversed, AccountClosed, InsufficientFunds, TreasuryExceeded, NoReferencePrice.
    """
    entry = books.past_entries.get(command.journal_entry_id)
    if entry is None:
        raise UnknownJournalEntry(journal_entry_id=command.journal_entry_id)
    if entry.kind not in (EntryKind.DEPOSIT, EntryKind.WITHDRAWAL):
        raise NotReversible(kind=entry.kind)
    if books.is_reversed(entry.journal_entry_id):
        raise AlreadyReversed(journal_entry_id=entry.journal_entry_id)
    postings = ledger.reversal(entry)
    amount = _amount(postings, command)
    accounts.require_active(books.accounts[command.account_id])
    wallet = wallet_of(books, command.account_id, command.asset)
    if amount > ZERO:
        treasury.lend(books, context, command.asset, amount)
        treasury.pay_in(books, context, command.command_id, wallet, amount)
    else:
        treasury.pay_out(books, context, wallet, negate(amount))
        treasury.adjust(books, command.asset, negate(amount))
    reversing = post(books, context, EntryKind.REVERSAL, command.journal_entry_id, postings)
    audit(
        books,
        context,
        command,
        subject=f"journal_entry:{command.journal_entry_id}",
        account_id=command.account_id,
        reason=command.reason,
        before=entry,
    )
    return reversing


def _amount(postings: Sequence[Posting], command: ReverseEntry) -> Decimal:
    """Return what the reversal moves into (or, negative, out of) the customer's wallet."""
    own = ledger.client(command.account_id)
    for posting in postings:
        if posting.account == own and posting.asset == command.asset:
            return posting.amount
    raise UnknownJournalEntry(journal_entry_id=command.journal_entry_id)
