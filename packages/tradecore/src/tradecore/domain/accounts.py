"""A customer's account: whose money it is, whether it may trade, and how much it has traded today."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from tradecore.domain.errors import AccountClosed
from tradecore.domain.ids import AccountId
from tradecore.domain.money import ZERO, add


class AccountStatus(StrEnum):
    """Whether the account may trade and be funded."""

    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"


@attrs.frozen(kw_only=True)
class Account:
    """A customer's account. The row is locked first by every command that touches the account."""

    account_id: AccountId
    number: int  #: short; it goes into client order ids at the venue
    name: str
    status: AccountStatus = AccountStatus.ACTIVE
    sequence: int = 0  #: of the account's last event
    open_orders: int = 0  #: orders that are not terminal
    traded_on: date | None = None  #: the UTC day that `traded_notional` counts
    traded_notional: Decimal = ZERO  #: notional of the orders accepted that day, quote currency
    rate_window: datetime | None = None  #: start of the second that `rate_count` counts
    rate_count: int = 0  #: orders accepted in that second
    created_at: datetime


def require_active(account: Account) -> None:
    """Raise `AccountClosed` unless the account is active."""
    if account.status is not AccountStatus.ACTIVE:
        raise AccountClosed(account_id=account.account_id)


def daily_notional(account: Account, now: datetime) -> Decimal:
    """Return the notional accepted on the UTC day of `now`."""
    return account.traded_notional if account.traded_on == now.date() else ZERO


def order_rate(account: Account, now: datetime) -> int:
    """Return how many orders were accepted in the second of `now`."""
    return account.rate_count if account.rate_window == now.replace(microsecond=0) else 0


def count_order(account: Account, notional: Decimal, now: datetime) -> Account:
    """Return the account after one more accepted order worth `notional`."""
    return attrs.evolve(
        account,
        open_orders=account.open_orders + 1,
        traded_on=now.date(),
        traded_notional=add(daily_notional(account, now), notional),
        rate_window=now.replace(microsecond=0),
        rate_count=order_rate(account, now) + 1,
    )


def count_replacement(account: Account, more: Decimal, now: datetime) -> Account:
    """Return the account after an open order was replaced by one worth `more` than before."""
    return attrs.evolve(
        account,
        traded_on=now.date(),
        traded_notional=add(daily_notional(account, now), max(more, ZERO)),
        rate_window=now.replace(microsecond=0),
        rate_count=order_rate(account, now) + 1,
    )


def count_ended_order(account: Account) -> Account:
    """Return the account after one of its open orders has ended."""
    assert account.open_orders > 0, account.account_id
    return attrs.evolve(account, open_orders=account.open_orders - 1)
