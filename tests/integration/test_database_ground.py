"""The fixtures that the other database tests stand on."""

import psycopg
import pytest

from pg_adapter import migrate
from pg_adapter.embedded import EmbeddedPostgres
from pg_adapter.roles import RoleDsns, bootstrap_roles, dsns


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_database_of_its_own(owner_dsn: str, turn: int) -> None:
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("CREATE TABLE left_behind ()")

    assert turn


def test_the_database_is_migrated(database: RoleDsns) -> None:
    with psycopg.connect(database.application) as connection:
        assert migrate.pending(connection) == []


def test_the_application_cannot_change_the_schema(database_dsn: str) -> None:
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        for statement in ("CREATE TABLE mine ()", "CREATE SCHEMA mine", "CREATE TEMP TABLE m ()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_application_reads_a_table_only_by_grant(database: RoleDsns) -> None:
    with psycopg.connect(database.owner) as connection:
        connection.execute("CREATE TABLE history (entry text)")
        connection.execute("GRANT SELECT, INSERT ON history TO tradecore_app")

    with psycopg.connect(database.application, autocommit=True) as connection:
        connection.execute("INSERT INTO history VALUES ('kept')")
        for statement in ("UPDATE history SET entry = ''", "DELETE FROM history"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        assert connection.execute("SELECT entry FROM history").fetchone() == ("kept",)


def test_bootstrap_repeats_with_the_same_passwords(postgres_server: EmbeddedPostgres) -> None:
    first = bootstrap_roles(postgres_server.dsn(), "again")
    with psycopg.connect(first.application):
        second = bootstrap_roles(postgres_server.dsn(), "again")

    assert first == second == dsns(postgres_server.dsn(), "again")
    assert "password" not in repr(first)


def test_bootstrap_without_a_password_to_derive_from_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a password"):
        dsns("host=localhost user=postgres", "tradecore")
