"""Something that a process cannot settle by itself, told once to the operators."""

from decimal import Decimal
from typing import ClassVar

import attrs

from tradecore.application import settlement
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.domain.events import AlertKind
from tradecore.domain.ids import HOUSE
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class RaiseAlert(Command[bool]):
    """Tell the operators. Give it an idempotency key, and the same trouble is told once."""

    kind: ClassVar[str] = "raise_alert"
    answer_type: ClassVar[type] = bool

    alert: AlertKind
    subject: str
    detail: str
    amount: Decimal | None = None

    def footprint(self) -> Footprint:
        """Return the house's account: alerts are its events."""
        return Footprint(accounts=frozenset({HOUSE}))


def decide(command: RaiseAlert, books: WorkingSet, _context: Context) -> bool:
    """Record the alert."""
    settlement.raise_alert(books, command.alert, command.subject, command.detail, command.amount)
    return True
