"""What an account may do and what it pays; of the house's id, the defaults."""

from typing import ClassVar

import attrs

from tradecore.application.auditing import audit
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.domain.errors import UnknownAccount
from tradecore.domain.fees import FeePolicy
from tradecore.domain.ids import AccountId
from tradecore.domain.risk import Limits
from tradecore.ports.records import AccountFees, AccountLimits
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class SetLimits(Command[AccountLimits]):
    """Give the account these limits, from its next order on."""

    kind: ClassVar[str] = "set_limits"
    answer_type: ClassVar[type] = AccountLimits

    account_id: AccountId  #: `HOUSE` sets the default
    limits: Limits

    def footprint(self) -> Footprint:
        """Return the account and its limits."""
        return Footprint(accounts=frozenset({self.account_id}), rules=True)


@attrs.frozen(kw_only=True)
class SetFees(Command[AccountFees]):
    """Let the account pay by this policy, from its next fill on."""

    kind: ClassVar[str] = "set_fees"
    answer_type: ClassVar[type] = AccountFees

    account_id: AccountId  #: `HOUSE` sets the default
    policy: FeePolicy

    def footprint(self) -> Footprint:
        """Return the account and its fee policy."""
        return Footprint(accounts=frozenset({self.account_id}), fees=True)


def decide_limits(command: SetLimits, books: WorkingSet, context: Context) -> AccountLimits:
    """Return the limits as set. Raises UnknownAccount."""
    _require_account(books, command.account_id)
    before = books.limits.find(command.account_id)
    after = AccountLimits(account_id=command.account_id, limits=command.limits)
    books.limits.save(after)
    audit(
        books,
        context,
        command,
        subject=f"limits:{command.account_id}",
        account_id=command.account_id,
        before=before,
        after=after,
    )
    return after


def decide_fees(command: SetFees, books: WorkingSet, context: Context) -> AccountFees:
    """Return the policy as set. Raises UnknownAccount."""
    _require_account(books, command.account_id)
    before = books.fees.find(command.account_id)
    after = AccountFees(account_id=command.account_id, policy=command.policy)
    books.fees.save(after)
    audit(
        books,
        context,
        command,
        subject=f"fees:{command.account_id}",
        account_id=command.account_id,
        before=before,
        after=after,
    )
    return after


def _require_account(books: WorkingSet, account_id: AccountId) -> None:
    if books.accounts.find(account_id) is None:
        raise UnknownAccount(account_id=account_id)
