"""Nights in which the venue trades and no process lives; and streams that break at any message."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tradecore.application.processes.catch_up import catch_up
from tradecore.application.processes.gateway import Gateway
from tradecore.domain.ids import AccountId
from tradecore.domain.ledger import SUSPENSE, EntryKind
from tradecore.domain.money import Price, Quantity
from tradecore.domain.orders import OrderStatus
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.ports.venue import VenueUnavailable
from tradecore.testing import simulation
from tradecore.testing.builders import build_venue_order
from tradecore.testing.scripted_venue import Answer
from tradecore.testing.simulation import CrashAt
from tradecore.testing.trading_day import FILLS, OUTCOME, script, trade
from tradecore.testing.world import World

D = Decimal
DEAD = D(59_500)
"""The price of orders that the venue takes and says that it refused."""


def resting(child: VenueOrder) -> Answer:
    return Answer.SPURIOUS if child.price == DEAD else Answer.REST


def stranger(number: int) -> VenueOrder:
    return build_venue_order(
        venue_client_order_id=f"web_{number}",
        symbol="BTCUSDT",
        quantity=Quantity(D("0.002")),
        price=Price(D(60_000)),
    )


async def furnished(play: Callable[[VenueOrder], Answer] = resting) -> tuple[World, AccountId]:
    world = World.new(play)
    async with world.process() as house:
        return world, await world.furnish(house)


async def placed(world: World, account_id: AccountId, *prices: int | Decimal) -> list[VenueOrder]:
    """Place an order at each price and return the children, once the venue has answered.

    The stream is silent: nobody hears more than the answers.
    """
    world.venue.mute = True
    async with world.process() as house:
        orders = [await house.run(house.buy(account_id, price=D(one))) for one in prices]

        async def answered() -> bool:
            now = (world.tables.orders[one.order_id].status for one in orders)
            return OrderStatus.PENDING_NEW not in now

        await world.come_to_rest(answered)
    world.venue.mute = False
    return [world.tables.venue_orders[one.order_id, 1] for one in orders]


def cursor(world: World) -> int:
    found = world.tables.trade_cursors.get(("binance", "BTCUSDT"))
    return -1 if found is None else found.trade_id


def caught_up(world: World, *, posted: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        unwanted = [
            one
            for one in children(world)
            if one.status is VenueOrderStatus.LIVE and world.tables.orders[one.order_id].is_terminal
        ]
        last = world.venue.history().executions[-1].trade_id
        return cursor(world) == last and len(world.tables.executions) == posted and not unwanted

    return check


def children(world: World) -> list[VenueOrder]:
    return list(world.tables.venue_orders.values())


def posted_ids(world: World) -> list[int]:
    return sorted(one.trade_id for one in world.tables.executions.values())


def alerts(world: World) -> list[str]:
    return sorted(
        event.body.decode().split('"kind":"')[1].split('"')[0]
        for event in world.tables.outbox
        if event.topic == "alerts.raised"
    )


def suspense(world: World) -> Decimal:
    return sum(
        (
            line.amount
            for entry in world.tables.journal_entries.values()
            for line in entry.postings
            if (line.account, line.asset) == (SUSPENSE, "BTC")
        ),
        D(0),
    )


def end_state(world: World) -> dict[str, Any]:
    tables = world.tables
    return {
        "orders": [(one.status, one.filled_quantity) for one in tables.orders.values()],
        "children": [(one.status, one.outcome, one.filled_quantity) for one in children(world)],
        "wallets": sorted((k, w.available, w.reserved, w.owed) for k, w in tables.wallets.items()),
        "open": [one.open for one in tables.reservations.values()],
        "fills": sorted((one.key, one.late) for one in tables.executions.values()),
        "cursor": cursor(world),
        "suspense": suspense(world),
        "alerts": alerts(world),
        "at the venue": [
            (one.outcome, one.filled_quantity) for one in world.venue._orders.values()
        ],
    }


async def first_night(world: World, account_id: AccountId) -> None:
    """Whole and partial fills, one of an order that was held to be dead, and a stranger's too."""
    whole, part, dead = await placed(world, account_id, 60_000, 59_000, DEAD)
    world.venue.fill(whole)
    world.venue.fill(part, D("0.004"))
    world.venue.fill(dead, D("0.003"))
    world.venue.stranger(stranger(4))


