"""What the server or the connection says, in the words of the store port.

Nothing of the server's text passes on: it may hold values, SQL or host names.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import psycopg
import psycopg_pool
from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGresult

from tradecore.ports.store import (
    ConcurrentUpdate,
    ConstraintViolated,
    LockTimeout,
    StatementFailed,
    StoreError,
    StoreUnavailable,
)

logger = logging.getLogger(__name__)

_INTEGRITY: Final = "23"
_DATA: Final = "22"

# Source: PostgreSQL, appendix A, "Error Codes".
_BY_STATE: Final[Mapping[str, type[StoreError]]] = {
    "40001": ConcurrentUpdate,  # serialization_failure
    "40P01": ConcurrentUpdate,  # deadlock_detected
    # A migration passed by: the plan is no longer valid; the next connection makes another.
    "0A000": ConcurrentUpdate,  # feature_not_supported: cached plan must not change result type
    "26000": ConcurrentUpdate,  # invalid_sql_statement_name: the prepared statement is gone
    "55P03": LockTimeout,  # lock_not_available
    # A write met fewer rows than it names (`save.py`): one is gone since it was loaded.
    "22012": ConcurrentUpdate,  # division_by_zero
}
#: The server, and not one statement, is at its end: nobody else's would fare better.
_AWAY: Final = (
    "08",  # connection_exception
    "53",  # insufficient_resources
    "57P0",  # operator_intervention: shut down, crashed, starting up, dropped
)
#: Ours to mend. What is missing or forbidden is a name of the schema: its message holds no values.
_BUGS: Final = ("42", "0A", "XX")
#: After these the connection is of no further use, though it is open.
STALE: Final = frozenset({"0A000", "26000"})


def sqlstate(result: PGresult) -> str | None:
    """Return the error code of a failed result; None when the connection itself failed."""
    field = result.error_field(DiagnosticField.SQLSTATE)
    return None if field is None else field.decode()


def of_result(result: PGresult) -> StoreError:
    """Return the port's error for a statement that the server refused."""
    state = sqlstate(result)
    if state is None or state.startswith(_AWAY):
        return StoreUnavailable(f"sqlstate_{state}")
    if state[:2] == _INTEGRITY:
        return ConstraintViolated(_text(result, DiagnosticField.CONSTRAINT_NAME) or _column(result))
    if state[:2] == _DATA and state not in _BY_STATE:
        return ConstraintViolated(f"sqlstate_{state}")
    kind = _BY_STATE.get(state, StatementFailed)
    told = state[:2] in _BUGS
    if told or kind is StatementFailed:
        message = _text(result, DiagnosticField.MESSAGE_PRIMARY) if told else None
        logger.error("postgres.statement_failed", extra={"sqlstate": state, "error": message})
    return kind(f"sqlstate_{state}")


def _text(result: PGresult, field: DiagnosticField) -> str | None:
    value = result.error_field(field)
    return None if value is None else value.decode(errors="replace")


def _column(result: PGresult) -> str:
    table = _text(result, DiagnosticField.TABLE_NAME)
    return f"{table}_{_text(result, DiagnosticField.COLUMN_NAME)}_not_null"


@contextmanager
def connecting() -> Iterator[None]:
    """Turn every failure to get a working connection into StoreUnavailable."""
    try:
        yield
    except psycopg_pool.PoolTimeout:
        raise StoreUnavailable("no connection in time") from None
    except psycopg_pool.TooManyRequests:
        raise StoreUnavailable("too many wait for a connection") from None
    except psycopg_pool.PoolClosed:
        raise StoreUnavailable("the store is closed") from None
    except psycopg.Error:
        raise StoreUnavailable("the connection failed") from None
