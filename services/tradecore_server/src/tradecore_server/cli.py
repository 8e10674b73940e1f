"""The `tradecore` command."""

import asyncio
import sys
from datetime import timedelta
from typing import Annotated, Final

import uvloop
from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape

from tradecore.memory import SystemClock
from tradecore_server import faults, identity, logs, settings
from tradecore_server.settings import InvalidSettings, Settings

app: Final = App(name="tradecore", help="A brokerage-style crypto trading platform.")
console: Final = Console(highlight=False, soft_wrap=True)
errors: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; a person gets one line per fault, not a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        told = faults.sentence(error)
        if told is None:
            raise
        errors.print(f"[red]tradecore:[/] {escape(told)}")
        sys.exit(2)


@app.command
def run() -> None:
    """Serve everything in this process, on an embedded PostgreSQL unless one is configured."""
    from tradecore_server import collector, modes, welcome

    current = _settings()
    collector.relax()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(modes.run_all(current, lambda running: welcome.show(console, running, current)))


@app.command
def migrate() -> None:
    """Bring the database's schema up to date."""
    from tradecore_server import database

    with database.running(_settings()) as dsns:
        applied = database.migrate_schema(dsns)
    for name in applied:
        console.print(f"applied {name}")
    console.print(f"migrate: {len(applied)} applied, the schema is up to date")


@app.command
def token(
    subject: str = "admin",
    *,
    role: Annotated[list[str] | None, Parameter(help="trader, admin, compliance")] = None,
    account: Annotated[list[str] | None, Parameter(help="accounts that a trader acts for")] = None,
    hours: int = 12,
) -> None:
    """Print a token of the local issuer. For development: anyone who reads the key can make one."""
    if subject != "admin" and not account and not role:
        raise InvalidSettings(f"token {subject}: say --account for a trader, or --role")
    current = _settings()
    issuer = identity.load_issuer(current.data_directory, SystemClock())
    roles = role or (["trader"] if account else ["admin", "compliance"])
    sys.stdout.write(
        issuer.issue(
            subject,
            roles=roles,
            account_ids=account or [],
            lifetime=timedelta(hours=hours),
        )
        + "\n"
    )


@app.command
def verify() -> None:
    """Check every law on the books; exit status 1 if one is broken."""
    from tradecore_server import verification

    sys.exit(verification.run(_settings(), console))


@app.command
def demo() -> None:
    """Play the recorded market against the platform over HTTP, then verify the books."""
    from tradecore_server.demo import play

    logs.configure("ERROR")
    sys.exit(asyncio.run(play.demo(settings.load(), console)))


@app.command
def doctor() -> None:
    """Say what would keep the platform from running here, and what to do about it."""
    from tradecore_server import diagnosis

    sys.exit(diagnosis.run(settings.load(), console))


def _settings() -> Settings:
    current = settings.load()
    logs.configure(current.log_level)
    return current
