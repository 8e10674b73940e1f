"""Writing and reading events and kept answers as JSON."""

from typing import Any, Final, TypeVar, cast

import msgspec

from tradecore.messages.envelope import Envelope
from tradecore.messages.payloads import Payload
from tradecore.messages.topics import TOPICS

T = TypeVar("T")

_encoder: Final = msgspec.json.Encoder()
_decoders: Final = {
    name: msgspec.json.Decoder(Envelope[topic.payload])  # type: ignore[name-defined] # built per topic
    for name, topic in TOPICS.items()
}

encode = _encoder.encode
"""Return the JSON of an envelope, a payload or an attrs value."""


class MalformedEvent(ValueError):
    """The body is not an event of its topic."""


def decode_event(topic: str, body: bytes) -> Envelope[Payload]:
    """Return the event in `body`. Raises MalformedEvent."""
    decoder = _decoders.get(topic)
    if decoder is None:
        raise MalformedEvent(f"there is no topic {topic}")
    try:
        return cast("Envelope[Payload]", decoder.decode(body))
    except msgspec.MsgspecError as error:
        raise MalformedEvent(str(error)) from error


def decode(body: bytes, kind: type[T]) -> T:
    """Return the `kind` that `encode` wrote. Raises msgspec.MsgspecError."""
    return msgspec.json.decode(body, type=kind)


def json_value(value: object) -> Any:
    """Return `value` as plain JSON types, for an audit row or a report."""
    return msgspec.to_builtins(value)
