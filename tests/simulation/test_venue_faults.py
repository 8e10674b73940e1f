"""One fault of the venue at a time, in a whole platform: what becomes of the order."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from tradecore.application.context import HouseRules
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.venue_orders import VenueOrder
from tradecore.memory.scheduling import Scheduler, free_running
from tradecore.ports.venue import OrderReport, VenueOutcomeUnknown
from tradecore.testing import simulation
from tradecore.testing.scenario import Scenario
from tradecore.testing.scripted_venue import Answer, Script
from tradecore.testing.simulation import SeededSchedule
from tradecore.testing.trading_day import FILLS, OUTCOME, script, trade
from tradecore.testing.world import World

D = Decimal
S = OrderStatus


def rest(_child: VenueOrder) -> Answer:
    return Answer.REST


class Moment:
    """Does something once, at the first call that bears a label."""

    def __init__(self, label: str, act: Callable[[], object]) -> None:
        self._label = label
        self._act = act
        self._done = False

    async def __call__(self, label: str) -> None:
        await asyncio.sleep(0)
        if label == self._label and not self._done:
            self._done = True
            self._act()


async def bought(answers: Script, hop: Scheduler = free_running) -> World:
    """Place one order and wait until it has ended."""
    world = World.new(answers)
    async with world.process() as house:
        account_id = await world.furnish(house)
    async with world.process(hop) as house:
        await house.run(house.buy(account_id))
        await world.come_to_rest(world.all_ended)
    assert not await world.broken_laws()
    return world


def only_order(world: World) -> Order:
    (order,) = world.tables.orders.values()
    return order


@pytest.mark.parametrize("first", [Answer.NOBODY_KNOWS, Answer.LOST])
def test_f02_an_unknown_outcome_trades_once_executed_or_not(first: Answer) -> None:
    answers = iter([first])
    world = simulation.run(bought(lambda _child: next(answers, Answer.FILL)))
    assert only_order(world).status is S.FILLED
    assert len(world.venue.history().orders) == 1


def test_f11_f12_an_order_that_the_venue_cannot_cover_is_rejected_and_not_tried_again() -> None:
    sent: list[VenueOrder] = []

    def refuse(child: VenueOrder) -> Answer:
        sent.append(child)
        return Answer.REJECT

    world = simulation.run(bought(refuse))
    assert only_order(world).status is S.REJECTED
    assert len(sent) == 1
    wallet = world.tables.wallets[only_order(world).account_id, "USDT"]
    assert (wallet.available, wallet.reserved) == (D(100_000), D(0))


def test_f24_an_order_that_meets_others_of_the_house_again_and_again_comes_to_rest() -> None:
    world = simulation.run(bought(lambda _child: Answer.MET))
    assert only_order(world).status is S.EXPIRED
    assert len(world.venue.history().orders) == 1 + HouseRules().max_put_back


@pytest.mark.parametrize("seed", range(12))
def test_f07_two_processes_side_by_side_trade_the_day_of_one(seed: int) -> None:
    async def run() -> World:
        world = World.new(script)
        async with world.process() as house:
            account_id = await world.furnish(house)
        acknowledged: list[Order] = []
        async with (
            world.process(SeededSchedule(seed)),
            world.process(SeededSchedule(100 + seed)) as house,
        ):
            await trade(world, house, account_id, acknowledged)
            await world.come_to_rest(world.all_ended)
        assert not await world.broken_laws()
        return world

    world = simulation.run(run())
    assert sorted(order.status for order in world.tables.orders.values()) == OUTCOME
    assert len(world.venue.history().executions) == FILLS == len(world.tables.executions)


async def interrupted(
    label: str,
    act: Callable[[World, VenueOrder], object],
    wish: Callable[[Scenario, Order], object],
) -> World:
    """Let an order rest, let the customer wish something, and `act` at the venue's call `label`."""
    world = World.new(rest)
    async with world.process() as house:
        account_id = await world.furnish(house)
        order = await house.run(house.buy(account_id))
        name = order.order_id

        async def live() -> bool:
            return world.tables.orders[name].status is S.NEW

        await world.come_to_rest(live)
    child = world.tables.venue_orders[name, 1]
    async with world.process(Moment(label, lambda: act(world, child))) as house:
        await house.run(wish(house, order))  # type: ignore[arg-type] # a command
        await world.clock.sleep(20)
    assert not await world.broken_laws()
    return world


def cancel(house: Scenario, order: Order) -> object:
    return house.cancel(order)


def move(house: Scenario, order: Order) -> object:
    return house.replace(order, price=D(59_000))


def part(world: World, child: VenueOrder) -> OrderReport:
    return world.venue.fill(child, D("0.004"))


def whole(world: World, child: VenueOrder) -> OrderReport:
    return world.venue.fill(child)


def lose(_world: World, _child: VenueOrder) -> None:
    raise VenueOutcomeUnknown("no answer")


@pytest.mark.parametrize(
    ("label", "act", "status", "filled"),
    [
        ("venue.cancel:begin", part, S.CANCELED, D("0.004")),
        ("venue.cancel:begin", whole, S.FILLED, D("0.01")),
        ("venue.cancel:begin", lose, S.CANCELED, D(0)),
        ("venue.cancel:end", lose, S.CANCELED, D(0)),
    ],
)
def test_f09_a_cancel_that_meets_a_fill_or_is_lost_ends_as_the_venue_says(
    label: str,
    act: Callable[[World, VenueOrder], object],
    status: OrderStatus,
    filled: Decimal,
) -> None:
    world = simulation.run(interrupted(label, act, cancel))
    assert (only_order(world).status, only_order(world).filled_quantity) == (status, filled)
    assert world.tables.reservations[only_order(world).order_id].open == 0


@pytest.mark.parametrize(
    ("label", "act", "status", "left"),
    [
        ("venue.cancel:begin", part, S.PARTIALLY_FILLED, D("0.006")),
        ("venue.cancel:begin", whole, S.FILLED, None),
        ("venue.cancel:begin", lose, S.NEW, D("0.01")),
        ("venue.cancel:end", lose, S.NEW, D("0.01")),
    ],
)
def test_f14_a_fill_inside_a_replacement_is_not_bought_again(
    label: str,
    act: Callable[[World, VenueOrder], object],
    status: OrderStatus,
    left: Decimal | None,
) -> None:
    world = simulation.run(interrupted(label, act, move))
    order = only_order(world)
    assert order.status is status
    following = world.tables.venue_orders.get((order.order_id, 2))
    assert (None if following is None else following.quantity) == left
    reserved = D(0) if left is None else left * 59_000
    assert world.tables.wallets[order.account_id, "USDT"].reserved == reserved
