"""`make chaos-venue`: ten seeded days over the wire, and what a naive client makes of one.

python -m chaos [CHAOS_SEEDS=10] [CHAOS_ORDERS=10000] [CHAOS_CUTS=50] [CHAOS_SECONDS=120]
"""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence

import uvloop
from chaos.day import Plan, opened
from chaos.naive import Naive, naive_day
from chaos.verdict import Verdict, judge
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from binance_adapter.connector import TransportKind

SHOWN = 20


async def day(plan: Plan, progress: Progress) -> Verdict:
    """Trade a day to its end, and judge it."""
    bar = progress.add_task(f"day {plan.seed}", total=plan.orders)
    async with opened(plan) as trading:
        await trading.trade(lambda done: progress.update(bar, completed=done))
        await trading.come_to_rest()
        return await judge(trading)


async def main(plans: Sequence[Plan], console: Console) -> int:
    """Show every day's verdict; return 1 if something does not hold."""
    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        verdicts = [await day(plan, progress) for plan in plans]
    show(console, verdicts)
    naive = await naive_day(plans[0])
    show_naive(console, naive)
    broken = [line for verdict in verdicts for line in verdict.broken]
    for line in broken[:SHOWN]:
        console.print(f"[red]broken[/] {line}", highlight=False)
    console.print(
        f"chaos-venue: {len(verdicts)} days, {sum(one.accepted for one in verdicts)} orders,"
        f" {sum(one.trades for one in verdicts)} trades, {len(broken)} things broken"
    )
    return 1 if broken else 0


def show(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Print a line per day."""
    table = Table(title="days at a venue that goes wrong")
    for heading in (
        *("seed", "orders", "at the venue", "trades", "put back", "alerts"),
        *("faults met", "cuts", "broken"),
    ):
        table.add_column(heading, justify="right", overflow="fold")
    for one in verdicts:
        table.add_row(
            *(str(one.seed), f"{one.accepted:,}", f"{one.venue_orders:,}", f"{one.trades:,}"),
            *(f"{one.put_back:,}", _alerts(one)),
            *(f"{one.met.total():,}", str(one.met["cut_stream"]), str(len(one.broken))),
        )
    console.print(table)


def _alerts(verdict: Verdict) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in verdict.alerts.items()) or "none"


def show_naive(console: Console, naive: Naive) -> None:
    """Print what trying again on every error comes to."""
    console.print(
        f"A client that tries again on every error, under the same faults: of {naive.wishes:,}"
        f" orders {naive.doubled:,} stand or traded twice or more, and {naive.lost:,} that it gave"
        " up stand or traded all the same."
    )


if __name__ == "__main__":
    logging.disable(logging.ERROR)  # faults are the point here; what is broken is printed
    number = {name: int(os.environ.get(f"CHAOS_{name}", usual)) for name, usual in (
        ("SEEDS", 10), ("ORDERS", 10_000), ("CUTS", 50), ("SECONDS", 120)
    )}  # fmt: skip
    kinds = list(TransportKind)
    days = [
        Plan(
            seed=seed,
            orders=number["ORDERS"],
            cuts=number["CUTS"],
            seconds=number["SECONDS"],
            transport=kinds[seed % len(kinds)],
        )
        for seed in range(1, number["SEEDS"] + 1)
    ]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main(days, Console())))
