"""A customer's own account, and what it may do."""

from typing import Final

import msgspec
from litestar import Response, get

from http_adapter.account_messages import AccountMessage
from http_adapter.answers import answer
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.fields import Amount
from http_adapter.guards import account_of
from http_adapter.limit_messages import (
    FeesMessage,
    LimitsMessage,
    effective_fees,
    effective_limits,
)
from http_adapter.operations_spec import READ_PROBLEMS, OfAccount
from tradecore.domain import accounts
from tradecore.domain.accounts import Account
from tradecore.domain.errors import UnknownAccount
from tradecore.domain.money import text


class UsedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the limits is used now. Amounts are in the house's quote currency."""

    open_orders: int
    daily_notional: Amount
    orders_this_second: int


class OwnLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the account may do, what it has used, and what it pays."""

    account_id: str
    limits: LimitsMessage
    used: UsedLimits
    fees: FeesMessage


@get("/account", operation_id="GetOwnAccount", operation_class=OfAccount, responses=READ_PROBLEMS)
async def get_own_account(request: ApiRequest) -> Response[AccountMessage]:
    """Read the own account."""
    account = await _own_account(request)
    freezes = await exchange_of(request).services.queries.list_freezes()
    return answer(AccountMessage.of(account, freezes))


@get("/limits", operation_id="GetOwnLimits", operation_class=OfAccount, responses=READ_PROBLEMS)
async def get_own_limits(request: ApiRequest) -> Response[OwnLimits]:
    """Read the own limits and how much of them is used."""
    account = await _own_account(request)
    services = exchange_of(request).services
    now = services.clock.now()
    limits = await effective_limits(services.queries, account.account_id)
    fees = await effective_fees(services.queries, account.account_id)
    used = UsedLimits(
        open_orders=account.open_orders,
        daily_notional=text(accounts.daily_notional(account, now)),
        orders_this_second=accounts.order_rate(account, now),
    )
    return answer(
        OwnLimits(
            account_id=account.account_id,
            limits=LimitsMessage.of(*limits),
            used=used,
            fees=FeesMessage.of(*fees),
        )
    )


async def _own_account(request: ApiRequest) -> Account:
    account_id = account_of(request)
    account = await exchange_of(request).services.queries.find_account(account_id)
    if account is None:
        raise UnknownAccount(account_id=account_id)
    return account


HANDLERS: Final = (get_own_account, get_own_limits)
