"""Identifiers. Each is a UUIDv7 in its canonical text form (`docs/decisions/0003-ids-as-text.md`)."""

import re
from typing import Final, NewType

AccountId = NewType("AccountId", str)
OrderId = NewType("OrderId", str)
CommandId = NewType("CommandId", str)
EventId = NewType("EventId", str)
JournalEntryId = NewType("JournalEntryId", str)

HOUSE: Final = AccountId("00000000-0000-7000-8000-000000000000")
"""The house's own account: carries no wallet; control events and alerts are keyed by it."""

_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ORDER_CHARACTERS: Final = 26
_ACCOUNT_CHARACTERS: Final = 6
_SUFFIX: Final = re.compile(r"[2-9]|[1-9][0-9]{1,2}")
MAX_ACCOUNT_NUMBER: Final = 32**_ACCOUNT_CHARACTERS - 1


MAX_CHILDREN: Final = 999
"""Children of one order: three digits of suffix after a dash."""


def venue_client_order_id(order_id: OrderId, account_number: int, child: int) -> str:
    """Return the client order id of an order's `child` (1..999) at the venue.

    26 base32 characters of the order's id, 6 of its account's short number, and from the second
    child on a suffix: at most 36 characters, the venue's limit, so an orphan names its owner.
    """
    assert 0 <= account_number <= MAX_ACCOUNT_NUMBER, account_number
    assert 1 <= child <= MAX_CHILDREN, child
    stem = _encode(int(order_id.replace("-", ""), 16), _ORDER_CHARACTERS) + _encode(
        account_number, _ACCOUNT_CHARACTERS
    )
    return stem if child == 1 else f"{stem}-{child}"


def parse_venue_client_order_id(text: str) -> tuple[OrderId, int, int] | None:
    """Return (order id, account number, child) of an id as we write it; None for any other."""
    stem, _, suffix = text.partition("-")
    if len(stem) != _ORDER_CHARACTERS + _ACCOUNT_CHARACTERS or not set(stem) <= set(_BASE32):
        return None
    if stem != text and _SUFFIX.fullmatch(suffix) is None:
        return None
    number = _decode(stem[:_ORDER_CHARACTERS])
    if number >= 1 << 128:
        return None
    digits = f"{number:032x}"
    order_id = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return OrderId(order_id), _decode(stem[_ORDER_CHARACTERS:]), int(suffix or 1)


def _encode(number: int, width: int) -> str:
    characters = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        characters.append(_BASE32[digit])
    return "".join(reversed(characters))


def _decode(text: str) -> int:
    number = 0
    for character in text:
        number = number * 32 + _BASE32.index(character)
    return number
