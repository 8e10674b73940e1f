"""The venue's reports of a day in any order and more than once: the books end alike."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from tradecore.application import laws
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.application.processes.gateway import Gateway
from tradecore.domain.ids import parse_venue_client_order_id
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.memory import MemoryQueries, MemoryStore, SequentialIds, VirtualClock
from tradecore.ports.venue import OrderReport, VenueReport
from tradecore.testing.scenario import Scenario, scenario
from tradecore.testing.scripted_venue import Answer, ScriptedVenue

D = Decimal
SEND = -1
"""In an order of reports: the moment at which waiting children are sent."""


@attrs.frozen
class Books:
    """A house that has sent three orders, of which one waits for its replacement."""

    house: Scenario
    store: MemoryStore
    gateway: Gateway
    venue: ScriptedVenue
    plain: VenueOrder
    moved: VenueOrder
    met: VenueOrder

    async def hear(self, report: VenueReport) -> bool:
        """Record a report; return False if its child was not sent yet."""
        assert report.venue_client_order_id is not None
        ours = parse_venue_client_order_id(report.venue_client_order_id)
        assert ours is not None
        order_id, _, number = ours
        if (order_id, number) not in self.store.tables.venue_orders:
            return False
        command = self.gateway.command_of(report)
        assert command is not None
        await self.house.run(command)
        return True

    async def send(self) -> None:
        """Send the next child of every order that waits for one."""
        for order in list(self.store.tables.orders.values()):
            newest = self.store.tables.venue_orders[order.order_id, order.children]
            if not order.is_terminal and newest.status is VenueOrderStatus.ENDED:
                await self.house.run(OpenAttempt(**self.house.head(), order_id=order.order_id))

    def child(self, before: VenueOrder, number: int) -> VenueOrder:
        return self.store.tables.venue_orders[before.order_id, number]


async def with_books(act: Callable[[Books], Awaitable[Any]]) -> Any:
    clock = VirtualClock()
    store = MemoryStore(clock)
    queries = MemoryQueries(store.tables)
    async with scenario(store, clock, ids=SequentialIds()) as house:
        venue = ScriptedVenue(clock, lambda _child: Answer.REST)
        gateway = Gateway(executor=house.executor, queries=queries, venue=venue, ids=house.ids)
        buyer, other = await house.customer(usdt=D(1_000)), await house.customer(usdt=D(1_000))
        seller = await house.customer(btc=D(1))
        commands = (house.buy(buyer), house.buy(other, price=D(59_000)), house.sell(seller))
        placed: list[Order] = [await house.run(one) for one in commands]
        sent = [
            (await house.run(OpenAttempt(**house.head(), order_id=one.order_id))).child
            for one in placed
        ]
        books = Books(house, store, gateway, venue, *sent)
        for child in sent:
            await venue.submit(child)
        await books.hear(venue.said[1])
        await house.run(house.replace(placed[1], quantity=D("0.012"), price=D(59_500)))
        result = await act(books)
        broken = [one for one in laws.check(await queries.books()) if one.violations]
        assert not broken
        return result


async def record(books: Books) -> list[VenueReport]:
    """Play the day at the venue, hearing each report as it is said; return all of them."""
    venue = books.venue
    heard = 0

    async def listen() -> None:
        nonlocal heard
        for report in venue.said[heard:]:
            assert await books.hear(report)
        await books.send()
        heard = len(venue.said)

    venue.fill(books.moved, D("0.003"))
    venue.fill(books.moved, D("0.002"))
    venue.end(books.moved, VenueOutcome.CANCELED)
    venue.fill(books.met, D("0.001"))
    venue.end(books.met, VenueOutcome.EXPIRED_IN_MATCH)
    await listen()
    moved, met = books.child(books.moved, 2), books.child(books.met, 2)
    for child in (moved, met):
        await venue.submit(child)
    venue.fill(moved)
    venue.meet(books.plain, met, D("0.004"))
    venue.end(books.plain, VenueOutcome.CANCELED)
    venue.fill(met)
    await listen()
    return list(venue.said)


def state(books: Books) -> dict[str, Any]:
    """Return what must not depend on the order of the reports."""
    tables = books.store.tables
    return {
        "orders": [
            (one.status, one.filled_quantity, one.filled_notional, one.price, one.late_fill)
            for one in tables.orders.values()
        ],
        "children": {
            name: (one.status, one.outcome, one.quantity, one.filled_quantity, one.venue_order_id)
            for name, one in tables.venue_orders.items()
        },
        "wallets": tables.wallets,
        "positions": tables.positions,
        "reservations": tables.reservations,
        "fills": {
            key: (one.order_id, one.child, one.fee, one.from_reservation, one.late)
            for key, one in tables.executions.items()
        },
        "alerts": [one for one in tables.outbox if one.topic == "alerts.raised"],
        "submitted": sum(one.topic == "orders.submitted" for one in tables.outbox),
    }


async def day(books: Books) -> tuple[list[VenueReport], dict[str, Any]]:
    return await record(books), state(books)


REPORTS, STATE = asyncio.run(with_books(day))


def test_the_day_has_a_replacement_a_put_back_and_two_customers_who_meet() -> None:
    outcomes = {one.outcome for one in REPORTS if isinstance(one, OrderReport)}
    assert outcomes == {
        None,
        VenueOutcome.FILLED,
        VenueOutcome.CANCELED,
        VenueOutcome.EXPIRED_IN_MATCH,
    }
    assert [status for status, *_ in STATE["orders"]] == [
        OrderStatus.CANCELED,
        OrderStatus.FILLED,
        OrderStatus.FILLED,
    ]
    assert sorted(key.trade_id for key in STATE["fills"]) == [1, 2, 3, 4, 5, 5, 6]


@settings(max_examples=200, deadline=None)
@given(order=st.permutations([*list(range(len(REPORTS))) * 2, SEND, SEND]))
def test_f16_f17_f18_reports_in_any_order_and_repetition_end_alike(order: Sequence[int]) -> None:
    async def hear(books: Books) -> dict[str, Any]:
        waiting = list(order)
        while waiting:
            early = []
            for number in waiting:
                if number == SEND:
                    await books.send()
                elif not await books.hear(REPORTS[number]):
                    early.append(number)  # nothing is said of a child that was not sent yet
            await books.send()
            assert len(early) < len(waiting)
            waiting = early
        return state(books)

    assert asyncio.run(with_books(hear)) == STATE
