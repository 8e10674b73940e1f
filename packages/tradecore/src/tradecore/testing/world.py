"""A whole platform on a virtual loop: what outlives a crash, and one process that may die."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import attrs

from tradecore.application import laws
from tradecore.application.processes.follow_reports import follow_reports
from tradecore.application.processes.gateway import Gateway
from tradecore.application.processes.settle_attempts import settle_attempts
from tradecore.application.processes.submit_orders import CONSUMER, TOPICS, submit_orders
from tradecore.application.processes.tell_operators import CONSUMER as OPERATORS
from tradecore.application.processes.tell_operators import TOPICS as ALERTS
from tradecore.application.processes.tell_operators import tell_operators
from tradecore.application.wakeup import Wakeup
from tradecore.domain.ids import AccountId
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.memory import (
    MemoryEventConsumer,
    MemoryQueries,
    MemoryStore,
    SequentialIds,
    Tables,
    VirtualClock,
)
from tradecore.memory.scheduling import Scheduler, free_running
from tradecore.testing.scenario import ASK, BID, Scenario, scenario
from tradecore.testing.scripted_venue import Script, ScriptedVenue

REST_SECONDS = 120.0


@attrs.define
class World:
    """What a crash does not take: the committed rows, the consumers' places, the venue."""

    clock: VirtualClock
    venue: ScriptedVenue
    tables: Tables = attrs.field(factory=Tables)
    places: dict[str, int] = attrs.field(factory=dict)
    processes: int = 0
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    @classmethod
    def new(cls, script: Script) -> "World":
        """Return a world whose venue does as `script` says. Call it inside the loop."""
        clock = VirtualClock()
        return cls(clock=clock, venue=ScriptedVenue(clock, script))

    @property
    def queries(self) -> MemoryQueries:
        """Return reads of what is committed."""
        return MemoryQueries(self.tables)

    @asynccontextmanager
    async def process(self, hop: Scheduler = free_running) -> AsyncIterator[Scenario]:
        """Yield one life of the platform: every loop runs, and every port call passes `hop`."""
        self.processes += 1
        self.venue.hop = hop
        store = MemoryStore(self.clock, tables=self.tables, hop=hop, lock=self.lock)
        ids = SequentialIds(seed=self.processes)
        wakeup = Wakeup()
        async with scenario(
            store, self.clock, ids=ids, furnished=False, on_commit=wakeup.ring
        ) as house:
            gateway = Gateway(
                executor=house.executor, queries=self.queries, venue=self.venue, ids=ids
            )
            consumer = MemoryEventConsumer(
                self.tables, CONSUMER, TOPICS, places=self.places, hop=hop
            )
            alerts = MemoryEventConsumer(
                self.tables,
                OPERATORS,
                ALERTS,
                places=self.places,
            )
            async with asyncio.TaskGroup() as tasks:
                loops = [
                    tasks.create_task(follow_reports(gateway, self.clock)),
                    tasks.create_task(submit_orders(consumer, gateway, self.clock, wakeup)),
                    tasks.create_task(settle_attempts(gateway, self.clock)),
                    tasks.create_task(tell_operators(alerts, self.clock)),
                    tasks.create_task(self._quote(house)),
                ]
                yield house
                for loop in loops:
                    loop.cancel()

    async def furnish(self, house: Scenario) -> AccountId:
        """Book the treasury on both sides and return a customer with 100,000 USDT and 10 BTC."""
        await house.furnish()
        self.venue.deposit("USDT", Decimal(10_000_000))
        self.venue.deposit("BTC", Decimal(1_000))
        return await house.customer(usdt=Decimal(100_000), btc=Decimal(10))

    async def _quote(self, house: Scenario) -> None:
        """Keep the reference price fresh."""
        while True:
            house.prices.put(
                ReferencePrice(symbol="BTCUSDT", bid=BID, ask=ASK, at=self.clock.now())
            )
            await self.clock.sleep(1)

    async def come_to_rest(self, is_done: Callable[[], Awaitable[bool]]) -> None:
        """Return once `is_done`; raise TimeoutError if it takes too long (L20)."""
        async with asyncio.timeout(REST_SECONDS):
            while not await is_done():
                await self.clock.sleep(0.05)

    async def all_ended(self) -> bool:
        """Tell whether every order has ended."""
        return all(order.is_terminal for order in self.tables.orders.values())

    async def broken_laws(self) -> dict[str, object]:
        """Return the laws that do not hold, with what breaks them."""
        results = laws.check(await self.queries.books(), self.venue.history())
        return {one.law: one.violations for one in results if one.violations}
