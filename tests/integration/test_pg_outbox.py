"""The log loses nothing and reorders no account, whoever writes beside the reader."""

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence

import attrs
import psycopg
import pytest

from pg_adapter.connections import PgPool
from pg_adapter.outbox import PgEventConsumer
from pg_adapter.store import PgStore
from pg_adapter.testing_tools import keep, write
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.ports.events import EventRecord, ParkedEvent
from tradecore.ports.store import Footprint
from tradecore.testing.builders import build_account, build_asset, build_wallet, id_of

TOPIC = "balances.updated"
ACCOUNTS = [AccountId(id_of(0xA000 + number)) for number in range(5)]
EVERY = Footprint(accounts=frozenset(ACCOUNTS), assets=frozenset({"USDT"}))


class RolledBack(Exception):
    pass


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[PgPool]:
    async with PgPool(database_dsn, name="writers", size=8) as pool:
        yield pool


@pytest.fixture
async def store(pool: PgPool) -> PgStore:
    store = PgStore(pool)
    accounts = [
        ("accounts", build_account(account_id=account_id, number=number))
        for number, account_id in enumerate(ACCOUNTS, 1)
    ]
    await write(store, EVERY, ("assets", build_asset()), *accounts)
    return store


@pytest.fixture
def application(database_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_dsn) as connection:
        yield connection


async def tell(
    store: PgStore, accounts: Sequence[AccountId], *, pause: float = 0, fail: bool = False
) -> None:
    """Change a wallet of each account, which tells one event each."""
    footprint = attrs.evolve(EVERY, accounts=frozenset(accounts))
    async with store.transaction() as transaction:
        books = await transaction.load(footprint)
        for account_id in accounts:
            books.wallets.save(build_wallet(account_id=account_id))
        keep(books)
        await transaction.save(books)
        await asyncio.sleep(pause)
        if fail:
            raise RolledBack
        await transaction.commit()


def sequences(records: Sequence[EventRecord]) -> dict[AccountId, list[int]]:
    found: defaultdict[AccountId, list[int]] = defaultdict(list)
    for record in records:
        found[record.account_id].append(record.sequence)
    return dict(found)


async def drain(consumer: PgEventConsumer, limit: int = 100) -> list[EventRecord]:
    found: list[EventRecord] = []
    while records := await consumer.read(limit):
        found += records
        await consumer.advance(records[-1])
    return found


async def test_a_new_consumer_starts_at_the_beginning_and_goes_on_where_it_stood(
    pool: PgPool, store: PgStore
) -> None:
    for account_id in ACCOUNTS[:3]:
        await tell(store, [account_id])
    consumer = PgEventConsumer(pool, "gateway", [TOPIC])

    first = await consumer.read(2)
    assert [record.account_id for record in first] == ACCOUNTS[:2]
    assert await consumer.read(2) == first
    await consumer.advance(first[0])

    again = PgEventConsumer(pool, "gateway", [TOPIC])
    assert [record.account_id for record in await drain(again)] == ACCOUNTS[1:3]
    assert await PgEventConsumer(pool, "gateway", [TOPIC]).read(9) == ()
    other = PgEventConsumer(pool, "streams", [TOPIC])
    assert [record.account_id for record in await drain(other)] == ACCOUNTS[:3]


async def test_a_place_never_goes_back(pool: PgPool, store: PgStore) -> None:
    for account_id in ACCOUNTS[:2]:
        await tell(store, [account_id])
    consumer = PgEventConsumer(pool, "gateway", [TOPIC])
    first, second = await consumer.read(9)

    await consumer.advance(second)
    await consumer.advance(first)

    assert await consumer.read(9) == ()
    assert await PgEventConsumer(pool, "gateway", [TOPIC]).read(9) == ()


async def test_only_topics_asked_for_are_told_and_the_others_passed(
    pool: PgPool, store: PgStore
) -> None:
    for _ in range(300):
        await tell(store, ACCOUNTS[:1])
    consumer = PgEventConsumer(pool, "nothing", ["alerts.raised"])

    assert await consumer.read(1) == ()
    assert (await consumer.lag()).events == 0


