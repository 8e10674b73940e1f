"""The books in PostgreSQL: two round trips a transaction, however many commands share it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult

from pg_adapter import load, pipeline, save
from pg_adapter.connections import PgPool
from pg_adapter.pipeline import Call, ConnectionLost, NeverSent, PipelineConnection
from pg_adapter.prepared import BEGIN, BEGIN_READ, COMMIT, ROLLBACK
from tradecore.ports.store import (
    CommitOutcomeUnknown,
    Footprint,
    StatementFailed,
    StoreError,
    StoreUnavailable,
    Transaction,
)
from tradecore.ports.working_set import WorkingSet


class PgTransaction:
    """One transaction on one connection. Forgetting `commit` means that nothing happened."""

    def __init__(self, connection: PipelineConnection, timeout_seconds: float) -> None:
        """Take a connection without a transaction; nothing is sent yet."""
        self._connection = connection
        self._timeout_seconds = timeout_seconds
        #: Sent with the next round trip: the beginning and the writes need none of their own.
        self._waiting = [Call(BEGIN, [])]

    async def load(self, footprint: Footprint) -> WorkingSet:
        """Return what `footprint` names, locked. As the port says."""
        calls = load.plan(footprint, lock=True)
        results = await self._flush(calls)
        answers = [pipeline.rows(self._connection, result) for result in results]
        return WorkingSet(load.loaded(footprint, calls, answers))

    async def save(self, books: WorkingSet) -> None:
        """Note everything that `books` has kept; it is sent with the commit. As the port says."""
        self._waiting += save.plan(books)

    async def commit(self) -> None:
        """Write and make it durable, in one round trip. As the port says."""
        try:
            (result,) = await self._flush([Call(COMMIT, [])])
        except StoreUnavailable as error:
            lost = error.__cause__
            if isinstance(lost, ConnectionLost) and not isinstance(lost, NeverSent):
                raise CommitOutcomeUnknown("no answer to COMMIT") from error
            raise
        # COMMIT of a failed transaction succeeds, by rolling back.
        if result.command_status != b"COMMIT":
            raise StatementFailed("the transaction had failed before")

    async def rollback(self) -> None:
        """End what was begun and not committed; a connection that will not is closed."""
        if self._connection.pgconn.transaction_status == TransactionStatus.IDLE:
            return
        self._waiting.clear()
        try:
            await self._flush([Call(ROLLBACK, [])])
        except StoreError:
            self._connection.abandon()

    async def _flush(self, calls: Sequence[Call]) -> Sequence[PGresult]:
        """Send what waits and `calls`; return the answers to `calls`."""
        waiting, self._waiting = self._waiting, []
        try:
            results = await pipeline.run(
                self._connection, [*waiting, *calls], self._timeout_seconds
            )
        except ConnectionLost as lost:
            raise StoreUnavailable("the connection broke") from lost
        return results[len(waiting) :]


class PgStore:
    """The books, as `ports.store.Store`.

    One connection of `pool` carries the executor's lane, the others `read`.
    """

    def __init__(self, pool: PgPool) -> None:
        """Take a pool that its owner enters and leaves."""
        self._pool = pool

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Return a transaction to be entered. As the port says."""
        return self._transaction()

    async def read(self, footprint: Footprint) -> WorkingSet:
        """Return what `footprint` names as of one instant. As the port says."""
        calls = load.plan(footprint, lock=False)
        answers = await self._pool.run([Call(BEGIN_READ, []), *calls, Call(COMMIT, [])])
        return WorkingSet(load.loaded(footprint, calls, answers[1:-1]))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        async with self._pool.connection() as connection:
            transaction = PgTransaction(connection, self._pool.timeouts.round_trip)
            try:
                yield transaction
            except Exception:
                await transaction.rollback()
                raise
            except BaseException:
                # The task is on its way out and has no patience for a round trip.
                if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                    connection.abandon()
                raise
            await transaction.rollback()
