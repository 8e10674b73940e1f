"""A new customer's account."""

from typing import ClassVar

import attrs

from tradecore.application.auditing import audit
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.domain.accounts import Account
from tradecore.domain.ids import AccountId
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class OpenAccount(Command[Account]):
    """Open an account for `name`."""

    kind: ClassVar[str] = "open_account"
    answer_type: ClassVar[type] = Account

    name: str

    def footprint(self) -> Footprint:
        """Return a fresh account number."""
        return Footprint(new_accounts=1)


def decide(command: OpenAccount, books: WorkingSet, context: Context) -> Account:
    """Return the new account, empty and active."""
    account = Account(
        account_id=AccountId(context.new_id()),
        number=books.take_account_number(),
        name=command.name,
        created_at=context.now,
    )
    books.accounts.save(account)
    audit(
        books,
        context,
        command,
        subject=f"account:{account.account_id}",
        account_id=account.account_id,
        after=account,
    )
    return account
