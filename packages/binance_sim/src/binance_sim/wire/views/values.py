"""Amounts and instants as the venue writes them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

Json = dict[str, object]
Time = Callable[[int], int]  #: microseconds since the epoch, in the unit that the caller reads

_US_PER_MS: Final = 1000


def milliseconds(us: int) -> int:
    """Return an instant in milliseconds, the unit that everyone reads unless told otherwise."""
    return us // _US_PER_MS


def microseconds(us: int) -> int:
    """Return an instant in microseconds."""
    return us


def amount(value: Decimal) -> str:
    """Return an amount with eight decimals."""
    return f"{value:.8f}"
