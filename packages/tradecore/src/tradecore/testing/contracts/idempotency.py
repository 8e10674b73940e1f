"""What keys and client order ids promise on every store. The names are the rows of the fault catalogue."""

import asyncio
from decimal import Decimal

import pytest

from tradecore.domain.errors import (
    ClientOrderIdReused,
    IdempotencyKeyReused,
    OrderRefused,
)
from tradecore.domain.orders import Order
from tradecore.ports.store import (
    Store,
    StoreUnavailable,
)
from tradecore.testing.contracts.executing import OnAStore, keyed
from tradecore.testing.faults import FailOnce
from tradecore.testing.scenario import Scenario


class IdempotencyContract(OnAStore):
    """Promises of idempotency keys and client order ids. Provide the `store` fixture."""

    async def test_f64_the_same_key_with_another_body_is_refused(self, house: Scenario) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        await house.run(keyed(house.buy(account_id), "key"))
        with pytest.raises(IdempotencyKeyReused):
            await house.run(keyed(house.buy(account_id), "key", b"another"))

    async def test_f64_a_hundred_repeats_at_once_are_one_order_and_one_answer(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        outcomes = await asyncio.gather(
            *(house.executor.execute(keyed(house.buy(account_id), "key")) for _ in range(100))
        )
        assert len({outcome.unwrap() for outcome in outcomes}) == 1
        assert sum(not outcome.replayed for outcome in outcomes) == 1
        assert await self.reserved(store, account_id) == Decimal(600)

    async def test_f64_a_refusal_is_kept_and_answered_again(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(1))
        first = await house.executor.execute(keyed(house.buy(account_id), "key"))
        await house.customer(usdt=Decimal(60_000))
        again = await house.executor.execute(keyed(house.buy(account_id), "key"))
        assert isinstance(first.refusal, OrderRefused)
        assert isinstance(again.refusal, OrderRefused)
        assert again.refusal.reasons == first.refusal.reasons
        assert (first.replayed, again.replayed) == (False, True)
        assert await self.sequence(store, account_id) == 1

    async def test_f65_a_client_order_id_names_one_order_for_ever(self, house: Scenario) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        order: Order = await house.run(house.buy(account_id, client_order_id="mine"))
        await house.run(house.cancel(order))
        with pytest.raises(ClientOrderIdReused):
            await house.run(house.buy(account_id, client_order_id="mine"))

    async def test_f65_a_client_order_id_twice_in_one_batch_is_one_order(
        self, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        results = await asyncio.gather(
            *(
                house.executor.execute(house.buy(account_id, client_order_id="mine"))
                for _ in range(5)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(result, ClientOrderIdReused) for result in results) == 4

    async def test_f65_keys_of_two_accounts_are_apart(self, house: Scenario) -> None:
        one = await house.customer(usdt=Decimal(60_000))
        two = await house.customer(usdt=Decimal(60_000))
        first = await house.executor.execute(keyed(house.buy(one), "key"))
        second = await house.executor.execute(keyed(house.buy(two), "key"))
        assert first.unwrap().order_id != second.unwrap().order_id

    async def test_f65_a_command_that_was_rolled_back_keeps_no_key(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        async with self.faulty(
            house, store, FailOnce("commit:before", StoreUnavailable("away"))
        ) as executor:
            with pytest.raises(StoreUnavailable):
                await executor.execute(keyed(house.buy(account_id), "key"))
            outcome = await executor.execute(keyed(house.buy(account_id), "key"))
        assert not outcome.replayed
        assert await self.reserved(store, account_id) == Decimal(600)
