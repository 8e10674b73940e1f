"""A cursor is one that a page gave, or it is refused before the server hears of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pg_adapter.paging import parse_cursor, write_cursor
from tradecore.ports.queries import InvalidCursor

INSTANTS = st.datetimes(timezones=st.just(UTC))
IDS = st.uuids().map(str)
LINES = st.none() | st.integers(0, 99_999)


@st.composite
def cursors(draw: st.DrawFn) -> str:
    at, row_id, line = draw(INSTANTS), draw(IDS), draw(LINES)
    return write_cursor(at, row_id if line is None else f"{row_id}:{line}")


@given(INSTANTS, IDS, LINES)
def test_a_cursor_of_a_page_is_read_back(at: datetime, row_id: str, line: int | None) -> None:
    cursor = write_cursor(at, row_id if line is None else f"{row_id}:{line}")
    found_at, found_id, found_line = parse_cursor(cursor)
    assert datetime.fromisoformat(found_at.decode()) == at
    assert found_id.decode() == row_id
    assert int(found_line) == (line or 0)


@given(st.text(max_size=120))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        parse_cursor(text)


@given(cursors(), st.integers(0, 90), st.integers(0, 3), st.text(max_size=3))
def test_a_changed_cursor_is_refused_or_is_one_that_a_page_could_give(
    cursor: str, place: int, width: int, insert: str
) -> None:
    changed = cursor[:place] + insert + cursor[place + width :]
    try:
        at, row_id, _ = parse_cursor(changed)
    except InvalidCursor:
        return
    again = write_cursor(datetime.fromisoformat(at.decode()), row_id.decode())
    assert parse_cursor(again)[:2] == (at, row_id)


@pytest.mark.parametrize(
    "cursor",
    [
        "2026-01-05T12:00:00+00:00|------------------------------------",
        "2026-01-05T12:00:00+00:00|0123456789abcdef0123456789abcdef0123",
        "0001-01-01T00:00:00+23:59|01900000-0000-7000-8000-0000000000aa",
        "2026-W01-1T12:00:00+00:00|01900000-0000-7000-8000-0000000000aa",
        "2026-01-05T12:00:00.0000001+00:00|01900000-0000-7000-8000-0000000000aa",
        "2026-01-05T12:00:00+00:00|01900000-0000-7000-8000-0000000000aa:999999",
        "2026-01-05T12:00:00+00:00|01900000-0000-7000-8000-0000000000aa\n",
        "٢026-01-05T12:00:00+00:00|01900000-0000-7000-8000-0000000000aa",
    ],
)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        parse_cursor(cursor)
