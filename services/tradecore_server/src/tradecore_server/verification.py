"""`tradecore verify`: every law on the books, a line each."""

import asyncio
from collections.abc import Sequence
from typing import Final

from psycopg import OperationalError
from rich.console import Console
from rich.markup import escape

from pg_adapter.connections import PgPool
from pg_adapter.embedded import AlreadyInUse, EmbeddedPostgresError
from pg_adapter.queries import PgQueries
from pg_adapter.roles import RoleDsns, dsns
from tradecore.application import laws
from tradecore.application.laws import LawResult
from tradecore_server import database
from tradecore_server.settings import Settings

SHOWN: Final = 20
"""Violations of one law that are printed."""


def run(settings: Settings, console: Console) -> int:
    """Print a line per law; return 0 if every law holds, 1 if one is broken, 2 if not checked."""
    try:
        results = _check(settings)
    except (EmbeddedPostgresError, OperationalError) as error:
        console.print(f"[red]verify: the database cannot be read:[/] {escape(str(error))}")
        return 2
    show(console, results)
    console.print(
        "  The venue's part of L7 and L8 is checked where the venue is: by `make demo`,"
        " and in the tests."
    )
    broken = sum(bool(result.violations) for result in results)
    console.print(f"verify: {len(results) - broken} laws hold, {broken} broken")
    return 1 if broken else 0


def _check(settings: Settings) -> Sequence[LawResult]:
    """Check on a server that runs, or start the embedded one for as long as it takes."""
    try:
        with database.running(settings) as connection:
            database.migrate_schema(connection)
            return asyncio.run(_check_books(connection))
    except AlreadyInUse:
        return asyncio.run(_check_books(_running_server(settings)))


def _running_server(settings: Settings) -> RoleDsns:
    """Return how to connect to the embedded server that another process runs."""
    return dsns(database.embedded(settings).dsn_beside(), database.DATABASE)


async def _check_books(connection: RoleDsns) -> Sequence[LawResult]:
    async with PgPool(connection.application, name="verify", size=1, by_keys=False) as pool:
        return laws.check(await PgQueries(pool).books())


def show(console: Console, results: Sequence[LawResult]) -> None:
    """Print a line per law, and under a broken one what breaks it."""
    for result in results:
        mark = "[red]broken[/]" if result.violations else "[green]holds[/] "
        console.print(f"  {result.law:<4} {mark} {result.name}")
        for violation in result.violations[:SHOWN]:
            console.print(f"       {escape(violation.subject)}: {escape(violation.detail)}")
        if len(result.violations) > SHOWN:
            console.print(f"       … and {len(result.violations) - SHOWN} more")
