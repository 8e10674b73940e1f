"""PostgreSQL keeps the promises of the log and of the queries."""

from collections.abc import AsyncIterator, Sequence

import pytest

from pg_adapter.connections import PgPool
from pg_adapter.outbox import PgEventConsumer
from pg_adapter.queries import PgQueries
from pg_adapter.store import PgStore
from tradecore.ports.events import EventConsumer
from tradecore.ports.queries import Queries
from tradecore.ports.store import Store
from tradecore.testing.contracts.events import ConsumerOf, EventConsumerContract
from tradecore.testing.contracts.queries import QueriesContract


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[PgPool]:
    async with PgPool(database_dsn, name="contract", size=4, by_keys=False) as pool:
        yield pool


class TestPgEventConsumer(EventConsumerContract):
    @pytest.fixture
    def store(self, pool: PgPool) -> Store:  # type: ignore[override] # on its pool
        return PgStore(pool)

    @pytest.fixture
    def consumer_of(self, pool: PgPool) -> ConsumerOf:  # type: ignore[override] # on its pool
        def consumer(name: str, topics: Sequence[str]) -> EventConsumer:
            return PgEventConsumer(pool, name, topics)

        return consumer


class TestPgQueries(QueriesContract):
    @pytest.fixture
    def store(self, pool: PgPool) -> Store:  # type: ignore[override] # on its pool
        return PgStore(pool)

    @pytest.fixture
    def queries(self, pool: PgPool) -> Queries:  # type: ignore[override] # on its pool
        return PgQueries(pool)
