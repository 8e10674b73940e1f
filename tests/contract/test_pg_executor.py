"""The executor keeps its promises on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from pg_adapter.connections import PgPool
from pg_adapter.store import PgStore
from tradecore.ports.store import Store
from tradecore.testing.contracts.executor import ExecutorContract


class TestExecutorOnPostgres(ExecutorContract):
    @pytest.fixture
    async def store(self, database_dsn: str) -> AsyncIterator[Store]:  # type: ignore[override] # it connects first
        async with PgPool(database_dsn, name="executor") as pool:
            yield PgStore(pool)
