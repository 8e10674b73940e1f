"""The in-memory store keeps every promise of the port."""

import pytest

from tradecore.memory import MemoryStore, SystemClock
from tradecore.ports.store import Store
from tradecore.testing.contracts.executor import ExecutorContract
from tradecore.testing.contracts.idempotency import IdempotencyContract
from tradecore.testing.contracts.store import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(SystemClock())


class TestExecutorOnMemory(ExecutorContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(SystemClock())


class TestIdempotencyOnMemory(IdempotencyContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(SystemClock())
