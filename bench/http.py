"""Orders over HTTP: the server and its customers in processes of their own."""

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import attrs
from bench import machine
from bench.measured import Round
from bench.series import WrongAnswer
from bench.sizes import CALLERS

from tradecore.domain.ids import AccountId
from tradecore.memory import SystemClock
from tradecore_server import identity

_RUNS: Final = itertools.count(1)
_TOKENS: Final = 256


@attrs.frozen
class Served:
    """The application while it serves."""

    process_id: int
    host: str
    tokens: Sequence[str]

    async def orders(self, seconds: float) -> Round:
        """Return what many connections got accepted. Raises WrongAnswer."""
        used = machine.cpu_seconds(self.process_id)
        task = {
            "run": next(_RUNS),
            "host": self.host,
            "port": int(self.host.rpartition(":")[2]),
            "connections": CALLERS,
            "seconds": seconds,
            "tokens": self.tokens,
        }
        load = await _start("bench.load")
        output, _ = await load.communicate(json.dumps(task).encode())
        if load.returncode:
            raise WrongAnswer(f"the load generator failed with {load.returncode}")
        told = json.loads(output)
        if told["refused"]:
            raise WrongAnswer(told["refused"][0])
        spent = machine.cpu_seconds(self.process_id)
        return Round(
            operations=len(told["latencies"]),
            seconds=told["seconds"],
            client_cpu=None if spent is None or used is None else spent - used,
            latencies=told["latencies"],
        )


@contextlib.asynccontextmanager
async def serving(
    dsn: str, data_directory: Path, accounts: Sequence[AccountId]
) -> AsyncIterator[Served]:
    """Yield the application, served on a free port; it ends with the block."""
    issuer = identity.load_issuer(data_directory, SystemClock())
    tokens = [
        issuer.issue(f"customer-{number}", roles=["trader"], account_ids=[account_id])
        for number, account_id in enumerate(accounts[:_TOKENS])
    ]
    # Each connection needs one of its own.
    tokens *= -(-CALLERS // len(tokens))
    process = await _start("bench.served")
    assert process.stdin is not None
    assert process.stdout is not None
    task = {"dsn": dsn, "data_directory": str(data_directory)}
    process.stdin.write(json.dumps(task).encode() + b"\n")
    try:
        address = (await process.stdout.readline()).decode().strip()
        if not address:
            raise WrongAnswer("the application did not start")
        yield Served(process.pid, address.removeprefix("http://"), tokens)
    finally:
        process.stdin.close()
        await process.wait()


async def _start(module: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        cwd=Path(__file__).parent.parent,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
