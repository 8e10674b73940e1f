"""Random commands, batches included: both stores answer alike, and every law holds after each."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from pg_adapter.connections import PgPool
from pg_adapter.queries import PgQueries
from pg_adapter.roles import RoleDsns
from pg_adapter.store import PgStore
from tradecore.application import laws
from tradecore.application.command import Command
from tradecore.application.commands.fund_account import CreditAccount, DebitAccount
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.application.commands.record_report import RefuseCancel
from tradecore.application.commands.set_limits import SetFees
from tradecore.domain.errors import DomainError
from tradecore.domain.fees import FeePolicy
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.domain.money import text
from tradecore.domain.orders import Order
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.memory import MemoryQueries, MemoryStore, SequentialIds, SystemClock
from tradecore.ports.queries import Books, Queries
from tradecore.ports.store import Store
from tradecore.testing.scenario import Scenario, scenario

QUANTITIES = st.decimals("0.0001", "0.5", places=5)
PRICES = st.decimals("50000", "65000", places=2)
USDT = st.decimals("0.01", "20000", places=2)
RATES = st.sampled_from([Decimal(0), Decimal("0.001"), Decimal("0.0025")])


@attrs.define
class Book:
    """One store with its executor, kept open between the steps of a machine."""

    queries: Queries
    store: Store
    pool: PgPool | None = None
    house: Scenario = attrs.field(init=False)
    _context: Any = attrs.field(init=False)

    async def open(self, heads: SequentialIds) -> None:
        """Furnish it. Decisions draw the same ids on every store; commands get theirs from `heads`."""
        self._context = scenario(self.store, SystemClock(), ids=SequentialIds(1))
        self.house = await self._context.__aenter__()
        self.house.ids = heads
        await self.house.run(
            SetFees(
                **self.house.head(),
                account_id=HOUSE,
                policy=FeePolicy(maker=Decimal("0.001"), taker=Decimal("0.002")),
            )
        )

    async def close(self) -> None:
        await self._context.__aexit__(None, None, None)
        if self.pool is not None:
            await self.pool.__aexit__(None, None, None)


def shape(result: Any) -> Any:
    """Return what two stores must agree on: everything but times."""
    if isinstance(result, BaseException):
        return type(result), str(result)
    if isinstance(result, tuple):
        return [shape(one) for one in result]
    if isinstance(result, Decimal):
        return text(result)
    if not attrs.has(type(result)):
        return result
    return {
        field.name: shape(getattr(result, field.name))
        for field in attrs.fields(type(result))
        if not field.name.endswith("_at")
    }


TABLES = (
    "accounts",
    "wallets",
    "positions",
    "orders",
    "venue_orders",
    "reservations",
    "order_events",
    "executions",
    "journal_entries",
    "assets",
    "instruments",
)


def contents(books: Books, table: str) -> list[Any]:
    """Return the rows of a table in an order of their own."""
    return sorted((shape(row) for row in getattr(books, table)), key=repr)


class Trading(RuleBasedStateMachine):
    """The house, its customers and its venue, driven at random."""

    accounts = Bundle("accounts")
    orders = Bundle("orders")
    children = Bundle("children")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.books: list[Book] = []
        self.venue_ids: dict[str, int] = {}
        self.trades = 0

    async def open_books(self) -> list[Book]:
        store = MemoryStore(SystemClock())
        return [Book(queries=MemoryQueries(store.tables), store=store)]

    @initialize(target=accounts)
    def furnish(self) -> Any:
        async def furnish() -> list[AccountId]:
            self.books = await self.open_books()
            for book in self.books:
                await book.open(SequentialIds(2))
            opened = []
            for _ in range(3):
                each = [
                    await book.house.customer(usdt=Decimal(30_000), btc=Decimal(1))
                    for book in self.books
                ]
                assert len(set(each)) == 1
                opened.append(each[0])
            return opened

        return multiple(*self.runner.run(furnish()))

    def run(self, *commands: Command[Any]) -> list[Any]:
        """Run the commands as one batch on every store; return the first store's results."""

        async def batch(book: Book) -> list[Any]:
            outcomes = await asyncio.gather(
                *(book.house.executor.execute(command) for command in commands),
                return_exceptions=True,
            )
            return [
                outcome if isinstance(outcome, BaseException) else outcome.refusal or outcome.answer
                for outcome in outcomes
            ]

        async def every() -> list[list[Any]]:
            return [await batch(book) for book in self.books]

        results = self.runner.run(every())
        for other in results[1:]:
            assert [shape(one) for one in other] == [shape(one) for one in results[0]]
        for result in results[0]:
            if isinstance(result, BaseException) and not isinstance(result, DomainError):
                raise result
        return results[0]

    @property
    def house(self) -> Scenario:
        return self.books[0].house

    @rule(
        target=orders,
        account_id=accounts,
        batch=st.lists(st.tuples(st.booleans(), QUANTITIES, PRICES), min_size=1, max_size=5),
    )
    def place(self, account_id: AccountId, batch: list[tuple[bool, Decimal, Decimal]]) -> Any:
        commands = [
            (self.house.buy if buys else self.house.sell)(account_id, quantity, price)
            for buys, quantity, price in batch
        ]
        placed = [one for one in self.run(*commands) if isinstance(one, Order)]
        return multiple(*placed)

    @rule(order=orders)
    def cancel(self, order: Order) -> None:
        self.run(self.house.cancel(order))

    @rule(
        order=orders,
        quantity=st.none() | QUANTITIES,
        price=st.none() | PRICES,
    )
    def replace(self, order: Order, quantity: Decimal | None, price: Decimal | None) -> None:
        self.run(self.house.replace(order, quantity=quantity, price=price))

    @rule(order=orders)
    def refuse_cancel(self, order: Order) -> None:
        self.run(
            RefuseCancel(
                **self.house.head(),
                order_id=order.order_id,
                child=order.children or 1,
                reason="random",
            )
        )

    @rule(target=children, order=orders)
    def send(self, order: Order) -> Any:
        (attempt,) = self.run(OpenAttempt(**self.house.head(), order_id=order.order_id))
        return multiple() if attempt.child is None else attempt.child

    @rule(child=children)
    def acknowledge(self, child: VenueOrder) -> None:
        self.run(attrs.evolve(self.ended(child, Decimal(0)), outcome=None))

    @rule(
        child=children,
        parts=st.lists(st.decimals("0.0001", "0.3", places=5), min_size=1, max_size=3),
        repeat=st.booleans(),
    )
    def fill(self, child: VenueOrder, parts: list[Decimal], repeat: bool) -> None:
        """Fills, more than were asked for too: what the venue did always posts."""
        fills = []
        for part in parts:
            self.trades += 1
            fills.append(
                attrs.evolve(
                    self.house.fill(child, part, trade_id=self.trades),
                    venue_order_id=self.id_of(child),
                )
            )
        if repeat:
            fills += [attrs.evolve(one, **self.house.head()) for one in fills]
        self.run(*fills)

    @rule(child=children, outcome=st.sampled_from(list(VenueOutcome)), counted=st.booleans())
    def end(self, child: VenueOrder, outcome: VenueOutcome, counted: bool) -> None:
        """The venue's last word; sometimes it counts a fill that has not come yet."""
        books = self.runner.run(self.books[0].queries.list_venue_orders(child.order_id))
        filled = books[child.child - 1].filled_quantity
        ahead = Decimal(0) if counted else Decimal("0.0001")
        self.run(attrs.evolve(self.ended(child, filled + ahead), outcome=outcome))

    def ended(self, child: VenueOrder, filled: Decimal) -> Any:
        report = self.house.ended(child, VenueOutcome.CANCELED, filled)
        return attrs.evolve(report, venue_order_id=self.id_of(child))

    def id_of(self, child: VenueOrder) -> int:
        return self.venue_ids.setdefault(child.venue_client_order_id, len(self.venue_ids) + 1)

    @rule(
        account_id=accounts,
        amount=USDT,
        credit=st.booleans(),
        asset=st.sampled_from(["USDT", "BTC"]),
    )
    def fund(self, account_id: AccountId, amount: Decimal, credit: bool, asset: str) -> None:
        command = CreditAccount if credit else DebitAccount
        self.run(
            command(
                **self.house.head(),
                account_id=account_id,
                asset=asset,
                amount=amount,
                reason="random",
            )
        )

    @rule(account_id=accounts, maker=RATES, taker=RATES)
    def set_fees(self, account_id: AccountId, maker: Decimal, taker: Decimal) -> None:
        self.run(
            SetFees(
                **self.house.head(),
                account_id=account_id,
                policy=FeePolicy(maker=maker, taker=taker),
            )
        )

    @invariant()
    def every_law_holds(self) -> None:
        for book in self.books:
            results = laws.check(self.runner.run(book.queries.books()))
            assert not {one.law: one.violations for one in results if one.violations}

    @invariant()
    def the_stores_hold_the_same(self) -> None:
        first, *others = (self.runner.run(book.queries.books()) for book in self.books)
        for other in others:
            for table in TABLES:
                assert contents(other, table) == contents(first, table), table

    def teardown(self) -> None:
        async def close() -> None:
            for book in self.books:
                await book.close()

        self.runner.run(close())
        self.runner.close()


COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
}


def test_random_commands_in_memory() -> None:
    run_state_machine_as_test(
        Trading, settings=settings(max_examples=60, stateful_step_count=40, **COMMON)
    )


def test_random_commands_on_both_stores_alike(new_database: Callable[[], RoleDsns]) -> None:
    class TradingTwice(Trading):
        async def open_books(self) -> list[Book]:
            pool = PgPool(new_database().application, name="random", size=3)
            await pool.__aenter__()
            on_postgres = Book(queries=PgQueries(pool), store=PgStore(pool), pool=pool)
            return [*await super().open_books(), on_postgres]

    run_state_machine_as_test(
        TradingTwice, settings=settings(max_examples=15, stateful_step_count=25, **COMMON)
    )
