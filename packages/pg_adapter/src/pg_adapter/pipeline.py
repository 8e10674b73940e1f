"""Many statements in one round trip, on libpq's pipeline mode.

psycopg's own `pipeline()` does the same with a cursor per statement; a batch of many small
statements then spends more time in cursors than in the database.
"""

import asyncio
import select
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection, OperationalError
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from pg_adapter import errors
from pg_adapter.columns import Binary
from pg_adapter.prepared import Statement

_GOOD: Final = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class ConnectionLost(Exception):
    """The connection broke, or answered nothing before the deadline. Never use it again."""


class NeverSent(ConnectionLost):
    """The connection was closed by the server while it was idle; nothing was sent on it."""


class PipelineConnection(AsyncConnection[Any]):
    """A connection that remembers which statements it has prepared."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared: set[bytes] = set()

    def is_open(self) -> bool:
        """Tell whether the server, as far as one can know without asking it, is still there.

        A connection that waits for no answer has nothing to read but notices and the farewell.
        """
        if self.pgconn.status != ConnStatus.OK:
            return False
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        try:
            while self.pgconn.status == ConnStatus.OK and poll.poll(0):
                self.pgconn.consume_input()
        except OperationalError:
            return False
        return self.pgconn.status == ConnStatus.OK

    def abandon(self) -> None:
        """Close it at once, without a word to the server, which rolls back what was open."""
        self.pgconn.finish()


class Call(NamedTuple):
    """One statement with its parameters, in their order."""

    statement: Statement
    parameters: list[bytes | None]


async def run(
    connection: PipelineConnection, calls: Sequence[Call], timeout_seconds: float
) -> list[PGresult]:
    """Send every call at once; return one result per call.

    Raises:
        NeverSent: the connection was closed before; nothing reached the server.
        ConnectionLost: nobody knows how far the server came. The connection is closed.
        StoreError: the server refused a statement; nothing after it ran. The connection lives,
            with its transaction failed.
    """
    if not connection.is_open():
        connection.abandon()
        raise NeverSent
    try:
        async with asyncio.timeout(timeout_seconds):
            expected = _send(connection, calls)
            results = await _exchange(connection.pgconn)
        connection.pgconn.exit_pipeline_mode()
    except (OperationalError, OSError, TimeoutError) as error:
        connection.abandon()
        raise ConnectionLost from error
    except BaseException:
        # Cancelled in the middle, or a bug: answers of this round trip must not meet the next one.
        connection.abandon()
        raise
    return _sort(connection, expected, results)


def rows(connection: PipelineConnection, result: PGresult) -> list[tuple[Any, ...]]:
    """Return the rows of a result, as Python values."""
    transformer = Transformer(connection)
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)


def _send(connection: PipelineConnection, calls: Sequence[Call]) -> list[tuple[Statement, bool]]:
    """Queue the calls, each prepared before its first use; return what will be answered."""
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    expected: list[tuple[Statement, bool]] = []
    known = set(connection.prepared)
    for statement, parameters in calls:
        if statement.name not in known:
            known.add(statement.name)
            pgconn.send_prepare(statement.name, statement.sql)
            expected.append((statement, True))
        formats = [Format.BINARY if type(one) is Binary else Format.TEXT for one in parameters]
        pgconn.send_query_prepared(statement.name, parameters, formats, Format.BINARY)
        expected.append((statement, False))
    pgconn.pipeline_sync()
    return expected


async def _exchange(pgconn: PGconn) -> list[PGresult]:
    """Flush what is queued and collect results up to the synchronisation point."""
    loop = asyncio.get_running_loop()
    socket = pgconn.socket
    ready = asyncio.Event()
    loop.add_reader(socket, ready.set)
    try:
        # The server may stop reading while nobody reads its answers: do both until all is sent.
        if pgconn.flush():
            loop.add_writer(socket, ready.set)
            try:
                while pgconn.flush():
                    ready.clear()
                    await ready.wait()
                    pgconn.consume_input()
            finally:
                loop.remove_writer(socket)
        results: list[PGresult] = []
        while True:
            while pgconn.is_busy():
                ready.clear()
                await ready.wait()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                if pgconn.status != ConnStatus.OK:
                    raise OperationalError
            elif result.status == ExecStatus.PIPELINE_SYNC:
                return results
            else:
                results.append(result)
    finally:
        loop.remove_reader(socket)


def _sort(
    connection: PipelineConnection,
    expected: Sequence[tuple[Statement, bool]],
    results: Sequence[PGresult],
) -> list[PGresult]:
    """Return the answers to calls; note what is prepared now. Raises for the first refusal."""
    answers = []
    for (statement, prepares), result in zip(expected, results, strict=True):
        if result.status in _GOOD:
            if prepares:
                connection.prepared.add(statement.name)
            else:
                answers.append(result)
            continue
        if errors.sqlstate(result) in errors.STALE:
            connection.abandon()
        raise errors.of_result(result)
    return answers
