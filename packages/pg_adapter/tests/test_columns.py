from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pg_adapter import columns
from pg_adapter.columns import Unstorable

Column = Callable[[Any], bytes]

AT = datetime(2026, 1, 5, 12, 0, 0, 250, tzinfo=UTC)


@pytest.mark.parametrize(
    ("write", "values", "literal"),
    [
        (columns.texts, [], b"{}"),
        (columns.texts, [""], b'{""}'),
        (columns.texts, ["a,b", "NULL", "{}"], b'{"a,b","NULL","{}"}'),
        (columns.texts, ['say "no"', "back\\slash"], b'{"say \\"no\\"","back\\\\slash"}'),
        (columns.optional_texts, [None, "NULL", 'q"'], b'{NULL,"NULL","q\\""}'),
        (columns.words, [], b"{}"),
        (columns.words, ["BUY", "SELL"], b"{BUY,SELL}"),
        (columns.optional_words, ["IOC", None], b"{IOC,NULL}"),
        (columns.decimals, [Decimal("1.50"), Decimal("1E+3")], b"{1.50,1E+3}"),
        (columns.optional_decimals, [None, Decimal("0E-8")], b"{NULL,0E-8}"),
        (columns.integers, [1, -2], b"{1,-2}"),
        (columns.optional_integers, [None, 3], b"{NULL,3}"),
        (columns.booleans, [True, False], b"{t,f}"),
        (columns.optional_dates, [None, date(2026, 1, 5)], b"{NULL,2026-01-05}"),
        (columns.optional_intervals, [timedelta(days=1, microseconds=1)], b"{86400000001 us}"),
    ],
)
def test_a_column_is_one_literal(write: Column, values: list[Any], literal: bytes) -> None:
    assert write(values) == literal


ONE_DIMENSION = bytes.fromhex("00000001")
NO_NULL, SOME_NULL = bytes.fromhex("00000000"), bytes.fromhex("00000001")
NULL = bytes.fromhex("ffffffff")
TIMESTAMPTZ, BYTEA = bytes.fromhex("000004a0"), bytes.fromhex("00000011")
ONE, TWO = bytes.fromhex("00000001"), bytes.fromhex("00000002")
#: 2026-01-05T12:00:00.000250Z, in microseconds since 2000-01-01.
AT_SENT = bytes.fromhex("00000008") + (820_929_600_000_250).to_bytes(8, "big")


@pytest.mark.parametrize(
    ("write", "values", "sent"),
    [
        (columns.instants, [], bytes(4) + NO_NULL + TIMESTAMPTZ),
        (
            columns.instants,
            [AT, AT],
            ONE_DIMENSION + NO_NULL + TIMESTAMPTZ + TWO + ONE + AT_SENT + AT_SENT,
        ),
        (
            columns.optional_instants,
            [None, AT],
            ONE_DIMENSION + SOME_NULL + TIMESTAMPTZ + TWO + ONE + NULL + AT_SENT,
        ),
        (columns.byte_strings, [], bytes(4) + NO_NULL + BYTEA),
        (
            columns.byte_strings,
            [b"", b'"\\\x00'],
            ONE_DIMENSION + NO_NULL + BYTEA + TWO + ONE + bytes(4) + b'\x00\x00\x00\x03"\\\x00',
        ),
        (
            columns.optional_byte_strings,
            [None],
            ONE_DIMENSION + SOME_NULL + BYTEA + ONE + ONE + NULL,
        ),
    ],
)
def test_bytes_and_times_travel_in_binary(write: Column, values: list[Any], sent: bytes) -> None:
    written = write(values)

    assert isinstance(written, columns.Binary)
    assert written == sent


@pytest.mark.parametrize(
    ("write", "values"),
    [
        (columns.texts, ["a\x00b"]),
        (columns.texts, ["\ud800"]),
        (columns.optional_texts, ["a\x00b"]),
        (columns.optional_texts, ["\ud800"]),
        (columns.words, ["one,two"]),
        (columns.decimals, [0.1]),
        (columns.decimals, [1]),
        (columns.optional_decimals, [0.1]),
        (columns.instants, [datetime(2026, 1, 5)]),  # noqa: DTZ001 - the missing zone is the point
    ],
)
def test_what_merely_looks_right_is_refused(write: Column, values: list[Any]) -> None:
    with pytest.raises(Unstorable):
        write(values)
