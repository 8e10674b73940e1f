"""The outbox as the log of events: none lost, none out of its account's order.

Two things can go wrong with a log that many transactions write at once. A row may appear behind a
reader that has passed its place: so nobody reads beyond the oldest running transaction. And a
transaction may get its number before it waits for an account's row, so that by (xid, id) an
account's second event stands before its first: so an event waits until the one before it is read.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import attrs

from pg_adapter import columns, prepared
from pg_adapter.connections import PgPool
from pg_adapter.pipeline import Call
from pg_adapter.prepared import Statement
from tradecore.domain.ids import AccountId, EventId
from tradecore.ports.events import EventRecord, ParkedEvent

SQL: Final = prepared.load("outbox.sql")

_MIN_WINDOW: Final = 256
_MAX_WINDOW: Final = 4096
_COUNTED: Final = 10_000
#: Events of other topics that may be read again after a restart.
_UNSAVED: Final = 10_000


class Place(NamedTuple):
    """A place in the log; everything up to it has been passed."""

    xid: int
    id: int

    @classmethod
    def parse(cls, position: str) -> "Place":
        """Return the place that `str` wrote."""
        xid, _, row = position.partition(":")
        return cls(int(xid), int(row))

    def __str__(self) -> str:
        return f"{self.xid}:{self.id}"


_START: Final = Place(0, 0)


@attrs.frozen(kw_only=True)
class LogLag:
    """How far a consumer is behind."""

    events: int  #: committed and not passed, all topics; counted up to 10,000
    oldest_at: datetime | None  #: when the first of them was recorded
    stalled: bool  #: there are some, and none can be read: a transaction elsewhere is held open


class _Entry(NamedTuple):
    place: Place
    event_id: EventId
    topic: str
    account_id: AccountId
    sequence: int
    body: bytes | None  #: None: of a topic that nobody asked for
    before: Place | None  #: of the account's event before it


class PgEventConsumer:
    """One consumer's place in the log, as `ports.events.EventConsumer`.

    One object per consumer at a time; two with one name would both read everything.
    """

    def __init__(self, pool: PgPool, consumer: str, topics: Sequence[str]) -> None:
        """Take a pool that its owner enters and leaves; start where `consumer` stood."""
        self._pool = pool
        self._consumer = consumer.encode()
        self._topics = columns.texts(list(topics))
        self._place: Place | None = None
        self._unsaved = 0

    async def read(self, limit: int) -> Sequence[EventRecord]:
        """Return the next events of the topics. As the port says."""
        assert limit > 0, limit
        window = max(limit, _MIN_WINDOW)
        while True:
            place = await self._standing()
            entries = await self._entries(place, window)
            settled = _settled(entries)
            if not settled:
                if len(entries) < window:
                    return ()
                # Something stands before what it follows, further than we looked.
                window *= 2
                continue
            records = _records(settled, place, limit)
            if records:
                return records
            await self._skip(settled)
            window = min(window * 2, max(_MAX_WINDOW, window))

    async def advance(self, last: EventRecord) -> None:
        """Remember that everything up to `last` has been handled. As the port says."""
        place = Place.parse(last.position)
        await self._save(place)
        self._place = max(self._place or _START, place)

    async def park(self, parked: ParkedEvent) -> None:
        """Set an event aside. As the port says."""
        event = parked.event
        call = _call(
            SQL["park"],
            consumer=parked.consumer.encode(),
            event_id=event.event_id.encode(),
            topic=event.topic.encode(),
            account_id=event.account_id.encode(),
            sequence=b"%d" % event.sequence,
            body=b"\\x" + event.body.hex().encode(),
            error=parked.error.replace("\x00", "").encode(errors="replace"),
            attempts=b"%d" % parked.attempts,
        )
        await self._pool.run([call])

    async def lag(self) -> LogLag:
        """Return how far behind this consumer is. Raises StoreUnavailable."""
        place = await self._standing()
        call = _call(SQL["lag"], **_at(place), rows=b"%d" % _COUNTED)
        ((count, oldest_at, readable),) = (await self._pool.run([call]))[0]
        return LogLag(events=count, oldest_at=oldest_at, stalled=count > 0 and not readable)

    async def _standing(self) -> Place:
        if self._place is None:
            (found,) = await self._pool.run([_call(SQL["place"], consumer=self._consumer)])
            self._place = Place(int(found[0][0]), found[0][1]) if found else _START
        return self._place

    async def _entries(self, place: Place, window: int) -> list[_Entry]:
        call = _call(SQL["events"], topics=self._topics, **_at(place), rows=b"%d" % window)
        (rows,) = await self._pool.run([call])
        return [_entry(row) for row in rows]

    async def _skip(self, passed: Sequence[_Entry]) -> None:
        """Pass events of other topics; now and then durably, so that a restart is quick."""
        self._place = passed[-1].place
        self._unsaved += len(passed)
        if self._unsaved >= _UNSAVED:
            await self._save(self._place)

    async def _save(self, place: Place) -> None:
        await self._pool.run([_call(SQL["advance"], consumer=self._consumer, **_at(place))])
        self._unsaved = 0


def _call(statement: Statement, **parameters: bytes | None) -> Call:
    return Call(statement, statement.values(parameters))


def _at(place: Place) -> dict[str, bytes]:
    return {"xid": b"%d" % place.xid, "id": b"%d" % place.id}


def _entry(row: tuple[Any, ...]) -> _Entry:
    return _Entry(
        place=Place(int(row[0]), row[1]),
        event_id=row[2],
        topic=row[3],
        account_id=row[4],
        sequence=row[5],
        body=row[6],
        # One that is not there was passed by everyone and dropped: nobody waits for it.
        before=None if row[7] is None else Place(int(row[7]), row[8]),
    )


def _settled(entries: Sequence[_Entry]) -> Sequence[_Entry]:
    """Return the longest beginning in which no event follows one that stands after the cut."""
    cut = len(entries)
    while cut:
        end = entries[cut - 1].place
        early = next(
            (
                index
                for index, entry in enumerate(entries[:cut])
                if entry.before is not None and entry.before > end
            ),
            cut,
        )
        if early == cut:
            break
        cut = early
    return entries[:cut]


def _records(entries: Sequence[_Entry], start: Place, limit: int) -> list[EventRecord]:
    """Return the wanted events, each account's in the order of its sequence.

    The position of a record is a place up to which all has been told once the record has: what is
    told ahead of its place would else be lost, or what stands before it. So the last one returned
    ends such a stretch, be it a little beyond `limit`.
    """
    records: list[EventRecord] = []
    position, furthest = start, -1
    ends_stretch = True
    for told, index in enumerate(_told_in(entries)):
        entry = entries[index]
        furthest = max(furthest, index)
        if entry.body is not None:
            if len(records) >= limit and ends_stretch:
                break
            records.append(_record(entry, entry.body, position))
            ends_stretch = False
        if furthest == told:
            position = entries[told].place
            if records:
                records[-1] = attrs.evolve(records[-1], position=str(position))
            ends_stretch = True
    return records


def _record(entry: _Entry, body: bytes, position: Place) -> EventRecord:
    return EventRecord(
        event_id=entry.event_id,
        topic=entry.topic,
        account_id=entry.account_id,
        sequence=entry.sequence,
        body=body,
        position=str(position),
    )


def _told_in(entries: Sequence[_Entry]) -> list[int]:
    """Return the indices in telling order: an account keeps its places, sorted by sequence."""
    places: defaultdict[AccountId, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        places[entry.account_id].append(index)
    order = list(range(len(entries)))
    for indices in places.values():
        by_sequence = sorted(indices, key=lambda index: entries[index].sequence)
        for place, index in zip(indices, by_sequence, strict=True):
            order[place] = index
    return order
