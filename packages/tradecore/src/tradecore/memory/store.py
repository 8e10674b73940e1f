"""A store in memory, with the promises of a real one: locks, isolation, all or nothing.

One transaction at a time holds the books, which is what the row locks of a database come to when
every command shares accounts. A crash between load and commit leaves nothing behind.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import attrs

from tradecore.domain.accounts import Account
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.domain.ledger import EntryKind
from tradecore.domain.money import ZERO, add
from tradecore.domain.risk import Limits, fingerprint
from tradecore.memory.scheduling import Scheduler, free_running
from tradecore.memory.tables import Tables
from tradecore.ports.clock import Clock
from tradecore.ports.records import HouseBalance, RecentOrder
from tradecore.ports.store import Footprint, StopsLock
from tradecore.ports.working_set import Loaded, WorkingSet

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class MemoryTransaction:
    """One transaction on the tables."""

    def __init__(self, tables: Tables, recorded_at: datetime, hop: Scheduler) -> None:
        self._tables = tables
        self._recorded_at = recorded_at
        self._hop = hop
        self._saved: WorkingSet | None = None

    async def load(self, footprint: Footprint) -> WorkingSet:
        await self._hop("store.load:begin")
        books = load(self._tables, footprint, self._recorded_at)
        await self._hop("store.load:end")
        return books

    async def save(self, books: WorkingSet) -> None:
        await self._hop("store.save:begin")
        self._saved = books
        await self._hop("store.save:end")

    async def commit(self) -> None:
        await self._hop("store.commit:begin")
        if self._saved is not None:
            self._tables.apply(self._saved)
            self._saved = None
        await self._hop("store.commit:end")


class MemoryStore:
    """The books in memory. Stores that share tables share a lock too: one writes at a time."""

    def __init__(
        self,
        clock: Clock,
        *,
        tables: Tables | None = None,
        hop: Scheduler = free_running,
        lock: asyncio.Lock | None = None,
    ) -> None:
        self.tables = tables or Tables()
        self._clock = clock
        self._hop = hop
        self._lock = lock or asyncio.Lock()
        self.tables.accounts.setdefault(
            HOUSE, Account(account_id=HOUSE, number=0, name="house", created_at=clock.now())
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with self._lock:
            yield MemoryTransaction(self.tables, self._clock.now(), self._hop)

    async def read(self, footprint: Footprint) -> WorkingSet:
        await self._hop("store.read:begin")
        return load(self.tables, footprint, self._clock.now())


def load(tables: Tables, footprint: Footprint, recorded_at: datetime) -> WorkingSet:
    """Return what `footprint` names, as `ports.store.Footprint` describes it."""
    orders = _present(tables.orders, sorted(footprint.orders))
    account_ids = sorted(footprint.accounts | {order.account_id for order in orders})
    symbols = sorted(footprint.symbols | {order.symbol for order in orders})
    instruments = _present(tables.instruments, symbols)
    traded = {asset for one in instruments for asset in (one.base_asset, one.quote_asset)}
    assets = sorted(footprint.assets | footprint.funding | traded)
    holdings = [(account_id, asset) for account_id in account_ids for asset in assets]
    stops = footprint.stops > StopsLock.NONE
    entities = Loaded(
        recorded_at=recorded_at,
        accounts=_present(tables.accounts, account_ids),
        wallets=_present(tables.wallets, holdings),
        positions=_present(tables.positions, holdings) if footprint.positions else (),
        orders=orders,
        venue_orders=[
            tables.venue_orders[order.order_id, child]
            for order in orders
            for child in range(1, order.children + 1)
        ],
        reservations=_present(tables.reservations, [order.order_id for order in orders]),
        executions=_present(tables.executions, footprint.executions),
        instruments=instruments,
        assets=_present(tables.assets, assets),
        limits=_present(tables.limits, [*account_ids, HOUSE]) if footprint.rules else (),
        fees=_present(tables.fees, [*account_ids, HOUSE]) if footprint.fees else (),
        freezes=list(tables.freezes.values()) if stops else (),
        recent_orders=_recent_orders(tables, account_ids, recorded_at) if footprint.rules else (),
        stops_exclusive=footprint.stops is StopsLock.EXCLUSIVE,
        account_numbers=_draw_numbers(tables, footprint.new_accounts),
    )
    return WorkingSet(_with_records(entities, tables, footprint))


def _with_records(entities: Loaded, tables: Tables, footprint: Footprint) -> Loaded:
    """Return what was loaded with what earlier commands have left: answers, keys, entries."""
    used_keys = _present(tables.idempotency, footprint.keys)
    handled = _present(tables.inbox, footprint.deliveries)
    command_ids = {
        *footprint.commands,
        *(row.command_id for row in used_keys),
        *(row.command_id for row in handled),
    }
    return attrs.evolve(
        entities,
        commands=_present(tables.commands, command_ids),
        idempotency=used_keys,
        inbox=handled,
        trade_cursors=_present(tables.trade_cursors, footprint.trade_cursors),
        client_order_ids={
            key: tables.client_order_ids[key]
            for key in footprint.client_order_ids
            if key in tables.client_order_ids
        },
        journal_entries=_present(tables.journal_entries, footprint.journal_entries),
        house_balances=[house_balance(tables, asset) for asset in sorted(footprint.funding)],
        reversed_entries=frozenset(
            key
            for key in footprint.journal_entries
            if (EntryKind.REVERSAL, key) in tables.references
        ),
    )


def _present(table: Mapping[K, V], keys: Iterable[K]) -> list[V]:
    return [table[key] for key in dict.fromkeys(keys) if key in table]


def _draw_numbers(tables: Tables, count: int) -> list[int]:
    """Return fresh numbers. Like a database sequence, a rollback does not give them back."""
    first = tables.last_account_number + 1
    tables.last_account_number += count
    return list(range(first, first + count))


def _recent_orders(
    tables: Tables, account_ids: list[AccountId], now: datetime
) -> list[RecentOrder]:
    recent: list[RecentOrder] = []
    for account_id in account_ids:
        row = tables.limits.get(account_id) or tables.limits.get(HOUSE)
        window = (Limits() if row is None else row.limits).duplicate_window
        if window is None:
            continue
        recent.extend(
            RecentOrder(
                account_id=account_id,
                fingerprint=fingerprint(order),
                created_at=order.created_at,
            )
            for order in tables.orders.values()
            if order.account_id == account_id and order.created_at >= now - window
        )
    return recent


def house_balance(tables: Tables, asset: str) -> HouseBalance:
    """Return what the house's own ledger accounts hold of `asset`."""
    sums: dict[str, Decimal] = {}
    for entry in tables.journal_entries.values():
        for posting in entry.postings:
            if posting.asset == asset and not posting.account.startswith(("client:", "venue:")):
                sums[posting.account] = add(sums.get(posting.account, ZERO), posting.amount)
    treasury = sums.pop("treasury", ZERO)
    negatives = ZERO
    for amount in sums.values():
        negatives = add(negatives, min(amount, ZERO))
    return HouseBalance(asset=asset, treasury=treasury, negatives=negatives)
