"""The executor keeps its promises on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from pg_adapter.connections import PgPool
from pg_adapter.store import PgStore
from tradecore.ports.store import Store
from tradecore.testing.contracts.executor import ExecutorContract
from tradecore.testing.contracts.idempotency import IdempotencyContract


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