async def test_an_event_waits_for_a_transaction_that_began_before_it(
    pool: PgPool, store: PgStore, application: psycopg.Connection
) -> None:
    consumer = PgEventConsumer(pool, "gateway", [TOPIC])
    # Any write gives a transaction its number.
    application.execute("UPDATE accounts SET name = name WHERE account_id = %s", [HOUSE])
    await tell(store, ACCOUNTS[:1])

    assert await consumer.read(9) == ()
    lag = await consumer.lag()
    assert (lag.events, lag.stalled) == (1, True)
    assert lag.oldest_at is not None

    application.rollback()
    assert len(await consumer.read(9)) == 1
    lag = await consumer.lag()
    assert (lag.events, lag.stalled) == (1, False)


async def test_an_account_is_told_in_order_though_its_transactions_are_numbered_otherwise(
    pool: PgPool, store: PgStore, application: psycopg.Connection
) -> None:
    """The first number belongs to the transaction that commits last."""
    application.execute("UPDATE accounts SET name = name WHERE account_id = %s", [HOUSE])
    await tell(store, ACCOUNTS[:1])
    application.execute(
        "INSERT INTO outbox (event_id, topic, account_id, sequence, body, recorded_at)"
        " VALUES (%s, %s, %s, 2, '{}', now())",
        [id_of(1), TOPIC, ACCOUNTS[0]],
    )
    application.commit()
    consumer = PgEventConsumer(pool, "gateway", [TOPIC])

    records = await consumer.read(1)

    assert [record.sequence for record in records] == [1, 2]
    await consumer.advance(records[0])
    again = PgEventConsumer(pool, "gateway", [TOPIC])
    assert [record.sequence for record in await again.read(9)] == [1, 2]
    await again.advance(records[1])
    assert await again.read(9) == ()


async def test_a_parked_event_is_one_row_however_often_it_is_parked(
    pool: PgPool, store: PgStore, application: psycopg.Connection
) -> None:
    await tell(store, ACCOUNTS[:1])
    consumer = PgEventConsumer(pool, "gateway", [TOPIC])
    (event,) = await consumer.read(9)

    for attempts in (1, 2):
        await consumer.park(
            ParkedEvent(consumer="gateway", event=event, error="bad\x00 luck", attempts=attempts)
        )

    assert application.execute(
        "SELECT event_id::text, body, error, attempts, state FROM dead_letters"
    ).fetchall() == [(event.event_id, event.body, "bad luck", 2, "PARKED")]


async def test_nothing_is_lost_or_out_of_order_beside_writers_that_roll_back(
    pool: PgPool, store: PgStore, database_dsn: str
) -> None:
    chance = random.Random(5)
    writing = True

    async def writer() -> None:
        for _ in range(40):
            accounts = chance.sample(ACCOUNTS, chance.randint(1, 3))
            with contextlib.suppress(RolledBack):
                await tell(
                    store,
                    accounts,
                    pause=chance.random() * 0.003,
                    fail=chance.random() < 0.3,
                )

    async def reader(pool: PgPool, name: str, *, restarts: bool) -> list[EventRecord]:
        found: dict[str, EventRecord] = {}
        consumer = PgEventConsumer(pool, name, [TOPIC])
        while True:
            last_round = not writing
            while records := await consumer.read(chance.randint(1, 30)):
                handled = records[: chance.randint(1, len(records))] if restarts else records
                for record in handled:
                    found.setdefault(record.event_id, record)
                await consumer.advance(handled[-1])
                if restarts:
                    consumer = PgEventConsumer(pool, name, [TOPIC])
            if last_round:
                return list(found.values())
            await asyncio.sleep(0.002)

    async with PgPool(database_dsn, name="readers", size=2) as reading:
        readers = [
            asyncio.create_task(reader(reading, "steady", restarts=False)),
            asyncio.create_task(reader(reading, "clumsy", restarts=True)),
        ]
        await asyncio.gather(*(writer() for _ in range(8)))
        writing = False
        for told in await asyncio.gather(*readers):
            books = await store.read(EVERY)
            assert sequences(told) == {
                account.account_id: list(range(1, account.sequence + 1))
                for account in books.accounts
                if account.sequence
            }
