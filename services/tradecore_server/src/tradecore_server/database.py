"""Where the books are: the embedded server, or one that an operator runs."""

import contextlib
from collections.abc import Iterator
from typing import Final

import psycopg

from pg_adapter import migrate
from pg_adapter.embedded import EmbeddedPostgres
from pg_adapter.roles import RoleDsns, bootstrap_roles
from tradecore_server.settings import Settings

DATABASE: Final = "tradecore"


class OwnerUrlMissing(ValueError):
    """Migrating needs the schema owner's connection string."""

    def __init__(self) -> None:
        """Say what to set."""
        super().__init__("set TRADECORE_OWNER_DATABASE_URL (or its _FILE twin) to migrate")


def is_embedded(settings: Settings) -> bool:
    """Tell whether the platform runs its own server."""
    return settings.database_url is None


def embedded(settings: Settings) -> EmbeddedPostgres:
    """Return the embedded server, not started."""
    return EmbeddedPostgres(settings.data_directory.absolute() / "postgres")


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[RoleDsns]:
    """Yield how to connect; an embedded server runs meanwhile. Blocks while it starts and stops."""
    if settings.database_url is not None:
        yield RoleDsns(owner=settings.owner_database_url or "", application=settings.database_url)
        return
    with embedded(settings) as server:
        yield bootstrap_roles(server.dsn(), DATABASE)


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
