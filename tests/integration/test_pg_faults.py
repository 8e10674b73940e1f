"""Lost connections and cancelled tasks: what is known afterwards, and what is still held."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pg_adapter import pipeline, prepared
from pg_adapter.connections import PgPool, PgTimeouts
from pg_adapter.pipeline import Call
from pg_adapter.roles import RoleDsns
from pg_adapter.store import PgStore
from pg_adapter.testing_tools import WALLET, Till, Wire
from tradecore.ports.store import CommitOutcomeUnknown, StoreError, StoreUnavailable
from tradecore.testing.builders import ALICE

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
        assert await Till(distant).balance() == Decimal(1000)
        yield distant
        # The pool is connecting anew, into the silence.
        wire.replies = wire.requests = True
        wire.cut()


def terminate(application: psycopg.Connection, name: str = "tradecore store") -> None:
    application.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
        " AND datname = current_database()",
        [name],
    )


# -- lost connections ----------------------------------------------------------------------------


async def test_a_connection_that_died_while_idle_is_replaced(
    store: PgStore, application: psycopg.Connection
) -> None:
    terminate(application)
    await asyncio.sleep(0.1)

    assert await Till(store).balance() == Decimal(1000)


async def test_a_server_killed_while_loading_is_unavailable(
    store: PgStore, application: psycopg.Connection
) -> None:
    with application.transaction():
        application.execute("SELECT FROM accounts WHERE account_id = %s FOR UPDATE", [ALICE])
        load = asyncio.create_task(Till(store).spend())
        await asyncio.sleep(0.1)
        terminate(application)
        with pytest.raises(StoreUnavailable):
            await load

    await Till(store).spend()
    assert await Till(store).balance() == Decimal(999)


async def test_a_session_killed_between_load_and_commit_kept_nothing(
    store: PgStore, application: psycopg.Connection
) -> None:
    async def kill() -> None:
        terminate(application)
        await asyncio.sleep(0.1)

    with pytest.raises(StoreUnavailable):
        await Till(store).spend(kill)
    assert await Till(store).balance() == Decimal(1000)


async def test_a_transaction_left_idle_is_ended_by_the_server(store: PgStore) -> None:
    with pytest.raises(StoreUnavailable):
        await Till(store).spend(lambda: asyncio.sleep(1.0))
    assert await Till(store).balance() == Decimal(1000)


@pytest.mark.parametrize("fault", ["silence", "cut"])
async def test_an_answer_lost_at_commit_is_unknown_and_may_have_been_kept(
    wire: Wire, distant: PgStore, store: PgStore, fault: str
) -> None:
    async def deafen() -> None:
        wire.replies = False
        if fault == "cut":
            asyncio.get_running_loop().call_later(0.2, wire.cut)

    with pytest.raises(CommitOutcomeUnknown):
        await Till(distant).spend(deafen)
    assert await Till(store).balance() == Decimal(999)


async def test_a_commit_that_never_arrived_is_just_as_unknown(
    wire: Wire, distant: PgStore, store: PgStore
) -> None:
    async def silence() -> None:
        wire.requests = False

    with pytest.raises(CommitOutcomeUnknown):
        await Till(distant).spend(silence)
    assert await Till(store).balance() == Decimal(1000)


async def test_silence_while_loading_is_unavailable(wire: Wire, distant: PgStore) -> None:
    wire.replies = False
    with pytest.raises(StoreUnavailable):
        async with distant.transaction() as transaction:
            await transaction.load(WALLET)

    wire.replies = True
    assert await Till(distant).balance() == Decimal(1000)


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

    assert await Till(store).balance() == Decimal(1000)


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
        task = asyncio.create_task(Till(store).spend(wait))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        raise psycopg.Rollback

    # A session that waits looks for its client every half second.
    await asyncio.sleep(0.6)
    before = await Till(store).balance()
    await Till(store).spend()
    assert await Till(store).balance() == before - 1


async def test_any_moment_is_a_good_one_to_be_cancelled(store: PgStore) -> None:
    chance = random.Random(11)
    for _ in range(60):
        task = asyncio.create_task(Till(store).spend())
        await asyncio.sleep(chance.random() * 0.004)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    left = await Till(store).balance()
    await Till(store).spend()
    assert await Till(store).balance() == left - 1


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
