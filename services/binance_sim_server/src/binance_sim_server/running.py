"""Serves a venue until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs

from binance_sim.faults.scenario import Scenario
from binance_sim.recording import packaged_recordings, read_folder
from binance_sim.replay import Replay
from binance_sim.simulated_market import SimulatedMarket
from binance_sim.wire.deeds import play
from binance_sim.wire.server import Server, Settings, serving
from binance_sim_server.synthetic import SyntheticMarket
from binance_sim_server.venue_file import Venue
from tradecore.memory import SystemClock

FASTEST: Final = 1e9  #: so fast that a whole recording falls due at once


class MarketKind(StrEnum):
    """Who trades besides the accounts."""

    RECORDED = "recorded"
    SYNTHETIC = "synthetic"
    NONE = "none"


@attrs.frozen(kw_only=True)
class Run:
    """What to serve, and around what market."""

    venue: Venue
    host: str
    port: int
    market: MarketKind
    speed: float  #: 0: as fast as possible
    recordings: Path | None
    seed: int
    scenario: Scenario | None


async def run(wanted: Run, started: Callable[[Server], None]) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError, RecordingError."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    settings = Settings(
        host=wanted.host, port=wanted.port, limits=wanted.venue.limits, fault_seed=wanted.seed
    )
    clock, venue = SystemClock(), wanted.venue
    async with serving(venue.exchange, venue.keys, clock=clock, settings=settings) as server:
        _start_market(wanted, server)
        if wanted.scenario is not None:
            server.tasks.start(play(server, wanted.scenario))
        started(server)
        await stopped.wait()


def _start_market(wanted: Run, server: Server) -> None:
    exchange, speed = wanted.venue.exchange, wanted.speed or FASTEST
    if wanted.market is MarketKind.SYNTHETIC:
        market = SyntheticMarket(exchange, server.time, seed=wanted.seed, speed=speed)
        server.tasks.start(market.run())
    elif wanted.market is MarketKind.RECORDED:
        folder = wanted.recordings
        recordings = packaged_recordings() if folder is None else read_folder(folder)
        replay = Replay(exchange, recordings, start_us=server.time.now_us(), speed=speed)
        server.tasks.start(SimulatedMarket(replay, server.time.clock).run())
