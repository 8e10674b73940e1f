"""Accounts on the wire, for whoever reads them."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from http_adapter.fields import Instant, instant
from tradecore.domain.accounts import Account, AccountStatus
from tradecore.domain.freezes import Freeze, FreezeMode, FreezeScope


class AccountState(StrEnum):
    """What an account may do. SUSPENDED is a freeze of the account (HALT)."""

    ACTIVE = "ACTIVE"
    REDUCE_ONLY = "REDUCE_ONLY"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class AccountMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's account."""

    account_id: str
    name: str
    state: AccountState
    open_orders: int
    sequence: int
    created_at: Instant

    @classmethod
    def of(cls, account: Account, freezes: Iterable[Freeze]) -> "AccountMessage":
        """Return the account with what stands frozen on it."""
        return cls(
            account_id=account.account_id,
            name=account.name,
            state=_state(account, freezes),
            open_orders=account.open_orders,
            sequence=account.sequence,
            created_at=instant(account.created_at),
        )


class AccountList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of accounts."""

    items: tuple[AccountMessage, ...]
    next_cursor: str | None


def _state(account: Account, freezes: Iterable[Freeze]) -> AccountState:
    if account.status is AccountStatus.CLOSED:
        return AccountState.CLOSED
    for freeze in freezes:
        if freeze.scope is FreezeScope.ACCOUNT and freeze.target == account.account_id:
            halted = freeze.mode is FreezeMode.HALT
            return AccountState.SUSPENDED if halted else AccountState.REDUCE_ONLY
    return AccountState.ACTIVE
