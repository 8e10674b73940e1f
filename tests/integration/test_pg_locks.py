"""Who waits for whom, for how long, and what the server's refusals are called."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import attrs
import psycopg
import pytest

from pg_adapter import prepared
from pg_adapter.connections import PgPool, PgTimeouts
from pg_adapter.pipeline import Call
from pg_adapter.roles import RoleDsns
from pg_adapter.store import PgStore
from pg_adapter.testing_tools import WALLET, Till, keep, write
from tradecore.domain.ids import AccountId
from tradecore.domain.risk import Limits
from tradecore.ports.records import AccountLimits
from tradecore.ports.store import (
    ConcurrentUpdate,
    ConstraintViolated,
    Footprint,
    LockTimeout,
    StatementFailed,
    StopsLock,
    StoreError,
    StoreUnavailable,
)
from tradecore.testing.builders import ALICE, build_account, build_wallet, id_of

QUICK = PgTimeouts(
    connect=2, pool=0.5, lock=0.3, statement=0.8, idle_in_transaction=0.7, round_trip=1.2
)


@pytest.fixture
def application(database: RoleDsns) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.application, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[PgPool]:
    async with PgPool(database_dsn, name="store", size=1, timeouts=QUICK) as pool:
        yield pool


@pytest.fixture
async def store(pool: PgPool) -> PgStore:
    store = PgStore(pool)
    await Till(store).open()
    return store


# -- locks ---------------------------------------------------------------------------------------


async def test_transactions_on_one_account_run_one_after_the_other(
    database_dsn: str, store: PgStore
) -> None:
    async with PgPool(database_dsn, name="many", size=8) as pool:
        many = PgStore(pool)
        await asyncio.gather(*(Till(many).spend() for _ in range(40)))

    assert await Till(store).balance() == Decimal(960)


async def test_batches_over_the_same_rows_in_any_order_never_deadlock(
    database_dsn: str, store: PgStore
) -> None:
    chance = random.Random(3)
    accounts = [AccountId(id_of(0xA000 + number)) for number in range(6)]
    for number, account_id in enumerate(accounts, 100):
        account = build_account(account_id=account_id, number=number)
        wallet = build_wallet(account_id=account_id)
        await write(store, Footprint(), ("accounts", account), ("wallets", wallet))

    async def batch(store: PgStore) -> None:
        stops = StopsLock.EXCLUSIVE if chance.random() < 0.2 else StopsLock.SHARE
        footprint = Footprint(
            accounts=frozenset(chance.sample(accounts, 3)),
            assets=frozenset({"USDT"}),
            funding=frozenset({"USDT"}) if chance.random() < 0.5 else frozenset(),
            stops=stops,
        )
        async with store.transaction() as transaction:
            books = await transaction.load(footprint)
            for wallet in list(books.wallets):
                books.wallets.save(attrs.evolve(wallet, available=wallet.available - 1))
            keep(books)
            await transaction.save(books)
            await transaction.commit()

    async with (
        PgPool(database_dsn, name="one", size=4) as one,
        PgPool(database_dsn, name="two", size=4) as two,
    ):
        await asyncio.gather(*(batch(PgStore(chance.choice([one, two]))) for _ in range(80)))

    everyone = Footprint(accounts=frozenset(accounts), assets=frozenset({"USDT"}))
    wallets = list((await store.read(everyone)).wallets)
    assert sum(1000 - wallet.available for wallet in wallets) == 80 * 3


async def test_f55_a_row_held_too_long_is_a_lock_timeout_and_nothing_stays_held(
    store: PgStore, application: psycopg.Connection
) -> None:
    with application.transaction():
        application.execute("SELECT FROM accounts WHERE account_id = %s FOR UPDATE", [ALICE])
        with pytest.raises(LockTimeout):
            await Till(store).spend()

    await Till(store).spend()
    assert await Till(store).balance() == Decimal(999)


async def test_freezes_do_not_change_under_whoever_shares_them(
    database_dsn: str, store: PgStore
) -> None:
    share, exclusive = Footprint(stops=StopsLock.SHARE), Footprint(stops=StopsLock.EXCLUSIVE)
    async with PgPool(database_dsn, name="other", timeouts=QUICK) as pool:
        other = PgStore(pool)
        async with store.transaction() as transaction:
            await transaction.load(share)
            async with other.transaction() as beside:
                await beside.load(share)
            with pytest.raises(LockTimeout):
                async with other.transaction() as against:
                    await against.load(exclusive)


async def test_a_new_wallet_does_not_wait_for_whoever_funds_another(
    database_dsn: str, store: PgStore
) -> None:
    funding = Footprint(funding=frozenset({"USDT"}))
    bob = AccountId(id_of(0xB0B))
    account, wallet = build_account(account_id=bob, number=8), build_wallet(account_id=bob)
    async with (
        PgPool(database_dsn, name="other", timeouts=QUICK) as pool,
        store.transaction() as transaction,
    ):
        await transaction.load(funding)
        await write(PgStore(pool), Footprint(), ("accounts", account), ("wallets", wallet))


async def test_a_read_waits_for_nobody_and_sees_one_instant(
    store: PgStore, application: psycopg.Connection
) -> None:
    with application.transaction():
        application.execute("UPDATE wallets SET available = 1")
        assert await Till(store).balance() == Decimal(1000)


@pytest.mark.parametrize("change", ["update", "delete"])
async def test_a_row_that_is_gone_since_it_was_loaded_costs_the_whole_transaction(
    store: PgStore, application: psycopg.Connection, change: str
) -> None:
    rules = attrs.evolve(WALLET, rules=True)
    limits = AccountLimits(account_id=ALICE, limits=Limits())
    await write(store, rules, ("limits", limits))
    async with store.transaction() as transaction:
        books = await transaction.load(rules)
        books.wallets.save(build_wallet(available=Decimal(7)))
        if change == "update":
            books.limits.save(attrs.evolve(limits, limits=Limits(max_open_orders=1)))
        else:
            books.limits.remove(ALICE)
        keep(books)
        await transaction.save(books)
        application.execute("DELETE FROM limits WHERE account_id = %s", [ALICE])
        with pytest.raises(ConcurrentUpdate):
            await transaction.commit()

    assert await Till(store).balance() == Decimal(1000)


# -- errors --------------------------------------------------------------------------------------


async def test_a_deadlock_is_a_concurrent_update(database_dsn: str, store: PgStore) -> None:
    """Only a stranger, who ignores the order of the locks, can bring one about."""
    patient = attrs.evolve(QUICK, lock=5, statement=6, round_trip=8)
    async with PgPool(database_dsn, name="patient", timeouts=patient) as pool:
        with psycopg.connect(database_dsn) as stranger:
            # The store's side looks first, and is the one that is chosen.
            stranger.execute("SELECT FROM wallets FOR UPDATE")
            load = asyncio.create_task(Till(PgStore(pool)).spend())
            await asyncio.sleep(0.7)
            closing = asyncio.to_thread(stranger.execute, "SELECT FROM accounts FOR UPDATE")
            results = await asyncio.gather(load, closing, return_exceptions=True)

    assert any(
        isinstance(result, ConcurrentUpdate | psycopg.errors.DeadlockDetected) for result in results
    )


async def test_a_statement_that_takes_too_long_is_given_up(pool: PgPool, store: PgStore) -> None:
    with pytest.raises(StatementFailed):
        await pool.run([Call(prepared.number("sleep", "SELECT pg_sleep(5)"), [])])

    assert await Till(store).balance() == Decimal(1000)


async def test_after_a_refused_statement_commit_keeps_nothing(
    store: PgStore, application: psycopg.Connection
) -> None:
    async with store.transaction() as transaction:
        with application.transaction():
            application.execute("SELECT FROM accounts WHERE account_id = %s FOR UPDATE", [ALICE])
            with pytest.raises(LockTimeout):
                await transaction.load(WALLET)
        with pytest.raises(StatementFailed):
            await transaction.commit()

    assert await Till(store).balance() == Decimal(1000)


async def test_a_changed_schema_costs_one_more_try(store: PgStore, owner_dsn: str) -> None:
    assert await Till(store).balance() == Decimal(1000)
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("ALTER TABLE accounts ALTER COLUMN sequence TYPE integer")

    with pytest.raises(ConcurrentUpdate):
        await Till(store).balance()
    assert await Till(store).balance() == Decimal(1000)


async def test_a_schema_that_is_not_there_is_no_refusal(
    store: PgStore, owner_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("ALTER TABLE wallets RENAME TO gone")

    with pytest.raises(StatementFailed, match=r"^sqlstate_42P01$"):
        await Till(store).balance()
    assert "postgres.statement_failed" in caplog.messages


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("08006", StoreUnavailable),
        ("53300", StoreUnavailable),
        ("57P01", StoreUnavailable),
        ("57P03", StoreUnavailable),
        ("57014", StatementFailed),
        ("54001", StatementFailed),
        ("42501", StatementFailed),
        ("25006", StatementFailed),
        ("25P02", StatementFailed),
        ("58030", StatementFailed),
        ("P0001", StatementFailed),
        ("XX000", StatementFailed),
        ("0A000", ConcurrentUpdate),
        ("40001", ConcurrentUpdate),
        ("55P03", LockTimeout),
        ("22003", ConstraintViolated),
        ("23514", ConstraintViolated),
    ],
)
async def test_only_a_server_at_its_end_is_unavailable(
    pool: PgPool, state: str, kind: type[StoreError]
) -> None:
    """Whoever is told so gives up a whole batch; one bad statement must cost only itself."""
    raising = prepared.number(
        f"raise {state}", f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    )
    with pytest.raises(StoreError) as raised:
        await pool.run([Call(raising, [])])
    assert type(raised.value) is kind
