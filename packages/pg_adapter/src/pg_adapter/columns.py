"""Columns of values as array literals, the cheapest form in which many rows travel at once.

Each function takes the type that it says and nothing that merely looks like it: a float among
amounts is refused, never a rounded number in the books. Nothing is executed from a value: it
is quoted inside its literal, and the literal is a bound parameter.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

V = TypeVar("V")

#: No text in PostgreSQL holds it, so it can stand between values while they are joined.
_NUL: Final = "\x00"
_MICROSECOND: Final = timedelta(microseconds=1)

_decimal: Final = Decimal.__str__
_integer: Final = int.__repr__


class Unstorable(ValueError):
    """A value that no column holds; `args[0]` says which kind."""


def texts(values: Sequence[str]) -> bytes:
    """Return any text. Raises Unstorable for NUL and lone surrogates."""
    if not values:
        return b"{}"
    joined = _NUL.join(values)
    if joined.count(_NUL) != len(values) - 1:
        raise Unstorable("text_without_nul")
    if "\\" in joined or '"' in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return _encoded('{"' + joined.replace(_NUL, '","') + '"}')


def optional_texts(values: Iterable[str | None]) -> bytes:
    """Return any text or NULL. Raises Unstorable for NUL and lone surrogates."""
    joined = ",".join(["NULL" if value is None else _quoted(value) for value in values])
    if _NUL in joined:
        raise Unstorable("text_without_nul")
    return _encoded("{" + joined + "}")


def words(values: Sequence[str]) -> bytes:
    """Return ids and names of enumerations: text without commas, quotes, braces or spaces."""
    joined = ",".join(values)
    if values and joined.count(",") != len(values) - 1:
        raise Unstorable("word")
    return _encoded("{" + joined + "}")


def optional_words(values: Iterable[str | None]) -> bytes:
    """Return ids and names of enumerations, or NULL."""
    return words(["NULL" if value is None else value for value in values])


def decimals(values: Iterable[Decimal]) -> bytes:
    """Return amounts, digit by digit. Raises Unstorable for anything but a Decimal."""
    try:
        return ("{" + ",".join(map(_decimal, values)) + "}").encode()
    except TypeError:
        raise Unstorable("exact_decimal") from None


def optional_decimals(values: Iterable[Decimal | None]) -> bytes:
    """Return amounts or NULL. Raises Unstorable for anything but a Decimal or None."""
    try:
        return _joined(values, _decimal)
    except TypeError:
        raise Unstorable("exact_decimal") from None


def integers(values: Iterable[int]) -> bytes:
    """Return whole numbers. Raises TypeError for anything else."""
    return ("{" + ",".join(map(_integer, values)) + "}").encode()


def optional_integers(values: Iterable[int | None]) -> bytes:
    """Return whole numbers or NULL. Raises TypeError for anything else."""
    return _joined(values, _integer)


def booleans(values: Iterable[bool]) -> bytes:
    """Return truth values."""
    return ("{" + ",".join(["t" if value else "f" for value in values]) + "}").encode()


def instants(values: Iterable[datetime]) -> bytes:
    """Return aware times. Raises Unstorable for one without a zone."""
    return optional_instants(values)


def optional_instants(values: Iterable[datetime | None]) -> bytes:
    """Return aware times or NULL. Raises Unstorable for one without a zone."""
    written: dict[int, str] = {}
    cells = []
    for value in values:
        # A batch shares one instant: the same object is written out once.
        cell = written.get(id(value))
        if cell is None:
            cell = written[id(value)] = _instant(value)
        cells.append(cell)
    return ("{" + ",".join(cells) + "}").encode()


def optional_dates(values: Iterable[date | None]) -> bytes:
    """Return days or NULL."""
    return _joined(values, date.isoformat)


def optional_intervals(values: Iterable[timedelta | None]) -> bytes:
    """Return durations or NULL, exact to the microsecond."""
    return _joined(values, lambda value: f"{value // _MICROSECOND} us")


def byte_strings(values: Sequence[bytes]) -> bytes:
    """Return bytes."""
    if not values:
        return b"{}"
    return ('{"\\\\x' + '","\\\\x'.join([value.hex() for value in values]) + '"}').encode()


def optional_byte_strings(values: Iterable[bytes | None]) -> bytes:
    """Return bytes or NULL."""
    return _joined(values, lambda value: f'"\\\\x{value.hex()}"')


def _joined(values: Iterable[V | None], write: Callable[[V], str]) -> bytes:
    cells = ["NULL" if value is None else write(value) for value in values]
    return ("{" + ",".join(cells) + "}").encode()


def _quoted(value: str) -> str:
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _instant(value: datetime | None) -> str:
    if value is None:
        return "NULL"
    if value.tzinfo is None:
        raise Unstorable("aware_time")
    return value.isoformat()


def _encoded(literal: str) -> bytes:
    try:
        return literal.encode()
    except UnicodeEncodeError:
        raise Unstorable("unicode_text") from None
