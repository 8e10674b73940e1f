"""Pytest fixtures: a real server for the session, a fresh database for each test that asks.

Load them with `-p pg_adapter.testing` or `pytest_plugins`. Each xdist worker has its own server; it
starts when the first test asks for it and ends with the session, or with the worker.
"""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

from pg_adapter import migrate
from pg_adapter.embedded import EmbeddedPostgres
from pg_adapter.roles import OWNER, RoleDsns, bootstrap_roles, dsns, restrict_database

_TEMPLATE: Final = "tradecore_template"
_NUMBERS: Final = itertools.count(1)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Yield an empty folder that the server's user can reach: pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="tradecore-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[EmbeddedPostgres]:
    """Yield the session's server. Its flush to disk is off: a test's data need not outlive power."""
    server = EmbeddedPostgres(
        server_folder / "shared", sync_initdb=False, settings={"fsync": "off"}
    )
    with server:
        yield server


@pytest.fixture(scope="session")
def database_template(postgres_server: EmbeddedPostgres) -> str:
    """Return the name of a migrated database, to be copied, never to be connected to."""
    roles = bootstrap_roles(postgres_server.dsn(), _TEMPLATE)
    with psycopg.connect(roles.owner) as connection:
        migrate.migrate(connection)
    return _TEMPLATE


@contextmanager
def _fresh_database(server: EmbeddedPostgres, template: str) -> Iterator[RoleDsns]:
    name = f"test_{next(_NUMBERS)}"
    identifier = sql.Identifier(name)
    admin_dsn = server.dsn()
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                identifier, sql.Identifier(template), sql.Identifier(OWNER)
            )
        )
        restrict_database(connection, name)
    yield dsns(admin_dsn, name)
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture
def database(postgres_server: EmbeddedPostgres, database_template: str) -> Iterator[RoleDsns]:
    """Yield how to connect to a fresh, migrated database, as owner and as the application."""
    with _fresh_database(postgres_server, database_template) as roles:
        yield roles


@pytest.fixture
def new_database(
    postgres_server: EmbeddedPostgres, database_template: str
) -> Iterator[Callable[[], RoleDsns]]:
    """Yield how to make one more fresh database: for tests that need one per example."""
    with ExitStack() as databases:
        yield lambda: databases.enter_context(_fresh_database(postgres_server, database_template))


@pytest.fixture(scope="module")
def module_database(
    postgres_server: EmbeddedPostgres, database_template: str
) -> Iterator[RoleDsns]:
    """Yield one database for all tests of a module that leave nothing behind."""
    with _fresh_database(postgres_server, database_template) as roles:
        yield roles


@pytest.fixture
def database_dsn(database: RoleDsns) -> str:
    """Return the connection string of a fresh database, as the application connects."""
    return database.application


@pytest.fixture
def owner_dsn(database: RoleDsns) -> str:
    """Return the connection string of the same database, as its owner: for migrations."""
    return database.owner
