"""Plain SQL migrations, forward only.

Files are named as Flyway names them, `V0001__initial.sql`, numbered without a gap. What was applied
never changes: a correction is the next file. Each file is one transaction and must not end it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

import attrs
import psycopg
from psycopg.pq import TransactionStatus

_FILE_NAME: Final = re.compile(r"V([0-9]{4})__([a-z0-9_]+)\.sql", re.ASCII)
#: Any number that no other advisory lock of this database uses: "migrate" in ASCII.
_LOCK_KEY: Final = int.from_bytes(b"migrate")

_CREATE_TABLE: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  version    integer     PRIMARY KEY,
  name       text        NOT NULL,
  checksum   text        NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)
"""
_FIND_TABLE: Final = "SELECT to_regclass('schema_migrations') IS NOT NULL"
_APPLIED: Final = "SELECT version, name, checksum FROM schema_migrations ORDER BY version"
_RECORD: Final = "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)"
_SET_LOCK_TIMEOUT: Final = "SELECT set_config('lock_timeout', %s, %s)"


class MigrationError(Exception):
    """The schema cannot be brought up to date. The text names the next step."""


class MigrationFilesInvalid(MigrationError):
    """A file is misnamed or empty, or the numbers have a gap or a double."""


class MigrationEdited(MigrationError):
    """A file that was applied has changed since."""


class MigrationOutOfOrder(MigrationError):
    """A file is numbered below one that was applied, and was not applied itself."""


class DatabaseNewer(MigrationError):
    """The database was migrated by a newer release than this one."""


class MigrationFailed(MigrationError):
    """The database refused a migration; nothing of it remains, those before it do."""


@attrs.frozen
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str = attrs.field(repr=False)

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the text in hexadecimal; line endings do not count."""
        return hashlib.sha256("\n".join(self.sql.splitlines()).encode()).hexdigest()

    def __str__(self) -> str:
        return f"V{self.version:04}__{self.name}"


def read(folder: Traversable) -> Sequence[Migration]:
    """Return the migrations in `folder` by version. Raises MigrationFilesInvalid."""
    found: list[Migration] = []
    for file in folder.iterdir():
        if not file.name.endswith(".sql"):
            continue
        match = _FILE_NAME.fullmatch(file.name)
        if match is None:
            raise MigrationFilesInvalid(f"{file.name}: call it V0001__what_it_does.sql")
        sql = file.read_text(encoding="utf-8")
        found.append(Migration(version=int(match[1]), name=match[2], sql=sql))
    return sorted(found, key=lambda migration: migration.version)


def packaged() -> Sequence[Migration]:
    """Return the migrations of this release."""
    return read(resources.files("pg_adapter") / "migrations")


def migrate(
    connection: psycopg.Connection,
    migrations: Iterable[Migration] | None = None,
    *,
    lock_timeout_seconds: int = 5,
    wait_seconds: int = 120,
) -> Sequence[Migration]:
    """Apply what is missing and return it; a repeat applies and returns nothing.

    Several processes may call this at once: one works, the others wait up to `wait_seconds`.
    A statement that waits for a table longer than `lock_timeout_seconds` fails, because everyone
    who came after it would be waiting too.

    Args:
        connection: as the schema's owner, with no transaction open.
        migrations: by default those of this release.
        lock_timeout_seconds: see above.
        wait_seconds: see above.

    Raises:
        MigrationError: see its subclasses.
    """
    wanted = _checked(packaged() if migrations is None else migrations)
    with _alone(connection, wait_seconds):
        connection.execute(_CREATE_TABLE)
        # The application's role may ask which version it meets; there is nothing secret in it.
        connection.execute("GRANT SELECT ON schema_migrations TO PUBLIC")
        missing = _missing(connection, wanted)
        for migration in missing:
            _apply(connection, migration, lock_timeout_seconds)
    return missing


def pending(
    connection: psycopg.Connection, migrations: Iterable[Migration] | None = None
) -> Sequence[Migration]:
    """Return what `migrate` would apply; changes nothing. Raises MigrationError as it would."""
    wanted = _checked(packaged() if migrations is None else migrations)
    row = connection.execute(_FIND_TABLE).fetchone()
    return _missing(connection, wanted) if row is not None and row[0] else wanted


def _checked(migrations: Iterable[Migration]) -> Sequence[Migration]:
    ordered = sorted(migrations, key=lambda migration: migration.version)
    for expected, migration in enumerate(ordered, start=1):
        if migration.version != expected:
            raise MigrationFilesInvalid(
                f"{migration} stands where V{expected:04} belongs: number the files from V0001 on, "
                "without a gap and none twice."
            )
        if not migration.sql.strip():
            raise MigrationFilesInvalid(f"{migration} is empty.")
    return ordered


def _missing(connection: psycopg.Connection, wanted: Sequence[Migration]) -> Sequence[Migration]:
    applied = {row[0]: (row[1], row[2]) for row in connection.execute(_APPLIED).fetchall()}
    newest = max(applied, default=0)
    if newest > len(wanted):
        raise DatabaseNewer(
            f"The database is at V{newest:04}, this release knows V{len(wanted):04}. Run the newer "
            "release, or restore the backup taken before it."
        )
    for migration in wanted[:newest]:
        if migration.version not in applied:
            raise MigrationOutOfOrder(
                f"{migration} was never applied, V{newest:04} was. Give it the next free number."
            )
        name, checksum = applied[migration.version]
        if checksum != migration.checksum:
            raise MigrationEdited(
                f"{migration} changed after it was applied (as '{name}'). Put the old text back and "
                "write the change as the next migration."
            )
    return wanted[newest:]


@contextmanager
def _alone(connection: psycopg.Connection, wait_seconds: int) -> Iterator[None]:
    """Hold the session's lock, so that one process migrates at a time."""
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise MigrationError("Migrations need a connection without an open transaction.")
    autocommit = connection.autocommit
    # Each migration opens its own transaction; the lock spans them all.
    connection.autocommit = True
    try:
        before = connection.execute("SHOW lock_timeout").fetchone()
        connection.execute(_SET_LOCK_TIMEOUT, [f"{wait_seconds}s", False])
        try:
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK_KEY])
        except psycopg.errors.LockNotAvailable as error:
            raise MigrationError(
                f"Another process has been migrating for {wait_seconds} s. Try again when it is done."
            ) from error
        finally:
            connection.execute(_SET_LOCK_TIMEOUT, [before[0] if before else "0", False])
        try:
            yield
        finally:
            if not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK_KEY])
    finally:
        if not connection.closed:
            connection.autocommit = autocommit


def _apply(connection: psycopg.Connection, migration: Migration, lock_timeout_seconds: int) -> None:
    try:
        with connection.transaction():
            connection.execute(_SET_LOCK_TIMEOUT, [f"{lock_timeout_seconds}s", True])
            # Without parameters '%' means itself; as bytes, because it is a file, not code.
            connection.execute(migration.sql.encode())
            if connection.info.transaction_status is not TransactionStatus.INTRANS:
                raise MigrationFailed(f"{migration} ends its own transaction. Take out the COMMIT.")
            connection.execute(_RECORD, [migration.version, migration.name, migration.checksum])
    except psycopg.Error as error:
        raise MigrationFailed(
            f"{migration} failed, and left nothing behind: {error}. Mend its cause and repeat."
        ) from error
