"""Columns of values as arrays, the cheapest form in which many rows travel at once.

Each function takes the type that it says and nothing that merely looks like it: a float among
amounts is refused, never a rounded number in the books. Nothing is executed from a value: it
is quoted inside its literal, and the literal is a bound parameter.

Bytes and times travel in the binary form of an array (PostgreSQL, `array_send`): the server takes
them as they are, where it would read a literal character by character.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

V = TypeVar("V")

#: No text in PostgreSQL holds it, so it can stand between values while they are joined.
_NUL: Final = "\x00"
_MICROSECOND: Final = timedelta(microseconds=1)

#: Dimensions, whether a value is NULL, the type of the values, how many, the first index.
_HEADER: Final = struct.Struct(">iiIii")
_LENGTH: Final = struct.Struct(">i")
_NULL: Final = _LENGTH.pack(-1)
_TIMESTAMP: Final = struct.Struct(">iq")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: pg_type.oid of the values.
_BYTEA, _TIMESTAMPTZ = 17, 1184

_decimal: Final = Decimal.__str__
_integer: Final = int.__repr__


class Binary(bytes):
    """A parameter in the binary form of its type."""

    __slots__ = ()


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


def instants(values: Iterable[datetime]) -> Binary:
    """Return aware times. Raises Unstorable for one without a zone."""
    return optional_instants(values)


def optional_instants(values: Iterable[datetime | None]) -> Binary:
    """Return aware times or NULL. Raises Unstorable for one without a zone."""
    written: dict[int, bytes] = {}
    cells = []
    for value in values:
        # A batch shares one instant: the same object is written out once.
        cell = written.get(id(value))
        if cell is None:
            cell = written[id(value)] = _instant(value)
        cells.append(cell)
    return _array(_TIMESTAMPTZ, cells)


def optional_dates(values: Iterable[date | None]) -> bytes:
    """Return days or NULL."""
    return _joined(values, date.isoformat)


def optional_intervals(values: Iterable[timedelta | None]) -> bytes:
    """Return durations or NULL, exact to the microsecond."""
    return _joined(values, lambda value: f"{value // _MICROSECOND} us")


def byte_strings(values: Iterable[bytes]) -> Binary:
    """Return bytes."""
    return _array(_BYTEA, [_LENGTH.pack(len(value)) + value for value in values])


def optional_byte_strings(values: Iterable[bytes | None]) -> Binary:
    """Return bytes or NULL."""
    return _array(
        _BYTEA,
        [_NULL if value is None else _LENGTH.pack(len(value)) + value for value in values],
    )


def _array(value_type: int, cells: Sequence[bytes]) -> Binary:
    """Return one dimension of `cells`, each behind its length."""
    head = _HEADER.pack(1 if cells else 0, _NULL in cells, value_type, len(cells), 1)
    return Binary(head + b"".join(cells)) if cells else Binary(head[:12])


def _joined(values: Iterable[V | None], write: Callable[[V], str]) -> bytes:
    cells = ["NULL" if value is None else write(value) for value in values]
    return ("{" + ",".join(cells) + "}").encode()


def _quoted(value: str) -> str:
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _instant(value: datetime | None) -> bytes:
    if value is None:
        return _NULL
    if value.tzinfo is None:
        raise Unstorable("aware_time")
    return _TIMESTAMP.pack(8, (value - _EPOCH) // _MICROSECOND)


def _encoded(literal: str) -> bytes:
    try:
        return literal.encode()
    except UnicodeEncodeError:
        raise Unstorable("unicode_text") from None
