"""Reads of an in-memory store."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from tradecore.domain import ledger
from tradecore.domain.accounts import Account
from tradecore.domain.executions import Execution
from tradecore.domain.freezes import Freeze
from tradecore.domain.ids import HOUSE, AccountId, OrderId
from tradecore.domain.instruments import Instrument
from tradecore.domain.money import ZERO, add
from tradecore.domain.orders import Order, OrderEvent, OrderStatus
from tradecore.domain.positions import Position
from tradecore.domain.reservations import Reservation
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus
from tradecore.domain.wallets import Wallet
from tradecore.memory.tables import Tables
from tradecore.ports.queries import (
    Books,
    InvalidCursor,
    LastVenueIds,
    LedgerBalance,
    LedgerLine,
    OrderFilter,
    Page,
    Paging,
)
from tradecore.ports.records import AccountFees, AccountLimits, AuditRecord, TradeCursor

RowT = TypeVar("RowT")


class MemoryQueries:
    """Answers from the committed tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def find_account(self, account_id: AccountId) -> Account | None:
        return self._tables.accounts.get(account_id)

    async def list_accounts(self, paging: Paging) -> Page[Account]:
        rows = (row for row in self._tables.accounts.values() if row.account_id != HOUSE)
        return _page(rows, paging, lambda row: (row.created_at, row.account_id))

    async def find_order(self, account_id: AccountId, order_id: OrderId) -> Order | None:
        order = self._tables.orders.get(order_id)
        return order if order is not None and order.account_id == account_id else None

    async def find_order_by_client_order_id(
        self, account_id: AccountId, client_order_id: str
    ) -> Order | None:
        order_id = self._tables.client_order_ids.get((account_id, client_order_id))
        return None if order_id is None else self._tables.orders[order_id]

    async def list_orders(
        self, account_id: AccountId, which: OrderFilter, paging: Paging
    ) -> Page[Order]:
        rows = (
            row
            for row in self._tables.orders.values()
            if row.account_id == account_id and _matches(row, which)
        )
        return _page(rows, paging, lambda row: (row.created_at, row.order_id))

    async def list_order_events(self, order_id: OrderId) -> Sequence[OrderEvent]:
        events = (event for event in self._tables.order_events if event.order_id == order_id)
        return sorted(events, key=lambda event: event.version)

    async def list_venue_orders(self, order_id: OrderId) -> Sequence[VenueOrder]:
        children = (row for row in self._tables.venue_orders.values() if row.order_id == order_id)
        return sorted(children, key=lambda row: row.child)

    async def find_reservation(self, order_id: OrderId) -> Reservation | None:
        return self._tables.reservations.get(order_id)

    async def list_executions(
        self,
        account_id: AccountId,
        paging: Paging,
        *,
        order_id: OrderId | None = None,
        symbol: str | None = None,
    ) -> Page[Execution]:
        rows = (
            row
            for row in self._tables.executions.values()
            if row.account_id == account_id
            and order_id in (None, row.order_id)
            and symbol in (None, row.symbol)
        )
        return _page(rows, paging, lambda row: (row.recorded_at, row.journal_entry_id))

    async def list_wallets(self, account_id: AccountId) -> Sequence[Wallet]:
        rows = (row for row in self._tables.wallets.values() if row.account_id == account_id)
        return sorted(rows, key=lambda row: row.asset)

    async def list_positions(self, account_id: AccountId) -> Sequence[Position]:
        rows = (row for row in self._tables.positions.values() if row.account_id == account_id)
        return sorted(rows, key=lambda row: row.asset)

    async def list_ledger(
        self,
        account_id: AccountId,
        paging: Paging,
        *,
        asset: str | None = None,
        reference: str | None = None,
    ) -> Page[LedgerLine]:
        own = (ledger.client(account_id), ledger.receivable(account_id))
        rows = (
            LedgerLine(
                journal_entry_id=entry.journal_entry_id,
                kind=entry.kind,
                reference=entry.reference,
                account=posting.account,
                asset=posting.asset,
                amount=posting.amount,
                line=line,
                recorded_at=entry.recorded_at,
            )
            for entry in self._tables.journal_entries.values()
            for line, posting in enumerate(entry.postings, 1)
            if posting.account in own
            and asset in (None, posting.asset)
            and reference in (None, entry.reference)
        )
        return _page(
            rows, paging, lambda row: (row.recorded_at, f"{row.journal_entry_id}:{row.line:04}")
        )

    async def list_instruments(self) -> Sequence[Instrument]:
        return sorted(self._tables.instruments.values(), key=lambda row: row.symbol)

    async def find_instrument(self, symbol: str) -> Instrument | None:
        return self._tables.instruments.get(symbol)

    async def find_limits(self, account_id: AccountId) -> AccountLimits | None:
        return self._tables.limits.get(account_id)

    async def find_fees(self, account_id: AccountId) -> AccountFees | None:
        return self._tables.fees.get(account_id)

    async def list_freezes(self) -> Sequence[Freeze]:
        return sorted(self._tables.freezes.values(), key=lambda row: (row.scope, row.target))

    async def list_audits(self, paging: Paging, *, action: str | None = None) -> Page[AuditRecord]:
        rows = (row for row in self._tables.audits if action in (None, row.action))
        return _page(rows, paging, lambda row: (row.recorded_at, row.audit_id))

    async def find_child(self, symbol: str, venue_order_id: int) -> VenueOrder | None:
        wanted = (symbol, venue_order_id)
        return next(
            (
                row
                for row in self._tables.venue_orders.values()
                if (row.symbol, row.venue_order_id) == wanted
            ),
            None,
        )

    async def find_trade_cursor(self, venue: str, symbol: str) -> TradeCursor | None:
        return self._tables.trade_cursors.get((venue, symbol))

    async def list_open_attempts(self) -> Sequence[VenueOrder]:
        rows = (
            row
            for row in self._tables.venue_orders.values()
            if row.status is VenueOrderStatus.ATTEMPTED
            or (row.outcome is not None and row.status is not VenueOrderStatus.ENDED)
        )
        return sorted(rows, key=lambda row: (row.order_id, row.child))

    async def list_living_children(self) -> Sequence[VenueOrder]:
        rows = (
            row
            for row in self._tables.venue_orders.values()
            if row.status is not VenueOrderStatus.ENDED
        )
        return sorted(rows, key=lambda row: (row.order_id, row.child))

    async def list_pending_cancels(self, order_id: OrderId | None = None) -> Sequence[VenueOrder]:
        rows = (
            row
            for row in self._tables.venue_orders.values()
            if row.status is VenueOrderStatus.LIVE
            and order_id in {None, row.order_id}
            and _wants_cancel(self._tables.orders[row.order_id], row)
        )
        return sorted(rows, key=lambda row: (row.order_id, row.child))

    async def list_house_balances(self) -> Sequence[LedgerBalance]:
        sums: dict[tuple[str, str], Decimal] = {}
        for entry in self._tables.journal_entries.values():
            for posting in entry.postings:
                if not posting.account.startswith(("client:", "receivable:")):
                    key = (posting.account, posting.asset)
                    sums[key] = add(sums.get(key, ZERO), posting.amount)
        return [
            LedgerBalance(account=account, asset=asset, amount=amount)
            for (account, asset), amount in sorted(sums.items())
        ]

    async def list_last_venue_ids(self) -> Sequence[LastVenueIds]:
        orders: dict[str, int] = {}
        trades: dict[str, int] = {}
        for child in self._tables.venue_orders.values():
            orders[child.symbol] = max(orders.get(child.symbol, 0), child.venue_order_id or 0)
        for execution in self._tables.executions.values():
            symbol = execution.symbol
            orders[symbol] = max(orders.get(symbol, 0), execution.venue_order_id)
            trades[symbol] = max(trades.get(symbol, 0), execution.trade_id)
        return [
            LastVenueIds(symbol=symbol, venue_order_id=order_id, trade_id=trades.get(symbol, 0))
            for symbol, order_id in sorted(orders.items())
        ]

    async def books(self) -> Books:
        tables = self._tables
        return Books(
            accounts=tuple(tables.accounts.values()),
            wallets=tuple(tables.wallets.values()),
            positions=tuple(tables.positions.values()),
            orders=tuple(tables.orders.values()),
            venue_orders=tuple(tables.venue_orders.values()),
            reservations=tuple(tables.reservations.values()),
            order_events=tuple(tables.order_events),
            executions=tuple(tables.executions.values()),
            journal_entries=tuple(tables.journal_entries.values()),
            outbox=tuple(tables.outbox),
            inbox=tuple(tables.inbox.values()),
            commands=tuple(tables.commands.values()),
            idempotency=tuple(tables.idempotency.values()),
            instruments=tuple(tables.instruments.values()),
            assets=tuple(tables.assets.values()),
            audits=tuple(tables.audits),
        )


