"""The real application in a process of its own, without the loops that trade with the venue.

`python -m bench.served` reads how to connect as JSON, prints where it serves, and ends when its
input does.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import uvloop
from bench.house import fresh_price
from dependency_injector import providers

from tradecore.memory import FixedConnector, FixedMarketData, FixedPrices
from tradecore.testing.scripted_venue import Answer, ScriptedVenue
from tradecore_server import collector
from tradecore_server.container import Container
from tradecore_server.modes import bound, serving
from tradecore_server.settings import Secret, Settings


async def main(dsn: str, data_directory: Path) -> None:
    """Serve until the input ends."""
    settings = Settings(data_directory=data_directory, database_url=Secret(dsn))
    container = Container(settings=settings, dsn=dsn)
    # The simulated market does not run here: nothing but HTTP and the executor is measured.
    clock = container.clock()
    container.prices.override(providers.Object(FixedPrices(fresh_price(clock))))
    container.venue.override(providers.Object(ScriptedVenue(clock, lambda _child: Answer.REST)))
    container.conversation.override(providers.Object(FixedConnector()))
    container.market_data.override(providers.Object(FixedMarketData(clock)))
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(container.lane_pool())
        await stack.enter_async_context(container.query_pool())
        await stack.enter_async_context(container.executor())
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        address = await stack.enter_async_context(
            serving(container.app(), bound("127.0.0.1", 0), tasks)
        )
        print(address, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    task = json.loads(sys.stdin.readline())
    collector.relax()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(task["dsn"], Path(task["data_directory"])))
