"""Our side: what many callers at once get out of the executor, and what a decision costs."""

import asyncio
import random
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from bench.measured import Round
from bench.sizes import CALLERS

from tradecore.application.command import Command, Idempotency
from tradecore.application.commands import place_order
from tradecore.application.commands.place_order import PlaceOrder
from tradecore.application.context import Context, HouseRules
from tradecore.application.executor import Executor
from tradecore.domain.executions import Execution
from tradecore.domain.ids import AccountId, CommandId
from tradecore.domain.instruments import Asset, OrderType, Side
from tradecore.domain.money import Quantity
from tradecore.domain.orders import Order
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.domain.venue_orders import VenueOrder
from tradecore.memory import SystemClock, SystemIds
from tradecore.ports.working_set import Loaded, Provenance, WorkingSet
from tradecore.testing.builders import build_account, build_wallet
from tradecore.testing.scenario import ASK, BID, BTCUSDT, Scenario

QUANTITY: Final = Decimal("0.001")
FILL: Final = Decimal("0.00001")
_DIGEST: Final = bytes(32)
_BATCH: Final = 64

NextCommand = Callable[[], Command[Any]]


class WrongAnswer(Exception):
    """A command of the bench was not accepted, or not as it was meant."""


def order(ready: Scenario, account_id: AccountId) -> PlaceOrder:
    """Return a limit buy with an idempotency key, as a request over HTTP becomes one."""
    key = Idempotency(owner=account_id, key=ready.ids.new_id(), request_hash=_DIGEST)
    return ready.buy(account_id, quantity=QUANTITY, idempotency=key)


def orders_of(ready: Scenario, accounts: list[AccountId]) -> NextCommand:
    """Return the next order of any of these accounts, at every call."""
    chance = random.Random(1)
    return lambda: order(ready, chance.choice(accounts))


def fills_of(ready: Scenario, children: list[VenueOrder]) -> NextCommand:
    """Return the next fill of any of these orders, at every call."""
    chance = random.Random(2)
    return lambda: ready.fill(chance.choice(children), FILL)


async def hammer(executor: Executor, next_command: NextCommand, seconds: float) -> Round:
    """Return what callers get done who each wait for their answer. Raises WrongAnswer."""
    begun = time.perf_counter()
    end = begun + seconds
    latencies: list[float] = []

    async def caller() -> None:
        while (sent := time.perf_counter()) < end:
            require_accepted((await executor.execute(next_command())).unwrap())
            latencies.append(time.perf_counter() - sent)

    used = time.process_time()
    async with asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            callers.create_task(caller())
    return Round(
        operations=len(latencies),
        seconds=time.perf_counter() - begun,
        client_cpu=time.process_time() - used,
        latencies=latencies,
    )


def require_accepted(answer: object) -> None:
    """Raise WrongAnswer unless it is a new order, or a fill that its reservation paid for."""
    match answer:
        case Order(version=1):
            return
        case Execution(late=False):
            return
    raise WrongAnswer(repr(answer))


def decide(seconds: float) -> Round:
    """Return how many limit orders one core decides and keeps, without any store."""
    clock, ids = SystemClock(), SystemIds()
    account = build_account()
    wallet = build_wallet(account_id=account.account_id, asset="USDT", available=Decimal(10**12))
    loaded = Loaded(
        recorded_at=clock.now(),
        accounts=(account,),
        wallets=(wallet,),
        instruments=(BTCUSDT,),
        assets=(Asset(asset="BTC", scale=8), Asset(asset="USDT", scale=8)),
    )
    price = ReferencePrice(symbol="BTCUSDT", bid=BID, ask=ASK, at=loaded.recorded_at)
    context = Context(
        now=loaded.recorded_at, new_id=ids.new_id, find_price=lambda _: price, rules=HouseRules()
    )
    command = PlaceOrder(
        command_id=CommandId(ids.new_id()),
        correlation_id="bench",
        actor="bench",
        account_id=account.account_id,
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Quantity(QUANTITY),
        price=BID,
    )
    provenance = Provenance(
        command_id=command.command_id,
        correlation_id="bench",
        recorded_at=context.now,
        new_id=ids.new_id,
    )
    begun = time.perf_counter()
    used = time.process_time()
    decided = 0
    while time.perf_counter() - begun < seconds:
        books = WorkingSet(loaded)
        for _ in range(_BATCH):
            place_order.decide(command, books, context)
            books.keep(provenance)
        decided += _BATCH
    return Round(
        operations=decided,
        seconds=time.perf_counter() - begun,
        client_cpu=time.process_time() - used,
    )
