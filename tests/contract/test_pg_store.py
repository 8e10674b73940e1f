from collections.abc import AsyncIterator

import pytest

from pg_adapter import save
from pg_adapter.connections import PgPool
from pg_adapter.store import PgStore
from tradecore.ports.store import Store
from tradecore.testing.contracts.store import StoreContract
from tradecore.testing.contracts.store_changes import CHANGES


class TestPgStore(StoreContract):
    @pytest.fixture
    async def store(self, database_dsn: str) -> AsyncIterator[Store]:
        async with PgPool(database_dsn, name="store") as pool:
            yield PgStore(pool)


def test_every_update_has_a_row_that_changes_in_every_field() -> None:
    updates = {name for name in save.SQL if name.startswith("update_")}
    assert updates == {f"update_{table}" for table in CHANGES}
