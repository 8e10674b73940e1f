import threading
from collections.abc import Iterator, Sequence

import psycopg
import pytest
from psycopg import sql

from pg_adapter import migrate
from pg_adapter.embedded import EmbeddedPostgres
from pg_adapter.migrate import (
    DatabaseNewer,
    Migration,
    MigrationEdited,
    MigrationError,
    MigrationFailed,
    MigrationFilesInvalid,
    MigrationOutOfOrder,
)
from pg_adapter.roles import RoleDsns, bootstrap_roles

FIRST = Migration(version=1, name="coins", sql="CREATE TABLE coins (coin text); SELECT '100%s %';")
SECOND = Migration(version=2, name="fill", sql="INSERT INTO coins VALUES ('BTC'), ('ETH')")


@pytest.fixture
def empty(postgres_server: EmbeddedPostgres) -> Iterator[RoleDsns]:
    """Yield a database without any migration."""
    yield bootstrap_roles(postgres_server.dsn(), "migrations")
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE migrations WITH (FORCE)"))


@pytest.fixture
def connection(empty: RoleDsns) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty.owner) as connection:
        yield connection


def versions(migrations: Sequence[Migration]) -> list[int]:
    return [migration.version for migration in migrations]


def coins(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM coins").fetchone()
    connection.rollback()
    assert row is not None
    return int(row[0])


def test_what_is_missing_is_applied_once(connection: psycopg.Connection) -> None:
    assert versions(migrate.migrate(connection, [FIRST])) == [1]
    assert versions(migrate.migrate(connection, [SECOND, FIRST])) == [2]
    assert versions(migrate.migrate(connection, [FIRST, SECOND])) == []

    assert coins(connection) == 2


def test_pending_tells_and_changes_nothing(connection: psycopg.Connection) -> None:
    assert versions(migrate.pending(connection, [FIRST, SECOND])) == [1, 2]
    connection.rollback()
    migrate.migrate(connection, [FIRST])

    assert versions(migrate.pending(connection, [FIRST, SECOND])) == [2]


def test_the_application_may_ask_what_is_pending(
    connection: psycopg.Connection, empty: RoleDsns
) -> None:
    migrate.migrate(connection, [FIRST])

    with psycopg.connect(empty.application) as application:
        assert versions(migrate.pending(application, [FIRST, SECOND])) == [2]


def test_an_edited_file_is_refused(connection: psycopg.Connection) -> None:
    migrate.migrate(connection, [FIRST])
    edited = Migration(version=1, name="coins", sql=FIRST.sql + " ")

    for function in (migrate.migrate, migrate.pending):
        with pytest.raises(MigrationEdited, match="V0001__coins changed"):
            function(connection, [edited, SECOND])
        connection.rollback()


def test_a_database_of_a_newer_release_is_refused(connection: psycopg.Connection) -> None:
    migrate.migrate(connection, [FIRST, SECOND])

    with pytest.raises(DatabaseNewer, match="at V0002, this release knows V0001"):
        migrate.migrate(connection, [FIRST])


def test_a_number_below_an_applied_one_is_refused(connection: psycopg.Connection) -> None:
    migrate.migrate(connection, [FIRST, SECOND])
    connection.execute("DELETE FROM schema_migrations WHERE version = 1")
    connection.commit()

    with pytest.raises(MigrationOutOfOrder, match="V0001__coins was never applied"):
        migrate.migrate(connection, [FIRST, SECOND])


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ([FIRST, Migration(version=3, name="late", sql="SELECT 1")], "V0003__late stands where"),
        ([SECOND], "where V0001 belongs"),
        ([FIRST, Migration(version=1, name="twin", sql="SELECT 1")], "V0001__twin stands where"),
        ([Migration(version=1, name="nothing", sql=" \n")], "V0001__nothing is empty"),
    ],
)
def test_a_gap_a_double_or_an_empty_file_is_refused_before_anything_runs(
    connection: psycopg.Connection, files: list[Migration], complaint: str
) -> None:
    with pytest.raises(MigrationFilesInvalid, match=complaint):
        migrate.migrate(connection, files)

    row = connection.execute("SELECT to_regclass('schema_migrations')").fetchone()
    assert row == (None,)


def test_a_failing_migration_leaves_nothing_and_those_before_it_stay(
    connection: psycopg.Connection,
) -> None:
    failing = Migration(version=2, name="bad", sql="INSERT INTO coins VALUES ('X'); SELECT 1/0;")

    with pytest.raises(MigrationFailed, match="V0002__bad failed, and left nothing"):
        migrate.migrate(connection, [FIRST, failing])

    assert coins(connection) == 0
    assert versions(migrate.migrate(connection, [FIRST, SECOND])) == [2]


def test_a_migration_that_commits_by_itself_is_refused(connection: psycopg.Connection) -> None:
    hasty = Migration(version=2, name="hasty", sql="INSERT INTO coins VALUES ('X'); COMMIT;")

    with pytest.raises(MigrationFailed, match="Take out the COMMIT"):
        migrate.migrate(connection, [FIRST, hasty])


def test_a_held_table_makes_a_migration_fail_not_wait(
    connection: psycopg.Connection, empty: RoleDsns
) -> None:
    migrate.migrate(connection, [FIRST])
    alter = Migration(version=2, name="alter", sql="ALTER TABLE coins ADD COLUMN scale integer")
    with psycopg.connect(empty.owner) as busy:
        busy.execute("SELECT FROM coins")

        with pytest.raises(MigrationFailed, match="lock timeout"):
            migrate.migrate(connection, [FIRST, alter], lock_timeout_seconds=1)


def test_two_at_once_apply_each_migration_once(empty: RoleDsns) -> None:
    slow = Migration(version=1, name="slow", sql="SELECT pg_sleep(0.2); CREATE TABLE coins ()")
    applied: list[int] = []

    def work() -> None:
        with psycopg.connect(empty.owner) as connection:
            applied.extend(versions(migrate.migrate(connection, [slow])))

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert applied == [1]


def test_waiting_for_another_process_has_an_end(
    connection: psycopg.Connection, empty: RoleDsns
) -> None:
    with psycopg.connect(empty.owner, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrate._LOCK_KEY])

        with pytest.raises(MigrationError, match="Another process has been migrating for 1 s"):
            migrate.migrate(connection, [FIRST], wait_seconds=1)


def test_the_connection_comes_back_as_it_was_lent(connection: psycopg.Connection) -> None:
    connection.execute("SET lock_timeout = '7s'")
    connection.commit()

    migrate.migrate(connection, [FIRST])

    assert not connection.autocommit
    assert connection.execute("SHOW lock_timeout").fetchone() == ("7s",)
    assert connection.execute(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    ).fetchone() == (0,)


def test_an_open_transaction_is_refused(connection: psycopg.Connection) -> None:
    connection.execute("SELECT 1")

    with pytest.raises(MigrationError, match="without an open transaction"):
        migrate.migrate(connection, [FIRST])
