"""Stopping: the whole platform, one symbol or one account."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import assert_never

import attrs

from tradecore.domain.instruments import Side


class FreezeScope(StrEnum):
    """What a freeze covers."""

    PLATFORM = "PLATFORM"
    SYMBOL = "SYMBOL"
    ACCOUNT = "ACCOUNT"


class FreezeMode(StrEnum):
    """How far a freeze goes; cancels are always allowed."""

    HALT = "HALT"
    REDUCE_ONLY = "REDUCE_ONLY"  #: sells of what is held go on, buys are refused


@attrs.frozen(kw_only=True)
class Freeze:
    """One standing order to stop. `(scope, target)` is unique."""

    scope: FreezeScope
    target: str  #: "" for the platform, a symbol, or an account id
    mode: FreezeMode
    reason: str
    frozen_by: str
    frozen_at: datetime

    def covers(self, account_id: str, symbol: str) -> bool:
        """Tell whether an order of this account in this symbol is concerned."""
        match self.scope:
            case FreezeScope.PLATFORM:
                return True
            case FreezeScope.SYMBOL:
                return self.target == symbol
            case FreezeScope.ACCOUNT:
                return self.target == account_id
            case _:
                assert_never(self.scope)


def forbidding(
    freezes: Iterable[Freeze], account_id: str, symbol: str, side: Side
) -> Freeze | None:
    """Return a freeze that forbids such an order, or None."""
    for freeze in freezes:
        stops_side = freeze.mode is FreezeMode.HALT or side is Side.BUY
        if stops_side and freeze.covers(account_id, symbol):
            return freeze
    return None
