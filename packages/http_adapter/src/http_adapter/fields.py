"""The types of fields on the wire. Amounts are text: JSON numbers are floats to most programs."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

import msgspec

from tradecore.domain.errors import InvalidAmount
from tradecore.domain.money import parse_amount, text

#: In a `Meta.extra`: the text may hold nothing that hides or reorders what is read (`bodies`).
VISIBLE: Final = "visible"

_AMOUNT = r"^[0-9]{1,20}(\.[0-9]{1,18})?$(?!\n)"

AmountText = Annotated[
    str,
    msgspec.Meta(
        pattern=_AMOUNT,
        examples=["0.25"],
        extra={
            "expects": "must be a decimal number as text,"
            " at most 20 digits before and 18 after the point"
        },
    ),
]
"""An amount in a request: not negative, plain ASCII digits."""

Amount = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["0.25"])]
"""An amount in an answer: plain notation, no trailing zeros."""

Instant = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={"format": "date-time"}, examples=["2026-01-05T12:00:00.000000Z"]
    ),
]
"""An instant in an answer: RFC 3339 in UTC with microseconds."""

ClientOrderId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9._:-]{1,64}$(?!\n)",
        examples=["my-order-1"],
        extra={"expects": "must be 1 to 64 letters, digits or any of . _ : -"},
    ),
]

Symbol = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Z0-9]{2,20}$(?!\n)",
        examples=["BTCUSDT"],
        extra={"expects": "must be 2 to 20 capital letters or digits"},
    ),
]

AssetName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Z0-9]{1,12}$(?!\n)",
        examples=["BTC"],
        extra={"expects": "must be 1 to 12 capital letters or digits"},
    ),
]

Uuid = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$(?!\n)",
        extra={"expects": "must be a UUID in lower case"},
    ),
]

Sentence = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[^\x00-\x1f\x7f]{1,500}$(?!\n)",
        extra={"expects": "must be 1 to 500 visible characters on one line", VISIBLE: True},
    ),
]
"""A reason given by a person."""

MAX_COUNT: Final = 1_000_000_000
Count = Annotated[
    int,
    msgspec.Meta(
        ge=0, le=MAX_COUNT, extra={"expects": f"must be a whole number up to {MAX_COUNT}"}
    ),
]


def amount(written: str, field: str) -> Decimal:
    """Return the amount of a request's field. Raises InvalidAmount. The one place for it."""
    return parse_amount(written, field=field)


def optional_amount(written: str | None, field: str) -> Decimal | None:
    """Return the amount of a field that may be left out. Raises InvalidAmount."""
    return None if written is None else parse_amount(written, field=field)


def fraction(written: str, field: str) -> Decimal:
    """Return a rate from 0 to 1. Raises InvalidAmount."""
    rate = parse_amount(written, field=field)
    if rate > 1:
        raise InvalidAmount(field=field, detail="must be a fraction of at most 1")
    return rate


def optional_text(value: Decimal | None) -> str | None:
    """Return the amount as written in an answer."""
    return None if value is None else text(value)


def instant(at: datetime) -> str:
    """Return an instant as written in an answer."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def optional_instant(at: datetime | None) -> str | None:
    """Return an instant as written in an answer, if there is one."""
    return None if at is None else instant(at)
