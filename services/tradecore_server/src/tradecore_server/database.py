"""Where the books are: the embedded server, or one that an operator runs."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psycopg

from pg_adapter import migrate
from pg_adapter.embedded import EmbeddedPostgres, EmbeddedPostgresError
from pg_adapter.roles import RoleDsns, bootstrap_roles
from tradecore_server.settings import Settings

DATABASE: Final = "tradecore"


class OwnerUrlMissing(ValueError):
    """Migrating needs the schema owner's connection string."""

    def __init__(self) -> None:
        """Say what to set."""
        super().__init__("set TRADECORE_OWNER_DATABASE_URL (or its _FILE twin) to migrate")


class EmbeddedServerGone(EmbeddedPostgresError):
    """The embedded server ended while the platform was running."""

    def __init__(self, log_file: Path) -> None:
        """Say where to look."""
        super().__init__(f"the embedded PostgreSQL server ended by itself; see {log_file}")


def is_embedded(settings: Settings) -> bool:
    """Tell whether the platform runs its own server."""
    return settings.database_url is None


def embedded(settings: Settings) -> EmbeddedPostgres:
    """Return the embedded server, not started."""
    return EmbeddedPostgres(settings.data_directory.absolute() / "postgres")


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[RoleDsns]:
    """Yield how to connect; an embedded server runs meanwhile. Blocks while it starts and stops."""
    with watched(settings) as (dsns, _):
        yield dsns


@contextlib.contextmanager
def watched(settings: Settings) -> Iterator[tuple[RoleDsns, Callable[[], None]]]:
    """As `running`, with what raises EmbeddedServerGone once the embedded server has ended."""
    if settings.database_url is not None:
        url = settings.database_url
        yield RoleDsns(owner=settings.owner_database_url or "", application=url), lambda: None
        return
    with embedded(settings) as server:

        def require_alive() -> None:
            if not server.running:
                raise EmbeddedServerGone(server.files.log_file)

        yield bootstrap_roles(server.dsn(), DATABASE), require_alive


def migrate_schema(dsns: RoleDsns) -> list[str]:
    """Bring the schema up to date; return the names of what was applied.

    Raises:
        OwnerUrlMissing: an external database without its owner's connection string.
        migrate.MigrationError: see there.
    """
    if not dsns.owner:
        raise OwnerUrlMissing
    with psycopg.connect(dsns.owner, autocommit=True) as connection:
        return [migration.name for migration in migrate.migrate(connection)]
