"""The bench runs, compares like with like, and writes what it found."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERIES = [
    "reserve_pgbench",
    "orders_executor",
    "orders_http",
    "orders_hot_wallet",
    "fill_pgbench",
    "fills",
    "orders_memory",
    "decide_limit_order",
    "venue_engine",
    "venue_rest",
    "venue_websocket_api",
    "submission",
    "fill_parse",
]
COMPARED = {"orders_executor", "orders_http", "orders_hot_wallet", "fills"}


def test_a_tiny_bench_measures_every_series_and_breaks_no_law(server_folder: Path) -> None:
    tiny = {"BENCH_ROUNDS": "1", "BENCH_SECONDS": "0.2", "BENCH_ACCOUNTS": "80"}
    done = subprocess.run(
        [sys.executable, "-m", "bench", str(server_folder)],
        cwd=ROOT,
        env={**os.environ, **tiny},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = json.loads((server_folder / "bench.json").read_text(encoding="utf-8"))
    assert [line["name"] for line in lines] == SERIES
    for line in lines:
        assert {"name", "value", "unit", "baseline", "ratio"} <= line.keys()
        assert math.isfinite(line["value"])
        assert line["value"] > 0
        assert (line["ratio"] is not None) == (line["name"] in COMPARED)
        assert line["name"] in done.stdout
