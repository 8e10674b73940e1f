"""Pages by key: a page begins after the last row of the one before, whatever was added since."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import attrs

from pg_adapter import prepared
from pg_adapter.connections import PgPool
from pg_adapter.pipeline import Call
from pg_adapter.prepared import Statement
from tradecore.ports.queries import InvalidCursor, Page, Paging

RowT = TypeVar("RowT")

_MAX_LIMIT: Final = 500
_CURSOR: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00)"
    r"\|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?::(\d{1,5}))?",
    re.ASCII,
)


@attrs.frozen
class Key:
    """What a page is ordered by: a time, then an id, then a line where one id has several."""

    at: str
    row_id: str
    line: str | None = None

    def tail(self, comparison: str, direction: str) -> str:
        """Return the end of a statement that pages in one direction."""
        names = [self.at, self.row_id]
        values = ["%(at)s::timestamptz", "%(row_id)s::uuid"]
        if self.line is not None:
            names.append(self.line)
            values.append("%(line)s::integer")
        order = ", ".join(f"{name} {direction}" for name in names)
        return (
            f"\n   AND ({', '.join(names)}) {comparison} ({', '.join(values)})"
            f"\n ORDER BY {order}\n LIMIT %(limit)s::integer"
        )


@attrs.frozen
class PagedStatement:
    """A statement that ends with its conditions, in both directions."""

    newest_first: Statement
    oldest_first: Statement

    @classmethod
    def of(cls, name: str, sql: str, key: Key) -> "PagedStatement":
        """Complete `sql`; names of columns come from this package, values stay parameters."""
        return cls(
            newest_first=prepared.number(f"{name}.newest", sql + key.tail("<", "DESC")),
            oldest_first=prepared.number(f"{name}.oldest", sql + key.tail(">", "ASC")),
        )


_FIRST: Final = {
    True: (b"infinity", b"ffffffff-ffff-ffff-ffff-ffffffffffff", b"2147483647"),
    False: (b"-infinity", b"00000000-0000-0000-0000-000000000000", b"0"),
}


async def page(
    pool: PgPool,
    statement: PagedStatement,
    parameters: Mapping[str, bytes | None],
    paging: Paging,
    build: Callable[[tuple[Any, ...]], RowT],
    place: Callable[[RowT], tuple[datetime, str]],
) -> Page[RowT]:
    """Return one page; `place` tells a row's time, and its id or `id:line`.

    Raises:
        InvalidCursor: not one that this query gave.
        StoreUnavailable: there is no connection.
    """
    assert 1 <= paging.limit <= _MAX_LIMIT, paging
    if paging.cursor is None:
        at, row_id, line = _FIRST[paging.newest_first]
    else:
        at, row_id, line = parse_cursor(paging.cursor)
    directed = statement.newest_first if paging.newest_first else statement.oldest_first
    values = directed.values(
        {
            **parameters,
            "at": at,
            "row_id": row_id,
            "line": line,
            "limit": b"%d" % (paging.limit + 1),
        }
    )
    (found,) = await pool.run([Call(directed, values)])
    rows = [build(row) for row in found[: paging.limit]]
    if len(found) <= paging.limit:
        return Page(rows, None)
    last_at, last_id = place(rows[-1])
    return Page(rows, write_cursor(last_at, last_id))


def write_cursor(at: datetime, row_id: str) -> str:
    """Return the place after a row; `row_id` may have a line after a colon."""
    return f"{at.astimezone(UTC).isoformat()}|{row_id}"


def parse_cursor(cursor: str) -> tuple[bytes, bytes, bytes]:
    """Return time, id and line of the place, as the server takes them. Raises InvalidCursor."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidCursor(cursor)
    at, row_id, line = found.groups()
    try:
        instant = datetime.fromisoformat(at)
    except ValueError as error:
        raise InvalidCursor(cursor) from error
    return instant.isoformat().encode(), row_id.encode(), (line or "0").encode()
