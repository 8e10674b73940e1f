"""Reads for people and programs, as `ports.queries.Queries`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from pg_adapter import load, paging, prepared, rows, statements
from pg_adapter.books import read_books
from pg_adapter.connections import PgPool
from pg_adapter.paging import Key, PagedStatement
from pg_adapter.pipeline import Call
from tradecore.domain import ledger
from tradecore.domain.accounts import Account
from tradecore.domain.executions import Execution
from tradecore.domain.freezes import Freeze
from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.instruments import Instrument
from tradecore.domain.ledger import EntryKind
from tradecore.domain.orders import Order, OrderEvent
from tradecore.domain.positions import Position
from tradecore.domain.reservations import Reservation
from tradecore.domain.venue_orders import VenueOrder
from tradecore.domain.wallets import Wallet
from tradecore.ports.queries import (
    Books,
    LastVenueIds,
    LedgerBalance,
    LedgerLine,
    OrderFilter,
    Page,
    Paging,
)
from tradecore.ports.records import AccountFees, AccountLimits, AuditRecord, TradeCursor

RowT = TypeVar("RowT")

SQL: Final = prepared.load("queries.sql")
_TEXT: Final = statements.load("queries.sql")


def _paged(name: str, key: Key) -> PagedStatement:
    return PagedStatement.of(f"queries.{name}", _TEXT[name], key)


PAGED: Final = {
    "accounts": _paged("accounts", Key("a.created_at", "a.account_id")),
    "orders": _paged("orders", Key("o.created_at", "o.order_id")),
    "open_orders": _paged("open_orders", Key("o.created_at", "o.order_id")),
    "executions": _paged("executions", Key("e.recorded_at", "e.journal_entry_id")),
    "ledger": _paged("ledger", Key("p.recorded_at", "p.journal_entry_id", "p.line")),
    "audits": _paged("audits", Key("a.recorded_at", "a.audit_id")),
}


class PgQueries:
    """Answers from committed rows, each from one statement, so as of one instant."""

    def __init__(self, pool: PgPool) -> None:
        """Take a pool that its owner enters and leaves; best one with `by_keys=False`."""
        self._pool = pool

    async def find_account(self, account_id: AccountId) -> Account | None:
        return await self._one("account", rows.account, account_id=account_id)

    async def list_accounts(self, paging: Paging) -> Page[Account]:
        return await self._page(
            "accounts", paging, rows.account, lambda row: (row.created_at, row.account_id)
        )

    async def find_order(self, account_id: AccountId, order_id: OrderId) -> Order | None:
        return await self._one("order", rows.order, order_id=order_id, account_id=account_id)

    async def find_order_by_client_order_id(
        self, account_id: AccountId, client_order_id: str
    ) -> Order | None:
        return await self._one(
            "order_of_client",
            rows.order,
            account_id=account_id,
            client_order_id=client_order_id,
        )

    async def list_orders(
        self, account_id: AccountId, which: OrderFilter, paging: Paging
    ) -> Page[Order]:
        return await self._page(
            "open_orders" if which.open else "orders",
            paging,
            rows.order,
            lambda row: (row.created_at, row.order_id),
            account_id=account_id,
            symbol=which.symbol,
            side=which.side,
            created_from=_instant(which.created_from, "-infinity"),
            created_to=_instant(which.created_to, "infinity"),
            ended="t" if which.open is False else "f",
        )

    async def list_order_events(self, order_id: OrderId) -> Sequence[OrderEvent]:
        return await self._all("order_events", rows.order_event, order_id=order_id)

    async def list_venue_orders(self, order_id: OrderId) -> Sequence[VenueOrder]:
        return await self._all("venue_orders", rows.venue_order, order_id=order_id)

    async def find_reservation(self, order_id: OrderId) -> Reservation | None:
        return await self._one("reservation", rows.reservation, order_id=order_id)

    async def list_executions(
        self,
        account_id: AccountId,
        paging: Paging,
        *,
        order_id: OrderId | None = None,
        symbol: str | None = None,
    ) -> Page[Execution]:
        return await self._page(
            "executions",
            paging,
            rows.execution,
            lambda row: (row.recorded_at, row.journal_entry_id),
            account_id=account_id,
            order_id=order_id,
            symbol=symbol,
        )

    async def list_wallets(self, account_id: AccountId) -> Sequence[Wallet]:
        return await self._all("wallets", rows.wallet, account_id=account_id)

    async def list_positions(self, account_id: AccountId) -> Sequence[Position]:
        return await self._all("positions", rows.position, account_id=account_id)

    async def list_ledger(
        self,
        account_id: AccountId,
        paging: Paging,
        *,
        asset: str | None = None,
        reference: str | None = None,
    ) -> Page[LedgerLine]:
        return await self._page(
            "ledger",
            paging,
            _ledger_line,
            lambda row: (row.recorded_at, f"{row.journal_entry_id}:{row.line}"),
            client=ledger.client(account_id),
            receivable=ledger.receivable(account_id),
            asset=asset,
            reference=reference,
        )

    async def list_instruments(self) -> Sequence[Instrument]:
        return await self._all("instruments", rows.instrument, symbol=None)

    async def find_instrument(self, symbol: str) -> Instrument | None:
        return await self._one("instruments", rows.instrument, symbol=symbol)

    async def find_limits(self, account_id: AccountId) -> AccountLimits | None:
        return await self._one("limits", rows.limits, account_id=account_id)

    async def find_fees(self, account_id: AccountId) -> AccountFees | None:
        return await self._one("fees", rows.fees, account_id=account_id)

    async def list_freezes(self) -> Sequence[Freeze]:
        return await self._all("freezes", rows.freeze)

    async def list_audits(self, paging: Paging, *, action: str | None = None) -> Page[AuditRecord]:
        return await self._page(
            "audits",
            paging,
            rows.audit,
            lambda row: (row.recorded_at, row.audit_id),
            action=action,
        )

    async def find_child(self, symbol: str, venue_order_id: int) -> VenueOrder | None:
        return await self._one(
            "child_of_venue", rows.venue_order, symbol=symbol, venue_order_id=str(venue_order_id)
        )

    async def find_trade_cursor(self, venue: str, symbol: str) -> TradeCursor | None:
        return await self._one("trade_cursor", rows.trade_cursor, venue=venue, symbol=symbol)

    async def list_open_attempts(self) -> Sequence[VenueOrder]:
        return await self._all("open_attempts", rows.venue_order)

    async def list_living_children(self) -> Sequence[VenueOrder]:
        return await self._all("living_children", rows.venue_order)

    async def list_pending_cancels(self, order_id: OrderId | None = None) -> Sequence[VenueOrder]:
        return await self._all("pending_cancels", rows.venue_order, order_id=order_id)

    async def list_house_balances(self) -> Sequence[LedgerBalance]:
        return await self._all("house_balances", _ledger_balance)

    async def list_last_venue_ids(self) -> Sequence[LastVenueIds]:
        return await self._all("last_venue_ids", _last_venue_ids)

    async def books(self) -> Books:
        return await read_books(self._pool)

    async def _one(
        self, name: str, build: Callable[[rows.Row], RowT], **parameters: str | None
    ) -> RowT | None:
        found = await self._all(name, build, **parameters)
        return found[0] if found else None

    async def _all(
        self, name: str, build: Callable[[rows.Row], RowT], **parameters: str | None
    ) -> list[RowT]:
        if not _can_be_found(parameters):
            return []
        statement = SQL[name]
        (found,) = await self._pool.run([Call(statement, statement.values(_bound(parameters)))])
        return [build(row) for row in found]

    async def _page(
        self,
        name: str,
        which: Paging,
        build: Callable[[tuple[Any, ...]], RowT],
        place: Callable[[RowT], tuple[datetime, str]],
        /,
        **parameters: str | None,
    ) -> Page[RowT]:
        if not _can_be_found(parameters):
            return Page([], None)
        return await paging.page(self._pool, PAGED[name], _bound(parameters), which, build, place)


_IDS: Final = ("account_id", "order_id")


def _can_be_found(parameters: dict[str, str | None]) -> bool:
    """Tell whether every text is one that a row can hold, every id one that is an id."""
    return all(
        value is None or (load.is_uuid(value) if name in _IDS else load.is_storable(value))
        for name, value in parameters.items()
    )


def _bound(parameters: dict[str, str | None]) -> dict[str, bytes | None]:
    return {name: None if value is None else value.encode() for name, value in parameters.items()}


def _instant(value: datetime | None, otherwise: str) -> str:
    return otherwise if value is None else value.isoformat()


def _ledger_line(row: rows.Row) -> LedgerLine:
    return LedgerLine(
        journal_entry_id=row[0],
        kind=EntryKind(row[1]),
        reference=row[2],
        account=row[3],
        asset=row[4],
        amount=row[5],
        line=row[6],
        recorded_at=row[7],
    )


def _ledger_balance(row: rows.Row) -> LedgerBalance:
    return LedgerBalance(account=row[0], asset=row[1], amount=row[2])


def _last_venue_ids(row: rows.Row) -> LastVenueIds:
    return LastVenueIds(symbol=row[0], venue_order_id=row[1], trade_id=row[2])
