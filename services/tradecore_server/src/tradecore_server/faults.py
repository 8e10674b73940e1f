"""Faults that a person can mend, in one sentence each."""

import errno

import psycopg

from binance_adapter.errors import NoSuchSymbol
from pg_adapter.embedded import EmbeddedPostgresError
from pg_adapter.migrate import MigrationError
from tradecore.ports.venue import VenueUnavailable
from tradecore_server.database import OwnerUrlMissing
from tradecore_server.settings import InvalidSettings

_TOLD = (InvalidSettings, OwnerUrlMissing, EmbeddedPostgresError, MigrationError)


def sentence(error: BaseException) -> str | None:
    """Return what is wrong and what to do; None for a bug, which deserves its traceback."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, _TOLD):
        return str(error)
    if isinstance(error, NoSuchSymbol):
        return f"the venue does not list what TRADECORE_SYMBOLS names ({_first_line(error)})"
    if isinstance(error, VenueUnavailable):
        return f"the venue does not answer; see TRADECORE_VENUE ({_first_line(error)})"
    if isinstance(error, psycopg.OperationalError):
        return f"the database cannot be reached; see `tradecore doctor` ({_first_line(error)})"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            "a port is in use; see `tradecore doctor`,"
            " or set TRADECORE_PORT and TRADECORE_OPERATIONS_PORT"
        )
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
