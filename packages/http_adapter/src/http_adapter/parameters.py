"""Identifiers in paths and queries: what has not the form of one never reaches the database."""

import re
from collections import Counter
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from litestar.params import QueryParameter
from litestar.types import Scope

from http_adapter.problems import ApiProblem, FieldError, invalid_parameter
from tradecore.domain.errors import UnknownAccount, UnknownInstrument, UnknownOrder
from tradecore.domain.ids import AccountId, OrderId

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_SYMBOL: Final = re.compile(r"[A-Z0-9]{2,20}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_SHOWN: Final = 64
_LISTED: Final = 20

SymbolFilter = Annotated[str | None, QueryParameter(pattern=r"^[A-Z0-9]{2,20}$(?!\n)")]
AssetFilter = Annotated[str | None, QueryParameter(pattern=r"^[A-Z0-9]{1,12}$(?!\n)")]
ReferenceFilter = Annotated[str | None, QueryParameter(pattern=r"^[A-Za-z0-9:._-]{1,128}$(?!\n)")]
ActionFilter = Annotated[str | None, QueryParameter(pattern=r"^[a-z_]{1,64}$(?!\n)")]


def require_clean_query(scope: Scope) -> None:
    """Raise ApiProblem for what would be read otherwise than it was meant.

    A mistyped filter would list everything, of a repeated one only the last would count, and
    `1e2` is a number to a lenient reader.
    """
    handler: Any = scope["route_handler"]
    known = {
        field.kwarg_definition.name or name: field
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    }
    given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    counts = Counter(name for name, _ in given)
    faults = [
        *((name, "is not a known parameter") for name in counts if name not in known),
        *((name, "came more than once") for name in counts if name in known and counts[name] > 1),
        *(
            (name, "must be a whole number")
            for name, value in given
            if name in known and known[name].annotation is int and not _DIGITS.fullmatch(value)
        ),
    ]
    if faults:
        errors = [
            FieldError(detail=detail, parameter=name[:_SHOWN]) for name, detail in faults[:_LISTED]
        ]
        raise ApiProblem(
            "invalid-request",
            "; ".join(f"{error.parameter} {error.detail}" for error in errors),
            errors=tuple(errors),
        )


def order_id(written: str) -> OrderId:
    """Return the id. Raises UnknownOrder: what has not the form of one names nothing."""
    if _UUID.fullmatch(written) is None:
        raise UnknownOrder(order_id=written[:_SHOWN])
    return OrderId(written)


def optional_order_id(written: str | None) -> OrderId | None:
    """Return the id of a query parameter. Raises ApiProblem."""
    if written is not None and _UUID.fullmatch(written) is None:
        raise invalid_parameter("order_id", "must be a UUID in lower case")
    return None if written is None else OrderId(written)


def client_order_id(written: str) -> str:
    """Return the name. Raises UnknownOrder."""
    if _NAME.fullmatch(written) is None:
        raise UnknownOrder(order_id=written[:_SHOWN])
    return written


def account_id(written: str) -> AccountId:
    """Return the id. Raises UnknownAccount."""
    if _UUID.fullmatch(written) is None:
        raise UnknownAccount(account_id=written[:_SHOWN])
    return AccountId(written)


def symbol(written: str) -> str:
    """Return the symbol. Raises UnknownInstrument."""
    if _SYMBOL.fullmatch(written) is None:
        raise UnknownInstrument(symbol=written[:_SHOWN])
    return written
