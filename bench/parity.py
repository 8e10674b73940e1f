"""One operation of ours and one of the baseline write as many rows into each table.

Without this the comparison would rot: a table more in a command, and pgbench would do less.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import psycopg
from psycopg import sql


class NotTheSameRows(Exception):
    """The baseline and the executor do not write the same."""


@attrs.define
class Written:
    """What one operation wrote: new and changed rows by table, and how long its texts are."""

    rows: dict[str, int] = attrs.field(factory=dict)
    sizes: dict[str, int] = attrs.field(factory=dict)


@contextmanager
def written(owner_dsn: str) -> Iterator[Written]:
    """Yield what will be known when the block ends; nobody else writes meanwhile."""
    found = Written()
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        before = int(_value(connection, "SELECT pg_current_xact_id()::text"))
        yield found
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            count = sql.SQL("SELECT count(*) FROM {} WHERE xmin::text::bigint > {}")
            rows = _value(connection, count.format(sql.Identifier(table), before))
            if rows:
                found.rows[table] = rows
        bodies = connection.execute(
            "SELECT length(body) FROM outbox WHERE xmin::text::bigint > %s ORDER BY xid, id",
            [before],
        ).fetchall()
        found.sizes = {f"body_{place}_bytes": size for place, (size,) in enumerate(bodies, 1)}
        found.sizes["outcome_bytes"] = _value(
            connection,
            "SELECT max(length(outcome)) FROM commands WHERE xmin::text::bigint > %s",
            before,
        )


def require_same(what: str, ours: Mapping[str, int], baseline: Mapping[str, int]) -> None:
    """Raise NotTheSameRows where a table gets more rows from one than from the other."""
    differing = {
        table: (ours.get(table, 0), baseline.get(table, 0))
        for table in {*ours, *baseline}
        if ours.get(table, 0) != baseline.get(table, 0)
    }
    if differing:
        raise NotTheSameRows(f"{what}: (executor, pgbench) rows differ in {differing}")


def _value(connection: psycopg.Connection, query: Any, *parameters: object) -> Any:
    row = connection.execute(query, parameters or None).fetchone()
    assert row is not None
    return row[0]
