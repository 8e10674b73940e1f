"""A catch-up that an administrator asks for: once per key, from a point, nothing posted twice."""

import asyncio
from decimal import Decimal
from typing import Any

import attrs
import pytest

from tradecore.application.command import Idempotency
from tradecore.application.commands.advance_cursor import AdvanceCursor
from tradecore.application.commands.catch_up import RequestCatchUp
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.application.processes.asked_catch_up import AskedCatchUps
from tradecore.application.processes.gateway import Gateway
from tradecore.domain.errors import (
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    UnknownInstrument,
)
from tradecore.domain.ids import AccountId
from tradecore.domain.ledger import EntryKind
from tradecore.domain.venue_orders import VenueOrder
from tradecore.memory import MemoryQueries, MemoryStore, VirtualClock
from tradecore.ports.venue import VenueUnavailable
from tradecore.testing.contracts.venue import TAKING
from tradecore.testing.scenario import Scenario
from tradecore.testing.scripted_venue import Answer, ScriptedVenue

D = Decimal


class Away:
    """Makes the venue unreachable while it is set."""

    def __init__(self) -> None:
        self.is_set = False
        self.held: asyncio.Event | None = None
        self.asked = asyncio.Event()

    async def __call__(self, label: str) -> None:
        if self.is_set:
            raise VenueUnavailable(label)
        if self.held is not None and label == "venue.trades:begin":
            self.asked.set()
            await self.held.wait()


@pytest.fixture
def away() -> Away:
    return Away()


@pytest.fixture
def venue(clock: VirtualClock, away: Away) -> ScriptedVenue:
    return ScriptedVenue(clock, lambda _child: Answer.FILL, hop=away)


@pytest.fixture
def catch_ups(house: Scenario, queries: MemoryQueries, venue: ScriptedVenue) -> AskedCatchUps:
    return AskedCatchUps(
        Gateway(executor=house.executor, queries=queries, venue=venue, ids=house.ids)
    )


def asking(house: Scenario, key: str = "k", **what: Any) -> RequestCatchUp:
    idempotency = Idempotency(owner="admin:alice", key=key, request_hash=repr(what).encode())
    named = {"symbol": None, "from_trade_id": None} | what
    return RequestCatchUp(**house.head(), idempotency=idempotency, **named)


async def bought_unheard(
    house: Scenario, venue: ScriptedVenue, account_id: AccountId
) -> VenueOrder:
    """Buy at the venue while nobody listens."""
    order = await house.run(house.buy(account_id))
    attempt = await house.run(OpenAttempt(**house.head(), order_id=order.order_id))
    assert attempt.child is not None
    child: VenueOrder = attempt.child
    await venue.submit(child)
    return child


def fills(store: MemoryStore) -> int:
    return sum(one.kind is EntryKind.FILL for one in store.tables.journal_entries.values())


async def test_what_happened_unheard_is_posted_and_the_answer_says_what_was_read(
    house: Scenario, store: MemoryStore, venue: ScriptedVenue, catch_ups: AskedCatchUps
) -> None:
    await bought_unheard(house, venue, await house.customer(usdt=D(10_000)))
    did = (await catch_ups.run(asking(house))).unwrap()
    assert (did.children, did.fills, did.cursors, did.unread) == (1, 1, {"BTCUSDT": 1}, ())
    assert fills(store) == 1
    asked, done = store.tables.audits[-2:]
    assert (asked.action, done.action) == ("request_catch_up", "record_catch_up")
    assert asked.actor == done.actor == "scenario"


async def test_a_repeat_gets_the_first_answer_and_asks_nobody(
    house: Scenario,
    store: MemoryStore,
    venue: ScriptedVenue,
    catch_ups: AskedCatchUps,
    away: Away,
) -> None:
    account_id = await house.customer(usdt=D(10_000))
    await bought_unheard(house, venue, account_id)
    first = await catch_ups.run(asking(house))
    await bought_unheard(house, venue, account_id)
    away.is_set = True
    again = await catch_ups.run(asking(house))
    assert (again.answer, again.replayed) == (first.answer, True)
    assert fills(store) == 1
    with pytest.raises(IdempotencyKeyReused):
        await catch_ups.run(asking(house, symbol="BTCUSDT"))


