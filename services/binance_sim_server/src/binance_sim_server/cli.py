"""The `binance-sim` command."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
import uvloop
from cyclopts import App, Parameter

from binance_sim.faults.scenario import read_scenario
from binance_sim.recording import RecordingError
from binance_sim.wire.control import PREFIX
from binance_sim.wire.server import Server
from binance_sim_server.running import MarketKind, Run, run
from binance_sim_server.venue_file import (
    VenueFile,
    VenueFileError,
    build_venue,
    default_venue_file,
    read_venue_file,
)
from tradecore.memory import SystemClock

app: Final = App(name="binance-sim", help="A simulated Binance Spot, served on one port.")
_US: Final = 1_000_000


def main() -> None:
    """Run the command line; a person gets one line per fault, not a traceback."""
    try:
        app()
    except (OSError, VenueFileError, RecordingError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"binance-sim: {error}\n")
        sys.exit(2)


@app.default
def serve(  # noqa: PLR0913 - the command's options
    *,
    host: str = "127.0.0.1",
    port: int = 9080,
    accounts: Annotated[Path | None, Parameter(help="accounts, keys and limits (TOML)")] = None,
    market: Annotated[MarketKind, Parameter(help="who trades besides the accounts")] = (
        MarketKind.RECORDED
    ),
    speed: Annotated[float, Parameter(help="times real speed; 0 as fast as possible")] = 1.0,
    recordings: Annotated[Path | None, Parameter(help="folder of recordings")] = None,
    seed: Annotated[int, Parameter(help="of the synthetic market and of faults")] = 0,
    scenario: Annotated[Path | None, Parameter(help="faults on a time table")] = None,
) -> None:
    """Serve REST, the WebSocket API and the streams until Ctrl-C."""
    content = default_venue_file() if accounts is None else read_venue_file(accounts)
    made = accounts is None
    folder = Path() if accounts is None else accounts.parent
    now_us = int(SystemClock().now().timestamp() * _US)
    venue = build_venue(content, folder, now_us)
    wanted = Run(
        venue=venue,
        host=host,
        port=port,
        market=market,
        speed=speed,
        recordings=recordings,
        seed=seed,
        scenario=None if scenario is None else read_scenario(scenario),
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(wanted, lambda server: _welcome(server, wanted, content, is_made_up=made)))
    sys.stdout.write("\nbinance-sim: stopped\n")


def _welcome(server: Server, wanted: Run, content: VenueFile, *, is_made_up: bool) -> None:
    """Print where everything is; a secret only when it was made up for this run."""
    venue = wanted.venue
    pace = f"{wanted.speed:g} times real speed" if wanted.speed else "as fast as possible"
    played = {
        MarketKind.RECORDED: f"recorded, {pace}",
        MarketKind.SYNTHETIC: f"synthetic, seed {wanted.seed}, {pace}",
        MarketKind.NONE: "none: the accounts are alone",
    }[wanted.market]
    limits = "the real venue's" if venue.has_live_limits else "RAISED above the real venue's"
    budget = (
        f"{venue.limits.orders_10_seconds} orders per 10 s, "
        f"weight {venue.limits.request_weight} per minute"
    )
    lines = [
        "binance-sim serves a simulated Binance Spot (Ctrl-C stops it)",
        "",
        f"  REST           {server.rest_url}/api",
        f"  WebSocket API  {server.ws_api_url}",
        f"  streams        {server.stream_url}/ws  {server.stream_url}/stream",
        f"  control        {server.rest_url}{PREFIX}state  (no such thing at the real venue)",
        f"  market         {played}",
        f"  limits         {limits}: {budget}",
    ]
    if wanted.scenario is not None:
        lines.append(f"  scenario       {wanted.scenario.name}, seed {wanted.scenario.seed}")
    for account in content.accounts:
        for key in account.keys:
            lines.append(f"  key            {key.api_key}  of {account.name}")
            if is_made_up and key.secret is not None:
                lines.append(f"  secret         {key.secret}")
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()
