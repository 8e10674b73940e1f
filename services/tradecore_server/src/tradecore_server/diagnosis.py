"""`tradecore doctor`: ports, disk, database, migrations, clock; what is wrong and what to do."""

import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs
import psycopg
from rich.console import Console
from rich.markup import escape

from pg_adapter import migrate
from pg_adapter.embedded import AlreadyInUse, EmbeddedPostgresError
from tradecore_server import database
from tradecore_server.settings import Settings

LEAST_FREE_BYTES: Final = 1_000_000_000
MOST_SKEW_SECONDS: Final = 1.0


@attrs.frozen
class Finding:
    """One thing that was looked at. `cure` is empty where nothing is wrong."""

    subject: str
    found: str
    cure: str = ""


def run(settings: Settings, console: Console) -> int:
    """Print what was found; return 0 if the platform can run, 1 if not."""
    findings = [finding for check in CHECKS for finding in check(settings)]
    for finding in findings:
        mark = "[red]wrong[/]" if finding.cure else "[green]ok[/]   "
        console.print(f"  {mark} {finding.subject:<12} {escape(finding.found)}")
        if finding.cure:
            console.print(f"        -> {escape(finding.cure)}")
    wrong = sum(bool(finding.cure) for finding in findings)
    console.print(f"doctor: {wrong} wrong" if wrong else "doctor: nothing is wrong")
    return 1 if wrong else 0


def ports(settings: Settings) -> Iterator[Finding]:
    """Look whether the ports are free, or taken by something else."""
    for name, port in (("PORT", settings.port), ("OPERATIONS_PORT", settings.operations_port)):
        try:
            with socket.create_server((settings.host, port)):
                yield Finding(f"port {port}", "is free")
        except OSError as error:
            yield Finding(
                f"port {port}",
                f"cannot be used on {settings.host}: {error.strerror}",
                f"stop what uses it, or set TRADECORE_{name} to another port",
            )


def disk(settings: Settings) -> Iterator[Finding]:
    """Look whether the data folder can be written and has room."""
    folder = settings.data_directory.absolute()
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(existing).free
    found = f"{free / 1e9:.1f} GB free at {folder}"
    if free < LEAST_FREE_BYTES:
        yield Finding("disk", found, "free some space, or set TRADECORE_DATA_DIRECTORY elsewhere")
    elif not _writable(existing):
        yield Finding(
            "disk",
            f"{existing} cannot be written",
            "change its owner, or set TRADECORE_DATA_DIRECTORY elsewhere",
        )
    else:
        yield Finding("disk", found)


def _writable(folder: Path) -> bool:
    probe = folder / ".tradecore-doctor"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def books(settings: Settings) -> Iterator[Finding]:
    """Look whether the database answers, is migrated, and agrees on the time."""
    try:
        with (
            database.running(settings) as dsns,
            psycopg.connect(dsns.application, autocommit=True) as connection,
        ):
            yield Finding("database", "answers")
            yield from _migrations(connection)
            yield _clock(connection)
    except AlreadyInUse:
        yield Finding("database", "is in use by a running `tradecore`")
    except (EmbeddedPostgresError, psycopg.OperationalError) as error:
        yield Finding(
            "database",
            str(error).strip().splitlines()[0],
            "see its log in the data folder"
            if database.is_embedded(settings)
            else "check TRADECORE_DATABASE_URL, and that the server runs",
        )


def _migrations(connection: psycopg.Connection) -> Iterator[Finding]:
    pending = migrate.pending(connection)
    if pending:
        names = ", ".join(str(migration) for migration in pending)
        yield Finding("migrations", f"missing: {names}", "run `tradecore migrate`")
    else:
        yield Finding("migrations", "up to date")


def _clock(connection: psycopg.Connection) -> Finding:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    skew = abs((datetime.now(UTC) - row[0]).total_seconds())
    if skew > MOST_SKEW_SECONDS:
        return Finding(
            "clock",
            f"differs from the database's by {skew:.1f} s",
            "let both machines keep time by NTP",
        )
    return Finding("clock", f"agrees with the database's within {skew * 1000:.0f} ms")


CHECKS: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (ports, disk, books)
