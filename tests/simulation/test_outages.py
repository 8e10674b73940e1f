"""What is away comes back: the store, the venue, its stream; and one poisoned event costs no other."""

import asyncio
from decimal import Decimal

import attrs
import pytest

from tradecore.domain.orders import OrderStatus
from tradecore.domain.venue_orders import VenueOrder
from tradecore.ports.store import StoreUnavailable
from tradecore.ports.venue import VenueUnavailable
from tradecore.testing import simulation
from tradecore.testing.scripted_venue import Answer
from tradecore.testing.world import World


class Outage:
    """A scheduling point at which some port calls fail for a while."""

    def __init__(self, prefix: str, error: type[Exception]) -> None:
        self._prefix = prefix
        self._error = error
        self.away = False

    async def __call__(self, label: str) -> None:
        await asyncio.sleep(0)
        if self.away and label.startswith(self._prefix):
            raise self._error(label)


async def trade_through(outage: Outage) -> World:
    """Accept ten orders, lose a part of the world for a minute, get it back."""
    world = World.new(lambda _child: Answer.FILL)
    async with world.process(outage) as house:
        account_id = await world.furnish(house)
        placing = [house.run(house.buy(account_id)) for _ in range(10)]
        await asyncio.gather(*placing)
        outage.away = True
        await world.clock.sleep(60)
        outage.away = False
        await world.come_to_rest(world.all_ended)
    assert not await world.broken_laws()
    return world


def test_f48_f61_a_store_that_was_away_for_a_minute_parks_and_loses_nothing() -> None:
    world = simulation.run(trade_through(Outage("store", StoreUnavailable)))
    assert {order.status for order in world.tables.orders.values()} == {OrderStatus.FILLED}
    assert len(world.venue.history().executions) == 10
    assert not world.tables.parked


def test_f39_a_venue_that_was_away_for_a_minute_gets_every_order_once() -> None:
    world = simulation.run(trade_through(Outage("venue", VenueUnavailable)))
    assert {order.status for order in world.tables.orders.values()} == {OrderStatus.FILLED}
    assert len(world.venue.history().executions) == 10
    assert not world.tables.parked


def test_f41_f49_a_poisoned_event_is_parked_and_the_other_orders_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        world = World.new(lambda _child: Answer.FILL)
        hold = Outage("events.read", StoreUnavailable)
        async with world.process(hold) as house:
            account_id = await world.furnish(house)
            hold.away = True
            poisoned = await house.run(house.buy(account_id))
            others = [await house.run(house.buy(account_id)) for _ in range(5)]
            log = world.tables.outbox
            for place, record in enumerate(log):
                if poisoned.order_id.encode() in record.body:
                    log[place] = attrs.evolve(record, body=b'{"no": "event"}')
            hold.away = False

            async def others_filled() -> bool:
                orders = world.tables.orders
                return all(orders[one.order_id].status is OrderStatus.FILLED for one in others)

            await world.come_to_rest(others_filled)
            await world.clock.sleep(2)
        (parked,) = world.tables.parked.values()
        assert "MalformedEvent" in parked.error
        (told,) = (one for one in caplog.records if one.message == "alert.raised")
        assert (told.kind, told.subject) == ("parked", parked.event.event_id)  # type: ignore[attr-defined] # extras
        assert world.tables.orders[poisoned.order_id].status is OrderStatus.PENDING_NEW
        assert not await world.broken_laws()

    simulation.run(run())


def test_f10_an_order_whose_send_keeps_failing_stays_visible_with_its_funds_reserved(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def script(child: VenueOrder) -> Answer:
        if child.quantity == Decimal("0.013"):
            raise ZeroDivisionError("poison")
        return Answer.FILL

    async def run() -> None:
        world = World.new(script)
        async with world.process() as house:
            account_id = await world.furnish(house)
            stuck = await house.run(house.buy(account_id, Decimal("0.013")))
            others = [await house.run(house.buy(account_id)) for _ in range(5)]
            await world.clock.sleep(120)
            orders = world.tables.orders
            assert all(orders[one.order_id].status is OrderStatus.FILLED for one in others)
            # Only the venue's word ends an order that may have been sent.
            assert not orders[stuck.order_id].is_terminal
            assert world.tables.reservations[stuck.order_id].open > 0
            (attempt,) = await world.queries.list_open_attempts()
            assert attempt.order_id == stuck.order_id
            (told,) = (one for one in caplog.records if one.message == "alert.raised")
            assert (told.kind, told.subject) == (  # type: ignore[attr-defined] # extras
                "outcome_unknown",
                attempt.venue_client_order_id,
            )
        assert not await world.broken_laws()

    simulation.run(run())


def test_f30_fills_that_the_stream_lost_are_caught_up_when_it_comes_back() -> None:
    async def run() -> World:
        world = World.new(lambda _child: Answer.REST)
        async with world.process() as house:
            account_id = await world.furnish(house)
            order = await house.run(house.buy(account_id))

            async def live() -> bool:
                return world.tables.orders[order.order_id].status is OrderStatus.NEW

            await world.come_to_rest(live)
            child = world.tables.venue_orders[order.order_id, 1]
            world.venue.mute = True
            world.venue.fill(child, Decimal("0.004"))
            world.venue.mute = False
            world.venue.cut()

            async def caught_up() -> bool:
                return world.tables.orders[order.order_id].filled_quantity == Decimal("0.004")

            await world.come_to_rest(caught_up)
        assert not await world.broken_laws()
        return world

    simulation.run(run())
