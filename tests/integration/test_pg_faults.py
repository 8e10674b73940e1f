"""Locks, lost connections and cancelled tasks: what is held afterwards, and what is known."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from decimal import Decimal
from typing import Any

import attrs
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pg_adapter import pipeline, prepared
from pg_adapter.connections import PgPool, PgTimeouts
from pg_adapter.pipeline import Call
from pg_adapter.roles import RoleDsns
from pg_adapter.store import PgStore
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.ports.store import (
    CommitOutcomeUnknown,
    ConcurrentUpdate,
    Footprint,
    LockTimeout,
    StopsLock,
    StoreError,
    StoreUnavailable,
)
from tradecore.ports.working_set import Provenance, WorkingSet
from tradecore.testing.builders import ALICE, build_account, build_asset, build_wallet, id_of

QUICK = PgTimeouts(
    connect=2, pool=0.5, lock=0.3, statement=0.8, idle_in_transaction=0.7, round_trip=1.2
)
WALLET = Footprint(accounts=frozenset({ALICE}), assets=frozenset({"USDT"}))


class Wire:
    """What lies between the store and the server: it can stop carrying, or be cut."""

    def __init__(self, server_port: int) -> None:
        self.replies = True
        self.requests = True
        self.sent = 0  #: bytes that reached the server
        self._server_port = server_port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Wire":
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._writers += [writer, server_writer]
        for source, target, up in (
            (reader, server_writer, True),
            (server_reader, writer, False),
        ):
            task = asyncio.create_task(self._carry(source, target, up=up))
            self._tasks.add(task)

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, up: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if self.requests if up else self.replies:
                    target.write(data)
                    self.sent += len(data) if up else 0
            target.close()


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
    await deposit(store)
    return store


@pytest.fixture
async def wire(database_dsn: str) -> AsyncIterator[Wire]:
    port = conninfo_to_dict(database_dsn)["port"]
    async with Wire(int(str(port))) as wire:
        yield wire


@pytest.fixture
async def distant(wire: Wire, database_dsn: str, store: PgStore) -> AsyncIterator[PgStore]:
    """Yield the same books, reached over the wire."""
    dsn = make_conninfo(database_dsn, host="127.0.0.1", port=wire.port)
    async with PgPool(dsn, name="distant", size=1, timeouts=QUICK) as pool:
        distant = PgStore(pool)
        assert await balance(distant) == Decimal(1000)
        yield distant
        # The pool is connecting anew, into the silence.
        wire.replies = wire.requests = True
        wire.cut()


def keep(books: WorkingSet) -> None:
    books.keep(
        Provenance(
            command_id=HOUSE,  # type: ignore[arg-type] # any id will do
            correlation_id="c",
            recorded_at=books.recorded_at,
            new_id=lambda: id_of(0xE7),
        )
    )


async def deposit(store: PgStore) -> None:
    async with store.transaction() as transaction:
        books = await transaction.load(WALLET)
        books.assets.save(build_asset())
        books.accounts.save(build_account())
        books.wallets.save(build_wallet())
        keep(books)
        await transaction.save(books)
        await transaction.commit()


def spend(books: WorkingSet, amount: str = "1") -> None:
    wallet = books.wallets[ALICE, "USDT"]
    books.wallets.save(attrs.evolve(wallet, available=wallet.available - Decimal(amount)))
    keep(books)


async def nothing() -> None:
    return


async def spend_once(
    store: PgStore, before_commit: Callable[[], Coroutine[Any, Any, None]] = nothing
) -> None:
    async with store.transaction() as transaction:
        books = await transaction.load(WALLET)
        spend(books)
        await transaction.save(books)
        await before_commit()
        await transaction.commit()


async def balance(store: PgStore) -> Decimal:
    return (await store.read(WALLET)).wallets[ALICE, "USDT"].available


def terminate(application: psycopg.Connection, name: str = "tradecore store") -> None:
    application.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
        " AND datname = current_database()",
        [name],
    )


# -- locks ---------------------------------------------------------------------------------------


async def test_transactions_on_one_account_run_one_after_the_other(
    database_dsn: str, store: PgStore
) -> None:
    async with PgPool(database_dsn, name="many", size=8) as pool:
        many = PgStore(pool)
        await asyncio.gather(*(spend_once(many) for _ in range(40)))

    assert await balance(store) == Decimal(960)


async def test_batches_over_the_same_rows_in_any_order_never_deadlock(
    database_dsn: str, store: PgStore
) -> None:
    chance = random.Random(3)
    accounts = [AccountId(id_of(0xA000 + number)) for number in range(6)]
    async with store.transaction() as transaction:
        books = await transaction.load(Footprint(accounts=frozenset(accounts)))
        for number, account_id in enumerate(accounts, 100):
            books.accounts.save(build_account(account_id=account_id, number=number))
            books.wallets.save(build_wallet(account_id=account_id))
        keep(books)
        await transaction.save(books)
        await transaction.commit()

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


async def test_a_row_held_too_long_is_a_lock_timeout_and_nothing_stays_held(
    store: PgStore, application: psycopg.Connection
) -> None:
    with application.transaction():
        application.execute("SELECT FROM accounts WHERE account_id = %s FOR UPDATE", [ALICE])
        with pytest.raises(LockTimeout):
            await spend_once(store)

    await spend_once(store)
    assert await balance(store) == Decimal(999)


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
    async with PgPool(database_dsn, name="other", timeouts=QUICK) as pool:
        async with store.transaction() as transaction:
            await transaction.load(funding)
            async with PgStore(pool).transaction() as beside:
                books = await beside.load(Footprint(accounts=frozenset({bob})))
                books.accounts.save(build_account(account_id=bob, number=8))
                books.wallets.save(build_wallet(account_id=bob))
                keep(books)
                await beside.save(books)
                await beside.commit()


async def test_a_read_waits_for_nobody_and_sees_one_instant(
    store: PgStore, application: psycopg.Connection
) -> None:
    with application.transaction():
        application.execute("UPDATE wallets SET available = 1")
        assert await balance(store) == Decimal(1000)


# -- errors --------------------------------------------------------------------------------------


async def test_a_deadlock_is_a_concurrent_update(database_dsn: str, store: PgStore) -> None:
    """Only a stranger, who ignores the order of the locks, can bring one about."""
    patient = attrs.evolve(QUICK, lock=5, statement=6, round_trip=8)
    async with PgPool(database_dsn, name="patient", timeouts=patient) as pool:
        with psycopg.connect(database_dsn) as stranger:
            # The store's side looks first, and is the one that is chosen.
            stranger.execute("SELECT FROM wallets FOR UPDATE")
            load = asyncio.create_task(spend_once(PgStore(pool)))
            await asyncio.sleep(0.7)
            closing = asyncio.to_thread(stranger.execute, "SELECT FROM accounts FOR UPDATE")
            results = await asyncio.gather(load, closing, return_exceptions=True)

    assert any(
        isinstance(result, ConcurrentUpdate | psycopg.errors.DeadlockDetected) for result in results
    )


async def test_a_statement_that_takes_too_long_is_given_up(pool: PgPool, store: PgStore) -> None:
    with pytest.raises(StoreUnavailable):
        await pool.run([Call(prepared.number("sleep", "SELECT pg_sleep(5)"), [])])

    assert await balance(store) == Decimal(1000)


async def test_after_a_refused_statement_commit_keeps_nothing(
    store: PgStore, application: psycopg.Connection
) -> None:
    async with store.transaction() as transaction:
        with application.transaction():
            application.execute("SELECT FROM accounts WHERE account_id = %s FOR UPDATE", [ALICE])
            with pytest.raises(LockTimeout):
                await transaction.load(WALLET)
        with pytest.raises(StoreUnavailable):
            await transaction.commit()

    assert await balance(store) == Decimal(1000)


async def test_a_changed_schema_costs_one_more_try(store: PgStore, owner_dsn: str) -> None:
    assert await balance(store) == Decimal(1000)
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("ALTER TABLE accounts ALTER COLUMN sequence TYPE integer")

    with pytest.raises(ConcurrentUpdate):
        await balance(store)
    assert await balance(store) == Decimal(1000)


async def test_a_schema_that_is_not_there_is_no_refusal(
    store: PgStore, owner_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("ALTER TABLE wallets RENAME TO gone")

    with pytest.raises(StoreUnavailable, match=r"^sqlstate_42P01$"):
        await balance(store)
    assert "postgres.statement_failed" in caplog.messages


# -- lost connections ----------------------------------------------------------------------------


async def test_a_connection_that_died_while_idle_is_replaced(
    store: PgStore, application: psycopg.Connection
) -> None:
    terminate(application)
    await asyncio.sleep(0.1)

    assert await balance(store) == Decimal(1000)


async def test_a_server_killed_while_loading_is_unavailable(
    store: PgStore, application: psycopg.Connection
) -> None:
    with application.transaction():
        application.execute("SELECT FROM accounts WHERE account_id = %s FOR UPDATE", [ALICE])
        load = asyncio.create_task(spend_once(store))
        await asyncio.sleep(0.1)
        terminate(application)
        with pytest.raises(StoreUnavailable):
            await load

    await spend_once(store)
    assert await balance(store) == Decimal(999)


async def test_a_session_killed_between_load_and_commit_kept_nothing(
    store: PgStore, application: psycopg.Connection
) -> None:
    async def kill() -> None:
        terminate(application)
        await asyncio.sleep(0.1)

    with pytest.raises(StoreUnavailable):
        await spend_once(store, kill)
    assert await balance(store) == Decimal(1000)


async def test_a_transaction_left_idle_is_ended_by_the_server(store: PgStore) -> None:
    with pytest.raises(StoreUnavailable):
        await spend_once(store, lambda: asyncio.sleep(1.0))
    assert await balance(store) == Decimal(1000)


@pytest.mark.parametrize("fault", ["silence", "cut"])
async def test_an_answer_lost_at_commit_is_unknown_and_may_have_been_kept(
    wire: Wire, distant: PgStore, store: PgStore, fault: str
) -> None:
    async def deafen() -> None:
        wire.replies = False
        if fault == "cut":
            asyncio.get_running_loop().call_later(0.2, wire.cut)

    with pytest.raises(CommitOutcomeUnknown):
        await spend_once(distant, deafen)
    assert await balance(store) == Decimal(999)


async def test_a_commit_that_never_arrived_is_just_as_unknown(
    wire: Wire, distant: PgStore, store: PgStore
) -> None:
    async def silence() -> None:
        wire.requests = False

    with pytest.raises(CommitOutcomeUnknown):
        await spend_once(distant, silence)
    assert await balance(store) == Decimal(1000)


async def test_silence_while_loading_is_unavailable(wire: Wire, distant: PgStore) -> None:
    wire.replies = False
    with pytest.raises(StoreUnavailable):
        async with distant.transaction() as transaction:
            await transaction.load(WALLET)

    wire.replies = True
    assert await balance(distant) == Decimal(1000)


async def test_an_unreachable_server_is_unavailable_and_not_named() -> None:
    dsn = "host=127.0.0.1 port=9 user=secret password=secret dbname=secret"
    async with PgPool(dsn, name="nobody", timeouts=QUICK) as pool:
        with pytest.raises(StoreUnavailable) as raised:
            await PgStore(pool).read(WALLET)

    assert "127.0.0.1" not in str(raised.value)
    assert "secret" not in str(raised.value)


async def test_a_pool_that_is_empty_says_so_in_time(store: PgStore) -> None:
    async with store.transaction():
        with pytest.raises(StoreUnavailable):
            await store.read(WALLET)

    assert await balance(store) == Decimal(1000)


# -- cancelled tasks -----------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["load", "between", "commit"])
async def test_a_cancelled_task_leaves_neither_lock_nor_connection(
    store: PgStore, application: psycopg.Connection, place: str
) -> None:
    async def wait() -> None:
        if place == "between":
            await asyncio.sleep(60)

    with application.transaction():
        if place == "load":
            application.execute("SELECT FROM accounts FOR UPDATE")
        elif place == "commit":
            # The same sequence number of the account's next event: the insert waits for it.
            application.execute(
                "INSERT INTO outbox (event_id, topic, account_id, sequence, body, recorded_at)"
                " VALUES (%s, 't', %s, 2, '', now())",
                [ALICE, ALICE],
            )
        task = asyncio.create_task(spend_once(store, wait))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        raise psycopg.Rollback

    # A session that waits looks for its client every half second.
    await asyncio.sleep(0.6)
    before = await balance(store)
    await spend_once(store)
    assert await balance(store) == before - 1


async def test_any_moment_is_a_good_one_to_be_cancelled(store: PgStore) -> None:
    chance = random.Random(11)
    for _ in range(60):
        task = asyncio.create_task(spend_once(store))
        await asyncio.sleep(chance.random() * 0.004)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    left = await balance(store)
    await spend_once(store)
    assert await balance(store) == left - 1


async def test_every_round_trip_of_a_large_batch_arrives(database_dsn: str, store: PgStore) -> None:
    """More than the socket holds in either direction: sending and receiving must alternate."""
    echo = prepared.number("echo", "SELECT %(text)s::text")
    async with PgPool(database_dsn, name="large") as pool, pool.connection() as connection:
        calls = [Call(echo, [b"x" * 1_000_000])] * 40
        results = await pipeline.run(connection, calls, 30)

        assert [len(pipeline.rows(connection, result)[0][0]) for result in results] == [
            1_000_000
        ] * 40


async def test_a_refusal_in_the_middle_leaves_the_connection_usable(pool: PgPool) -> None:
    number = prepared.number("number", "SELECT %(value)s::integer")
    for _ in range(2):
        with pytest.raises(StoreError):
            await pool.run([Call(number, [b"1"]), Call(number, [b"x"]), Call(number, [b"2"])])
        answers: Any = await pool.run([Call(number, [b"3"])])
        assert answers == [[(3,)]]