async def second_night(world: World, account_id: AccountId) -> None:
    """The platform has a cursor by now; the stranger's trade in the middle is news."""
    (again,) = await placed(world, account_id, 60_000)
    world.venue.fill(again, D("0.001"))
    world.venue.stranger(stranger(5))
    world.venue.fill(again, D("0.002"))


async def life(world: World, hop: CrashAt | None, posted: int) -> None:
    """Catch up in one life, or in the one after a crash."""
    if hop is not None:
        with contextlib.suppress(BaseExceptionGroup):
            async with world.process(hop):
                await world.come_to_rest(caught_up(world, posted=posted))
        assert not await world.broken_laws()
        # All up to the cursor is posted but what strangers did before the first one.
        ours = {one.trade_id for one in world.venue.history().executions[3:6]}
        assert {one for one in ours if one <= cursor(world)} <= set(posted_ids(world))
    async with world.process():
        await world.come_to_rest(caught_up(world, posted=posted))
    assert not await world.broken_laws()


async def two_nights(first: CrashAt | None, second: CrashAt | None) -> World:
    world, account_id = await furnished()
    for number in range(3):
        world.venue.stranger(stranger(number))
    await first_night(world, account_id)
    world.tables.trade_cursors.clear()  # as where it could never be read before
    await life(world, first, posted=3)
    await second_night(world, account_id)
    await life(world, second, posted=6)
    return world


UNDISTURBED = simulation.run(two_nights(None, None))


def hops(night: int) -> int:
    counting = CrashAt(None)
    simulation.run(two_nights(*(counting if one == night else None for one in (1, 2))))
    return counting.hops


@pytest.mark.parametrize(("night", "hop"), [(n, hop) for n in (1, 2) for hop in range(1, hops(n))])
def test_f52_a_crash_at_any_port_call_of_a_catch_up_changes_nothing(night: int, hop: int) -> None:
    crash = CrashAt(hop)
    first, second = (crash if one == night else None for one in (1, 2))
    assert end_state(simulation.run(two_nights(first, second))) == end_state(UNDISTURBED)


def test_f25_f30_what_traded_while_no_process_lived_is_posted_once() -> None:
    state = end_state(UNDISTURBED)
    assert posted_ids(UNDISTURBED) == [4, 5, 6, 8, 9, 10]
    assert [late for _, late in state["fills"]] == [False, False, True, False, False, False]
    assert state["cursor"] == 10
    assert state["orders"] == [
        (OrderStatus.FILLED, D("0.01")),
        (OrderStatus.PARTIALLY_FILLED, D("0.004")),
        (OrderStatus.REJECTED, D("0.003")),
        (OrderStatus.PARTIALLY_FILLED, D("0.003")),
    ]


def test_f25_a_stranger_is_left_before_the_first_cursor_and_suspended_once_after_it() -> None:
    assert not {1, 2, 3, 7} & set(posted_ids(UNDISTURBED))
    assert suspense(UNDISTURBED) == D("0.002") - D("0.000002")
    assert alerts(UNDISTURBED).count("suspense") == 1


def test_f10_f20_an_order_held_dead_of_which_a_fill_is_found_is_canceled_and_told() -> None:
    """The stream never said that it was accepted; its fill in the account's trades is the first word."""
    dead = children(UNDISTURBED)[2]
    assert (dead.status, dead.outcome) == (VenueOrderStatus.ENDED, VenueOutcome.CANCELED)
    assert end_state(UNDISTURBED)["at the venue"][5] == (VenueOutcome.CANCELED, D("0.003"))
    assert alerts(UNDISTURBED) == ["late_fill", "orphan", "suspense"]


