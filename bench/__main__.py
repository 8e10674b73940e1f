"""`make bench`: the platform against PostgreSQL doing the same writes without it.

Ours and the baseline take turns, so that what else the machine does hits both; what counts is the
ratio. Fails when something is broken, never for being slow.
"""

import asyncio
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import attrs
import uvloop
from bench import house, http, machine, parity, report, series, venue
from bench.house import House
from bench.http import Served
from bench.measured import Result, Round, result
from bench.pgbench import Baseline
from bench.sizes import Sizes
from rich.console import Console

from binance_adapter.connector import BinanceConnector, TransportKind
from pg_adapter.connections import PgPool
from pg_adapter.embedded import EmbeddedPostgres
from pg_adapter.queries import PgQueries
from pg_adapter.roles import RoleDsns
from tradecore.application import laws
from tradecore.memory import MemoryStore, SystemClock
from tradecore.testing.scenario import Scenario

_BUILD: Final = Path(__file__).parent.parent / "build"
#: Through the database, or not: what does not wait for a disk settles sooner.
_SHORT: Final = 0.5


class LawBroken(Exception):
    """The books of the bench break a law of conservation."""


@attrs.define
class Bench:
    """Everything that takes turns."""

    console: Console
    sizes: Sizes
    server: EmbeddedPostgres
    found: House
    ready: Scenario
    served: Served
    memory: Scenario
    memory_house: House
    reserve: Baseline
    fill: Baseline
    connectors: Mapping[TransportKind, BinanceConnector]
    rounds: defaultdict[str, list[Round]] = attrs.field(factory=lambda: defaultdict(list))

    async def run(self) -> list[Result]:
        """Return every series after all rounds."""
        for number in range(1, self.sizes.rounds + 1):
            for name, one in self._series().items():
                self._say(f"round {number} of {self.sizes.rounds}: {name}")
                before = machine.cpu_seconds(self.server.process_id)
                measured = await one()
                after = machine.cpu_seconds(self.server.process_id)
                if before is not None and after is not None:
                    measured = attrs.evolve(measured, database_cpu=after - before)
                self.rounds[name].append(measured)
        self._say("")
        return _results(self.rounds)

    def _series(self) -> dict[str, Callable[[], Awaitable[Round]]]:
        """Return what one round measures, each next to what it is compared with."""
        seconds = self.sizes.seconds
        executor = self.ready.executor
        spread = series.orders_of(self.ready, self.found.accounts)
        hot = series.orders_of(self.ready, self.found.accounts[:1])
        fills = series.fills_of(self.ready, self.found.children)
        memory = series.orders_of(self.memory, self.memory_house.accounts)
        short = seconds * _SHORT

        async def decide() -> Round:
            return series.decide(short)

        async def engine() -> Round:
            return venue.engine(short)

        rest = self.connectors[TransportKind.REST]
        websocket_api = self.connectors[TransportKind.WEBSOCKET_API]

        return {
            "orders_executor": lambda: series.hammer(executor, spread, seconds),
            "reserve_pgbench": lambda: self.reserve.run(seconds),
            "orders_http": lambda: self.served.orders(seconds),
            "orders_hot_wallet": lambda: series.hammer(executor, hot, seconds),
            "fill_pgbench": lambda: self.fill.run(seconds),
            "fills": lambda: series.hammer(executor, fills, seconds),
            "decide_limit_order": decide,
            "orders_memory": lambda: series.hammer(self.memory.executor, memory, short),
            "venue_engine": engine,
            "venue_rest": lambda: venue.submits(rest, seconds),
            "venue_websocket_api": lambda: venue.submits(websocket_api, seconds),
            "submission": lambda: venue.adapter(short),
            "fill_parse": lambda: venue.parse(short),
        }

    def _say(self, text: str) -> None:
        progress(self.console, text)


