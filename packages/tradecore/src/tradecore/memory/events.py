"""The outbox of an in-memory store, read as a log."""

from collections.abc import Sequence

from tradecore.memory.scheduling import Scheduler, free_running
from tradecore.memory.tables import Tables
from tradecore.ports.events import EventRecord, ParkedEvent


class MemoryEventConsumer:
    """One consumer's place in the log of `topics`. A new object starts where the name stood."""

    def __init__(
        self,
        tables: Tables,
        consumer: str,
        topics: Sequence[str],
        *,
        places: dict[str, int],
        hop: Scheduler = free_running,
    ) -> None:
        """Take the committed tables, and the places of all consumers, which outlive a crash."""
        self._tables = tables
        self._consumer = consumer
        self._topics = frozenset(topics)
        self._places = places
        self._hop = hop

    async def read(self, limit: int) -> Sequence[EventRecord]:
        await self._hop("events.read:begin")
        start = self._places.get(self._consumer, 0)
        found: list[EventRecord] = []
        for position, record in enumerate(self._tables.outbox[start:], start + 1):
            if record.topic in self._topics:
                found.append(
                    EventRecord(
                        event_id=record.event_id,
                        topic=record.topic,
                        account_id=record.account_id,
                        sequence=record.sequence,
                        body=record.body,
                        position=str(position),
                    )
                )
                if len(found) == limit:
                    break
        await self._hop("events.read:end")
        return found

    async def advance(self, last: EventRecord) -> None:
        await self._hop("events.advance:begin")
        place = self._places.get(self._consumer, 0)
        self._places[self._consumer] = max(place, int(last.position))
        await self._hop("events.advance:end")

    async def park(self, parked: ParkedEvent) -> None:
        await self._hop("events.park:begin")
        self._tables.parked[parked.consumer, parked.event.event_id] = parked
        await self._hop("events.park:end")
