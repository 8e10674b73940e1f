"""Parameters as they arrive: text by name, read and checked one at a time.

REST sends them in the query, in a form body or in both (the query wins); the WebSocket API as a
JSON object, whose numbers, booleans and arrays keep the text in which they came.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import unquote_plus

import msgspec

from binance_sim.engine import errors
from binance_sim.engine.requests import CLIENT_ORDER_ID, parse_amount
from binance_sim.wire import failures

SYMBOL: Final = r"^[\w\-._&&[^a-z]]{1,50}$"
INTEGER: Final = "^[0-9]{1,20}$"
BOOLEAN: Final = "^(true|false|TRUE|FALSE)$"

_SYMBOL = re.compile(r"(?:[\-.]|[^\Wa-z]){1,50}")
_INTEGER = re.compile(r"[0-9]{1,20}", re.ASCII)
_CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9\-_]{1,36}", re.ASCII)
# The venue's firewall refuses what smells of SQL. Source: Binance Spot API, "HTTP return codes".
_SQL = re.compile(r"(?i)\b(union\s+select|drop\s+table|insert\s+into|delete\s+from)\b")
_LARGEST_ID: Final = 2**63 - 1

Choice = TypeVar("Choice", bound=StrEnum)
_texts = msgspec.json.Decoder(list[str])
_text = msgspec.json.Decoder(str)

# Refusals of a word that is not in the list, where the venue has a code of its own.
_CHOICE_FAILURES: Final[Mapping[str, tuple[int, str]]] = {
    "timeInForce": (failures.BAD_TIME_IN_FORCE, "Invalid timeInForce."),
    "type": (failures.BAD_ORDER_TYPE, "Invalid orderType."),
    "side": (failures.BAD_SIDE, "Invalid side."),
    "interval": (failures.BAD_INTERVAL, "Invalid interval."),
}


class Parameters:
    """Named texts. Reading one checks it; absence is None or, with `required`, -1102."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def check_known(self, accepted: Iterable[str]) -> None:
        """Raise Failure -1104 if anything was sent that is not among the accepted names."""
        read = len(self.values.keys() & set(accepted))
        if read != len(self.values):
            raise failures.unread(read, len(self.values))

    def text(self, name: str) -> str | None:
        """Return a text; None when not sent. Raises Failure -1105 when it is empty."""
        value = self.values.get(name)
        if value is not None and not value:
            raise failures.empty(name)
        return value

    def required(self, name: str) -> str:
        """Return a text. Raises VenueError -1102 when it is missing or empty."""
        value = self.values.get(name)
        if not value:
            raise errors.missing(name)
        return value

    def symbol(self) -> str:
        """Return `symbol`. Raises VenueError -1102, -1100; whether it is listed, others check."""
        return check_symbol(self.required("symbol"))

    def optional_symbol(self) -> str | None:
        """Return `symbol`, None when not sent."""
        value = self.text("symbol")
        return None if value is None else check_symbol(value)

    def symbols(self) -> list[str] | None:
        """Return `symbols`, a JSON array. Raises VenueError -1100, Failure -1101."""
        value = self.text("symbols")
        if value is None:
            return None
        try:
            names = _texts.decode(value)
        except msgspec.MsgspecError as error:
            legal = r'^\[("[\w\-._&&[^a-z]]{1,50}"(,"[\w\-._&&[^a-z]]{1,50}"){0,}){0,1}\]$'
            raise errors.illegal_characters("symbols", legal) from error
        if len(set(names)) != len(names):
            raise failures.duplicate_parameter()
        return [check_symbol(name) for name in names]

    def integer(self, name: str) -> int | None:
        """Return an integer. Raises VenueError -1100, Failure -1130 beyond 64 bits."""
        value = self.text(name)
        if value is None:
            return None
        if _INTEGER.fullmatch(value) is None:
            raise errors.illegal_characters(name, INTEGER)
        number = int(value)
        if number > _LARGEST_ID:
            raise failures.invalid(name)
        return number

    def limit(self, default: int, most: int) -> int:
        """Return `limit`. Raises Failure -1130 outside of 1..most."""
        value = self.integer("limit")
        if value is None:
            return default
        if not 1 <= value <= most:
            raise failures.invalid("limit")
        return value

    def amount(self, name: str) -> Decimal | None:
        """Return an amount. Raises VenueError -1100."""
        value = self.text(name)
        return None if value is None else parse_amount(name, value)

    def boolean(self, name: str, *, default: bool) -> bool:
        """Return a boolean. Raises VenueError -1100."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in {"true", "false"}:
            raise errors.illegal_characters(name, BOOLEAN)
        return value.lower() == "true"

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        """Return one of an enumeration's words. Raises Failure."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError:
            code, text = _CHOICE_FAILURES.get(name, (failures.BAD_VALUE, ""))
            raise (failures.Failure(code, text) if text else failures.invalid(name)) from None

    def required_choice(self, name: str, kind: type[Choice]) -> Choice:
        """Return one of an enumeration's words. Raises VenueError -1102, Failure."""
        self.required(name)
        found = self.choice(name, kind)
        assert found is not None
        return found

    def client_order_id(self, name: str) -> str | None:
        """Return a client order id. Raises VenueError -1100."""
        value = self.text(name)
        if value is not None and _CLIENT_ORDER_ID.fullmatch(value) is None:
            raise errors.illegal_characters(name, CLIENT_ORDER_ID)
        return value


def check_symbol(value: str) -> str:
    """Return a symbol's name. Raises VenueError -1100."""
    if _SYMBOL.fullmatch(value) is None:
        raise errors.illegal_characters("symbol", SYMBOL)
    return value


def from_pairs(*parts: str) -> dict[str, str]:
    """Return the parameters of a query and a form, percent-decoded; an earlier part wins.

    Raises Failure: -1101 for a name that one part holds twice, 403 for SQL.
    """
    values: dict[str, str] = {}
    for part in parts:
        found: dict[str, str] = {}
        for pair in part.split("&"):
            if not pair:
                continue
            name, _, value = pair.partition("=")
            name = unquote_plus(name)
            if name in found:
                raise failures.duplicate_parameter()
            found[name] = unquote_plus(value) if "%" in value or "+" in value else value
        values = found | values
    for value in values.values():
        if len(value) > len("drop table") and _SQL.search(value):
            raise failures.forbidden()
    return values


def from_json(raw: Mapping[str, msgspec.Raw]) -> dict[str, str]:
    """Return the parameters of the WebSocket API: strings decoded, the rest in its own text."""
    values: dict[str, str] = {}
    for name, value in raw.items():
        content = bytes(value)
        if content.startswith(b'"'):
            values[name] = _text.decode(content)
        elif content != b"null":
            values[name] = content.decode()
    return values
