"""What is noticed of the venue: rules are taken over, people are told, once and without a wait."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from tradecore.application.commands.put_instrument import PutInstrument, SetInstrumentState
from tradecore.application.processes.gateway import Gateway
from tradecore.application.processes.tell_of_venue import (
    CLOCK_LIMIT,
    CLOCK_SECONDS,
    MOST_WAITING,
    QUIET,
    VenueNews,
    tell_of_venue,
)
from tradecore.domain.instruments import InstrumentState, OrderType, PriceFilter
from tradecore.memory import (
    FixedConnector,
    MemoryQueries,
    MemoryStore,
    SequentialIds,
    VirtualClock,
)
from tradecore.messages import codec, topics
from tradecore.messages.payloads import AlertPayload
from tradecore.ports.connector import ConnectorHealth
from tradecore.testing.scenario import BTCUSDT, Scenario, scenario
from tradecore.testing.scripted_venue import Answer, ScriptedVenue
from tradecore.testing.simulation import run

D = Decimal
COARSE = attrs.evolve(BTCUSDT, price_filter=PriceFilter(tick_size=D(1)))
HALTED = attrs.evolve(BTCUSDT, state=InstrumentState.HALT)


@attrs.define
class Desk:
    """The running process, and what it has told."""

    house: Scenario
    store: MemoryStore
    connector: FixedConnector
    news: VenueNews = attrs.field(factory=VenueNews)

    @property
    def alerts(self) -> list[tuple[str, str]]:
        payloads = [
            codec.decode_event(one.topic, one.body).payload
            for one in self.store.tables.outbox
            if one.topic == topics.ALERTS_RAISED.name
        ]
        return [(one.kind, one.detail) for one in payloads if isinstance(one, AlertPayload)]

    async def settle(self) -> None:
        """Let the process do what it can do now."""
        for _ in range(200):
            await asyncio.sleep(0)

    async def passes(self, seconds: float) -> None:
        """Let time pass."""
        await self.house.clock.sleep(seconds)
        await self.settle()


@asynccontextmanager
async def running() -> AsyncIterator[Desk]:
    """Yield a furnished house whose process runs."""
    clock = VirtualClock()
    store = MemoryStore(clock)
    async with scenario(store, clock, ids=SequentialIds()) as house:
        venue = ScriptedVenue(clock, lambda _child: Answer.FILL)
        queries = MemoryQueries(store.tables)
        gateway = Gateway(executor=house.executor, queries=queries, venue=venue, ids=house.ids)
        ready = Desk(house, store, FixedConnector())
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(tell_of_venue(ready.news, gateway, ready.connector, clock))
            yield ready
            task.cancel()


def tell(story: Callable[[Desk], Awaitable[None]]) -> None:
    """Let the story happen on virtual time."""

    async def told() -> None:
        async with running() as desk:
            await story(desk)

    run(told())


def test_f42_a_key_that_is_refused_is_told_once_per_outage() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(2 * MOST_WAITING):
            desk.news.key_refused("-2015 Invalid API-key")
        await desk.settle()
        assert desk.alerts == [("venue_auth", "the venue refuses our key: -2015 Invalid API-key")]
        desk.news.key_taken()
        desk.news.key_refused("flapping")
        await desk.settle()
        assert len(desk.alerts) == 1
        await desk.passes(QUIET.total_seconds())
        desk.news.key_taken()
        desk.news.key_refused("-2014")
        await desk.settle()
        assert [kind for kind, _ in desk.alerts] == ["venue_auth", "venue_auth"]

    tell(story)


def test_f32_a_transfer_at_the_venue_is_told_with_its_amount_and_once() -> None:
    async def story(desk: Desk) -> None:
        now = desk.house.clock.now()
        for amount in (D("2.50"), D("2.50"), D(-1)):
            desk.news.money_moved("BTC", amount, now)
        desk.news.money_moved("BTC", D("2.50"), now + timedelta(milliseconds=1))
        await desk.settle()
        told = "at the venue otherwise than by a trade; book it against the treasury"
        assert desk.alerts == [
            ("venue_transfer", f"2.5 BTC came in {told}"),
            ("venue_transfer", f"1 BTC went out {told}"),
            ("venue_transfer", f"2.5 BTC came in {told}"),
        ]

    tell(story)


def test_f31_a_stale_stream_is_told_and_not_every_time(caplog: pytest.LogCaptureFixture) -> None:
    async def story(desk: Desk) -> None:
        for _ in range(5):
            desk.news.stream_stale("order 11 of BTCUSDT was not told")
        await desk.settle()
        ((kind, detail),) = desk.alerts
        assert kind == "stream_stale"
        assert "order 11 of BTCUSDT was not told" in detail
        assert caplog.messages.count("venue.alert_repeated") == 4

    tell(story)


def test_f40_new_rules_are_taken_over_and_the_houses_own_choices_stay() -> None:
    async def story(desk: Desk) -> None:
        house, instruments = desk.house, desk.store.tables.instruments
        await house.run(
            PutInstrument(
                **house.head(),
                instrument=attrs.evolve(BTCUSDT, order_types=(OrderType.LIMIT, OrderType.MARKET)),
            )
        )
        await house.run(
            SetInstrumentState(**house.head(), symbol="BTCUSDT", state=InstrumentState.CANCEL_ONLY)
        )
        offers = attrs.evolve(COARSE, order_types=(OrderType.LIMIT, OrderType.LIMIT_MAKER))
        desk.news.symbol_changed(BTCUSDT, offers)
        await desk.settle()
        assert instruments["BTCUSDT"] == attrs.evolve(
            COARSE, state=InstrumentState.CANCEL_ONLY, order_types=(OrderType.LIMIT,)
        )
        assert desk.store.tables.audits[-1].actor == "venue"
        assert desk.alerts == []

    tell(story)


def test_f40_rules_that_are_known_change_nothing() -> None:
    async def story(desk: Desk) -> None:
        before = len(desk.store.tables.audits)
        desk.news.symbol_changed(None, BTCUSDT)
        desk.news.symbol_changed(None, attrs.evolve(COARSE, symbol="NOTOURS"))
        await desk.settle()
        assert len(desk.store.tables.audits) == before
        assert desk.alerts == []

    tell(story)


def test_f40_a_symbol_that_halts_there_is_told_and_the_house_decides() -> None:
    async def story(desk: Desk) -> None:
        desk.news.symbol_changed(BTCUSDT, HALTED)
        desk.news.symbol_changed(HALTED, BTCUSDT)
        await desk.settle()
        assert desk.alerts == [
            ("venue_symbol", "was TRADING, is HALT at the venue; the house says TRADING"),
            ("venue_symbol", "was HALT, is TRADING at the venue; the house says TRADING"),
        ]
        assert desk.store.tables.instruments["BTCUSDT"].state is InstrumentState.TRADING

    tell(story)


def test_f40_a_symbol_that_is_halted_there_at_the_start_is_told() -> None:
    async def story(desk: Desk) -> None:
        desk.news.symbol_changed(None, HALTED)
        await desk.settle()
        assert desk.alerts == [("venue_symbol", "is HALT at the venue; the house says TRADING")]
        await desk.house.run(
            SetInstrumentState(**desk.house.head(), symbol="BTCUSDT", state=InstrumentState.HALT)
        )
        desk.news.symbol_changed(None, HALTED)
        await desk.settle()
        assert len(desk.alerts) == 1

    tell(story)


def test_f40_rules_that_cannot_be_taken_over_are_told() -> None:
    async def story(desk: Desk) -> None:
        desk.news.symbol_changed(BTCUSDT, attrs.evolve(BTCUSDT, base_scale=7))
        desk.news.symbol_changed(BTCUSDT, COARSE)
        await desk.settle()
        ((kind, detail),) = desk.alerts
        assert kind == "venue_symbol"
        assert "BTC divides to 8 decimals, not 7" in detail
        assert desk.store.tables.instruments["BTCUSDT"] == COARSE

    tell(story)


@pytest.mark.parametrize("sign", [1, -1])
def test_f38_clocks_that_come_apart_are_told_once_until_they_meet(sign: int) -> None:
    async def story(desk: Desk) -> None:
        def ahead(span: timedelta) -> None:
            desk.connector.present = ConnectorHealth(clock_ahead=sign * span)

        await desk.passes(CLOCK_SECONDS)
        ahead(CLOCK_LIMIT)
        await desk.passes(CLOCK_SECONDS)
        assert desk.alerts == []
        ahead(timedelta(seconds=3.25))
        for _ in range(3):
            await desk.passes(CLOCK_SECONDS)
        way = "ahead of" if sign > 0 else "behind"
        assert desk.alerts == [("clock_offset", f"the venue's clock is 3.250 s {way} ours")]
        ahead(timedelta())
        await desk.passes(QUIET.total_seconds())
        ahead(timedelta(days=1))
        await desk.passes(CLOCK_SECONDS)
        assert len(desk.alerts) == 2

    tell(story)


async def test_news_without_room_are_logged_and_nobody_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    news = VenueNews()
    with caplog.at_level(logging.ERROR):
        for number in range(MOST_WAITING + 1):
            news.stream_stale(str(number))
    assert caplog.messages == ["venue.news_lost"]
