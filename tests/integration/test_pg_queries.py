"""Queries answer on PostgreSQL as they do in memory: the same books, asked both ways."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import psycopg
import pytest

from pg_adapter.connections import PgPool
from pg_adapter.queries import PgQueries
from pg_adapter.store import PgStore
from tradecore.application import laws
from tradecore.application.command import Idempotency
from tradecore.application.commands.freeze import SetFreeze
from tradecore.application.commands.set_limits import SetFees, SetLimits
from tradecore.domain.fees import FeePolicy
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, AccountId, OrderId
from tradecore.domain.instruments import Side
from tradecore.domain.risk import Limits
from tradecore.domain.venue_orders import VenueOutcome
from tradecore.memory import MemoryQueries, SystemClock
from tradecore.memory.tables import Tables
from tradecore.ports.queries import InvalidCursor, OrderFilter, Page, Paging, Queries
from tradecore.testing.builders import id_of
from tradecore.testing.scenario import Scenario, scenario

Ask = Callable[[Queries], Awaitable[Any]]


@attrs.frozen
class Asked:
    """One platform's books, behind both adapters."""

    postgres: PgQueries
    memory: MemoryQueries
    alice: AccountId
    order: OrderId


@pytest.fixture
async def asked(database_dsn: str) -> AsyncIterator[Asked]:
    async with (
        PgPool(database_dsn, name="store") as pool,
        PgPool(database_dsn, name="queries", by_keys=False) as reads,
        scenario(PgStore(pool), SystemClock()) as house,
    ):
        alice, order_id = await trade(house)
        queries = PgQueries(reads)
        yield Asked(queries, MemoryQueries(await tables(queries, alice)), alice, order_id)


async def trade(house: Scenario) -> tuple[AccountId, OrderId]:
    """Let two customers do a little of everything; return one of them and a filled order."""
    alice = await house.customer(usdt=Decimal(20_000), btc=Decimal(2))
    bob = await house.customer(usdt=Decimal(5_000), btc=Decimal(2))
    for number in range(5):
        key = Idempotency(owner=alice, key=str(number), request_hash=b"h")
        command = attrs.evolve(house.buy(alice, client_order_id=f"a{number}"), idempotency=key)
        await house.run(command)
    filled = await house.run(house.buy(alice))
    child = await house.send(filled, 71)
    for _ in range(3):
        await house.filled(child, Decimal("0.002"))
    await house.filled(child, Decimal("0.004"))
    sold = await house.send(await house.run(house.sell(bob)), 72)
    await house.filled(sold, Decimal("0.003"))
    await house.run(house.ended(sold, VenueOutcome.EXPIRED, Decimal("0.005")))
    canceled = await house.run(house.sell(alice))
    await house.run(house.cancel(canceled))
    await house.send(leaving := await house.run(house.sell(alice)), 73)
    await house.run(house.cancel(leaving))
    await house.run(SetLimits(**house.head(), account_id=alice, limits=Limits(max_open_orders=9)))
    await house.run(
        SetFees(**house.head(), account_id=HOUSE, policy=FeePolicy(maker=Decimal("0.1")))
    )
    for scope, target in ((FreezeScope.SYMBOL, "BTCUSDT"), (FreezeScope.ACCOUNT, bob)):
        await house.run(
            SetFreeze(
                **house.head(), scope=scope, target=target, mode=FreezeMode.HALT, reason="test"
            )
        )
    return alice, filled.order_id


async def tables(queries: PgQueries, alice: AccountId) -> Tables:
    """Return the books of PostgreSQL as the rows of a store in memory."""
    books = await queries.books()
    found = Tables()
    found.accounts = {row.account_id: row for row in books.accounts}
    found.wallets = {(row.account_id, row.asset): row for row in books.wallets}
    found.positions = {(row.account_id, row.asset): row for row in books.positions}
    found.orders = {row.order_id: row for row in books.orders}
    found.client_order_ids = {
        (row.account_id, row.client_order_id): row.order_id for row in books.orders
    }
    found.venue_orders = {(row.order_id, row.child): row for row in books.venue_orders}
    found.reservations = {row.order_id: row for row in books.reservations}
    found.executions = {row.key: row for row in books.executions}
    found.instruments = {row.symbol: row for row in books.instruments}
    found.journal_entries = {row.journal_entry_id: row for row in books.journal_entries}
    found.order_events = list(books.order_events)
    found.audits = list(books.audits)
    found.freezes = {(row.scope, row.target): row for row in await queries.list_freezes()}
    for account_id in (alice, HOUSE):
        limits, policy = await queries.find_limits(account_id), await queries.find_fees(account_id)
        if limits is not None:
            found.limits[account_id] = limits
        if policy is not None:
            found.fees[account_id] = policy
    return found