def test_f10_an_unwanted_order_is_canceled_though_the_venue_was_away_when_it_was_found() -> None:
    refused: list[str] = []

    async def away_at_first(label: str) -> None:
        await asyncio.sleep(0)
        if label == "venue.cancel:begin" and len(refused) < 3:
            refused.append(label)
            raise VenueUnavailable(label)

    async def run() -> World:
        world, account_id = await furnished()
        (dead,) = await placed(world, account_id, DEAD)
        world.venue.fill(dead, D("0.003"))
        async with world.process(away_at_first):
            await world.come_to_rest(caught_up(world, posted=1))
        assert not await world.broken_laws()
        return world

    assert end_state(simulation.run(run()))["at the venue"] == [(VenueOutcome.CANCELED, D("0.003"))]


def test_f26_a_thousand_and_one_trades_in_one_millisecond_are_read_whole() -> None:
    async def run() -> World:
        world, account_id = await furnished()
        child, other = await placed(world, account_id, 59_000, 59_000)
        for _ in range(1_000):
            world.venue.fill(child, D("0.00001"))
        world.venue.fill(other, D("0.00001"))
        moments = {one.transacted_at for one in world.venue.history().executions}
        assert max(moments) - min(moments) < timedelta(milliseconds=1)
        async with world.process():
            await world.come_to_rest(caught_up(world, posted=1_001))
        return world

    world = simulation.run(run())
    assert posted_ids(world) == list(range(1, 1_002))


def test_f41_a_fill_that_cannot_be_posted_holds_the_cursor_and_is_told_once() -> None:
    async def run() -> None:
        world, account_id = await furnished()
        (child,) = await placed(world, account_id, 59_000)
        for _ in range(7):
            world.venue.fill(child, D("0.001"))
        poison = EntryKind.FILL, "binance:BTCUSDT:4:1"
        world.tables.references[poison] = next(iter(world.tables.journal_entries))
        for _ in range(2):
            async with world.process():
                await world.clock.sleep(5)
            # Pages are of two: the one before is the last that is posted whole.
            assert cursor(world) == 2
            assert posted_ids(world) == [1, 2, 3, 5, 6, 7]
            assert alerts(world) == ["not_posted"]
        del world.tables.references[poison]
        async with world.process():
            await world.come_to_rest(caught_up(world, posted=7))
        assert not await world.broken_laws()

    simulation.run(run())


@pytest.mark.parametrize("seed", range(20))
def test_f17_two_catch_ups_at_once_end_like_one(seed: int) -> None:
    async def run() -> World:
        world, account_id = await furnished()
        await first_night(world, account_id)
        world.tables.trade_cursors.clear()
        async with world.process(simulation.SeededSchedule(seed)) as house:
            gateway = Gateway(
                executor=house.executor, queries=world.queries, venue=world.venue, ids=house.ids
            )
            await asyncio.gather(catch_up(gateway), catch_up(gateway))
            await world.come_to_rest(caught_up(world, posted=3))
        assert not await world.broken_laws()
        return world

    world = simulation.run(run())
    assert posted_ids(world) == [1, 2, 3]
    assert alerts(world) == ["late_fill", "orphan"]


async def day(cut_at: int | None) -> World:
    world, account_id = await furnished(script)
    world.venue.cut_at = cut_at
    async with world.process() as house:
        await trade(world, house, account_id, [])
        await world.come_to_rest(world.all_ended)
        await world.clock.sleep(60)
    assert not await world.broken_laws()
    return world


MESSAGES = len(simulation.run(day(None)).venue.said)


@pytest.mark.parametrize("message", range(1, MESSAGES + 1))
def test_f30_a_stream_that_breaks_at_any_message_loses_nothing(message: int) -> None:
    world = simulation.run(day(message))
    assert sorted(order.status for order in world.tables.orders.values()) == OUTCOME
    assert {child.status for child in children(world)} == {VenueOrderStatus.ENDED}
    assert len(world.venue.history().executions) == FILLS == len(world.tables.executions)
    assert not alerts(world)
    assert cursor(world) == FILLS
