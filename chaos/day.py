"""One seeded day of trading at a venue that goes wrong: the whole chain, over the wire."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Final

import attrs
import msgspec

from binance_adapter.connector import (
    BinanceConnector,
    ConnectorSettings,
    Outside,
    TransportKind,
    open_connector,
)
from binance_adapter.endpoints import Endpoints
from binance_adapter.signing import Credentials, signer_of
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT, with_open_orders
from binance_sim.engine.vocabulary import Side as VenueSide
from binance_sim.faults.lags import Lags
from binance_sim.faults.rules import Rule
from binance_sim.venue import SimulatedVenue
from binance_sim.wire.keys import hmac_key
from binance_sim.wire.limits import UNLIMITED
from binance_sim.wire.server import Server, Settings, serving
from tradecore.application.context import HouseRules
from tradecore.application.processes.follow_reports import follow_reports
from tradecore.application.processes.gateway import Gateway
from tradecore.application.processes.settle_attempts import settle_attempts
from tradecore.application.processes.submit_orders import CONSUMER, TOPICS, submit_orders
from tradecore.application.processes.tell_operators import CONSUMER as OPERATORS
from tradecore.application.processes.tell_operators import TOPICS as ALERTS
from tradecore.application.processes.tell_operators import tell_operators
from tradecore.application.wakeup import Wakeup
from tradecore.domain.errors import DomainError
from tradecore.domain.ids import AccountId
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.memory import (
    MemoryEventConsumer,
    MemoryQueries,
    MemoryStore,
    SystemClock,
    SystemIds,
)
from tradecore.ports.venue import VenueHistory
from tradecore.testing.scenario import ASK, BID, Scenario, scenario

OMNIBUS: Final = "omnibus"
API_KEY, SECRET = "chaos" + "K" * 59, "only-for-the-length-of-a-day"
CUSTOMERS: Final = 20
CONCURRENT: Final = 64
#: Shorter than in production, so that a day does not take one.
RULES: Final = HouseRules(receive_window=timedelta(seconds=2))
#: The day is short: in production the stream is tried less often.
STREAM_WAIT_SECONDS: Final = 1.0
COME_TO_REST_SECONDS: Final = 120.0

#: What every request and event may meet. "Late" is later than the window of the request, too.
FAULTS: Final = (
    Rule(kind="silence", method="order.place", probability=0.05),
    Rule(kind="fail", method="order.place", probability=0.025, status=503, executed=True),
    Rule(kind="fail", method="order.place", probability=0.025, status=502, executed=False),
    Rule(kind="fail", method="order.*", probability=0.01, status=504, code=-1007, executed=True),
    Rule(kind="delay_request", method="order.place", probability=0.03, seconds=0.5, jitter_seconds=2.0),
    Rule(kind="duplicate_event", probability=0.05),
    Rule(kind="reorder_events", probability=0.05),
    Rule(kind="delay_event", probability=0.05, seconds=0.02, jitter_seconds=0.5),
    Rule(kind="drop_event", probability=0.01),
    Rule(kind="unknown_event_field", probability=0.01),
)  # fmt: skip


#: Reads that know less than the engine does, as the venue's own do.
LAGS: Final = Lags(new_order_us=2_000_000, open_orders_us=1_000_000, database_us=2_000_000)


@attrs.frozen(kw_only=True)
class Plan:
    """How large the day is."""

    seed: int
    orders: int = 10_000
    cuts: int = 50  #: of the user stream, each while it lives
    seconds: float = 60.0  #: over which the orders are spread
    transport: TransportKind = TransportKind.WEBSOCKET_API


@attrs.define
class Day:
    """A platform in memory and its venue on the wire, while they trade."""

    plan: Plan
    house: Scenario
    store: MemoryStore
    queries: MemoryQueries
    server: Server
    connector: BinanceConnector
    chance: random.Random
    accounts: list[AccountId] = attrs.field(factory=list)
    answers: Counter[str] = attrs.field(factory=Counter)
    met: Counter[str] = attrs.field(factory=Counter)  #: faults, by kind

    def history(self) -> VenueHistory:
        """Return the venue's own record."""
        return SimulatedVenue(self.server.exchange, OMNIBUS, SystemClock()).history()

    async def trade(self, progress: Callable[[int], None]) -> None:
        """Place every order, cancel and replace some; the faults are in force."""
        rules = [msgspec.structs.replace(rule) for rule in FAULTS]
        for rule in rules:
            self.server.faults.add(rule)
        self.server.desk.lags = LAGS
        left = self.plan.orders
        pause = self.plan.seconds * CONCURRENT / self.plan.orders

        async def customer() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await self._one()
                progress(self.plan.orders - left)
                await asyncio.sleep(self.chance.random() * 2 * pause)

        async with asyncio.TaskGroup() as tasks:
            cutting = tasks.create_task(self._cut())
            customers = [tasks.create_task(customer()) for _ in range(CONCURRENT)]
            await asyncio.wait(customers)
            cutting.cancel()
        for rule in rules:
            self.met[rule.kind] += rule.hits

    async def _cut(self) -> None:
        """End the user stream again and again, each time after some events have come through."""
        for _ in range(self.plan.cuts):
            rule = Rule(kind="cut_stream", times=1, after=self.chance.randint(1, 30))
            self.server.faults.add(rule)
            while not rule.hits:
                await asyncio.sleep(0.02)
            self.met["cut_stream"] += 1

    async def come_to_rest(self) -> None:
        """Lift the faults, cancel what rests, and wait until every order has ended."""
        self.server.faults.clear()
        self.server.desk.lags = Lags()
        async with asyncio.timeout(COME_TO_REST_SECONDS):
            while open_orders := self._open():
                for order in open_orders:
                    if order.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED):
                        await self._try(self.house.cancel(order))
                await asyncio.sleep(0.2)
            while len(self.store.tables.executions) < len(self.history().executions):
                await asyncio.sleep(0.1)

    def _open(self) -> list[Order]:
        return [one for one in self.store.tables.orders.values() if not one.is_terminal]

    async def _one(self) -> None:
        """Place one order; perhaps cancel or replace it while it is on its way."""
        account_id = self.chance.choice(self.accounts)
        order = await self._try(self._wish(account_id))
        if not isinstance(order, Order):
            return
        luck = self.chance.random()
        await asyncio.sleep(self.chance.random() * 0.3)
        if luck < 0.15:
            await self._try(self.house.cancel(order))
        elif luck < 0.25:
            await self._try(self.house.replace(order, price=self._price()))

    def _wish(self, account_id: AccountId) -> object:
        """Return an order inside the spread, where customers meet, or one that takes."""
        side = self.chance.choice((Side.BUY, Side.SELL))
        quantity = Decimal(self.chance.randint(10, 100)) / 10_000
        wish = self.house.buy(account_id, quantity, self._price())
        changes: dict[str, object] = {"side": side}
        luck = self.chance.random()
        if luck < 0.1:
            changes |= {"type": OrderType.MARKET, "price": None}
        elif luck < 0.2:
            changes |= {"time_in_force": TimeInForce.IOC}
        return attrs.evolve(wish, **changes)

    def _price(self) -> Decimal:
        return BID + Decimal(self.chance.randint(-30, 30))

    async def _try(self, command: object) -> object:
        try:
            answer: object = await self.house.run(command)  # type: ignore[arg-type] # of any kind
        except DomainError as refused:
            self.answers[refused.code] += 1
            return None
        self.answers[type(command).__name__] += 1
        return answer


