"""Who changed what: one line per administrative write, in its own transaction."""

from typing import Any

from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.domain.ids import AccountId
from tradecore.messages import codec
from tradecore.ports.records import AuditRecord
from tradecore.ports.working_set import WorkingSet


def audit(  # noqa: PLR0913 - who, what, when, before, after
    books: WorkingSet,
    context: Context,
    command: Command[Any],
    *,
    subject: str,
    account_id: AccountId | None = None,
    reason: str | None = None,
    before: object = None,
    after: object = None,
) -> None:
    """Add the line: `subject` as kind and key ("account:…"), values as they were and are."""
    books.audit(
        AuditRecord(
            audit_id=context.new_id(),
            command_id=command.command_id,
            actor=command.actor,
            action=command.kind,
            subject=subject,
            account_id=account_id,
            reason=reason,
            before=None if before is None else codec.encode(before),
            after=None if after is None else codec.encode(after),
            correlation_id=command.correlation_id,
            recorded_at=context.now,
        )
    )
