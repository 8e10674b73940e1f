"""What the contracts of the executor stand on: a house on a store, and stores that fail."""

import hashlib
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import ClassVar

import attrs
import pytest

from tradecore.application.command import Command, Idempotency
from tradecore.application.commands.place_order import PlaceOrder
from tradecore.application.context import Context
from tradecore.application.executor import MAX_WAITING, Executor
from tradecore.application.use_cases import USE_CASES
from tradecore.domain.ids import AccountId
from tradecore.memory import SystemClock
from tradecore.ports.store import Footprint, Store
from tradecore.ports.working_set import WorkingSet
from tradecore.testing.faults import Fault, FaultyStore
from tradecore.testing.scenario import Scenario, scenario


@attrs.frozen(kw_only=True)
class Poison(Command[None]):
    """A command whose decision is broken: it spends and then dies."""

    kind: ClassVar[str] = "poison"
    answer_type: ClassVar[type] = type(None)

    account_id: AccountId

    def footprint(self) -> Footprint:
        return Footprint(accounts=frozenset({self.account_id}), assets=frozenset({"USDT"}))


def decide_poison(command: Poison, books: WorkingSet, _context: Context) -> None:
    """Leave a trace, then fail."""
    wallet = books.wallets[command.account_id, "USDT"]
    books.wallets.save(attrs.evolve(wallet, available=Decimal(0)))
    raise ZeroDivisionError("poison")


def keyed(command: PlaceOrder, key: str, body: bytes = b"body") -> PlaceOrder:
    """Return the command as a client would send it under an idempotency key."""
    return attrs.evolve(
        command,
        idempotency=Idempotency(
            owner=command.account_id, key=key, request_hash=hashlib.sha256(body).digest()
        ),
    )


class OnAStore:
    """A furnished house on the store under test. Subclass it and provide the `store` fixture."""

    @pytest.fixture
    def store(self) -> Store:
        """Return an empty store."""
        raise NotImplementedError

    @pytest.fixture
    async def house(self, store: Store) -> AsyncIterator[Scenario]:
        """Yield a furnished house on the store."""
        async with scenario(store, SystemClock()) as ready:
            yield ready

    def second(self, house: Scenario, store: Store, *, max_waiting: int = MAX_WAITING) -> Executor:
        """Return a second executor on the same books."""
        return Executor(
            store,
            {**USE_CASES, Poison: decide_poison},
            clock=house.clock,
            ids=house.ids,
            prices=house.prices,
            max_waiting=max_waiting,
        )

    def faulty(self, house: Scenario, store: Store, fault: Fault) -> Executor:
        """Return a second executor on the same books, whose store fails as told."""
        return self.second(house, FaultyStore(store, fault))

    async def sequence(self, store: Store, account_id: AccountId) -> int:
        """Return the number of the account's last event."""
        books = await store.read(Footprint(accounts=frozenset({account_id})))
        return books.accounts[account_id].sequence

    async def reserved(self, store: Store, account_id: AccountId) -> Decimal:
        """Return what the account has reserved in USDT."""
        books = await store.read(
            Footprint(accounts=frozenset({account_id}), assets=frozenset({"USDT"}))
        )
        return books.wallets[account_id, "USDT"].reserved
