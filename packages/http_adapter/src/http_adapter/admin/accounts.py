"""Accounts: open, list, read, suspend, resume."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from litestar import Response, get, patch, post
from litestar.params import FromPath, JSONBody

from http_adapter import parameters
from http_adapter.account_messages import AccountList, AccountMessage
from http_adapter.answers import answer, execute
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.fields import VISIBLE, Sentence
from http_adapter.idempotency import Origin, origin
from http_adapter.operations_spec import READ_PROBLEMS, WRITE_PROBLEMS, Keyed
from http_adapter.paging import Cursor, Limit, Sort, SortBy, filled, paging
from tradecore.application.commands.freeze import LiftFreeze, SetFreeze
from tradecore.application.commands.open_account import OpenAccount
from tradecore.domain.accounts import Account
from tradecore.domain.errors import UnknownAccount
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, AccountId

Name = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[^\x00-\x1f\x7f]{1,200}$(?!\n)",
        extra={"expects": "must be 1 to 200 visible characters on one line", VISIBLE: True},
    ),
]


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account to open."""

    name: Name


class WishedState(StrEnum):
    """What an administrator can make of an account."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class AccountChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Suspend an account (a HALT freeze on it), or let it go on."""

    state: WishedState
    reason: Sentence

    def to_command(self, origin_: Origin, account_id: AccountId) -> SetFreeze | LiftFreeze:
        """Return the wish as a command."""
        if self.state is WishedState.ACTIVE:
            return LiftFreeze(
                **origin_, scope=FreezeScope.ACCOUNT, target=account_id, reason=self.reason
            )
        return SetFreeze(
            **origin_,
            scope=FreezeScope.ACCOUNT,
            target=account_id,
            mode=FreezeMode.HALT,
            reason=self.reason,
        )


class AccountChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of the account. Only what was asked for, so a repeat reads the same."""

    account_id: str
    state: WishedState
    reason: str


@post(
    "/accounts",
    status_code=201,
    operation_id="OpenAccount",
    operation_class=Keyed,
    responses=WRITE_PROBLEMS,
)
async def open_account(request: ApiRequest, data: JSONBody[NewAccount]) -> Response[AccountMessage]:
    """Open an account for a customer."""
    command = OpenAccount(**await origin(request), name=data.name)
    return await execute(request, command, lambda opened: AccountMessage.of(opened, ()), status=201)


@get("/accounts", operation_id="ListAccounts", responses=READ_PROBLEMS)
async def list_accounts(
    request: ApiRequest, limit: Limit = 100, cursor: Cursor = None, sort: SortBy = Sort.NEWEST
) -> Response[AccountList]:
    """List every customer's account."""
    queries = exchange_of(request).services.queries
    page = await queries.list_accounts(paging(limit, cursor, sort))
    freezes = await queries.list_freezes()
    return answer(filled(AccountList, page, lambda account: AccountMessage.of(account, freezes)))


@get("/accounts/{account_id:str}", operation_id="GetAccount", responses=READ_PROBLEMS)
async def get_account(request: ApiRequest, account_id: FromPath[str]) -> Response[AccountMessage]:
    """Read one account."""
    account = await account_named(request, account_id)
    freezes = await exchange_of(request).services.queries.list_freezes()
    return answer(AccountMessage.of(account, freezes))


@patch("/accounts/{account_id:str}", operation_id="ChangeAccount", responses=WRITE_PROBLEMS)
async def change_account(
    request: ApiRequest, account_id: FromPath[str], data: JSONBody[AccountChange]
) -> Response[AccountChanged]:
    """Suspend an account, or let it go on."""
    account = await account_named(request, account_id)
    command = data.to_command(await origin(request, required=False), account.account_id)
    changed = AccountChanged(account_id=account.account_id, state=data.state, reason=data.reason)
    return await execute(request, command, lambda _: changed)


async def account_named(request: ApiRequest, written: str) -> Account:
    """Return the customer's account in a path. Raises UnknownAccount."""
    account_id = parameters.account_id(written)
    found = await exchange_of(request).services.queries.find_account(account_id)
    if found is None or account_id == HOUSE:
        raise UnknownAccount(account_id=account_id)
    return found


HANDLERS: Final = (open_account, list_accounts, get_account, change_account)
