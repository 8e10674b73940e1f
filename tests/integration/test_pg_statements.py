"""Every statement that the adapter can send is one that the server understands."""

from collections.abc import Iterator

import psycopg
import pytest

from pg_adapter import load, prepared, save
from pg_adapter.prepared import Statement
from pg_adapter.queries import PAGED


def every_statement() -> Iterator[Statement]:
    for file_name in ("load.sql", "outbox.sql", "queries.sql", "books.sql"):
        yield from prepared.load(file_name).values()
    yield from save.SQL.values()
    yield from load.LOCKED.values()
    yield from load.STOPS.values()
    for paged in PAGED.values():
        yield paged.newest_first
        yield paged.oldest_first


@pytest.fixture(scope="module")
def statements() -> list[Statement]:
    return list(every_statement())


def test_names_are_unique(statements: list[Statement]) -> None:
    names = [statement.name for statement in statements]

    assert len(set(names)) == len(names)


def test_every_statement_prepares_as_the_application(
    statements: list[Statement], database_dsn: str
) -> None:
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        for statement in statements:
            result = connection.pgconn.prepare(statement.name, statement.sql)
            described = connection.pgconn.describe_prepared(statement.name)
            assert result.status == psycopg.pq.ExecStatus.COMMAND_OK, (
                statement.name,
                result.error_message,
            )
            assert described.nparams == len(statement.parameters)
