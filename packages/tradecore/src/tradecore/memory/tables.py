"""The committed rows of an in-memory store, and the database's own checks on them."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from tradecore.domain.accounts import Account
from tradecore.domain.executions import Execution, ExecutionKey
from tradecore.domain.freezes import Freeze, FreezeScope
from tradecore.domain.ids import AccountId, CommandId, JournalEntryId, OrderId
from tradecore.domain.instruments import Asset, Instrument
from tradecore.domain.ledger import EntryKind, JournalEntry
from tradecore.domain.money import ZERO
from tradecore.domain.orders import Order, OrderEvent
from tradecore.domain.positions import Position
from tradecore.domain.reservations import Reservation
from tradecore.domain.venue_orders import VenueOrder
from tradecore.domain.wallets import Wallet
from tradecore.ports.events import ParkedEvent
from tradecore.ports.records import (
    AccountFees,
    AccountLimits,
    AuditRecord,
    CommandRecord,
    Delivery,
    IdempotencyRecord,
    InboxRecord,
    KeyOwner,
    OutboxRecord,
    TradeCursor,
)
from tradecore.ports.store import ConstraintViolated
from tradecore.ports.working_set import Rows, WorkingSet

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Tables:
    """Everything that is committed. Values are frozen, so handing them out is safe."""

    def __init__(self) -> None:
        self.accounts: dict[AccountId, Account] = {}
        self.wallets: dict[tuple[AccountId, str], Wallet] = {}
        self.positions: dict[tuple[AccountId, str], Position] = {}
        self.orders: dict[OrderId, Order] = {}
        self.venue_orders: dict[tuple[OrderId, int], VenueOrder] = {}
        self.reservations: dict[OrderId, Reservation] = {}
        self.executions: dict[ExecutionKey, Execution] = {}
        self.instruments: dict[str, Instrument] = {}
        self.assets: dict[str, Asset] = {}
        self.limits: dict[AccountId, AccountLimits] = {}
        self.fees: dict[AccountId, AccountFees] = {}
        self.freezes: dict[tuple[FreezeScope, str], Freeze] = {}
        self.commands: dict[CommandId, CommandRecord] = {}
        self.idempotency: dict[KeyOwner, IdempotencyRecord] = {}
        self.journal_entries: dict[JournalEntryId, JournalEntry] = {}
        self.order_events: list[OrderEvent] = []
        self.outbox: list[OutboxRecord] = []
        self.inbox: dict[Delivery, InboxRecord] = {}
        self.trade_cursors: dict[tuple[str, str], TradeCursor] = {}
        self.audits: list[AuditRecord] = []
        self.parked: dict[tuple[str, str], ParkedEvent] = {}
        self.client_order_ids: dict[tuple[AccountId, str], OrderId] = {}
        self.references: dict[tuple[EntryKind, str], JournalEntryId] = {}
        self.last_account_number = 0

    def apply(self, books: WorkingSet) -> None:
        """Write what `books` has kept, all of it or nothing.

        Raises:
            ConstraintViolated: what the database would refuse; nothing was written.
        """
        self._check(books)
        for rows, table in self._tables(books):
            for value in (*rows.inserted(), *rows.updated()):
                table[rows.key_of(value)] = value
            for key in rows.removed():
                del table[key]
        for order in books.orders.inserted():
            self.client_order_ids[order.account_id, order.client_order_id] = order.order_id
        for entry in books.appended.journal_entries:
            self.journal_entries[entry.journal_entry_id] = entry
            self.references[entry.kind, entry.reference] = entry.journal_entry_id
        self.order_events.extend(books.appended.order_events)
        self.audits.extend(books.appended.audits)
        self.outbox.extend(books.outbox)

    def _tables(self, books: WorkingSet) -> Iterable[tuple[Rows, dict]]:  # type: ignore[type-arg] # pairs of one type each
        return (
            (books.accounts, self.accounts),
            (books.wallets, self.wallets),
            (books.positions, self.positions),
            (books.orders, self.orders),
            (books.venue_orders, self.venue_orders),
            (books.reservations, self.reservations),
            (books.executions, self.executions),
            (books.instruments, self.instruments),
            (books.assets, self.assets),
            (books.limits, self.limits),
            (books.fees, self.fees),
            (books.freezes, self.freezes),
            (books.commands, self.commands),
            (books.idempotency, self.idempotency),
            (books.inbox, self.inbox),
            (books.trade_cursors, self.trade_cursors),
        )

    def _check(self, books: WorkingSet) -> None:
        for rows, table in self._tables(books):
            for value in rows.inserted():
                if rows.key_of(value) in table:
                    raise ConstraintViolated(f"{type(value).__name__}_pkey")
        for wallet in (*books.wallets.inserted(), *books.wallets.updated()):
            _check_wallet(wallet)
        self._check_references(books)

    def _check_references(self, books: WorkingSet) -> None:
        for order in books.orders.inserted():
            if (order.account_id, order.client_order_id) in self.client_order_ids:
                raise ConstraintViolated("orders_client_order_id_key")
        for entry in books.appended.journal_entries:
            if (entry.kind, entry.reference) in self.references:
                raise ConstraintViolated("journal_entries_reference_key")
        self._check_batch(books)

    def _check_batch(self, books: WorkingSet) -> None:
        _check_unique(books.appended.journal_entries, lambda entry: (entry.kind, entry.reference))
        _check_unique(books.appended.order_events, lambda event: (event.order_id, event.version))
        _check_unique(books.outbox, lambda event: (event.account_id, event.sequence))


def _check_wallet(wallet: Wallet) -> None:
    if wallet.available < ZERO or wallet.reserved < ZERO or wallet.owed < ZERO:
        raise ConstraintViolated("wallets_not_negative")
    if wallet.available and wallet.owed:
        raise ConstraintViolated("wallets_owed_or_available")


def _check_unique(values: Iterable[V], key: Callable[[V], K]) -> None:
    seen: set[K] = set()
    for value in values:
        if key(value) in seen:
            raise ConstraintViolated(f"{type(value).__name__}_unique")
        seen.add(key(value))
