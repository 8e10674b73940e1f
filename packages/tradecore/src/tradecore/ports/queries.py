"""Reads for people and programs: they lock nothing and go past the executor."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

import attrs

from tradecore.domain.accounts import Account
from tradecore.domain.executions import Execution
from tradecore.domain.freezes import Freeze
from tradecore.domain.ids import AccountId, JournalEntryId, OrderId
from tradecore.domain.instruments import Asset, Instrument, Side
from tradecore.domain.ledger import EntryKind, JournalEntry
from tradecore.domain.orders import Order, OrderEvent
from tradecore.domain.positions import Position
from tradecore.domain.reservations import Reservation
from tradecore.domain.venue_orders import VenueOrder
from tradecore.domain.wallets import Wallet
from tradecore.ports.records import (
    AccountFees,
    AccountLimits,
    AuditRecord,
    CommandRecord,
    IdempotencyRecord,
    InboxRecord,
    OutboxRecord,
    TradeCursor,
)

RowT = TypeVar("RowT")


@attrs.frozen
class Page(Generic[RowT]):
    """Some rows, and where the next ones begin; stable while rows are being added."""

    rows: Sequence[RowT]
    next_cursor: str | None  #: None: that was all


@attrs.frozen(kw_only=True)
class Paging:
    """Which page. Rows are ordered by when they were made, then by id."""

    limit: int = 100  #: 1 to 500
    cursor: str | None = None  #: of the page before; raises `InvalidCursor` if it is none
    newest_first: bool = True


class InvalidCursor(Exception):
    """The cursor is not one that this query gave."""


@attrs.frozen(kw_only=True)
class OrderFilter:
    """Which orders of an account."""

    open: bool | None = None  #: True: not terminal; False: terminal; None: all
    symbol: str | None = None
    side: Side | None = None
    created_from: datetime | None = None  #: inclusive
    created_to: datetime | None = None  #: exclusive


@attrs.frozen(kw_only=True)
class LedgerLine:
    """One posting on one ledger account, with its entry."""

    journal_entry_id: JournalEntryId
    kind: EntryKind
    reference: str
    account: str
    asset: str
    amount: Decimal
    line: int
    recorded_at: datetime


@attrs.frozen(kw_only=True)
class LedgerBalance:
    """What one ledger account holds of an asset, signed."""

    account: str
    asset: str
    amount: Decimal


@attrs.frozen(kw_only=True)
class LastVenueIds:
    """The highest ids of a symbol that the venue has ever told us; 0 where none."""

    symbol: str
    venue_order_id: int
    trade_id: int


@attrs.frozen(kw_only=True)
class Books:
    """Everything, as of one instant: what the laws are checked on (`application/laws.py`)."""

    accounts: Sequence[Account]
    wallets: Sequence[Wallet]
    positions: Sequence[Position]
    orders: Sequence[Order]
    venue_orders: Sequence[VenueOrder]
    reservations: Sequence[Reservation]
    order_events: Sequence[OrderEvent]
    executions: Sequence[Execution]
    journal_entries: Sequence[JournalEntry]
    outbox: Sequence[OutboxRecord]  #: in commit order as a reader sees it
    inbox: Sequence[InboxRecord]
    commands: Sequence[CommandRecord]
    idempotency: Sequence[IdempotencyRecord]
    instruments: Sequence[Instrument]
    assets: Sequence[Asset]
    audits: Sequence[AuditRecord]


class Queries(Protocol):
    """Reads of committed state. Each raises `StoreUnavailable` where there is no connection."""

    async def find_account(self, account_id: AccountId) -> Account | None:
        """Return the account, or None."""

    async def list_accounts(self, paging: Paging) -> Page[Account]:
        """Return customers' accounts; the house's own is not one."""

    async def find_order(self, account_id: AccountId, order_id: OrderId) -> Order | None:
        """Return the account's order, or None: also where it is another's."""

    async def find_order_by_client_order_id(
        self, account_id: AccountId, client_order_id: str
    ) -> Order | None:
        """Return the account's order of that name, or None."""

    async def list_orders(
        self, account_id: AccountId, which: OrderFilter, paging: Paging
    ) -> Page[Order]:
        """Return the account's orders by creation."""

    async def list_order_events(self, order_id: OrderId) -> Sequence[OrderEvent]:
        """Return an order's history, oldest first; empty for an unknown one."""

    async def list_venue_orders(self, order_id: OrderId) -> Sequence[VenueOrder]:
        """Return an order's children, first first."""

    async def find_reservation(self, order_id: OrderId) -> Reservation | None:
        """Return what the order has set aside."""

    async def list_executions(
        self,
        account_id: AccountId,
        paging: Paging,
        *,
        order_id: OrderId | None = None,
        symbol: str | None = None,
    ) -> Page[Execution]:
        """Return the account's fills by when they were recorded."""

    async def list_wallets(self, account_id: AccountId) -> Sequence[Wallet]:
        """Return the account's wallets by asset."""

    async def list_positions(self, account_id: AccountId) -> Sequence[Position]:
        """Return the account's positions by asset."""

    async def list_ledger(
        self,
        account_id: AccountId,
        paging: Paging,
        *,
        asset: str | None = None,
        reference: str | None = None,
    ) -> Page[LedgerLine]:
        """Return the postings on the account's own ledger accounts, client and receivable."""

    async def list_instruments(self) -> Sequence[Instrument]:
        """Return every instrument by symbol."""

    async def find_instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument, or None."""

    async def find_limits(self, account_id: AccountId) -> AccountLimits | None:
        """Return the account's own limits; of the house's id, the default; None if never set."""

    async def find_fees(self, account_id: AccountId) -> AccountFees | None:
        """Return the account's own fee policy; of the house's id, the default."""

    async def list_freezes(self) -> Sequence[Freeze]:
        """Return what stands frozen."""

    async def list_audits(self, paging: Paging, *, action: str | None = None) -> Page[AuditRecord]:
        """Return the audit log."""

    async def find_child(self, symbol: str, venue_order_id: int) -> VenueOrder | None:
        """Return the child that the venue knows by this id, or None."""

    async def find_trade_cursor(self, venue: str, symbol: str) -> TradeCursor | None:
        """Return how far a symbol's fills are known; None if they were never looked through."""

    async def list_open_attempts(self) -> Sequence[VenueOrder]:
        """Return the children whose outcome is not known: ATTEMPTED, or ended with fills missing."""

    async def list_living_children(self) -> Sequence[VenueOrder]:
        """Return every child that is not ENDED."""

    async def list_pending_cancels(self, order_id: OrderId | None = None) -> Sequence[VenueOrder]:
        """Return the LIVE children that have to go; of one order, if it is named.

        Their order is PENDING_CANCEL, waits for a replacement, or has ended without them.
        """

    async def list_house_balances(self) -> Sequence[LedgerBalance]:
        """Return the sum of every ledger account that is not a customer's, by account and asset.

        Customers' are `client:…` and `receivable:…`.
        """

    async def list_last_venue_ids(self) -> Sequence[LastVenueIds]:
        """Return the highest ids of the venue that children and executions name, by symbol."""

    async def books(self) -> Books:
        """Return everything as of one instant. Large: for `verify` and for tests."""
