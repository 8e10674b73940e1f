"""Simulated deposits and withdrawals, and the house's own inventory that backs them."""

from decimal import Decimal
from typing import ClassVar

import attrs

from tradecore.application import treasury
from tradecore.application.auditing import audit
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.application.settlement import post, wallet_of
from tradecore.domain import accounts, ledger
from tradecore.domain.errors import InvalidAmount, UnknownAccount, UnknownAsset
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.domain.ledger import EntryKind, JournalEntry
from tradecore.domain.money import ZERO, require_scale
from tradecore.domain.wallets import Wallet
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class CreditAccount(Command[Wallet]):
    """Deposit `amount` of `asset`, out of the treasury."""

    kind: ClassVar[str] = "credit_account"
    answer_type: ClassVar[type] = Wallet

    account_id: AccountId
    asset: str
    amount: Decimal
    reason: str

    def footprint(self) -> Footprint:
        """Return the wallet, the position and the asset's house balances, locked."""
        return _footprint(self.account_id, self.asset)


@attrs.frozen(kw_only=True)
class DebitAccount(Command[Wallet]):
    """Withdraw `amount` of `asset`, back into the treasury."""

    kind: ClassVar[str] = "debit_account"
    answer_type: ClassVar[type] = Wallet

    account_id: AccountId
    asset: str
    amount: Decimal
    reason: str

    def footprint(self) -> Footprint:
        """Return the wallet, the position and the asset's house balances, locked."""
        return _footprint(self.account_id, self.asset)


@attrs.frozen(kw_only=True)
class BookOpening(Command[JournalEntry]):
    """Book `amount` of `asset`, held at the venue, as the house's own inventory."""

    kind: ClassVar[str] = "book_opening"
    answer_type: ClassVar[type] = JournalEntry

    asset: str
    amount: Decimal
    reason: str

    def footprint(self) -> Footprint:
        """Return the asset's house balances, locked."""
        return Footprint(assets=frozenset({self.asset}), funding=frozenset({self.asset}))


def _footprint(account_id: AccountId, asset: str) -> Footprint:
    return Footprint(
        accounts=frozenset({account_id}),
        assets=frozenset({asset}),
        positions=True,
        funding=frozenset({asset}),
    )


def decide_credit(command: CreditAccount, books: WorkingSet, context: Context) -> Wallet:
    """Return the wallet after the deposit; what is owed is repaid first.

    Raises:
        UnknownAccount, UnknownAsset, AccountClosed, InvalidAmount.
        TreasuryExceeded: the house could not back it (L17).
        NoReferencePrice: the position's cost is not known now.
    """
    wallet = _checked(command, books)
    treasury.lend(books, context, command.asset, command.amount)
    post(
        books,
        context,
        EntryKind.DEPOSIT,
        command.command_id,
        ledger.deposit(command.account_id, command.asset, command.amount),
    )
    treasury.pay_in(books, context, command.command_id, wallet, command.amount)
    return _audited(command, books, context, wallet)


def decide_debit(command: DebitAccount, books: WorkingSet, context: Context) -> Wallet:
    """Return the wallet after the withdrawal.

    Raises:
        UnknownAccount, UnknownAsset, AccountClosed, InvalidAmount.
        InsufficientFunds: more than is available.
    """
    wallet = _checked(command, books)
    treasury.pay_out(books, context, wallet, command.amount)
    treasury.adjust(books, command.asset, command.amount)
    post(
        books,
        context,
        EntryKind.WITHDRAWAL,
        command.command_id,
        ledger.withdrawal(command.account_id, command.asset, command.amount),
    )
    return _audited(command, books, context, wallet)


def decide_opening(command: BookOpening, books: WorkingSet, context: Context) -> JournalEntry:
    """Return the journal entry of the house's inventory. Raises UnknownAsset, InvalidAmount."""
    _require_amount(command.asset, command.amount, books)
    treasury.adjust(books, command.asset, command.amount)
    entry = post(
        books,
        context,
        EntryKind.OPENING,
        command.command_id,
        ledger.opening(command.asset, command.amount, context.rules.venue),
    )
    audit(
        books,
        context,
        command,
        subject=f"journal_entry:{entry.journal_entry_id}",
        reason=command.reason,
        after=entry,
    )
    return entry


def _checked(command: CreditAccount | DebitAccount, books: WorkingSet) -> Wallet:
    account = books.accounts.find(command.account_id)
    if account is None or account.account_id == HOUSE:
        raise UnknownAccount(account_id=command.account_id)
    accounts.require_active(account)
    _require_amount(command.asset, command.amount, books)
    return wallet_of(books, command.account_id, command.asset)


def _require_amount(asset: str, amount: Decimal, books: WorkingSet) -> None:
    known = books.assets.find(asset)
    if known is None:
        raise UnknownAsset(asset=asset)
    require_scale(amount, known.scale, field="amount")
    if amount <= ZERO:
        raise InvalidAmount(field="amount", detail="must be greater than zero")


def _audited(
    command: CreditAccount | DebitAccount, books: WorkingSet, context: Context, before: Wallet
) -> Wallet:
    after = books.wallets[command.account_id, command.asset]
    audit(
        books,
        context,
        command,
        subject=f"wallet:{command.account_id}:{command.asset}",
        account_id=command.account_id,
        reason=command.reason,
        before=before,
        after=after,
    )
    return after
