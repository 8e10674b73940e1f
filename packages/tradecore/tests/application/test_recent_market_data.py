"""Many who look at the market cost the venue one question a second."""

import asyncio
from datetime import timedelta

import pytest

from tradecore.application.recent_market_data import AT_ONCE, REMEMBERED, RecentMarketData
from tradecore.memory import FixedMarket, FixedMarketData, VirtualClock
from tradecore.ports.market_data import CandleInterval, CandleSpan, OrderBook
from tradecore.ports.venue import VenueUnavailable
from tradecore.testing.simulation import run


class SlowMarketData(FixedMarketData):
    """Answers after a while."""

    async def book(self, symbol: str, limit: int = 500) -> OrderBook:
        await asyncio.sleep(0.1)
        return await super().book(symbol, limit)


def test_an_answer_is_given_again_for_a_second_and_says_its_age() -> None:
    async def story() -> None:
        clock = VirtualClock()
        market = FixedMarketData(clock, BTCUSDT=FixedMarket())
        recent = RecentMarketData(market, clock)
        first = await recent.book("BTCUSDT", 5)
        await clock.sleep(0.9)
        assert (await recent.book("BTCUSDT", 100)).as_of == first.as_of
        assert market.reads == 1
        await clock.sleep(0.2)
        assert (await recent.book("BTCUSDT", 5)).as_of - first.as_of >= timedelta(seconds=1)
        assert market.reads == 2

    run(story())


def test_who_asks_at_once_shares_one_question_though_the_first_hangs_up() -> None:
    async def story() -> None:
        clock = VirtualClock()
        market = SlowMarketData(clock, BTCUSDT=FixedMarket())
        recent = RecentMarketData(market, clock)
        asking = [asyncio.ensure_future(recent.book("BTCUSDT")) for _ in range(50)]
        await asyncio.sleep(0.01)
        asking.pop(0).cancel()
        await asyncio.gather(*asking)
        assert market.reads == 1

    run(story())


def test_a_failure_is_not_given_again() -> None:
    async def story() -> None:
        clock = VirtualClock()
        market = FixedMarketData(clock, BTCUSDT=FixedMarket())
        market.is_away = True
        recent = RecentMarketData(market, clock)
        with pytest.raises(VenueUnavailable):
            await recent.trades("BTCUSDT")
        market.is_away = False
        assert (await recent.trades("BTCUSDT")).symbol == "BTCUSDT"

    run(story())


def test_more_questions_than_the_venue_is_asked_at_once_are_refused() -> None:
    async def story() -> None:
        clock = VirtualClock()
        symbols = [f"S{number}USDT" for number in range(AT_ONCE + 1)]
        market = SlowMarketData(clock, **{symbol: FixedMarket() for symbol in symbols})
        recent = RecentMarketData(market, clock)
        answers = await asyncio.gather(
            *(recent.book(symbol) for symbol in symbols), return_exceptions=True
        )
        assert [isinstance(one, VenueUnavailable) for one in answers] == [False] * AT_ONCE + [True]

    run(story())


def test_what_is_remembered_is_bounded() -> None:
    async def story() -> None:
        clock = VirtualClock()
        recent = RecentMarketData(FixedMarketData(clock, BTCUSDT=FixedMarket()), clock)
        for limit in range(1, REMEMBERED + 50):
            span = CandleSpan(interval=CandleInterval.DAY_1, limit=limit)
            await recent.candles("BTCUSDT", span)
        assert len(recent._kept) <= REMEMBERED

    run(story())
