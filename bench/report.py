"""What is shown, and what is kept."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.measured import NOISY, Result
from rich.console import Console, JustifyMethod
from rich.table import Table

_HEADINGS: Final = (
    "name",
    "value",
    "unit",
    "baseline",
    "ratio",
    "spread",
    "CPU µs",
    "CPU ratio",
    "p50 / p99 ms",
)


def show(console: Console, results: Sequence[Result], notes: Sequence[str]) -> None:
    """Print one table."""
    table = Table(title="tradecore bench", caption="\n".join(notes), caption_justify="left")
    for heading in _HEADINGS:
        justify: JustifyMethod = "left" if heading in ("name", "unit") else "right"
        table.add_column(heading, justify=justify, no_wrap=True)
    for result in results:
        table.add_row(*_cells(result))
    console.print(table)


def _cells(result: Result) -> list[str]:
    spread = f"{result.spread:.0%}"
    return [
        result.name,
        _figure(result.value),
        result.unit,
        "" if result.baseline is None else _figure(result.baseline),
        "" if result.ratio is None else f"[bold]{result.ratio:.2f}[/]",
        f"[yellow]{spread}, noisy[/]" if result.is_noisy else spread,
        "" if result.cpu is None else "{:,.0f} + {:,.0f}".format(*result.cpu),
        "" if result.cpu_ratio is None else f"[bold]{result.cpu_ratio:.2f}[/]",
        "" if result.latency_ms is None else "{:.1f} / {:.1f}".format(*result.latency_ms),
    ]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def legend() -> list[str]:
    """Return what the columns mean."""
    return [
        "ratio: median over the rounds of ours / baseline, measured one after the other.",
        f"spread: middle half of the rounds / median; above {NOISY:.0%} it is no verdict.",
        "CPU: processor time of one operation, the program's + the database's, without the HTTP client.",
        "On a busy machine the ratio of processor time says more than the clock's.",
    ]


def fill_shares(results: Sequence[Result]) -> str:
    """Return what a fill's way from the venue's frame into the ledger is made of."""
    found = {one.name: one for one in results}
    cost = found["fills"].cpu
    if cost is None:
        return ""
    parts = {"parsed": found["fill_parse"].value, "decided": cost[0], "recorded": cost[1]}
    whole = sum(parts.values())
    shares = ", ".join(f"{part} {value / whole:.0%}" for part, value in parts.items())
    return f"A fill, from the frame into the ledger: {whole:.0f} µs of processor time: {shares}."


def write(path: Path, results: Sequence[Result]) -> None:
    """Write the results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [result.as_json() for result in results]
    path.write_text(json.dumps(lines, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
