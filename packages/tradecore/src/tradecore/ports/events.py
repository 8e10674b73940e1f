"""The log of events: written with the books, read by consumers at least once each."""

from collections.abc import Sequence
from typing import Protocol

import attrs

from tradecore.domain.ids import AccountId, EventId


@attrs.frozen(kw_only=True)
class EventRecord:
    """One event as a consumer gets it."""

    event_id: EventId
    topic: str
    account_id: AccountId
    sequence: int
    body: bytes  #: JSON of the envelope
    position: str  #: where it stands in the log; opaque, only for `advance`


@attrs.frozen(kw_only=True)
class ParkedEvent:
    """An event that its consumer could not handle, set aside so that others go on."""

    consumer: str
    event: EventRecord
    error: str
    attempts: int


class EventConsumer(Protocol):
    """One consumer's place in the log.

    Events of one account come in the order of their `sequence`, none is left out; accounts are
    independent of each other. What was read and not advanced over comes again after a restart.
    """

    async def read(self, limit: int) -> Sequence[EventRecord]:
        """Return the next events, fewer than `limit` or none if there are no more now.

        Raises:
            StoreUnavailable: there is no connection; read again.
        """

    async def advance(self, last: EventRecord) -> None:
        """Remember that everything up to and including `last` has been handled.

        Raises:
            StoreUnavailable: not remembered; the events come again.
        """

    async def park(self, parked: ParkedEvent) -> None:
        """Set an event aside, visibly. A repeat is no second row. Raises StoreUnavailable."""
