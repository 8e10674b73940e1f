"""The venue's side: what the simulated one takes, and what our adapter adds to a call and an event."""

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs
import msgspec
from bench.measured import Round, repeated
from bench.sizes import CALLERS
from bench.venue_served import API_KEY, OMNIBUS, SECRET, build_exchange

from binance_adapter import calls
from binance_adapter.calls import Call
from binance_adapter.connector import (
    BinanceConnector,
    ConnectorSettings,
    Outside,
    TransportKind,
    open_connector,
)
from binance_adapter.endpoints import Endpoints
from binance_adapter.mapping import reports_of
from binance_adapter.messages import ExecutionEvent
from binance_adapter.signing import Credentials, signer_of
from binance_adapter.testing import Stage, exchange_info, order_answer, trade_event
from binance_adapter.user_events import meaning_of
from binance_sim.engine.vocabulary import Side
from binance_sim.testing import limit
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder
from tradecore.memory import SystemClock
from tradecore.testing.builders import build_venue_order

_NUMBERS: Final = itertools.count(1)


def children() -> Iterator[VenueOrder]:
    """Yield orders that rest far from any market, each under an id of its own."""
    clock = SystemClock()
    template = build_venue_order(
        symbol="BTCUSDT", quantity=Quantity(Decimal("0.001")), price=Price(Decimal(60_000))
    )
    while True:
        name = f"bench-{next(_NUMBERS)}"
        yield attrs.evolve(template, venue_client_order_id=name, attempted_at=clock.now())


def engine(seconds: float) -> Round:
    """Return how many resting orders one core of the engine takes, without any wire."""
    exchange = build_exchange()
    request = limit(Side.BUY, "0.001", "60000")
    return repeated(lambda: exchange.place(OMNIBUS, request, 1), seconds)


async def submits(connector: BinanceConnector, seconds: float) -> Round:
    """Return how many orders many callers get acknowledged by the venue on the wire."""
    latencies: list[float] = []
    begun, used = time.perf_counter(), time.process_time()
    end = begun + seconds
    wishes = children()

    async def caller() -> None:
        while (sent := time.perf_counter()) < end:
            await connector.venue.submit(next(wishes))
            latencies.append(time.perf_counter() - sent)

    async with asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            callers.create_task(caller())
    return Round(
        operations=len(latencies),
        seconds=time.perf_counter() - begun,
        client_cpu=time.process_time() - used,
        latencies=latencies,
    )


async def adapter(seconds: float) -> Round:
    """Return what our code adds to a submission: the transport answers at once."""
    placed = order_answer()

    def answer(call: Call, parameters: Mapping[str, str]) -> object:
        if call is not calls.PLACE:
            return exchange_info()
        return placed | {"clientOrderId": parameters["newClientOrderId"]}

    stage = Stage(answer)
    wishes = (attrs.evolve(one, attempted_at=stage.clock.now()) for one in children())
    begun, used, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begun < seconds:
        await stage.venue.submit(next(wishes))
        done += 1
    return Round(
        operations=done,
        seconds=time.perf_counter() - begun,
        client_cpu=time.process_time() - used,
    )


async def parse(seconds: float) -> Round:
    """Return what it costs to make a report of a fill's frame."""
    stage = Stage(lambda _call, _parameters: exchange_info())
    symbol = await stage.symbols.get("BTCUSDT")
    frame = msgspec.json.encode({"subscriptionId": 0, "event": trade_event()})

    def one() -> None:
        event = meaning_of(frame)
        assert isinstance(event, ExecutionEvent), event
        reports_of("binance", event, symbol)

    return repeated(one, seconds)


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[dict[TransportKind, BinanceConnector]]:
    """Yield a conversation by each transport with one venue, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.venue_served",
        cwd=Path(__file__).parent.parent,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    where = Endpoints(**json.loads(await process.stdout.readline()))
    credentials = Credentials(api_key=API_KEY, signer=signer_of(SECRET.encode()))
    async with contextlib.AsyncExitStack() as stack:
        opened = {}
        for kind in TransportKind:
            settings = ConnectorSettings(endpoints=where, symbols=("BTCUSDT",), transport=kind)
            outside = Outside(clock=SystemClock())
            opened[kind] = await stack.enter_async_context(
                open_connector(settings, credentials, outside)
            )
        yield opened
    process.stdin.close()
    await process.wait()