NOBODY = AccountId(id_of(1))

QUESTIONS: list[Callable[[Asked], Ask]] = [
    lambda a: lambda q: q.find_account(a.alice),
    lambda _: lambda q: q.find_account(HOUSE),
    lambda _: lambda q: q.find_account(NOBODY),
    lambda _: lambda q: q.find_account(AccountId("nobody")),
    lambda a: lambda q: q.find_order(a.alice, a.order),
    lambda a: lambda q: q.find_order(NOBODY, a.order),
    lambda a: lambda q: q.find_order(a.alice, OrderId("x\x00")),
    lambda a: lambda q: q.find_order_by_client_order_id(a.alice, "a3"),
    lambda a: lambda q: q.find_order_by_client_order_id(a.alice, "A3"),
    lambda a: lambda q: q.find_order_by_client_order_id(a.alice, "\x00\ud800"),
    lambda _: lambda q: q.find_order_by_client_order_id(NOBODY, "a3"),
    lambda a: lambda q: q.list_order_events(a.order),
    lambda a: lambda q: q.list_venue_orders(a.order),
    lambda a: lambda q: q.find_reservation(a.order),
    lambda a: lambda q: q.list_wallets(a.alice),
    lambda a: lambda q: q.list_positions(a.alice),
    lambda _: lambda q: q.list_instruments(),
    lambda _: lambda q: q.find_instrument("BTCUSDT"),
    lambda _: lambda q: q.find_instrument("NONE"),
    lambda a: lambda q: q.find_limits(a.alice),
    lambda _: lambda q: q.find_limits(HOUSE),
    lambda _: lambda q: q.find_fees(HOUSE),
    lambda _: lambda q: q.find_fees(NOBODY),
    lambda _: lambda q: q.list_freezes(),
    lambda _: lambda q: q.list_open_attempts(),
    lambda _: lambda q: q.list_living_children(),
    lambda _: lambda q: q.list_pending_cancels(),
    lambda _: lambda q: q.list_house_balances(),
    lambda _: lambda q: q.list_last_venue_ids(),
]


async def test_every_question_has_the_same_answer(asked: Asked) -> None:
    answers = []
    for question in QUESTIONS:
        ask = question(asked)
        answers.append(await ask(asked.postgres))
        assert answers[-1] == await ask(asked.memory)

    # Agreement on nothing would prove little: only what is not there was not found.
    assert sum(not answer for answer in answers) == 9


def created(asked: Asked, number: int) -> datetime:
    orders = sorted(asked.memory._tables.orders.values(), key=lambda row: row.created_at)
    return orders[number].created_at


LISTS: list[Callable[[Asked, Paging], Ask]] = [
    lambda _, p: lambda q: q.list_accounts(p),
    lambda a, p: lambda q: q.list_orders(a.alice, OrderFilter(), p),
    lambda a, p: lambda q: q.list_orders(a.alice, OrderFilter(open=True), p),
    lambda a, p: lambda q: q.list_orders(a.alice, OrderFilter(open=False), p),
    lambda a, p: (
        lambda q: q.list_orders(
            a.alice, OrderFilter(open=True, symbol="BTCUSDT", side=Side.SELL), p
        )
    ),
    lambda a, p: lambda q: q.list_orders(a.alice, OrderFilter(symbol="NONE"), p),
    lambda a, p: (
        lambda q: q.list_orders(
            a.alice, OrderFilter(created_from=created(a, 1), created_to=created(a, 3)), p
        )
    ),
    lambda _, p: lambda q: q.list_orders(NOBODY, OrderFilter(), p),
    lambda a, p: lambda q: q.list_executions(a.alice, p),
    lambda a, p: lambda q: q.list_executions(a.alice, p, order_id=a.order),
    lambda a, p: lambda q: q.list_executions(a.alice, p, order_id=OrderId(NOBODY)),
    lambda a, p: lambda q: q.list_executions(a.alice, p, symbol="NONE"),
    lambda a, p: lambda q: q.list_ledger(a.alice, p),
    lambda a, p: lambda q: q.list_ledger(a.alice, p, asset="BTC"),
    lambda a, p: (
        lambda q: q.list_ledger(
            a.alice,
            p,
            reference=next(iter(a.memory._tables.executions)).reference,
        )
    ),
    lambda _, p: lambda q: q.list_audits(p),
    lambda _, p: lambda q: q.list_audits(p, action="freeze"),
]