def _results(rounds: defaultdict[str, list[Round]]) -> list[Result]:
    reserve, fill = rounds["reserve_pgbench"], rounds["fill_pgbench"]
    per_second = "orders/s"
    return [
        result("reserve_pgbench", per_second, reserve),
        result("orders_executor", per_second, rounds["orders_executor"], reserve),
        result("orders_http", per_second, rounds["orders_http"], reserve),
        result(
            "orders_hot_wallet", per_second, rounds["orders_hot_wallet"], rounds["orders_executor"]
        ),
        result("fill_pgbench", "fills/s", fill),
        result("fills", "fills/s", rounds["fills"], fill),
        result("orders_memory", per_second, rounds["orders_memory"]),
        result("decide_limit_order", "µs", rounds["decide_limit_order"]),
        *(
            result(name, per_second, rounds[name])
            for name in ("venue_engine", "venue_rest", "venue_websocket_api")
        ),
        result("submission", "µs", rounds["submission"]),
        result("fill_parse", "µs", rounds["fill_parse"]),
    ]


def progress(console: Console, text: str) -> None:
    """Show what is going on: one line that is written over, or a line each in a log."""
    if console.is_terminal:
        console.print(f"\r\x1b[2K{text}", end="", highlight=False)
    elif text:
        console.print(text, highlight=False)


async def _baselines(
    server: EmbeddedPostgres, ours: RoleDsns, theirs: RoleDsns, ready: Scenario, found: House
) -> tuple[Baseline, Baseline]:
    """Return both baselines, with texts as long as ours, once they write what ours write."""
    numbers = {"first_number": 1, "last_number": len(found.accounts)}
    made = []
    for script, command in (
        ("reserve.sql", series.order(ready, found.accounts[0])),
        ("fill.sql", ready.fill(found.children[0], series.FILL)),
    ):
        with parity.written(ours.owner) as by_us:
            series.require_accepted(await ready.run(command))
        baseline = Baseline(script, server, theirs.application, {**numbers, **by_us.sizes})
        with parity.written(theirs.owner) as by_them:
            await baseline.run_once()
        parity.require_same(script, by_us.rows, by_them.rows)
        made.append(baseline)
    reserve, fill = made
    return reserve, fill


async def _check_laws(roles: RoleDsns) -> None:
    async with PgPool(roles.application, name="laws", size=1, by_keys=False) as pool:
        results = laws.check(await PgQueries(pool).books())
    broken = [one for one in results if one.violations]
    if broken:
        raise LawBroken("; ".join(f"{one.law}: {one.violations[0]}" for one in broken))


async def _measure(
    console: Console, sizes: Sizes, server: EmbeddedPostgres, folder: Path
) -> list[Result]:
    progress(console, f"opening {sizes.accounts} accounts")
    ours = house.migrated(server)
    async with house.on_postgres(ours) as ready:
        found = await house.furnish(ready, sizes.accounts)
    theirs = house.copy_for_baseline(server)
    async with AsyncExitStack() as stack:
        ready = await stack.enter_async_context(house.on_postgres(ours))
        memory_store = MemoryStore(SystemClock())
        memory = await stack.enter_async_context(house.on_store(memory_store))
        reserve, fill = await _baselines(server, ours, theirs, ready, found)
        progress(console, "choosing the baseline's client count")
        await reserve.choose_clients(sizes.seconds * _SHORT)
        await fill.choose_clients(sizes.seconds * _SHORT)
        served = await stack.enter_async_context(
            http.serving(ours.application, folder / "issuer", found.accounts)
        )
        bench = Bench(
            console=console,
            sizes=sizes,
            server=server,
            found=found,
            ready=ready,
            served=served,
            memory=memory,
            memory_house=await house.furnish(memory, 200),
            reserve=reserve,
            fill=fill,
            connectors=await stack.enter_async_context(venue.connected()),
        )
        results = await bench.run()
    progress(console, "checking the laws")
    await _check_laws(ours)
    return results


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=120)


def main(build: Path) -> int:
    """Measure, print, and write `bench.json` into `build`; raise if something is broken."""
    console, sizes = _console(), Sizes.from_environment()
    folder = build / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    begun, before = time.monotonic(), machine.load()
    with (
        house.server(folder / "postgres") as server,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        results = runner.run(_measure(console, sizes, server, folder))
    took = time.monotonic() - begun
    notes = [
        *report.legend(),
        report.fill_shares(results),
        f"{sizes.rounds} rounds of {sizes.seconds:g} s, {sizes.accounts} accounts.",
        f"{took:.0f} s in all; load {before:.1f} before, {machine.load():.1f} after.",
    ]
    report.show(console, results, notes)
    report.write(build / "bench.json", results)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else _BUILD))
