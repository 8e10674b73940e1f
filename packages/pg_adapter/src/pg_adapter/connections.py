"""Connections of the application's role: bounded in number, in waiting and in patience."""

import select
from typing import Any, Final

import attrs
from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ConnStatus
from psycopg_pool import AsyncConnectionPool

from pg_adapter.pipeline import PipelineConnection

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


def pool(
    dsn: str, *, size: int, timeouts: PgTimeouts, name: str, by_keys: bool = True
) -> AsyncConnectionPool[PipelineConnection]:
    """Return a pool, not yet open, of at most `size` connections.

    `by_keys` fixes the plans for look-ups by keys; queries that page through a table do without.
    """
    return AsyncConnectionPool(
        _conninfo(dsn, timeouts, name, _PLANNER if by_keys else {"jit": "off"}),
        connection_class=PipelineConnection,
        kwargs={"autocommit": True},
        min_size=1,
        max_size=size,
        open=False,
        check=_check_open,
        timeout=timeouts.pool,
        reconnect_timeout=30,
        name=name,
    )


async def _check_open(connection: PipelineConnection) -> None:
    """Raise OperationalError if the server has hung up on an idle connection.

    Asking it would cost every transaction a round trip; an idle connection has nothing to read
    unless it was told to go. A peer that vanished without a word is caught by the deadlines.
    """
    pgconn = connection.pgconn
    poll = select.poll()
    poll.register(pgconn.socket, select.POLLIN)
    if poll.poll(0):
        pgconn.consume_input()
        if pgconn.status != ConnStatus.OK:
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
