"""Where the books are kept: one transaction loads a footprint, and saves what was decided."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from enum import IntEnum
from typing import Final, Protocol

import attrs

from tradecore.domain.executions import ExecutionKey
from tradecore.domain.ids import AccountId, CommandId, JournalEntryId, OrderId
from tradecore.ports.records import Delivery, KeyOwner
from tradecore.ports.working_set import WorkingSet


class StoreError(Exception):
    """The root of what a store can answer instead of a result."""


class ConcurrentUpdate(StoreError):
    """Another transaction was in the way (serialization, deadlock); run it again."""


class ConstraintViolated(StoreError):
    """The database refused a row; `args[0]` is the constraint's name. Nothing was kept."""


class LockTimeout(StoreError):
    """A row was held longer than the lock timeout. Nothing was kept."""


class StoreUnavailable(StoreError):
    """There is no connection, or it broke before COMMIT was sent. Nothing was kept."""


class StatementFailed(StoreError):
    """The store could not carry the statement out, and it is no fault of the connection.

    Nothing was kept. Whatever else shared the transaction may go through without it.
    """


class CommitOutcomeUnknown(StoreError):
    """The connection broke after COMMIT was sent: look for one's own commands, never repeat."""


AWAY: Final = (StoreUnavailable, CommitOutcomeUnknown)
"""What says that the store is away: no fault of any command, and the same for all of them."""


class StopsLock(IntEnum):
    """How the standing freezes are held; the greater includes the lesser."""

    NONE = 0
    SHARE = 1  #: they are loaded and cannot change before this transaction ends
    EXCLUSIVE = 2  #: they are loaded and about to change


def _union(*sets: frozenset) -> frozenset:  # type: ignore[type-arg] # of any one element type
    return frozenset().union(*sets)


@attrs.frozen(kw_only=True)
class Footprint:
    """What a command can touch.

    Rows are locked in one order: accounts by id, orders by id (with their reservation and
    children), wallets by key, assets, the freezes, trade cursors. Naming an order brings its account, its
    instrument and the account's wallets of both assets.
    """

    accounts: frozenset[AccountId] = frozenset()
    orders: frozenset[OrderId] = frozenset()
    symbols: frozenset[str] = frozenset()  #: instruments; the accounts' wallets of both assets
    assets: frozenset[str] = frozenset()  #: scales; the accounts' wallets of each
    positions: bool = False  #: besides every wallet, the position in its asset
    rules: bool = False  #: limits and recent orders of the accounts
    fees: bool = False  #: fee policies of the accounts
    client_order_ids: frozenset[tuple[AccountId, str]] = frozenset()
    executions: frozenset[ExecutionKey] = frozenset()
    journal_entries: frozenset[JournalEntryId] = frozenset()
    trade_cursors: frozenset[tuple[str, str]] = frozenset()  #: of venue and symbol
    funding: frozenset[str] = frozenset()  #: assets whose house balances are summed, and locked
    new_accounts: int = 0  #: how many account numbers to draw
    stops: StopsLock = StopsLock.NONE
    commands: frozenset[CommandId] = frozenset()  #: filled by the executor
    keys: frozenset[KeyOwner] = frozenset()  #: filled by the executor
    deliveries: frozenset[Delivery] = frozenset()  #: filled by the executor

    @classmethod
    def union(cls, footprints: Iterable["Footprint"]) -> "Footprint":
        """Return the smallest footprint that covers all of `footprints`."""
        several = tuple(footprints)
        if len(several) == 1:
            return several[0]
        return cls(
            accounts=_union(*(one.accounts for one in several)),
            orders=_union(*(one.orders for one in several)),
            symbols=_union(*(one.symbols for one in several)),
            assets=_union(*(one.assets for one in several)),
            positions=any(one.positions for one in several),
            rules=any(one.rules for one in several),
            fees=any(one.fees for one in several),
            client_order_ids=_union(*(one.client_order_ids for one in several)),
            executions=_union(*(one.executions for one in several)),
            journal_entries=_union(*(one.journal_entries for one in several)),
            trade_cursors=_union(*(one.trade_cursors for one in several)),
            funding=_union(*(one.funding for one in several)),
            new_accounts=sum(one.new_accounts for one in several),
            stops=max((one.stops for one in several), default=StopsLock.NONE),
            commands=_union(*(one.commands for one in several)),
            keys=_union(*(one.keys for one in several)),
            deliveries=_union(*(one.deliveries for one in several)),
        )


class Transaction(Protocol):
    """One transaction. Leaving it without `commit` means that nothing happened."""

    async def load(self, footprint: Footprint) -> WorkingSet:
        """Return what `footprint` names, locked in the fixed order. Missing rows are absent.

        Raises:
            ConcurrentUpdate, LockTimeout, StatementFailed, StoreUnavailable: nothing is held
                afterwards.
        """

    async def save(self, books: WorkingSet) -> None:
        """Write everything that `books` has kept, one statement per table.

        Raises:
            ConcurrentUpdate, ConstraintViolated, StatementFailed, StoreUnavailable: here, or
                from `commit`.
        """

    async def commit(self) -> None:
        """Make it durable.

        Raises:
            ConcurrentUpdate, ConstraintViolated, StatementFailed, StoreUnavailable: nothing was
                kept.
            CommitOutcomeUnknown: the answer was lost; look up one's own commands.
        """


class Store(Protocol):
    """The books."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Return a transaction to be entered; leaving it rolls back what was not committed.

        Raises:
            StoreUnavailable: on entering, when there is no connection in time.
        """

    async def read(self, footprint: Footprint) -> WorkingSet:
        """Return what `footprint` names as of one instant, without locking anything.

        Raises:
            StoreUnavailable: there is no connection.
        """
