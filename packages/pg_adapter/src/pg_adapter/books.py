"""The whole books as of one instant."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

from pg_adapter import prepared, rows
from pg_adapter.connections import PgPool
from pg_adapter.pipeline import Call
from pg_adapter.prepared import BEGIN_READ, COMMIT
from tradecore.domain.ids import AccountId
from tradecore.ports.queries import Books
from tradecore.ports.records import OutboxRecord

SQL: Final = prepared.load("books.sql")


async def read_books(pool: PgPool) -> Books:
    """Return everything, from one REPEATABLE READ snapshot. Raises StoreUnavailable."""
    calls = [Call(statement, []) for statement in SQL.values()]
    answers = await pool.run([Call(BEGIN_READ, []), *calls, Call(COMMIT, [])])
    found = dict(zip(SQL, answers[1:-1], strict=True))

    def each(name: str, build: Callable[[rows.Row], Any]) -> list[Any]:
        return [build(row) for row in found[name]]

    return Books(
        accounts=each("accounts", rows.account),
        wallets=each("wallets", rows.wallet),
        positions=each("positions", rows.position),
        orders=each("orders", rows.order),
        venue_orders=each("venue_orders", rows.venue_order),
        reservations=each("reservations", rows.reservation),
        order_events=each("order_events", rows.order_event),
        executions=each("executions", rows.execution),
        journal_entries=list(rows.journal_entries(found["journal_entries"])),
        outbox=_as_read(each("outbox", rows.outbox_record)),
        inbox=each("inbox", rows.delivery),
        commands=each("commands", rows.command),
        idempotency=each("idempotency", rows.idempotency),
        instruments=each("instruments", rows.instrument),
        assets=each("assets", rows.asset),
        audits=each("audits", rows.audit),
    )


def _as_read(log: Sequence[OutboxRecord]) -> list[OutboxRecord]:
    """Return the log as a reader tells it: an account keeps its places, sorted by sequence."""
    of_account: defaultdict[AccountId, list[OutboxRecord]] = defaultdict(list)
    for record in log:
        of_account[record.account_id].append(record)
    told = {
        account_id: iter(sorted(records, key=lambda record: record.sequence))
        for account_id, records in of_account.items()
    }
    return [next(told[record.account_id]) for record in log]
