"""A furnished house in memory; every test leaves books that keep the laws."""

from collections.abc import AsyncIterator

import pytest

from tradecore.application import laws
from tradecore.memory import MemoryQueries, MemoryStore, SequentialIds, VirtualClock
from tradecore.testing.scenario import Scenario, scenario


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(clock: VirtualClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def queries(store: MemoryStore) -> MemoryQueries:
    return MemoryQueries(store.tables)


@pytest.fixture
async def house(
    store: MemoryStore, clock: VirtualClock, queries: MemoryQueries
) -> AsyncIterator[Scenario]:
    async with scenario(store, clock, ids=SequentialIds()) as ready:
        yield ready
        books = await queries.books()
    broken = [result for result in laws.check(books) if result.violations]
    assert not broken
