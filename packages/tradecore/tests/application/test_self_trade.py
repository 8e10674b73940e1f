"""Two customers who cross are one trader to the venue: what becomes of the order that it ends."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tradecore.application.commands.open_attempt import Attempt, OpenAttempt
from tradecore.application.commands.record_report import RejectAttempt
from tradecore.application.context import HouseRules, SelfTradePolicy
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.memory import MemoryStore, SequentialIds, VirtualClock
from tradecore.testing.scenario import Scenario, scenario

D = Decimal
IN_MATCH = VenueOutcome.EXPIRED_IN_MATCH


async def resting(house: Scenario) -> tuple[Order, VenueOrder]:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    await house.run(house.fill(child, D("0.004")))
    return order, child


def stored(store: MemoryStore, order: Order) -> Order:
    return store.tables.orders[order.order_id]


async def test_f23_what_is_left_goes_back_as_a_new_child(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    reserved = store.tables.wallets[order.account_id, "USDT"].reserved
    await house.run(house.ended(child, IN_MATCH, D("0.004")))

    assert stored(store, order).status is OrderStatus.PARTIALLY_FILLED
    assert store.tables.wallets[order.account_id, "USDT"].reserved == reserved
    attempt = await house.run(OpenAttempt(**house.head(), order_id=order.order_id))
    assert (attempt.child.child, attempt.child.quantity) == (2, D("0.006"))
    assert attempt.child.venue_client_order_id == f"{child.venue_client_order_id}-2"


async def test_f23_what_is_told_twice_puts_the_order_back_once(
    house: Scenario, store: MemoryStore
) -> None:
    _, child = await resting(house)
    for _ in range(2):
        await house.run(house.ended(child, IN_MATCH, D("0.004")))
    submitted = [one for one in store.tables.outbox if one.topic == "orders.submitted"]
    assert len(submitted) == 2  # as it was placed, and put back


async def test_f24_an_order_goes_back_a_bounded_number_of_times(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    sent = 1
    while not stored(store, order).is_terminal:
        await house.run(house.ended(child, IN_MATCH, child.filled_quantity))
        if not stored(store, order).is_terminal:
            sent += 1
            child = await house.send(order, 100 + sent)
            assert sent < 20

    assert sent == 1 + HouseRules().max_put_back
    assert (stored(store, order).status, stored(store, order).reason) == (
        OrderStatus.EXPIRED,
        "EXPIRED_IN_MATCH",
    )
    assert store.tables.wallets[order.account_id, "USDT"].reserved == 0


async def test_f23_a_next_child_that_is_refused_ends_the_order_expired(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.ended(child, IN_MATCH, D("0.004")))
    attempt: Attempt = await house.run(OpenAttempt(**house.head(), order_id=order.order_id))
    assert attempt.child is not None
    await house.run(
        RejectAttempt(
            **house.head(),
            order_id=order.order_id,
            child=2,
            attempted_at=attempt.child.attempted_at,
            reason="Filter failure: NOTIONAL",
        )
    )

    assert stored(store, order).status is OrderStatus.EXPIRED
    assert store.tables.wallets[order.account_id, "USDT"].reserved == 0


async def test_f23_who_asked_for_the_end_is_not_put_back(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.cancel(order))
    await house.run(house.ended(child, IN_MATCH, D("0.004")))

    assert stored(store, order).status is OrderStatus.EXPIRED


class TestExpirePolicy:
    @pytest.fixture
    async def house(self, store: MemoryStore, clock: VirtualClock) -> AsyncIterator[Scenario]:
        rules = HouseRules(self_trade=SelfTradePolicy.EXPIRE)
        async with scenario(store, clock, ids=SequentialIds(), rules=rules) as ready:
            yield ready

    async def test_f23_the_order_ends_with_the_reason(
        self, house: Scenario, store: MemoryStore
    ) -> None:
        order, child = await resting(house)
        await house.run(house.ended(child, IN_MATCH, D("0.004")))

        now = stored(store, order)
        assert (now.status, now.reason) == (OrderStatus.EXPIRED, "EXPIRED_IN_MATCH")
        assert store.tables.wallets[order.account_id, "USDT"].reserved == 0
