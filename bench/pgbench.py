"""The baseline: PostgreSQL's own load generator runs our writes without us."""

import asyncio
import itertools
import os
import re
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
from bench.measured import Round
from bench.sizes import BASELINE_CLIENTS
from psycopg.conninfo import conninfo_to_dict

from pg_adapter.embedded import EmbeddedPostgres

_SCRIPTS: Final = Path(__file__).parent / "sql"
_RUNS: Final = itertools.count(1)
_DONE: Final = re.compile(r"transactions actually processed: (\d+)")
_FAILED: Final = re.compile(r"number of failed transactions: (\d+)")
_RATE: Final = re.compile(r"tps = ([0-9.]+) \(without initial connection time\)")
#: What our own connections ask for, too: plans made once serve for ever.
_OPTIONS: Final = "-c plan_cache_mode=force_generic_plan -c jit=off -c TimeZone=UTC"


class BaselineBroken(Exception):
    """pgbench did not do what the script says; the text is its own."""


@attrs.define
class Baseline:
    """One script on one database."""

    script: str
    server: EmbeddedPostgres
    dsn: str
    variables: Mapping[str, int]
    clients: int = BASELINE_CLIENTS[0]

    async def choose_clients(self, seconds: float) -> None:
        """Keep the client count that does most."""
        rates = {}
        for clients in BASELINE_CLIENTS:
            self.clients = clients
            rates[clients] = (await self.run(seconds)).rate
        self.clients = max(rates, key=lambda clients: rates[clients])

    async def run(self, seconds: float) -> Round:
        """Return what the clients did in whole seconds, at least one. Raises BaselineBroken."""
        used = _children_cpu()
        text = await self._pgbench(f"-T{max(1, round(seconds))}")
        return _round(text, _children_cpu() - used)

    async def run_once(self) -> None:
        """Run the script one single time. Raises BaselineBroken."""
        clients, self.clients = self.clients, 1
        await self._pgbench("-t1")
        self.clients = clients

    async def _pgbench(self, how_long: str) -> str:
        defined = {"run": next(_RUNS), "i": 0, **self.variables}
        command = [
            str(self.server.files.binaries / "pgbench"),
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={self.clients}",
            f"--jobs={min(2, self.clients)}",
            f"--file={_SCRIPTS / self.script}",
            how_long,
            *(f"--define={name}={value}" for name, value in defined.items()),
        ]
        process = await asyncio.create_subprocess_exec(
            *command,
            env=_environment(self.dsn),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        text = output.decode(errors="replace")
        failed = _FAILED.search(text)
        if process.returncode or failed is None or failed[1] != "0":
            raise BaselineBroken(text)
        return text


def _environment(dsn: str) -> dict[str, str]:
    given = conninfo_to_dict(dsn)
    return {
        "PATH": os.defpath,
        "PGHOST": str(given["host"]),
        "PGPORT": str(given["port"]),
        "PGUSER": str(given["user"]),
        "PGPASSWORD": str(given["password"]),
        "PGDATABASE": str(given["dbname"]),
        "PGOPTIONS": _OPTIONS,
    }


def _children_cpu() -> float:
    """Return the processor time of the children that have ended: pgbench, not the server."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _round(text: str, client_cpu: float) -> Round:
    done, rate = _DONE.search(text), _RATE.search(text)
    if done is None or rate is None:
        raise BaselineBroken(text)
    operations = int(done[1])
    return Round(operations=operations, seconds=operations / float(rate[1]), client_cpu=client_cpu)