async def test_a_replay_from_an_earlier_trade_posts_nothing_twice(
    house: Scenario, store: MemoryStore, venue: ScriptedVenue, catch_ups: AskedCatchUps
) -> None:
    account_id = await house.customer(usdt=D(10_000))
    for _ in range(3):
        await bought_unheard(house, venue, account_id)
    await catch_ups.run(asking(house, "1"))
    before = dict(store.tables.journal_entries)
    replayed = asking(house, "2", symbol="BTCUSDT", from_trade_id=2)
    did = (await catch_ups.run(replayed)).unwrap()
    assert (did.fills, did.cursors) == (2, {"BTCUSDT": 3})
    assert store.tables.journal_entries == before


async def test_a_point_beyond_the_cursor_passes_nothing_over(
    house: Scenario, store: MemoryStore, venue: ScriptedVenue, catch_ups: AskedCatchUps
) -> None:
    await bought_unheard(house, venue, await house.customer(usdt=D(10_000)))
    beyond = asking(house, symbol="BTCUSDT", from_trade_id=10**15)
    assert (await catch_ups.run(beyond)).unwrap().fills == 1
    assert fills(store) == 1


async def test_what_was_traded_by_hand_before_our_time_stays_out_and_later_is_suspense(
    house: Scenario, store: MemoryStore, venue: ScriptedVenue, catch_ups: AskedCatchUps
) -> None:
    async def by_hand(name: str) -> None:
        await venue.submit(
            attrs.evolve(TAKING, venue_client_order_id=name, attempted_at=house.clock.now())
        )

    await by_hand("web_1")
    await catch_ups.run(asking(house, "1"))
    assert fills(store) == 0
    await by_hand("web_2")
    await catch_ups.run(asking(house, "2"))
    assert fills(store) == 1
    await catch_ups.run(asking(house, "3", symbol="BTCUSDT", from_trade_id=0))
    assert fills(store) == 1


async def test_a_venue_that_is_away_is_told_and_the_same_key_does_it_later(
    house: Scenario, venue: ScriptedVenue, catch_ups: AskedCatchUps, away: Away
) -> None:
    away.is_set = True
    everything = (await catch_ups.run(asking(house, "1"))).unwrap()
    assert everything.unread == ("BTCUSDT",)
    with pytest.raises(VenueUnavailable):
        await catch_ups.run(asking(house, "2", symbol="BTCUSDT"))
    away.is_set = False
    later = await catch_ups.run(asking(house, "2", symbol="BTCUSDT"))
    assert later.unwrap().cursors == {"BTCUSDT": 0}


async def test_a_repeat_while_the_first_is_under_way_is_told_so(
    house: Scenario, catch_ups: AskedCatchUps, away: Away
) -> None:
    away.held = asyncio.Event()
    first = asyncio.ensure_future(catch_ups.run(asking(house)))
    await away.asked.wait()
    with pytest.raises(IdempotencyKeyInFlight):
        await catch_ups.run(asking(house))
    away.held.set()
    assert not (await first).replayed
    assert (await catch_ups.run(asking(house))).replayed


async def test_a_symbol_that_the_house_does_not_offer_is_unknown(
    house: Scenario, catch_ups: AskedCatchUps
) -> None:
    with pytest.raises(UnknownInstrument):
        await catch_ups.run(asking(house, symbol="XYZUSDT"))


async def test_a_cursor_never_goes_back(
    house: Scenario, venue: ScriptedVenue, catch_ups: AskedCatchUps
) -> None:
    await house.run(AdvanceCursor(**house.head(), venue=venue.name, symbol="BTCUSDT", trade_id=9))
    from_the_first = asking(house, symbol="BTCUSDT", from_trade_id=0)
    assert (await catch_ups.run(from_the_first)).unwrap().cursors == {"BTCUSDT": 9}
