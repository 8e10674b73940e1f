"""Whatever happens between us and the venue: no order twice, none lost, nobody held up."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from tradecore.domain.ids import AccountId
from tradecore.domain.instruments import OrderType
from tradecore.domain.ledger import EntryKind
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus
from tradecore.memory.scheduling import Scheduler
from tradecore.ports.venue import VenueUnavailable
from tradecore.testing import simulation
from tradecore.testing.scenario import Scenario
from tradecore.testing.scripted_venue import Answer, Script
from tradecore.testing.world import World

Play = Callable[[World, Scenario, AccountId], Coroutine[Any, Any, None]]


def play(script: Script, act: Play, hop: Scheduler | None = None) -> World:
    """Run `act` in a furnished world, and hold the laws against it afterwards."""

    async def run() -> World:
        world = World.new(script)
        async with world.process() as house:
            account_id = await world.furnish(house)
        async with world.process(hop) if hop is not None else world.process() as house:
            await act(world, house, account_id)
        assert not await world.broken_laws()
        return world

    return simulation.run(run())


def alerts(world: World) -> list[str]:
    return [event.body.decode() for event in world.tables.outbox if event.topic == "alerts.raised"]


class Slow:
    """Delays the n-th call that bears a label."""

    def __init__(self, label: str, seconds: float, *, nth: int = 1) -> None:
        self._label = label
        self._seconds = seconds
        self._left = nth

    async def __call__(self, label: str) -> None:
        await asyncio.sleep(0)
        if label == self._label:
            self._left -= 1
            if self._left == 0:
                await asyncio.sleep(self._seconds)


async def buy_and_wait(world: World, house: Scenario, account_id: AccountId) -> None:
    await house.run(house.buy(account_id))
    await world.come_to_rest(world.all_ended)


@pytest.mark.parametrize("seconds", [0.5, 2, 4, 4.9, 5.1, 7, 9.5])
@pytest.mark.parametrize("answer", [Answer.FILL, Answer.LOST])
def test_f01_f03_a_request_that_is_late_or_whose_answer_is_lost_trades_once(
    seconds: float, answer: Answer
) -> None:
    world = play(lambda _child: answer, buy_and_wait, Slow("venue.submit:begin", seconds))
    (order,) = world.tables.orders.values()
    assert order.status is OrderStatus.FILLED
    assert len(world.venue.history().executions) == 1


@pytest.mark.parametrize("lag_seconds", [0.5, 1.5, 2.9])
def test_f05_an_order_that_the_venue_does_not_find_yet_is_not_sent_again(
    lag_seconds: float,
) -> None:
    answers = iter([Answer.UNAVAILABLE])

    async def act(world: World, house: Scenario, account_id: AccountId) -> None:
        world.venue.read_lag = timedelta(seconds=lag_seconds)
        await buy_and_wait(world, house, account_id)

    world = play(lambda _child: next(answers, Answer.LOST), act)
    assert len(world.venue.history().executions) == 1
    assert len(world.venue.history().orders) == 1


def test_f10_an_order_that_lives_after_a_spurious_rejection_is_canceled_and_told() -> None:
    async def act(world: World, house: Scenario, account_id: AccountId) -> None:
        order = await house.run(house.buy(account_id))

        async def dead() -> bool:
            child = world.tables.venue_orders.get((order.order_id, 1))
            told = bool(alerts(world))
            return told and child is not None and child.status is VenueOrderStatus.ENDED

        await world.come_to_rest(dead)

    world = play(lambda _child: Answer.SPURIOUS, act)
    (order,) = world.tables.orders.values()
    assert order.status is OrderStatus.REJECTED
    assert world.tables.reservations[order.order_id].open == 0
    assert [report.outcome for report in world.venue._orders.values()] == ["CANCELED"]
    assert any("orphan" in alert for alert in alerts(world))


def test_f13_an_immediate_order_that_could_not_be_sent_in_time_expires() -> None:
    away = True

    async def hop(label: str) -> None:
        await asyncio.sleep(0)
        if away and label.startswith("venue"):
            raise VenueUnavailable(label)

    async def act(world: World, house: Scenario, account_id: AccountId) -> None:
        nonlocal away
        market = attrs.evolve(house.sell(account_id), type=OrderType.MARKET, price=None)
        order = await house.run(market)
        await world.clock.sleep(60)
        away = False
        await world.come_to_rest(world.all_ended)
        ended = world.tables.orders[order.order_id]
        assert ended.status is OrderStatus.EXPIRED
        assert ended.reason == "could not be sent to the venue in time"

    world = play(lambda _child: Answer.FILL, act, hop)
    assert not world.venue.history().executions


@pytest.mark.parametrize("terminal_too", [False, True])
def test_f18_f31_frames_that_a_silent_stream_lost_are_found_by_the_sweep(
    terminal_too: bool,
) -> None:
    async def act(world: World, house: Scenario, account_id: AccountId) -> None:
        order = await house.run(house.buy(account_id))
        orders = world.tables.orders

        async def live() -> bool:
            return orders[order.order_id].status is OrderStatus.NEW

        await world.come_to_rest(live)
        world.venue.mute = True
        child = world.tables.venue_orders[order.order_id, 1]
        world.venue.fill(child, None if terminal_too else Decimal("0.004"))
        world.venue.mute = False
        expected = Decimal("0.01") if terminal_too else Decimal("0.004")

        async def found() -> bool:
            return orders[order.order_id].filled_quantity == expected

        await world.come_to_rest(found)

    play(lambda _child: Answer.REST, act)


def test_f37_f55_orders_that_hang_at_the_venue_hold_up_nobody_elses() -> None:
    async def act(world: World, house: Scenario, account_id: AccountId) -> None:
        other = await house.customer(usdt=Decimal(10_000))
        hanging = [await house.run(house.buy(account_id, Decimal("0.013"))) for _ in range(40)]
        quick: list[Order] = [await house.run(house.buy(other)) for _ in range(5)]
        await world.clock.sleep(2)
        orders = world.tables.orders
        assert all(orders[one.order_id].status is OrderStatus.FILLED for one in quick)
        assert not any(orders[one.order_id].is_terminal for one in hanging)

    async def hop(label: str) -> None:
        await asyncio.sleep(0)

    def script(child: VenueOrder) -> Answer:
        return Answer.FILL

    async def run() -> None:
        world = World.new(script)
        submit = world.venue.submit

        async def hang(child: VenueOrder) -> Any:
            if child.quantity == Decimal("0.013"):
                await asyncio.sleep(3600)
            return await submit(child)

        world.venue.submit = hang  # type: ignore[method-assign] # one account's orders hang
        async with world.process(hop) as house:
            account_id = await world.furnish(house)
            await act(world, house, account_id)
        assert not await world.broken_laws()

    simulation.run(run())


def test_f41_a_fill_that_cannot_be_posted_is_told_and_the_others_post() -> None:
    async def act(world: World, house: Scenario, account_id: AccountId) -> None:
        world.tables.references[EntryKind.FILL, "binance:BTCUSDT:1:1"] = next(
            iter(world.tables.journal_entries)
        )
        poisoned = await house.run(house.buy(account_id))
        others = [await house.run(house.buy(account_id)) for _ in range(5)]
        orders = world.tables.orders

        async def told() -> bool:
            filled = all(orders[one.order_id].status is OrderStatus.FILLED for one in others)
            return filled and bool(alerts(world))

        await world.come_to_rest(told)
        assert not orders[poisoned.order_id].is_terminal
        await world.clock.sleep(120)
        assert len([alert for alert in alerts(world) if "not_posted" in alert]) == 1
        late = await house.run(house.buy(account_id))

        async def filled() -> bool:
            return orders[late.order_id].status is OrderStatus.FILLED

        await world.come_to_rest(filled)
        del world.tables.references[EntryKind.FILL, "binance:BTCUSDT:1:1"]
        await world.come_to_rest(world.all_ended)

    play(lambda _child: Answer.FILL, act)
