from collections.abc import AsyncIterator

import pytest

from pg_adapter.connections import PgPool
from pg_adapter.store import PgStore
from tradecore.ports.store import Store
from tradecore.testing.contracts.store import StoreContract


class TestPgStore(StoreContract):
    @pytest.fixture
    async def store(self, database_dsn: str) -> AsyncIterator[Store]:
        async with PgPool(database_dsn, name="store") as pool:
            yield PgStore(pool)
