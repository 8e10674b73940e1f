"""The executor keeps its promises on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import psycopg
import pytest

from pg_adapter.connections import PgPool
from pg_adapter.store import PgStore
from tradecore.application.executor import Lane
from tradecore.domain.ids import AccountId
from tradecore.domain.orders import Order
from tradecore.memory import SystemClock
from tradecore.ports.store import LockTimeout, Store
from tradecore.testing.contracts.executor import ExecutorContract
from tradecore.testing.contracts.idempotency import IdempotencyContract
from tradecore.testing.scenario import Scenario, scenario


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[PgPool]:
    async with PgPool(database_dsn, name="executor", size=4) as pool:
        yield pool


class TestExecutorOnPostgres(ExecutorContract):
    @pytest.fixture
    def store(self, pool: PgPool) -> Store:  # type: ignore[override] # on its pool
        return PgStore(pool)


class TestIdempotencyOnPostgres(IdempotencyContract):
    @pytest.fixture
    def store(self, pool: PgPool) -> Store:  # type: ignore[override] # on its pool
        return PgStore(pool)


async def customer_of(house: Scenario, lane: Lane, *, same: bool) -> AccountId:
    """Return a customer whose commands go through `lane`, or do not."""
    while True:
        account_id = await house.customer(usdt=Decimal(60_000))
        if (house.executor.lane_of(house.buy(account_id).footprint()) is lane) is same:
            return account_id


async def test_f55_a_held_row_costs_its_own_command_only(pool: PgPool, database_dsn: str) -> None:
    store = PgStore(pool)
    async with scenario(store, SystemClock()) as house:
        held = await house.customer(usdt=Decimal(60_000))
        free = await customer_of(
            house, house.executor.lane_of(house.buy(held).footprint()), same=True
        )
        async with await psycopg.AsyncConnection.connect(database_dsn) as other:
            await other.execute("SELECT FROM accounts WHERE account_id = %s FOR UPDATE", [held])
            results = await asyncio.gather(
                house.run(house.buy(held)),
                *(house.run(house.buy(free)) for _ in range(20)),
                return_exceptions=True,
            )
        assert isinstance(results[0], LockTimeout)
        assert all(isinstance(result, Order) for result in results[1:])
        assert isinstance(await house.run(house.buy(held)), Order)


async def test_a_lane_that_waits_does_not_hold_up_the_other(
    pool: PgPool, database_dsn: str
) -> None:
    async with scenario(PgStore(pool), SystemClock()) as house:
        held = await house.customer(usdt=Decimal(60_000))
        free = await customer_of(
            house, house.executor.lane_of(house.buy(held).footprint()), same=False
        )
        async with await psycopg.AsyncConnection.connect(database_dsn) as other:
            await other.execute("SELECT FROM accounts WHERE account_id = %s FOR UPDATE", [held])
            waiting = asyncio.ensure_future(house.run(house.buy(held)))
            assert isinstance(await house.run(house.buy(free)), Order)
            assert not waiting.done()
        assert isinstance(await waiting, Order)
