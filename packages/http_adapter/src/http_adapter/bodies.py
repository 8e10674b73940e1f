"""A request body: checked field by field, so that every fault is told at once.

A body that fits is converted in one step; only one that does not is looked at again.
"""

import enum
import functools
import re
import types
import typing
import unicodedata
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import msgspec

from http_adapter import strict_json
from http_adapter.fields import VISIBLE
from http_adapter.problems import ApiProblem, FieldError

T = TypeVar("T", bound=msgspec.Struct)

MAX_SHOWN_NAME: Final = 64
MAX_ERRORS: Final = 100
# Control, format (bidi among them), line and paragraph separators, private use, surrogates.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs"})


def decode(raw: bytes, kind: type[T]) -> T:
    """Return the `kind` that the JSON in `raw` spells.

    Raises:
        ApiProblem: `malformed-body`, or `invalid-request` with every faulty field.
    """
    try:
        document = strict_json.parse(raw)
    except strict_json.MalformedJson as error:
        raise ApiProblem("malformed-body", f"the body {error}") from None
    if not isinstance(document, dict):
        raise ApiProblem("malformed-body", "the body is not a JSON object")
    said = ""
    try:
        message = msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        said = str(error)
    else:
        if not any(_hides(getattr(message, name)) for name in _visible_fields(kind)):
            return message
    errors = tuple(_faults(document, kind, ""))[:MAX_ERRORS]
    if not errors:
        errors = (FieldError(detail=said, pointer=""),)
    raise ApiProblem("invalid-request", _sentence(errors), errors=errors)


@functools.cache
def _visible_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields that people read, and that may hide nothing from them."""
    fields = msgspec.structs.fields(kind)
    return tuple(field.name for field in fields if _must_be_visible(field.type))


def _must_be_visible(kind: Any) -> bool:
    return any(
        isinstance(note, msgspec.Meta) and bool(note.extra and note.extra.get(VISIBLE))
        for one in (kind, *typing.get_args(kind))
        for note in getattr(one, "__metadata__", ())
    )


def _hides(text: str | None) -> bool:
    """Tell whether `text` has characters that show as nothing, or turn others around."""
    if text is None or text.isprintable():
        return False
    return any(unicodedata.category(character) in _HIDDEN for character in text)


def _sentence(errors: tuple[FieldError, ...]) -> str:
    return "; ".join(f"{(one.pointer or '/body')[1:]} {one.detail}" for one in errors[:5])


def _faults(
    document: dict[str, Any], kind: type[msgspec.Struct], pointer: str
) -> Iterator[FieldError]:
    """Yield what is wrong with `document` as a `kind`, in the order of the fields."""
    fields = msgspec.structs.fields(kind)
    for field in fields:
        here = f"{pointer}/{_escaped(field.encode_name)}"
        if field.encode_name not in document:
            if field.required:
                yield FieldError(detail="is required", pointer=here)
            continue
        yield from _value_faults(document[field.encode_name], field.type, here)
    known = {field.encode_name for field in fields}
    for name in document:
        if name not in known:
            yield FieldError(detail="is not a known field", pointer=f"{pointer}/{_escaped(name)}")


def _value_faults(value: object, kind: Any, pointer: str) -> Iterator[FieldError]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        inner = _struct_of(kind)
        if inner is not None and isinstance(value, dict):
            yield from _faults(value, inner, pointer)
        else:
            message, tail = _split(str(error))
            yield FieldError(detail=_expectation(kind) or message, pointer=pointer + tail)
        return
    if isinstance(value, str) and _must_be_visible(kind) and _hides(value):
        yield FieldError(detail=_expectation(kind) or "is not visible", pointer=pointer)


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    return next(
        (
            one
            for one in _members(kind)
            if isinstance(one, type) and issubclass(one, msgspec.Struct)
        ),
        None,
    )


def _members(kind: Any) -> Iterator[Any]:
    """Yield the types that a union or an annotation is made of."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        yield from _members(typing.get_args(kind)[0])
    elif origin is types.UnionType or origin is typing.Union:
        for one in typing.get_args(kind):
            yield from _members(one)
    else:
        yield kind


def _expectation(kind: Any) -> str | None:
    """Return what the field takes, in words; None where msgspec's own are as good."""
    for one in (kind, *typing.get_args(kind)):
        for note in getattr(one, "__metadata__", ()):
            if isinstance(note, msgspec.Meta) and note.extra and "expects" in note.extra:
                return str(note.extra["expects"])
        if isinstance(one, enum.EnumMeta):
            members: list[enum.Enum] = list(one)
            return f"must be one of {', '.join(str(member.value) for member in members)}"
    return None


def _split(message: str) -> tuple[str, str]:
    """Return msgspec's message without its path, and the path as the tail of a JSON pointer."""
    said, _, path = message.partition(" - at `$")
    words = said[0].lower() + said[1:]
    return words.replace("`", ""), "".join(
        f"/{name or index}" for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path)
    )


def _escaped(name: str) -> str:
    """Return `name` as a token of a JSON pointer (RFC 6901), shortened for the answer."""
    return name[:MAX_SHOWN_NAME].replace("~", "~0").replace("/", "~1")
