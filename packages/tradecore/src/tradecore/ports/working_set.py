"""What one transaction has loaded and is about to change.

Commands of a batch decide one after the other on the same working set. What a command writes is
staged; `keep` makes it part of the set, `discard` forgets it, so that a refused command leaves no
trace for the next one or for the save.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Generic, TypeVar

import attrs

from tradecore.domain.accounts import Account
from tradecore.domain.events import BalanceUpdated, Event
from tradecore.domain.executions import Execution, ExecutionKey
from tradecore.domain.freezes import Freeze, FreezeScope
from tradecore.domain.ids import AccountId, CommandId, EventId, JournalEntryId, OrderId
from tradecore.domain.instruments import Asset, Instrument
from tradecore.domain.ledger import EntryKind, JournalEntry
from tradecore.domain.orders import Order, OrderEvent
from tradecore.domain.positions import Position
from tradecore.domain.reservations import Reservation
from tradecore.domain.risk import OrderFingerprint, fingerprint
from tradecore.domain.venue_orders import VenueOrder
from tradecore.domain.wallets import Wallet
from tradecore.messages import codec
from tradecore.messages.envelope import Envelope
from tradecore.messages.payloads import payload_of
from tradecore.messages.topics import TOPIC_OF
from tradecore.ports.records import (
    AccountFees,
    AccountLimits,
    AuditRecord,
    CommandRecord,
    Delivery,
    HouseBalance,
    IdempotencyRecord,
    InboxRecord,
    KeyOwner,
    OutboxRecord,
    RecentOrder,
    TradeCursor,
)

K = TypeVar("K")
V = TypeVar("V")


class Rows(Generic[K, V]):
    """One table's part of a working set, by key."""

    __slots__ = ("_dirty", "_kept", "_key", "_loaded", "_staged")

    def __init__(
        self, key: Callable[[V], K], loaded: Iterable[V], dirty: "list[Rows[K, V]]"
    ) -> None:
        """Hold `loaded`; append itself to `dirty` at the first staged write."""
        self._key = key
        self._loaded = {key(value): value for value in loaded}
        self._kept: dict[K, V | None] = {}
        self._staged: dict[K, V | None] = {}
        self._dirty = dirty

    def key_of(self, value: V) -> K:
        """Return the key under which `value` stands."""
        return self._key(value)

    def find(self, key: K) -> V | None:
        """Return the row as it is now, or None."""
        if key in self._staged:
            return self._staged[key]
        if key in self._kept:
            return self._kept[key]
        return self._loaded.get(key)

    def __getitem__(self, key: K) -> V:
        """Return the row. Raises KeyError: it is not there, or not in the footprint."""
        found = self.find(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[V]:
        """Yield every row as it is now."""
        for key in {**self._loaded, **self._kept, **self._staged}:
            found = self.find(key)
            if found is not None:
                yield found

    def save(self, value: V) -> None:
        """Stage a new or changed row."""
        self._write(self._key(value), value)

    def remove(self, key: K) -> None:
        """Stage the removal of a row."""
        self._write(key, None)

    def staged(self) -> Iterator[V]:
        """Yield what this command has written so far."""
        return (value for value in self._staged.values() if value is not None)

    def inserted(self) -> list[V]:
        """Return the kept rows that were not loaded."""
        return [v for k, v in self._kept.items() if v is not None and k not in self._loaded]

    def updated(self) -> list[V]:
        """Return the kept rows that were loaded and differ now."""
        return [
            value
            for key, value in self._kept.items()
            if value is not None and key in self._loaded and value != self._loaded[key]
        ]

    def removed(self) -> list[K]:
        """Return the keys of loaded rows that are to go."""
        return [k for k, v in self._kept.items() if v is None and k in self._loaded]

    def _write(self, key: K, value: V | None) -> None:
        if not self._staged:
            self._dirty.append(self)
        self._staged[key] = value

    def keep_staged(self) -> None:
        """Make what is staged part of the set. The working set's `keep` calls it."""
        self._kept.update(self._staged)
        self._staged = {}

    def discard_staged(self) -> None:
        """Forget what is staged. The working set's `discard` calls it."""
        self._staged = {}


@attrs.frozen(kw_only=True)
class Loaded:
    """The rows that a store found for a footprint."""

    recorded_at: datetime  #: the transaction's time, by the store's clock
    accounts: Iterable[Account] = ()
    wallets: Iterable[Wallet] = ()
    positions: Iterable[Position] = ()
    orders: Iterable[Order] = ()
    venue_orders: Iterable[VenueOrder] = ()
    reservations: Iterable[Reservation] = ()
    executions: Iterable[Execution] = ()
    instruments: Iterable[Instrument] = ()
    assets: Iterable[Asset] = ()
    limits: Iterable[AccountLimits] = ()
    fees: Iterable[AccountFees] = ()
    freezes: Iterable[Freeze] = ()
    journal_entries: Iterable[JournalEntry] = ()
    commands: Iterable[CommandRecord] = ()
    idempotency: Iterable[IdempotencyRecord] = ()
    inbox: Iterable[InboxRecord] = ()
    trade_cursors: Iterable[TradeCursor] = ()
    client_order_ids: Mapping[tuple[AccountId, str], OrderId] = attrs.field(factory=dict)
    recent_orders: Iterable[RecentOrder] = ()
    house_balances: Iterable[HouseBalance] = ()
    reversed_entries: frozenset[JournalEntryId] = frozenset()
    stops_exclusive: bool = False  #: the freezes are locked to be changed
    account_numbers: Iterable[int] = ()  #: fresh ones, as many as were asked for


class Appended:
    """Rows that are only ever added, in the order in which they were decided."""

    __slots__ = ("audits", "events", "journal_entries", "order_events")

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.order_events: list[OrderEvent] = []
        self.journal_entries: list[JournalEntry] = []
        self.events: list[Event] = []
        self.audits: list[AuditRecord] = []


@attrs.frozen(kw_only=True)
class Provenance:
    """Which command an event comes from, and when."""

    command_id: CommandId
    correlation_id: str
    recorded_at: datetime
    new_id: Callable[[], str]


class WorkingSet:
    """The books as one transaction sees and changes them."""

    def __init__(self, loaded: Loaded) -> None:
        """Hold what was loaded."""
        self.recorded_at = loaded.recorded_at
        self._hold_rows(loaded)
        self.past_entries = {row.journal_entry_id: row for row in loaded.journal_entries}
        self._reversed_entries = loaded.reversed_entries
        self.stops_exclusive = loaded.stops_exclusive
        self._account_numbers = list(loaded.account_numbers)
        self._client_order_ids = dict(loaded.client_order_ids)
        self._recent_orders = tuple(loaded.recent_orders)
        self._new_orders: list[Order] = []
        self.appended = Appended()
        self.outbox: list[OutboxRecord] = []
        self._staged = Appended()

    def _hold_rows(self, loaded: Loaded) -> None:
        dirty: list[Rows] = []  # type: ignore[type-arg] # rows of any table
        self._dirty = dirty
        self.accounts: Rows[AccountId, Account] = Rows(
            lambda row: row.account_id, loaded.accounts, dirty
        )
        self.wallets: Rows[tuple[AccountId, str], Wallet] = Rows(
            lambda row: (row.account_id, row.asset), loaded.wallets, dirty
        )
        self.positions: Rows[tuple[AccountId, str], Position] = Rows(
            lambda row: (row.account_id, row.asset), loaded.positions, dirty
        )
        self.orders: Rows[OrderId, Order] = Rows(lambda row: row.order_id, loaded.orders, dirty)
        self.venue_orders: Rows[tuple[OrderId, int], VenueOrder] = Rows(
            lambda row: (row.order_id, row.child), loaded.venue_orders, dirty
        )
        self.reservations: Rows[OrderId, Reservation] = Rows(
            lambda row: row.order_id, loaded.reservations, dirty
        )
        self.executions: Rows[ExecutionKey, Execution] = Rows(
            lambda row: row.key, loaded.executions, dirty
        )
        self.instruments: Rows[str, Instrument] = Rows(
            lambda row: row.symbol, loaded.instruments, dirty
        )
        self.assets: Rows[str, Asset] = Rows(lambda row: row.asset, loaded.assets, dirty)
        self.limits: Rows[AccountId, AccountLimits] = Rows(
            lambda row: row.account_id, loaded.limits, dirty
        )
        self.fees: Rows[AccountId, AccountFees] = Rows(
            lambda row: row.account_id, loaded.fees, dirty
        )
        self.freezes: Rows[tuple[FreezeScope, str], Freeze] = Rows(
            lambda row: (row.scope, row.target), loaded.freezes, dirty
        )
        self.commands: Rows[CommandId, CommandRecord] = Rows(
            lambda row: row.command_id, loaded.commands, dirty
        )
        self.idempotency: Rows[KeyOwner, IdempotencyRecord] = Rows(
            lambda row: KeyOwner(row.owner, row.key), loaded.idempotency, dirty
        )
        self.inbox: Rows[Delivery, InboxRecord] = Rows(
            lambda row: Delivery(row.consumer, row.event_id), loaded.inbox, dirty
        )
        self.trade_cursors: Rows[tuple[str, str], TradeCursor] = Rows(
            lambda row: (row.venue, row.symbol), loaded.trade_cursors, dirty
        )
        self.house_balances: Rows[str, HouseBalance] = Rows(
            lambda row: row.asset, loaded.house_balances, dirty
        )

    # -- what decisions write besides rows ---------------------------------------------------

    def append_order_event(self, event: OrderEvent) -> None:
        """Add a step to an order's history."""
        self._staged.order_events.append(event)

    def post(self, entry: JournalEntry) -> None:
        """Add a journal entry; one without postings cannot be built."""
        self._staged.journal_entries.append(entry)

    def record(self, event: Event) -> None:
        """Tell the event's account; its `sequence` is given by `keep`."""
        self._staged.events.append(event)

    def audit(self, record: AuditRecord) -> None:
        """Add a line to the audit log."""
        self._staged.audits.append(record)

    def take_account_number(self) -> int:
        """Return a number that no account has; the footprint must have asked for it."""
        return self._account_numbers.pop()

    # -- what decisions ask besides rows -----------------------------------------------------

    def order_of_client_order_id(
        self, account_id: AccountId, client_order_id: str
    ) -> OrderId | None:
        """Return the order that has this client order id, also one of this very batch."""
        return self._client_order_ids.get((account_id, client_order_id))

    def is_reversed(self, journal_entry_id: JournalEntryId) -> bool:
        """Tell whether the entry was reversed before, also in this very batch."""
        return journal_entry_id in self._reversed_entries or any(
            entry.kind is EntryKind.REVERSAL and entry.reference == journal_entry_id
            for entry in self.appended.journal_entries
        )

    def recent_fingerprints(
        self, account_id: AccountId, since: datetime
    ) -> tuple[OrderFingerprint, ...]:
        """Return the likenesses of the account's orders accepted at or after `since`."""
        before = (
            recent.fingerprint
            for recent in self._recent_orders
            if recent.account_id == account_id and recent.created_at >= since
        )
        now = (
            fingerprint(order)
            for order in self._new_orders
            if order.account_id == account_id and order.created_at >= since
        )
        return (*before, *now)

    # -- the end of one command --------------------------------------------------------------

    def keep(self, provenance: Provenance) -> None:
        """Make what the command staged part of the set, and its events part of the outbox.

        A wallet that changed is told by one `BalanceUpdated`. Raises KeyError where an event's
        account is not in the footprint.
        """
        for wallet in self.wallets.staged():
            self.record(BalanceUpdated(wallet=wallet))
        outbox = self._told(self._staged.events, provenance)
        for order in self.orders.staged():
            if order.version == 1 and order.children == 0:
                self._new_orders.append(order)
                self._client_order_ids[order.account_id, order.client_order_id] = order.order_id
        for rows in self._dirty:
            rows.keep_staged()
        self._dirty.clear()
        self.outbox.extend(outbox)
        self.appended.order_events.extend(self._staged.order_events)
        self.appended.journal_entries.extend(self._staged.journal_entries)
        self.appended.audits.extend(self._staged.audits)
        self._staged = Appended()

    def discard(self) -> None:
        """Forget everything that the command staged."""
        for rows in self._dirty:
            rows.discard_staged()
        self._dirty.clear()
        self._staged = Appended()

    def _told(self, events: Iterable[Event], provenance: Provenance) -> list[OutboxRecord]:
        """Return the events as they go out, each numbered within its account."""
        told = []
        sequences: dict[AccountId, int] = {}
        for event in events:
            account_id = event.account_id
            if account_id not in sequences:
                sequences[account_id] = self.accounts[account_id].sequence
            sequences[account_id] += 1
            told.append(_outbox_record(event, sequences[account_id], provenance))
        for account_id, sequence in sequences.items():
            self.accounts.save(attrs.evolve(self.accounts[account_id], sequence=sequence))
        return told


def _outbox_record(event: Event, sequence: int, provenance: Provenance) -> OutboxRecord:
    topic = TOPIC_OF[type(event)]
    event_id = EventId(provenance.new_id())
    envelope = Envelope(
        event_id=event_id,
        type=topic.name,
        version=topic.version,
        occurred_at=provenance.recorded_at,
        correlation_id=provenance.correlation_id,
        causation_id=provenance.command_id,
        account_id=event.account_id,
        sequence=sequence,
        payload=payload_of(event),
    )
    return OutboxRecord(
        event_id=event_id,
        topic=topic.name,
        account_id=event.account_id,
        sequence=sequence,
        body=codec.encode(envelope),
        recorded_at=provenance.recorded_at,
    )
