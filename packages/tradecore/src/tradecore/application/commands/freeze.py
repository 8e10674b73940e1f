"""Stop trading, wholly or in part, and let it go on.

After a freeze has committed no attempt to send begins: what waits to be sent ends REJECTED.
"""

from typing import ClassVar

import attrs

from tradecore.application.auditing import audit
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.domain.errors import InvalidFreeze, UnknownAccount, UnknownFreeze, UnknownInstrument
from tradecore.domain.events import TradingControlChanged
from tradecore.domain.freezes import Freeze, FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.ports.store import Footprint, StopsLock
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class SetFreeze(Command[Freeze]):
    """Freeze `target` (the empty text for the platform), replacing a freeze that stands there."""

    kind: ClassVar[str] = "freeze"
    answer_type: ClassVar[type] = Freeze

    scope: FreezeScope
    target: str
    mode: FreezeMode
    reason: str

    def footprint(self) -> Footprint:
        """Return the freezes, to be changed, and what is frozen."""
        return _footprint(self.scope, self.target)


@attrs.frozen(kw_only=True)
class LiftFreeze(Command[Freeze]):
    """Lift the freeze that stands on `target`."""

    kind: ClassVar[str] = "unfreeze"
    answer_type: ClassVar[type] = Freeze

    scope: FreezeScope
    target: str
    reason: str

    def footprint(self) -> Footprint:
        """Return the freezes, to be changed, and what was frozen."""
        return _footprint(self.scope, self.target)


def _footprint(scope: FreezeScope, target: str) -> Footprint:
    accounts = {HOUSE}
    if scope is FreezeScope.ACCOUNT:
        accounts.add(AccountId(target))
    return Footprint(
        accounts=frozenset(accounts),
        symbols=frozenset({target}) if scope is FreezeScope.SYMBOL else frozenset(),
        stops=StopsLock.EXCLUSIVE,
    )


def decide(command: SetFreeze, books: WorkingSet, context: Context) -> Freeze:
    """Return the freeze as it stands. Raises InvalidFreeze, UnknownAccount, UnknownInstrument."""
    _require_target(command.scope, command.target, books)
    before = books.freezes.find((command.scope, command.target))
    freeze = Freeze(
        scope=command.scope,
        target=command.target,
        mode=command.mode,
        reason=command.reason,
        frozen_by=command.actor,
        frozen_at=context.now,
    )
    books.freezes.save(freeze)
    books.record(TradingControlChanged(freeze=freeze, lifted=False))
    audit(
        books,
        context,
        command,
        subject=f"freeze:{command.scope}:{command.target}",
        reason=command.reason,
        before=before,
        after=freeze,
    )
    return freeze


def decide_lift(command: LiftFreeze, books: WorkingSet, context: Context) -> Freeze:
    """Return the freeze that was lifted. Raises UnknownFreeze."""
    freeze = books.freezes.find((command.scope, command.target))
    if freeze is None:
        raise UnknownFreeze(scope=command.scope, target=command.target)
    books.freezes.remove((command.scope, command.target))
    books.record(TradingControlChanged(freeze=freeze, lifted=True))
    audit(
        books,
        context,
        command,
        subject=f"freeze:{command.scope}:{command.target}",
        reason=command.reason,
        before=freeze,
    )
    return freeze


def _require_target(scope: FreezeScope, target: str, books: WorkingSet) -> None:
    if (scope is FreezeScope.PLATFORM) != (target == ""):
        raise InvalidFreeze(scope=scope)
    if scope is FreezeScope.ACCOUNT and books.accounts.find(AccountId(target)) is None:
        raise UnknownAccount(account_id=target)
    if scope is FreezeScope.SYMBOL and books.instruments.find(target) is None:
        raise UnknownInstrument(symbol=target)
