"""Pages of lists: `limit`, `cursor`, `sort` in; `items`, `next_cursor` out."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar.params import QueryParameter

from http_adapter.problems import invalid_parameter
from tradecore.ports.queries import InvalidCursor, Page, Paging

RowT = TypeVar("RowT")
MessageT = TypeVar("MessageT", bound=msgspec.Struct)

MAX_CURSOR_CHARACTERS: Final = 512


# Section 5.6, in capitals; Python reads all of ISO 8601, weeks and ordinal days included.
_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII
)


class Sort(StrEnum):
    """Oldest first, or newest first."""

    CREATED_AT = "created_at"
    NEWEST = "-created_at"


Limit = Annotated[int, QueryParameter(ge=1, le=500, description="How many rows at most.")]
Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=MAX_CURSOR_CHARACTERS,
        description="`next_cursor` of the page before: opaque, stable while rows are added.",
    ),
]
SortBy = Annotated[Sort, QueryParameter(description="A minus sign puts the newest first.")]


def paging(limit: int, cursor: str | None, sort: Sort) -> Paging:
    """Return which page is asked for. Raises InvalidCursor."""
    return Paging(
        limit=limit,
        cursor=None if cursor is None else _opened(cursor),
        newest_first=sort is Sort.NEWEST,
    )


def _sealed(cursor: str) -> str:
    """Return the cursor in characters that need no escaping in a URL."""
    return base64.urlsafe_b64encode(cursor.encode()).rstrip(b"=").decode()


def _opened(sealed: str) -> str:
    padded = sealed + "=" * (-len(sealed) % 4)
    try:
        cursor = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        raise InvalidCursor from None
    if not cursor.isprintable():
        raise InvalidCursor
    return cursor


def filled(
    list_type: Callable[..., MessageT], page: Page[RowT], shape: Callable[[RowT], Any]
) -> MessageT:
    """Return the page as a message of `list_type`."""
    following = None if page.next_cursor is None else _sealed(page.next_cursor)
    return list_type(items=tuple(map(shape, page.rows)), next_cursor=following)


def instant_parameter(written: str | None, name: str) -> datetime | None:
    """Return the instant that a query parameter spells. Raises ApiProblem."""
    if written is None:
        return None
    try:
        if _RFC_3339.fullmatch(written):
            return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):  # not an instant, or one that UTC cannot name
        pass
    raise invalid_parameter(name, "must be an RFC 3339 instant with its zone")
