"""What every event travels in. The names map onto CloudEvents attributes."""

from datetime import datetime
from typing import Annotated, Final, Generic, TypeVar

import msgspec

PayloadT = TypeVar("PayloadT")

UtcDatetime = Annotated[datetime, msgspec.Meta(tz=True)]

CLOUDEVENTS_ATTRIBUTES: Final = {
    "event_id": "id",
    "type": "type",
    "version": "dataschema",
    "occurred_at": "time",
    "account_id": "subject",
    "payload": "data",
}


class Envelope(msgspec.Struct, Generic[PayloadT], frozen=True, kw_only=True):
    """One event. `sequence` grows by one per account, without a hole."""

    event_id: str
    type: str
    version: int
    occurred_at: UtcDatetime
    correlation_id: str
    causation_id: str
    account_id: str
    sequence: int
    payload: PayloadT
