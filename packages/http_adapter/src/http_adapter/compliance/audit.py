"""Who did what to what, and why."""

from typing import Any, Final

import msgspec
from litestar import Response, get

from http_adapter.answers import answer
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.fields import Instant, instant
from http_adapter.operations_spec import READ_PROBLEMS
from http_adapter.paging import Cursor, Limit, Sort, SortBy, filled, paging
from http_adapter.parameters import ActionFilter
from tradecore.ports.records import AuditRecord


class AuditMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One administrative write."""

    audit_id: str
    command_id: str
    actor: str
    action: str
    subject: str
    account_id: str | None
    reason: str | None
    before: Any  # the value as it was, in the domain's own fields; null if there was none
    after: Any  # the value as it is
    correlation_id: str
    recorded_at: Instant

    @classmethod
    def of(cls, record: AuditRecord) -> "AuditMessage":
        """Return the line; what was kept as JSON is passed on as it is."""
        return cls(
            audit_id=record.audit_id,
            command_id=record.command_id,
            actor=record.actor,
            action=record.action,
            subject=record.subject,
            account_id=record.account_id,
            reason=record.reason,
            before=None if record.before is None else msgspec.Raw(record.before),
            after=None if record.after is None else msgspec.Raw(record.after),
            correlation_id=record.correlation_id,
            recorded_at=instant(record.recorded_at),
        )


class AuditList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the audit log."""

    items: tuple[AuditMessage, ...]
    next_cursor: str | None


@get("/audit", operation_id="ListAudits", responses=READ_PROBLEMS)
async def list_audits(
    request: ApiRequest,
    action: ActionFilter = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: SortBy = Sort.NEWEST,
) -> Response[AuditList]:
    """Read the audit log."""
    page = await exchange_of(request).services.queries.list_audits(
        paging(limit, cursor, sort), action=action
    )
    return answer(filled(AuditList, page, AuditMessage.of))


HANDLERS: Final = (list_audits,)
