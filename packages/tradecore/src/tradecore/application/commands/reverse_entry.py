"""Correct a mistake in the books by its mirror; the mistake stays visible."""

from typing import ClassVar

import attrs

from tradecore.application.auditing import audit
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.application.settlement import position_of, post, receive, wallet_of
from tradecore.domain import ledger, positions, wallets
from tradecore.domain.errors import AlreadyReversed, NotReversible, UnknownJournalEntry
from tradecore.domain.ids import AccountId, JournalEntryId
from tradecore.domain.ledger import EntryKind, JournalEntry
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
        AlreadyReversed, InsufficientFunds.
    """
    entry = books.past_entries.get(command.journal_entry_id)
    if entry is None:
        raise UnknownJournalEntry(journal_entry_id=command.journal_entry_id)
    if entry.kind not in (EntryKind.DEPOSIT, EntryKind.WITHDRAWAL):
        raise NotReversible(kind=entry.kind)
    if entry.journal_entry_id in books.reversed_entries:
        raise AlreadyReversed(journal_entry_id=entry.journal_entry_id)
    postings = ledger.reversal(entry)
    amount = next(
        (
            posting.amount
            for posting in postings
            if posting.account == ledger.client(command.account_id)
            and posting.asset == command.asset
        ),
        None,
    )
    if amount is None:
        raise UnknownJournalEntry(journal_entry_id=command.journal_entry_id)
    wallet = wallet_of(books, command.account_id, command.asset)
    position = position_of(books, command.account_id, command.asset)
    if amount > ZERO:
        position = positions.acquire(position, amount, ZERO)
    else:
        books.wallets.save(wallets.debit(wallet, negate(amount)))
        position, _ = positions.withdraw(position, negate(amount), context.rules.quote_scale)
    if command.asset != context.rules.quote_asset:
        books.positions.save(position)
    if amount > ZERO:
        # Last: what comes back may repay a debt, out of the position that it has just joined.
        receive(books, context, command.command_id, wallet, amount)
    entry_id = post(books, context, EntryKind.REVERSAL, command.journal_entry_id, postings)
    books.reversed_entries.add(command.journal_entry_id)
    audit(
        books,
        context,
        command,
        subject=f"journal_entry:{command.journal_entry_id}",
        account_id=command.account_id,
        reason=command.reason,
        before=entry,
    )
    return JournalEntry(
        journal_entry_id=entry_id,
        kind=EntryKind.REVERSAL,
        reference=command.journal_entry_id,
        postings=postings,
        recorded_at=context.now,
    )
