"""A store that fails where a test says, in front of any real one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tradecore.ports.store import CommitOutcomeUnknown, Footprint, Store, Transaction
from tradecore.ports.working_set import WorkingSet

Fault = Callable[[str], Awaitable[None]]
"""Called with "load", "save", "commit:before" and "commit:after" before each goes on; may raise."""


class FaultyStore:
    """Passes everything through, asking `fault` at every step."""

    def __init__(self, store: Store, fault: Fault) -> None:
        self._store = store
        self._fault = fault

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["FaultyTransaction"]:
        async with self._store.transaction() as transaction:
            yield FaultyTransaction(transaction, self._fault)

    async def read(self, footprint: Footprint) -> WorkingSet:
        return await self._store.read(footprint)


class FaultyTransaction:
    """One transaction whose steps may fail, before they are done or after."""

    def __init__(self, transaction: Transaction, fault: Fault) -> None:
        self._transaction = transaction
        self._fault = fault

    async def load(self, footprint: Footprint) -> WorkingSet:
        await self._fault("load")
        return await self._transaction.load(footprint)

    async def save(self, books: WorkingSet) -> None:
        await self._fault("save")
        await self._transaction.save(books)

    async def commit(self) -> None:
        await self._fault("commit:before")
        await self._transaction.commit()
        await self._fault("commit:after")


class FailOnce:
    """Raises `error` at the n-th passing of `step`, once."""

    def __init__(self, step: str, error: Exception | None = None, *, at: int = 1) -> None:
        self._step = step
        self._error = error or CommitOutcomeUnknown("the answer was lost")
        self._left = at
        self.raised = False

    async def __call__(self, step: str) -> None:
        if step != self._step or self.raised:
            return
        self._left -= 1
        if self._left == 0:
            self.raised = True
            raise self._error
