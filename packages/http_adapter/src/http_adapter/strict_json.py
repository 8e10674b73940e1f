"""JSON as money needs it: one value in UTF-8, no name twice, no NaN, bounded depth."""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

MAX_DEPTH: Final = 16


class MalformedJson(Exception):
    """The bytes are not the JSON that we accept; `args[0]` says why."""


_decoder: Final = msgspec.json.Decoder()


def parse(raw: bytes) -> object:
    """Return the value as plain Python objects. Raises MalformedJson."""
    try:
        value = _decoder.decode(raw)
        if not _names_are_surely_unique(raw, value):
            json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
            _require_depth(value, MAX_DEPTH)
    except RecursionError:
        raise MalformedJson("is nested too deeply") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise MalformedJson(_reason(error)) from None
    return value


def _names_are_surely_unique(raw: bytes, value: object) -> bool:
    """Tell whether a flat object has as many quotes as its names and texts need, and no more.

    A repeated name brings quotes that the decoded value does not account for. False is only
    "perhaps": escaped quotes and nested values go the slow way.
    """
    if not isinstance(value, dict):
        return False
    strings = len(value)
    for one in value.values():
        if isinstance(one, str):
            strings += 1
        elif isinstance(one, dict | list):
            return False
    return raw.count(b'"') == 2 * strings


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise MalformedJson(f"says {repeated[:64]!r} twice in one object")
    return dict(pairs)


def _require_depth(value: object, left: int) -> None:
    if not isinstance(value, dict | list):
        return
    if left == 0:
        raise MalformedJson("is nested too deeply")
    for one in value.values() if isinstance(value, dict) else value:
        _require_depth(one, left - 1)


def _reason(error: Exception) -> str:
    """Return msgspec's own words; they tell a position and nothing else."""
    if isinstance(error, msgspec.MsgspecError):
        return f"is not JSON: {error}"
    return "is not JSON in UTF-8"
