"""Connections of the application's role: bounded in number, in waiting and in patience."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final

import attrs
from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from pg_adapter import errors, pipeline
from pg_adapter.pipeline import Call, ConnectionLost, PipelineConnection
from tradecore.ports.store import StoreError, StoreUnavailable

# Every statement here is a look-up by keys. Plans made once serve for ever, and do not turn into
# scans because a table was small when they were made.
_PLANNER: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}


@attrs.frozen(kw_only=True)
class PgTimeouts:
    """How long anything may take, in seconds."""

    connect: float = 5.0
    pool: float = 5.0  #: waiting for a free connection
    lock: float = 2.0  #: a row that another transaction holds
    statement: float = 10.0  #: one statement, at the server
    idle_in_transaction: float = 10.0  #: a transaction that does nothing holds the readers back
    round_trip: float = 15.0  #: all of one flush, at the client: the server may be gone

    def __attrs_post_init__(self) -> None:
        """Refuse an order in which an earlier bound could not be told from a later one."""
        if not 0 < self.lock < self.statement < self.round_trip:
            raise ValueError("timeouts: 0 < lock < statement < round_trip")


class PgPool:
    """Connections of the application's role to one database. Use as an asynchronous context.

    `size` bounds them; who finds none free waits `timeouts.pool` at most. What must always get
    through (health, the executor's lane) has a pool of its own. `by_keys` fixes the plans for
    look-ups by keys; a pool whose queries page through tables does without.
    """

    def __init__(
        self,
        dsn: str,
        *,
        name: str,
        size: int = 2,
        timeouts: PgTimeouts | None = None,
        by_keys: bool = True,
    ) -> None:
        """Take plain parts; nothing connects before the context is entered."""
        self.timeouts = timeouts or PgTimeouts()
        self._name = name
        self._size = size
        self._conninfo = _conninfo(
            dsn, self.timeouts, name, _PLANNER if by_keys else {"jit": "off"}
        )
        self._pool: AsyncConnectionPool[PipelineConnection] | None = None

    async def __aenter__(self) -> "PgPool":
        """Connect in the background; the first use waits for a connection."""
        self._pool = AsyncConnectionPool(
            self._conninfo,
            connection_class=PipelineConnection,
            kwargs={"autocommit": True},
            min_size=1,
            max_size=self._size,
            open=False,
            check=_check_open,
            timeout=self.timeouts.pool,
            reconnect_timeout=30,
            name=self._name,
        )
        await self._pool.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PipelineConnection]:
        """Lend a connection without a transaction.

        Raises:
            StoreUnavailable: none in time.
        """
        assert self._pool is not None, "enter the pool first"
        with errors.connecting():
            connection = await self._pool.getconn()
        try:
            yield connection
        finally:
            await self._pool.putconn(connection)

    async def run(self, calls: Sequence[Call]) -> list[Sequence[tuple[Any, ...]]]:
        """Return the rows of each call, from one round trip.

        Without BEGIN among the calls they are one transaction, committed at the end.

        Raises:
            StoreError: see `ports.store`; a connection that broke is StoreUnavailable, also where
                a write may have been kept: for what can be repeated.
        """
        async with self.connection() as connection:
            try:
                results = await pipeline.run(connection, calls, self.timeouts.round_trip)
            except ConnectionLost as lost:
                raise StoreUnavailable("the connection broke") from lost
            except StoreError:
                if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                    connection.abandon()
                raise
            return [pipeline.rows(connection, result) for result in results]


async def _check_open(connection: PipelineConnection) -> None:
    """Raise OperationalError if the server has hung up on an idle connection.

    Asking it would cost every transaction a round trip. A peer that vanished without a word is
    caught by the deadlines.
    """
    if not connection.is_open():
        raise OperationalError


def _conninfo(dsn: str, timeouts: PgTimeouts, name: str, planner: dict[str, str]) -> str:
    settings = {
        "statement_timeout": _milliseconds(timeouts.statement),
        "lock_timeout": _milliseconds(timeouts.lock),
        "idle_in_transaction_session_timeout": _milliseconds(timeouts.idle_in_transaction),
        # A client that is gone must not keep its locks until a statement ends by itself.
        "client_connection_check_interval": "500",
        "TimeZone": "UTC",
        **planner,
    }
    given: dict[str, Any] = conninfo_to_dict(dsn)
    ours = " ".join(f"-c {setting}={value}" for setting, value in settings.items())
    return make_conninfo(
        dsn,
        options=f"{given.get('options') or ''} {ours}".strip(),
        connect_timeout=max(2, round(timeouts.connect)),
        application_name=f"tradecore {name}",
    )


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
