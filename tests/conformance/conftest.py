"""A venue as busy as a market, and an environment of their own for clients by others."""

import asyncio
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT, ETHUSDT, complete
from binance_sim.engine.vocabulary import Side
from binance_sim.testing import build_exchange
from binance_sim.wire.server import Server, serving
from binance_sim.wire.testing import (
    ALICE,
    ALICE_ED25519,
    ED25519,
    SECRETS,
    World,
    build_keys,
    running,
)
from tradecore.memory import SystemClock

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RunDay = Callable[[str], Awaitable[Any]]


def build_complete_exchange() -> Exchange:
    """Return an exchange whose symbols allow everything, as the live pairs do."""
    return build_exchange(symbols=[complete(BTCUSDT), complete(ETHUSDT)])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A served venue on a clock that moves by hand, without a market."""
    async with running(build_complete_exchange()) as found:
        yield found


@pytest.fixture(scope="session")
def clients() -> Path:
    """Return the Python of an environment with the clients, made once per set of pins."""
    pins = HERE / "requirements.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = ROOT / "build" / f"conformance-{digest}"
    python = folder / "bin" / "python"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "conformance.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes beside each other make it once
        if not (folder / "ready").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            install = [python, "-m", "pip", "install", "-q", "--no-input", "--require-hashes"]
            subprocess.run([*install, "-r", pins], check=True)
            (folder / "ready").touch()
    return python


@pytest.fixture
async def venue() -> AsyncIterator[Server]:
    """A served venue with the real limits, on the real clock, around which a market trades."""
    exchange = build_complete_exchange()
    async with serving(exchange, build_keys(), clock=SystemClock()) as server:
        market = asyncio.create_task(trade_for_ever(server))
        yield server
        market.cancel()
        with suppress(asyncio.CancelledError):
            await market


async def trade_for_ever(server: Server) -> None:
    """Let the market quote around 60,000, and trade there."""
    exchange, number = server.exchange, 0
    while True:
        now_us, number = server.time.now_us(), number + 1
        for level in range(5):
            step = Decimal(10 * (level + 1))
            quantity = Decimal(5) + number % 3
            exchange.set_liquidity("BTCUSDT", Side.BUY, 60000 - step, quantity, now_us)
            exchange.set_liquidity("BTCUSDT", Side.SELL, 60000 + step, quantity, now_us)
        price, is_maker = Decimal(60000), number % 2 == 0
        exchange.trade_market("BTCUSDT", price, Decimal("0.01"), now_us, is_buyer_maker=is_maker)
        await asyncio.sleep(0.05)


@pytest.fixture
def run_day(clients: Path, venue: Server) -> RunDay:
    """Run one client's script against the venue; return its report."""

    async def run(script: str) -> Any:
        addresses = {
            "REST_URL": venue.rest_url,
            "WS_API_URL": venue.ws_api_url,
            "STREAM_URL": venue.stream_url,
            "API_KEY": ALICE,
            "API_SECRET": SECRETS[ALICE],
            "ED25519_KEY": ALICE_ED25519,
            "ED25519_PEM": ED25519.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ).decode(),
        }
        process = await asyncio.create_subprocess_exec(
            clients,
            HERE / "clients" / script,
            env=os.environ | addresses,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, complaints = await asyncio.wait_for(process.communicate(), 60)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, complaints.decode()[-4000:]
        return msgspec.json.decode(output)

    return run
