"""Look-ups by keys stay look-ups when their tables grow, whatever the planner knew of them.

The lane's statements are planned once a connection. A plan made for a table that was analysed while
it was empty may walk the whole of it for every batch, and nobody would notice before it is large.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pg_adapter import connections, load, save
from pg_adapter.prepared import Statement
from pg_adapter.roles import RoleDsns

#: One row or a few, for ever.
SMALL = {"assets", "controls", "freezes", "instruments", "trade_cursors"}
LOOK_UPS = [*load.SQL.values(), *load.LOCKED.values(), *load.STOPS.values()]
CHANGES = [one for name, one in save.SQL.items() if not name.startswith("insert_")]


@pytest.fixture(scope="module")
def planner(module_database: RoleDsns) -> Iterator[psycopg.Connection]:
    with psycopg.connect(module_database.owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        for name, value in connections._PLANNER.items():
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        yield connection


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def walks(planner: psycopg.Connection, statement: Statement) -> list[str]:
    """Return the tables that may grow and that the plan reads other than by an index's key."""
    row = planner.execute(b"EXPLAIN (GENERIC_PLAN, FORMAT JSON) " + statement.sql).fetchone()
    assert row is not None
    scans = [
        node
        for node in nodes(row[0][0]["Plan"])
        if "Scan" in node["Node Type"] and node.get("Relation Name", "controls") not in SMALL
    ]
    return [scan["Relation Name"] for scan in scans if "Index Cond" not in scan]


@pytest.mark.parametrize("statement", LOOK_UPS, ids=lambda one: one.name.decode())
def test_a_look_up_reads_by_key_even_if_planned_on_empty_tables(
    planner: psycopg.Connection, statement: Statement
) -> None:
    assert walks(planner, statement) == []


@pytest.mark.parametrize("statement", CHANGES, ids=lambda one: one.name.decode())
def test_a_change_finds_its_rows_by_key_even_if_planned_on_empty_tables(
    planner: psycopg.Connection, statement: Statement
) -> None:
    assert walks(planner, statement) == []


def test_recent_orders_are_found_by_their_time_and_not_among_all_of_the_account(
    planner: psycopg.Connection,
) -> None:
    row = planner.execute(
        b"EXPLAIN (GENERIC_PLAN, FORMAT JSON) " + load.SQL["recent_orders"].sql
    ).fetchone()
    assert row is not None
    conditions = {
        node["Index Name"]: node["Index Cond"]
        for node in nodes(row[0][0]["Plan"])
        if "Index Cond" in node
    }
    assert "created_at" in conditions["orders_by_account"]
