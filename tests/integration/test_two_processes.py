"""Two processes on one wallet: the database's row locks alone keep them apart."""

import asyncio
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from pg_adapter.connections import PgPool
from pg_adapter.queries import PgQueries
from pg_adapter.store import PgStore
from tradecore.application import laws
from tradecore.memory import SystemClock
from tradecore.testing.scenario import scenario

PROGRAM = """
import asyncio, json, sys
from decimal import Decimal
from pg_adapter.connections import PgPool
from pg_adapter.store import PgStore
from tradecore.memory import SystemClock
from tradecore.testing.scenario import scenario

async def main(dsn, account_id):
    async with PgPool(dsn, name="other") as pool:
        async with scenario(PgStore(pool), SystemClock(), furnished=False) as house:
            print("ready", flush=True)
            sys.stdin.readline()
            outcomes = await asyncio.gather(
                *(house.executor.execute(house.buy(account_id)) for _ in range(64))
            )
    print(json.dumps([outcome.refusal is None for outcome in outcomes]), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def furnish(dsn: str) -> str:
    async with PgPool(dsn, name="furnish") as pool, scenario(PgStore(pool), SystemClock()) as house:
        return await house.customer(usdt=Decimal(600 * 23))


async def examine(dsn: str, account_id: str) -> tuple[int, dict[str, object]]:
    async with PgPool(dsn, name="examine", by_keys=False) as pool:
        books = await PgQueries(pool).books()
    (sequence,) = (one.sequence for one in books.accounts if one.account_id == account_id)
    return sequence, {one.law: one.violations for one in laws.check(books) if one.violations}


def test_f59_f56_of_128_orders_from_two_processes_exactly_those_it_affords_are_accepted(
    database_dsn: str, tmp_path: Path
) -> None:
    account_id = asyncio.run(furnish(database_dsn))
    program = tmp_path / "other.py"
    program.write_text(PROGRAM, encoding="utf-8")
    processes = [
        subprocess.Popen(
            [sys.executable, program, database_dsn, account_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    accepted = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        output, _ = process.communicate(timeout=60)
        accepted += json.loads(output)
    assert sum(accepted) == 23
    sequence, broken = asyncio.run(examine(database_dsn, account_id))
    assert sequence == 1 + 2 * 23
    assert not broken