@asynccontextmanager
async def opened(plan: Plan) -> AsyncIterator[Day]:
    """Yield a day about to begin: everybody is funded, every loop runs, nothing is wrong yet."""
    clock = SystemClock()
    exchange = build_exchange()
    keys = [hmac_key(API_KEY, SECRET, OMNIBUS)]
    settings = Settings(limits=UNLIMITED, fault_seed=plan.seed)
    async with serving(exchange, keys, clock=clock, settings=settings) as server:
        where = ConnectorSettings(
            endpoints=Endpoints(
                rest=server.rest_url, websocket_api=server.ws_api_url, streams=server.stream_url
            ),
            symbols=("BTCUSDT",),
            transport=plan.transport,
            stream_wait_seconds=STREAM_WAIT_SECONDS,
        )
        credentials = Credentials(api_key=API_KEY, signer=signer_of(SECRET.encode()))
        outside = Outside(clock=clock, chance=random.Random(plan.seed))
        async with (
            open_connector(where, credentials, outside) as connector,
            _platform(plan, server, connector) as day,
        ):
            yield day


@asynccontextmanager
async def _platform(plan: Plan, server: Server, connector: BinanceConnector) -> AsyncIterator[Day]:
    clock, wakeup = SystemClock(), Wakeup()
    store = MemoryStore(clock)
    queries = MemoryQueries(store.tables)
    async with scenario(store, clock, rules=RULES, on_commit=wakeup.ring) as house:
        day = Day(plan, house, store, queries, server, connector, random.Random(plan.seed))
        await _furnish(day)
        gateway = Gateway(
            executor=house.executor, queries=queries, venue=connector.venue, ids=SystemIds()
        )
        places: dict[str, int] = {}
        orders = MemoryEventConsumer(store.tables, CONSUMER, TOPICS, places=places)
        alerts = MemoryEventConsumer(store.tables, OPERATORS, ALERTS, places=places)
        loops = (
            connector.run(),
            follow_reports(gateway, clock),
            submit_orders(orders, gateway, clock, wakeup),
            settle_attempts(gateway, clock),
            tell_operators(alerts, clock),
            _quote(day),
            _replenish(server.exchange),
        )
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(loop) for loop in loops]
            yield day
            for one in running:
                one.cancel()


async def _furnish(day: Day) -> None:
    for _ in range(CUSTOMERS):
        day.accounts.append(await day.house.customer(usdt=Decimal(100_000), btc=Decimal(2)))


def build_exchange() -> Exchange:
    """Return a market with the omnibus account in it, as rich as the books say."""
    made = Exchange([with_open_orders(BTCUSDT, 100_000)])
    made.open_account(OMNIBUS)
    # As much as the scenario's treasury books.
    made.deposit(OMNIBUS, "USDT", Decimal(10_000_000), 1)
    made.deposit(OMNIBUS, "BTC", Decimal(1_000), 1)
    _quote_market(made)
    return made


def _quote_market(exchange: Exchange) -> None:
    now_us = SystemClock().now().timestamp() * 1e6
    for step in range(1, 4):
        for side, price in ((VenueSide.BUY, BID - 10 * step), (VenueSide.SELL, ASK + 10 * step)):
            exchange.set_liquidity("BTCUSDT", side, Decimal(price), Decimal("0.05"), int(now_us))


async def _replenish(exchange: Exchange) -> None:
    """Let the market offer anew what was taken."""
    while True:
        _quote_market(exchange)
        await asyncio.sleep(0.05)


async def _quote(day: Day) -> None:
    """Keep the reference price fresh; its age is not what this is about."""
    while True:
        now = day.house.clock.now()
        day.house.prices.put(ReferencePrice(symbol="BTCUSDT", bid=BID, ask=ASK, at=now))
        await asyncio.sleep(1)