async def pages(ask: Callable[[Paging], Ask], queries: Queries, paging: Paging) -> list[list[Any]]:
    found = []
    while True:
        page: Page[Any] = await ask(paging)(queries)
        found.append(list(page.rows))
        if page.next_cursor is None:
            return found
        paging = attrs.evolve(paging, cursor=page.next_cursor)


@pytest.mark.parametrize("newest_first", [True, False])
async def test_every_list_has_the_same_pages(asked: Asked, newest_first: bool) -> None:
    lengths = []
    for question in LISTS:
        for limit in (1, 2, 500):
            paging = Paging(limit=limit, newest_first=newest_first)

            def ask(paging: Paging, question: Any = question) -> Ask:
                return question(asked, paging)  # type: ignore[no-any-return] # a lambda's

            told = await pages(ask, asked.postgres, paging)
            assert told == await pages(ask, asked.memory, paging)
            lengths.append(sum(len(page) for page in told))
    # The four that ask for what is not there, at three sizes of page.
    assert lengths.count(0) == 12


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "2026-01-05T12:00:00|" + HOUSE, "soon|" + HOUSE, "infinity|" + HOUSE,
     "2026-01-05T12:00:00+00:00|" + "-" * 36, "0001-01-01T00:00:00+23:59|" + HOUSE,
     "2026-01-05T12:00:00+00:00|1", "2026-01-05T12:00:00+00:00|' OR true"],
)  # fmt: skip
async def test_a_cursor_of_ones_own_is_refused(database_dsn: str, cursor: str) -> None:
    async with PgPool(database_dsn, name="queries", by_keys=False) as reads:
        with pytest.raises(InvalidCursor):
            await PgQueries(reads).list_accounts(Paging(cursor=cursor))


async def test_the_books_are_whole_and_every_law_holds(asked: Asked) -> None:
    books = await asked.postgres.books()

    assert [result for result in laws.check(books) if result.violations] == []
    assert len(books.idempotency) == 5
    assert len(books.commands) > 20
    by_account: dict[AccountId, int] = {}
    for record in books.outbox:
        assert record.sequence == by_account.get(record.account_id, 0) + 1
        by_account[record.account_id] = record.sequence


async def test_long_lists_are_read_from_their_index(
    database_dsn: str, owner_dsn: str, asked: Asked
) -> None:
    """Pages cost what they hold, not what the account has."""
    from pg_adapter.queries import PAGED

    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO orders SELECT gen_random_uuid(), account_id, account_number, symbol,"
            " base_asset, quote_asset, side, type, time_in_force, quantity, quote_quantity, price,"
            " stop_price, 'x' || g, 'FILLED', 0, 0, 1, 0, NULL, false, now() - g * interval '1 s',"
            " now() FROM orders, generate_series(1, 20000) AS g WHERE order_id = %s",
            [asked.order],
        )
        owner.execute("ANALYZE")
    start = (datetime(2100, 1, 1).astimezone() - timedelta(days=1)).isoformat()
    values = {
        "account_id": asked.alice.encode(), "symbol": None, "side": None, "ended": b"f",
        "created_from": b"-infinity", "created_to": b"infinity", "at": start.encode(),
        "row_id": HOUSE.encode(), "limit": b"100",
    }  # fmt: skip
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        for name, index in (("orders", b"orders_by_account"), ("open_orders", b"orders_open")):
            statement = PAGED[name].newest_first
            result = connection.pgconn.exec_params(
                b"EXPLAIN " + statement.sql, statement.values(values)
            )
            plan = b"\n".join(result.get_value(row, 0) or b"" for row in range(result.ntuples))
            assert index in plan, plan.decode()
            assert b"Sort" not in plan, plan.decode()
