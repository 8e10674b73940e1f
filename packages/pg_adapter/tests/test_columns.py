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
        (columns.instants, [AT, AT], b"{%(at)b,%(at)b}" % {b"at": AT.isoformat().encode()}),
        (columns.optional_instants, [None], b"{NULL}"),
        (columns.optional_dates, [None, date(2026, 1, 5)], b"{NULL,2026-01-05}"),
        (columns.optional_intervals, [timedelta(days=1, microseconds=1)], b"{86400000001 us}"),
        (columns.byte_strings, [], b"{}"),
        (columns.byte_strings, [b"", b'"\\\x00'], b'{"\\\\x","\\\\x225c00"}'),
        (columns.optional_byte_strings, [None, b"a"], b'{NULL,"\\\\x61"}'),
    ],
)
def test_a_column_is_one_literal(write: Column, values: list[Any], literal: bytes) -> None:
    assert write(values) == literal


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
