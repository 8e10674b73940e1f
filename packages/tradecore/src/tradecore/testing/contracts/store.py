"""What every store promises."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import attrs
import pytest

from tradecore.application.commands.fund_account import CreditAccount
from tradecore.domain.errors import OrderRefused
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.domain.wallets import Wallet
from tradecore.memory import SystemClock
from tradecore.ports.records import CommandRecord
from tradecore.ports.store import ConstraintViolated, Footprint, StopsLock, Store
from tradecore.ports.working_set import Provenance, WorkingSet
from tradecore.testing.contracts.store_changes import (
    CHANGES,
    EVERYTHING,
    GROUND,
    NEVER_CHANGES,
    unchanged,
)
from tradecore.testing.scenario import BTCUSDT, Scenario, scenario


def keep(books: WorkingSet) -> None:
    """Keep what was staged, as an executor would."""
    books.keep(
        Provenance(
            command_id=HOUSE,  # type: ignore[arg-type] # any id will do
            correlation_id="contract",
            recorded_at=books.recorded_at,
            new_id=lambda: "01900000-0000-7000-8000-00000000beef",
        )
    )


class StoreContract:
    """Promises of every store. Subclass it and provide the `store` fixture."""

    @pytest.fixture
    def store(self) -> Store:
        """Return an empty store."""
        raise NotImplementedError

    @pytest.fixture
    async def house(self, store: Store) -> AsyncIterator[Scenario]:
        """Yield a furnished house on the store."""
        async with scenario(store, SystemClock()) as ready:
            yield ready

    async def test_the_house_account_is_there(self, store: Store) -> None:
        books = await store.read(Footprint(accounts=frozenset({HOUSE})))
        assert books.accounts[HOUSE].number == 0

    async def test_missing_rows_are_absent(self, store: Store) -> None:
        nobody = AccountId("01900000-0000-7000-8000-0000000000aa")
        books = await store.read(
            Footprint(accounts=frozenset({nobody}), symbols=frozenset({"NONE"}))
        )
        assert books.accounts.find(nobody) is None
        assert books.instruments.find("NONE") is None

    async def test_forgotten_commit_keeps_nothing(self, store: Store, house: Scenario) -> None:
        account_id = await house.customer(usdt=Decimal(100))
        wallets = Footprint(accounts=frozenset({account_id}), assets=frozenset({"USDT"}))
        async with store.transaction() as transaction:
            books = await transaction.load(wallets)
            wallet = books.wallets[account_id, "USDT"]
            books.wallets.save(attrs.evolve(wallet, available=Decimal(7)))
            keep(books)
            await transaction.save(books)

        assert (await store.read(wallets)).wallets[account_id, "USDT"].available == Decimal(100)

    async def test_an_error_inside_a_transaction_keeps_nothing(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(100))
        wallets = Footprint(accounts=frozenset({account_id}), assets=frozenset({"USDT"}))
        with pytest.raises(ZeroDivisionError):
            async with store.transaction() as transaction:
                books = await transaction.load(wallets)
                books.wallets.save(
                    attrs.evolve(books.wallets[account_id, "USDT"], available=Decimal(7))
                )
                keep(books)
                await transaction.save(books)
                raise ZeroDivisionError

        assert (await store.read(wallets)).wallets[account_id, "USDT"].available == Decimal(100)

    async def test_an_order_comes_with_everything_its_end_needs(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(1_000))
        order = await house.run(house.buy(account_id))
        child = await house.send(order, 71)

        books = await store.read(Footprint(orders=frozenset({order.order_id}), positions=True))

        assert books.orders[order.order_id].children == 1
        assert books.accounts[account_id].open_orders == 1
        assert books.venue_orders[order.order_id, 1] == child
        assert books.reservations[order.order_id].open == Decimal(600)
        assert books.wallets[account_id, "USDT"].reserved == Decimal(600)
        assert books.instruments["BTCUSDT"] == BTCUSDT

    async def test_rows_come_back_as_they_were_saved(self, store: Store, house: Scenario) -> None:
        account_id = await house.customer(usdt=Decimal(1_000))
        command = house.buy(account_id, client_order_id="my-own-name")
        order = await house.run(command)
        child = await house.send(order, 72)
        execution = await house.filled(child, Decimal("0.004"))

        books = await store.read(
            Footprint(
                orders=frozenset({order.order_id}),
                executions=frozenset({execution.key}),
                client_order_ids=frozenset({(account_id, "my-own-name")}),
                commands=frozenset({command.command_id}),
                positions=True,
            )
        )

        assert books.executions[execution.key] == execution
        assert books.order_of_client_order_id(account_id, "my-own-name") == order.order_id
        assert books.commands[command.command_id].kind == "place_order"
        assert books.positions[account_id, "BTC"].quantity == Decimal("0.00399999")
        assert books.positions[account_id, "BTC"].cost == Decimal(240)
        found = books.orders[order.order_id]
        assert found.filled_quantity == Decimal("0.004")
        assert found.filled_notional == Decimal(240)
        assert found.created_at == order.created_at

    @pytest.mark.parametrize("table", CHANGES)
    async def test_every_field_that_can_change_is_written(self, store: Store, table: str) -> None:
        change = CHANGES[table]
        assert set(unchanged(change.before, change.after)) == set(NEVER_CHANGES[table])
        async with store.transaction() as transaction:
            books = await transaction.load(EVERYTHING)
            for of_table, row in GROUND:
                getattr(books, of_table).save(row)
            keep(books)
            await transaction.save(books)
            await transaction.commit()

        # And back again: from nothing to something, and from something to nothing.
        for row in (change.after, change.before):
            async with store.transaction() as transaction:
                books = await transaction.load(EVERYTHING)
                getattr(books, table).save(row)
                keep(books)
                await transaction.save(books)
                await transaction.commit()
            found = getattr(await store.read(EVERYTHING), table)
            assert found[found.key_of(row)] == row

    async def test_negative_wallets_are_refused(self, store: Store, house: Scenario) -> None:
        account_id = await house.customer(usdt=Decimal(100))
        with pytest.raises(ConstraintViolated):
            async with store.transaction() as transaction:
                books = await transaction.load(
                    Footprint(accounts=frozenset({account_id}), assets=frozenset({"USDT"}))
                )
                books.wallets.save(
                    Wallet(account_id=account_id, asset="USDT", available=Decimal(-1))
                )
                keep(books)
                await transaction.save(books)
                await transaction.commit()

    async def test_a_command_is_recorded_once(self, store: Store, house: Scenario) -> None:
        account_id = await house.customer(usdt=Decimal(1_000))
        command = house.buy(account_id)
        await house.run(command)
        with pytest.raises(ConstraintViolated):
            async with store.transaction() as transaction:
                books = await transaction.load(Footprint())
                books.commands.save(
                    CommandRecord(
                        command_id=command.command_id,
                        kind="place_order",
                        outcome=b"{}",
                        recorded_at=books.recorded_at,
                    )
                )
                keep(books)
                await transaction.save(books)
                await transaction.commit()

    async def test_concurrent_commands_never_overspend(self, house: Scenario) -> None:
        account_id = await house.customer(usdt=Decimal(600 * 5))
        results = await asyncio.gather(
            *(house.run(house.buy(account_id)) for _ in range(50)), return_exceptions=True
        )
        refused = [result for result in results if isinstance(result, OrderRefused)]
        assert len(results) - len(refused) == 5
        assert {reason.rule for one in refused for reason in one.reasons} == {"insufficient-funds"}

    async def test_sequences_of_an_account_have_no_hole(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(10_000))
        await asyncio.gather(*(house.run(house.buy(account_id)) for _ in range(10)))
        books = await store.read(Footprint(accounts=frozenset({account_id})))
        # One deposit, and two events per order: the balance and the order.
        assert books.accounts[account_id].sequence == 1 + 2 * 10

    async def test_funding_sees_the_house_balances(self, store: Store, house: Scenario) -> None:
        await house.customer(usdt=Decimal(400))
        books = await store.read(Footprint(funding=frozenset({"USDT"})))
        assert books.house_balances["USDT"].treasury == Decimal(10_000_000 - 400)
        assert books.house_balances["USDT"].negatives == 0

    async def test_two_credits_at_once_cannot_both_take_the_last_of_the_treasury(
        self, house: Scenario
    ) -> None:
        accounts = [await house.customer() for _ in range(2)]
        results = await asyncio.gather(
            *(
                house.run(
                    CreditAccount(
                        **house.head(),
                        account_id=account_id,
                        asset="USDT",
                        amount=Decimal(6_000_000),
                        reason="deposit",
                    )
                )
                for account_id in accounts
            ),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in results) == [
            "TreasuryExceeded",
            "Wallet",
        ]

    async def test_exclusive_stops_are_told(self, store: Store) -> None:
        async with store.transaction() as transaction:
            books = await transaction.load(Footprint(stops=StopsLock.EXCLUSIVE))
            assert books.stops_exclusive

    async def test_account_numbers_are_fresh(self, store: Store) -> None:
        numbers = []
        for _ in range(2):
            async with store.transaction() as transaction:
                books = await transaction.load(Footprint(new_accounts=2))
                numbers += [books.take_account_number(), books.take_account_number()]
                await transaction.commit()
        assert len(set(numbers)) == 4
        assert 0 not in numbers
