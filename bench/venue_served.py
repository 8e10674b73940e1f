"""The simulated venue in a process of its own: `python -m bench.venue_served` says where."""

import asyncio
import json
import sys
from decimal import Decimal
from typing import Final

import uvloop

from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT, with_open_orders
from binance_sim.wire.keys import hmac_key
from binance_sim.wire.limits import UNLIMITED
from binance_sim.wire.server import Settings, serving
from tradecore.memory import SystemClock

API_KEY: Final = "bench" + "K" * 59
SECRET: Final = "measured-and-forgotten"  # noqa: S105 - of a venue that lives for a bench
OMNIBUS: Final = "omnibus"


def build_exchange() -> Exchange:
    """Return an exchange with one rich account and room for all its orders."""
    made = Exchange([with_open_orders(BTCUSDT, 10_000_000)])
    made.open_account(OMNIBUS)
    made.deposit(OMNIBUS, "USDT", Decimal(10**12), 1)
    return made


async def main() -> None:
    """Serve until the input ends."""
    keys = [hmac_key(API_KEY, SECRET, OMNIBUS)]
    settings = Settings(limits=UNLIMITED)
    async with serving(build_exchange(), keys, clock=SystemClock(), settings=settings) as server:
        where = {
            "rest": server.rest_url,
            "websocket_api": server.ws_api_url,
            "streams": server.stream_url,
        }
        print(json.dumps(where), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
