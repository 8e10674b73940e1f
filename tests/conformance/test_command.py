"""The installed command, from outside."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

COMMAND = Path(sys.executable).with_name("binance-sim")
ACCOUNTS = """
[limits]
orders_10_seconds = 500
[[accounts]]
name = "house"
keys = [{ api_key = "k", secret_file = "k.secret" }]
"""


@asynccontextmanager
async def started(*options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Start the command on a free port; yield it with its banner."""
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "--port",
        "0",
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        banner = await asyncio.wait_for(process.stdout.readuntil(b"\n\n"), 30)
        banner += await asyncio.wait_for(process.stdout.readuntil(b"\n\n"), 30)
        yield process, banner.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--market", "recorded", "--speed", "0"), "recorded, as fast as possible"),
        (("--market", "synthetic", "--seed", "7"), "synthetic, seed 7"),
    ],
    ids=["recorded", "synthetic"],
)
async def test_the_command_serves_a_market_until_it_is_told_to_stop(
    options: tuple[str, ...], words: str
) -> None:
    async with started(*options) as (process, banner), aiohttp.ClientSession() as session:
        assert words in banner
        assert "the real venue's: 100 orders per 10 s" in banner
        found = re.search(r"REST +(http://\S+)/api", banner)
        assert found is not None
        for _ in range(50):
            async with session.get(f"{found[1]}/api/v3/depth?symbol=BTCUSDT") as answer:
                depth = await answer.json()
            if depth["bids"] and depth["asks"]:
                break
            await asyncio.sleep(0.1)
        assert depth["bids"][0][0] < depth["asks"][0][0]

        process.send_signal(signal.SIGINT)
        output, complaints = await asyncio.wait_for(process.communicate(), 10)

        assert process.returncode == 0
        assert b"stopped" in output
        assert complaints == b""


async def test_accounts_keys_and_limits_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "k.secret").write_text("never shown\n", encoding="utf-8")
    accounts = tmp_path / "venue.toml"
    accounts.write_text(ACCOUNTS, encoding="utf-8")

    async with started("--accounts", str(accounts), "--market", "none") as (_, banner):
        assert "RAISED above the real venue's: 500 orders per 10 s" in banner
        assert "k  of house" in banner
        assert "never shown" not in banner


async def test_a_wrong_file_is_told_in_one_line(tmp_path: Path) -> None:
    accounts = tmp_path / "venue.toml"
    accounts.write_text("[limits]\nspeed = 3\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        COMMAND, "--accounts", str(accounts), stderr=asyncio.subprocess.PIPE
    )
    _, complaints = await asyncio.wait_for(process.communicate(), 30)

    assert process.returncode == 2
    assert complaints.decode().startswith("binance-sim: venue.toml: ")
    assert complaints.count(b"\n") == 1
