"""The JSON Schemas of the events, and what may not change between two versions of one.

A payload only ever grows by optional fields: whoever reads today's events must be able to read
tomorrow's, and tomorrow's reader the log of today. Anything else is a new version of the topic.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tradecore.messages.envelope import Envelope
from tradecore.messages.topics import TOPICS, Topic

Schema = Mapping[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = "#/$defs/"
#: Words for people: they bind nobody who reads events.
_ANNOTATIONS: Final = frozenset({"$id", "title", "description", "examples"})


def file_name(topic: Topic) -> str:
    """Return the name of the topic's schema file; a new version is a new file."""
    return f"{topic.name}.v{topic.version}.json"


def generate(name: str) -> dict[str, Any]:
    """Return the JSON Schema of the envelope that travels on topic `name`. Raises KeyError."""
    topic = TOPICS[name]
    (root,), parts = msgspec.json.schema_components(
        (Envelope[topic.payload],),  # type: ignore[name-defined] # built per topic
        ref_template=_REFERENCE + "{name}",
    )
    return {"$schema": _DIALECT, "$id": file_name(topic), **root, "$defs": parts}


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """Return why `new` cannot take the place of `old`, a sentence each; none if it can."""
    return list(_changes(_resolved(old, old), _resolved(new, new), "event"))


def _changes(old: Schema, new: Schema, where: str) -> Iterator[str]:
    fields, more = old.get("properties"), new.get("properties")
    if fields is None or more is None:
        if old != new:
            yield f"{where} is another type"
        return
    required, now_required = set(old.get("required", ())), set(new.get("required", ()))
    for name, field in fields.items():
        if name not in more:
            yield f"{where}.{name} is gone"
            continue
        yield from _changes(field, more[name], f"{where}.{name}")
        if name in required - now_required:
            yield f"{where}.{name} may be missing now"
    for name in sorted(now_required - required):
        yield f"{where}.{name} is required and was not"
    if _rest(old) != _rest(new):
        yield f"{where} is bound by other rules"


def _rest(schema: Schema) -> Schema:
    return {word: schema[word] for word in schema if word not in {"properties", "required"}}


def _resolved(schema: Any, root: Schema) -> Any:
    """Return `schema` with its references replaced by what they name, without annotations."""
    if isinstance(schema, list):
        return [_resolved(one, root) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return _resolved(root["$defs"][schema["$ref"].removeprefix(_REFERENCE)], root)
    resolved: dict[str, Any] = {}
    for word, value in schema.items():
        if word == "properties":
            # Here the words are names of fields, and a field may be called `title`.
            resolved[word] = {name: _resolved(field, root) for name, field in value.items()}
        elif word not in _ANNOTATIONS | {"$defs", "$schema"}:
            resolved[word] = _resolved(value, root)
    return resolved