def _matches(order: Order, which: OrderFilter) -> bool:
    return (
        which.open in (None, not order.is_terminal)
        and which.symbol in (None, order.symbol)
        and which.side in (None, order.side)
        and (which.created_from is None or order.created_at >= which.created_from)
        and (which.created_to is None or order.created_at < which.created_to)
    )


def _page(
    rows: Iterable[RowT], paging: Paging, key: Callable[[RowT], tuple[datetime, str]]
) -> Page[RowT]:
    """Return the page after the cursor, which spells the key of the last row before it."""
    ordered = sorted(rows, key=key, reverse=paging.newest_first)
    if paging.cursor is not None:
        after = _parse_cursor(paging.cursor)
        ordered = [
            row
            for row in ordered
            if (key(row) < after if paging.newest_first else key(row) > after)
        ]
    page = ordered[: paging.limit]
    more = len(ordered) > paging.limit
    cursor = f"{key(page[-1])[0].isoformat()}|{key(page[-1])[1]}" if more else None
    return Page(page, cursor)


def _parse_cursor(cursor: str) -> tuple[datetime, str]:
    at, _, row_id = cursor.partition("|")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError as error:
        raise InvalidCursor(cursor) from error
    if instant.tzinfo is None:
        raise InvalidCursor(cursor)
    return instant, row_id


def _wants_cancel(order: Order, child: VenueOrder) -> bool:
    replaces = order.status is OrderStatus.PENDING_REPLACE and order.awaits_replacement
    unwanted = order.is_terminal and child.outcome is None
    return replaces or unwanted or order.status is OrderStatus.PENDING_CANCEL
