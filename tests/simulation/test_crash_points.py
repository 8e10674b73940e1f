"""A crash at every port call of the chains reserve, send, fill, replace and put back; then a restart."""

import contextlib
from typing import Any

import pytest

from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.venue_orders import VenueOrderStatus
from tradecore.testing import simulation
from tradecore.testing.simulation import CrashAt
from tradecore.testing.trading_day import FILLS, OUTCOME, script, trade
from tradecore.testing.world import World


async def life(hop: CrashAt | None) -> World:
    world = World.new(script)
    async with world.process() as house:
        account_id = await world.furnish(house)
    acknowledged: list[Order] = []
    if hop is not None:
        with contextlib.suppress(BaseExceptionGroup):
            async with world.process(hop) as house:
                await trade(world, house, account_id, acknowledged)
                await world.come_to_rest(world.all_ended)
    before_restart = list(acknowledged)
    assert not await world.broken_laws()
    async with world.process() as house:
        await trade(world, house, account_id, acknowledged)
        await world.come_to_rest(world.all_ended)
    assert not await world.broken_laws()
    check_outcome(world, before_restart)
    return world


def check_outcome(world: World, acknowledged: list[Order]) -> None:
    orders = world.tables.orders
    # L15: what was acknowledged before the crash is there, once.
    assert {order.order_id for order in acknowledged} <= set(orders)
    assert sorted(order.status for order in orders.values()) == OUTCOME
    filled = (order.children for order in orders.values() if order.status is OrderStatus.FILLED)
    assert sorted(filled) == [1, 1, 2, 2]
    children = world.tables.venue_orders.values()
    assert {child.status for child in children} == {VenueOrderStatus.ENDED}
    assert len(world.venue.history().executions) == FILLS == len(world.tables.executions)
    assert all(reservation.open == 0 for reservation in world.tables.reservations.values())


def hops() -> int:
    counting = CrashAt(None)
    simulation.run(life(counting))
    return counting.hops


HOPS = hops()


@pytest.mark.parametrize("hop", range(1, HOPS + 1))
def test_f52_a_crash_at_any_port_call_loses_and_doubles_nothing(hop: int) -> None:
    crash = CrashAt(hop)
    simulation.run(life(crash))
    assert crash.crashed_at is not None or crash.hops < hop


def test_the_scenario_passes_every_kind_of_port_call() -> None:
    assert HOPS > 80


@pytest.mark.parametrize("hop", range(1, HOPS + 1, 7))
def test_f52_a_crash_in_the_recovery_from_a_crash_changes_nothing(hop: int) -> None:
    async def twice() -> None:
        world = World.new(script)
        async with world.process() as house:
            account_id = await world.furnish(house)
        acknowledged: list[Order] = []
        for crash in (CrashAt(hop), CrashAt(1 + hop // 2)):
            try:
                async with world.process(crash) as house:
                    await trade(world, house, account_id, [])
                    await world.come_to_rest(world.all_ended)
            except BaseExceptionGroup:
                continue
        async with world.process() as house:
            await trade(world, house, account_id, acknowledged)
            await world.come_to_rest(world.all_ended)
        assert not await world.broken_laws()
        check_outcome(world, acknowledged)

    simulation.run(twice())


def test_one_seed_is_one_history() -> None:
    def trace(seed: int) -> Any:
        async def run() -> Any:
            world = World.new(script)
            async with world.process() as house:
                account_id = await world.furnish(house)
            schedule = simulation.SeededSchedule(seed)
            async with world.process(schedule) as house:
                await trade(world, house, account_id, [])
                await world.come_to_rest(world.all_ended)
            assert not await world.broken_laws()
            return schedule.trace, [event.body for event in world.tables.outbox]

        return simulation.run(run())

    assert trace(7) == trace(7)
    assert trace(7) != trace(8)
