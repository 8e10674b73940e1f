"""What the executor promises on every store. The names are the rows of the fault catalogue."""

import asyncio
import contextlib
from decimal import Decimal

import pytest

from tradecore.application.command import Command
from tradecore.application.executor import ExecutorFull, ExecutorStopped
from tradecore.domain.errors import (
    OrderRefused,
)
from tradecore.ports.store import (
    CommitOutcomeUnknown,
    ConcurrentUpdate,
    Footprint,
    Store,
    StoreUnavailable,
)
from tradecore.testing.contracts.executing import OnAStore, Poison
from tradecore.testing.faults import FailOnce
from tradecore.testing.scenario import Scenario


class ExecutorContract(OnAStore):
    """Promises of the executor. Subclass it and provide the `store` fixture."""

    @pytest.mark.parametrize("step", ["commit:after", "commit:before"])
    async def test_f53_an_answer_lost_at_commit_is_looked_up_for_the_whole_batch(
        self, store: Store, house: Scenario, step: str
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        fault = FailOnce(step, CommitOutcomeUnknown("lost"))
        async with self.faulty(house, store, fault) as executor:
            outcomes = await asyncio.gather(
                *(executor.execute(house.buy(account_id)) for _ in range(20))
            )
        assert fault.raised
        assert len({outcome.unwrap().order_id for outcome in outcomes}) == 20
        assert await self.reserved(store, account_id) == Decimal(600 * 20)
        assert not any(outcome.replayed for outcome in outcomes)

    async def test_f53_a_refusal_lost_at_commit_is_looked_up(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(1))
        async with self.faulty(house, store, FailOnce("commit:after")) as executor:
            outcome = await executor.execute(house.buy(account_id))
        assert isinstance(outcome.refusal, OrderRefused)

    async def test_f53_an_answer_that_stays_lost_is_called_unknown(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(1_000))
        gone = False

        async def fault(step: str) -> None:
            nonlocal gone
            if gone:
                raise StoreUnavailable("away")
            if step == "commit:after":
                gone = True
                raise CommitOutcomeUnknown("lost")

        async with self.faulty(house, store, fault) as executor:
            with pytest.raises(CommitOutcomeUnknown):
                await executor.execute(house.buy(account_id))

    async def test_f54_a_refused_command_leaves_nothing_for_those_after_it(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(1_000))
        too_dear = house.buy(account_id, quantity=Decimal("0.02"))
        fits = house.buy(account_id, quantity=Decimal("0.016"))
        refused, accepted = await asyncio.gather(
            house.executor.execute(too_dear), house.executor.execute(fits)
        )
        assert isinstance(refused.refusal, OrderRefused)
        assert accepted.unwrap().quantity == Decimal("0.016")
        assert await self.reserved(store, account_id) == Decimal(960)
        # The deposit, the reservation and the order: the refusal used no sequence number.
        assert await self.sequence(store, account_id) == 3

    async def test_f54_a_batch_ends_as_its_commands_would_one_after_the_other(
        self, store: Store, house: Scenario
    ) -> None:
        together = await house.customer(usdt=Decimal(3_000))
        apart = await house.customer(usdt=Decimal(3_000))
        sizes = [Decimal(size) for size in ("0.02", "0.03", "0.01", "0.015", "0.005", "0.001")]
        batch = await asyncio.gather(
            *(house.executor.execute(house.buy(together, size)) for size in sizes)
        )
        singles = [await house.executor.execute(house.buy(apart, size)) for size in sizes]
        assert [one.refusal is None for one in batch] == [one.refusal is None for one in singles]
        assert await self.reserved(store, together) == await self.reserved(store, apart)
        assert await self.sequence(store, together) == await self.sequence(store, apart)

    async def test_f55_one_poisoned_command_costs_its_batch_nothing(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        async with self.second(house, store) as executor:
            commands: list[Command] = [house.buy(account_id) for _ in range(99)]  # type: ignore[type-arg] # of several
            commands.insert(50, Poison(**house.head(), account_id=account_id))
            results = await asyncio.gather(
                *(executor.execute(command) for command in commands), return_exceptions=True
            )
        assert isinstance(results[50], ZeroDivisionError)
        assert sum(isinstance(result, BaseException) for result in results) == 1
        assert await self.reserved(store, account_id) == Decimal(600 * 99)

    async def test_f55_a_caller_that_hangs_up_does_not_stop_the_shared_transaction(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        tasks = [
            asyncio.ensure_future(house.executor.execute(house.buy(account_id))) for _ in range(10)
        ]
        await asyncio.sleep(0)
        tasks[3].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[3], asyncio.CancelledError)
        assert sum(isinstance(result, BaseException) for result in results) == 1
        await house.run(house.buy(account_id))
        assert await self.reserved(store, account_id) == Decimal(600 * 11)

    async def test_f56_two_executors_give_one_account_one_sequence(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        async with self.second(house, store) as other:
            await asyncio.gather(
                *(
                    executor.execute(house.buy(account_id))
                    for _ in range(20)
                    for executor in (house.executor, other)
                )
            )
        assert await self.sequence(store, account_id) == 1 + 2 * 40

    async def test_f58_a_serialization_failure_is_run_again(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        fault = FailOnce("commit:before", ConcurrentUpdate("40001"))
        async with self.faulty(house, store, fault) as executor:
            await asyncio.gather(*(executor.execute(house.buy(account_id)) for _ in range(10)))
        assert fault.raised
        assert await self.reserved(store, account_id) == Decimal(600 * 10)

    async def test_f58_tries_are_bounded_and_the_next_command_is_served(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        stubborn = True

        async def fault(step: str) -> None:
            if stubborn and step == "commit:before":
                raise ConcurrentUpdate("40P01")

        async with self.faulty(house, store, fault) as executor:
            with pytest.raises(ConcurrentUpdate):
                await executor.execute(house.buy(account_id))
            stubborn = False
            await executor.execute(house.buy(account_id))
        assert await self.reserved(store, account_id) == Decimal(600)

    async def test_f59_of_64_clients_on_one_wallet_exactly_those_it_affords_are_accepted(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(600 * 17))
        outcomes = await asyncio.gather(
            *(house.executor.execute(house.buy(account_id)) for _ in range(64))
        )
        assert sum(outcome.refusal is None for outcome in outcomes) == 17
        assert await self.reserved(store, account_id) == Decimal(600 * 17)

    async def test_f60_callers_cancelled_at_any_moment_leave_the_executor_working(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        for pauses in range(8):
            task = asyncio.ensure_future(house.executor.execute(house.buy(account_id)))
            for _ in range(pauses):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        last = await house.run(house.buy(account_id))
        books = await store.read(Footprint(orders=frozenset({last.order_id})))
        placed = books.accounts[account_id].open_orders
        assert 1 < placed <= 9
        assert await self.reserved(store, account_id) == Decimal(600 * placed)
        assert await self.sequence(store, account_id) == 1 + 2 * placed

    async def test_f53_a_commit_under_way_when_the_lane_dies_is_unknown_not_undone(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        committed = asyncio.Event()

        async def fault(step: str) -> None:
            if step == "commit:after":
                committed.set()
                await asyncio.sleep(3600)

        with contextlib.suppress(ExceptionGroup):
            async with self.faulty(house, store, fault) as executor:
                placing = asyncio.ensure_future(executor.execute(house.buy(account_id)))
                await committed.wait()
                waiting = asyncio.ensure_future(executor.execute(house.buy(account_id)))
                await asyncio.sleep(0)
                raise ZeroDivisionError
        with pytest.raises(CommitOutcomeUnknown):
            await placing
        with pytest.raises(ExecutorStopped):
            await waiting
        assert await self.reserved(store, account_id) == Decimal(600)

    async def test_a_full_queue_refuses_at_once(self, store: Store, house: Scenario) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        async with self.second(house, store, max_waiting=3) as executor:
            results = await asyncio.gather(
                *(executor.execute(house.buy(account_id)) for _ in range(5)),
                return_exceptions=True,
            )
        assert sum(isinstance(result, ExecutorFull) for result in results) == 2

    async def test_what_follows_up_is_never_turned_away(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        async with self.second(house, store, max_waiting=1) as executor:
            outcomes = await asyncio.gather(
                *(executor.follow_up(house.buy(account_id)) for _ in range(5))
            )
        assert all(outcome.refusal is None for outcome in outcomes)

    async def test_f61_a_store_that_is_away_fails_its_batch_at_once(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        tries = 0

        async def fault(step: str) -> None:
            nonlocal tries
            if step == "load":
                tries += 1
                raise StoreUnavailable("away")

        async with self.faulty(house, store, fault) as executor:
            results = await asyncio.gather(
                *(executor.execute(house.buy(account_id)) for _ in range(50)),
                return_exceptions=True,
            )
        assert all(isinstance(result, StoreUnavailable) for result in results)
        assert tries == 1

    async def test_a_stopped_executor_finishes_what_waits_and_takes_nothing_new(
        self, store: Store, house: Scenario
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        executor = self.second(house, store)
        async with executor:
            waiting = [
                asyncio.ensure_future(executor.execute(house.buy(account_id))) for _ in range(10)
            ]
            await asyncio.sleep(0)
        assert all(outcome.refusal is None for outcome in await asyncio.gather(*waiting))
        with pytest.raises(ExecutorStopped):
            await executor.execute(house.buy(account_id))
