"""What the public market promises, whoever shows it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tradecore.ports.market_data import CandleInterval, CandleSpan, MarketData
from tradecore.ports.venue import VenueUnavailable

MINUTES = CandleSpan(interval=CandleInterval.MINUTE_1)
NEVER = datetime(2031, 1, 1, tzinfo=UTC)

Question = Callable[[MarketData, str], Awaitable[object]]
QUESTIONS: tuple[Question, ...] = (
    lambda market, symbol: market.book(symbol),
    lambda market, symbol: market.trades(symbol),
    lambda market, symbol: market.candles(symbol, MINUTES),
)


class MarketDataContract:
    """Promises of market data. Provide `market_data`, which knows BTCUSDT and no XYZUSDT.

    Of BTCUSDT there are two levels a side, two trades or more, and a candle or more.
    """

    @pytest.fixture
    def market_data(self) -> MarketData:
        """Return the market."""
        raise NotImplementedError

    async def test_a_book_has_its_best_levels_first_and_does_not_cross(
        self, market_data: MarketData
    ) -> None:
        book = await market_data.book("BTCUSDT", 5)
        bids, asks = [one.price for one in book.bids], [one.price for one in book.asks]
        assert book.symbol == "BTCUSDT"
        assert 2 <= len(bids) <= 5
        assert 2 <= len(asks) <= 5
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
        assert all(one.quantity > 0 for one in (*book.bids, *book.asks))

    async def test_a_book_is_cut_to_its_best_levels(self, market_data: MarketData) -> None:
        whole, cut = await market_data.book("BTCUSDT", 5), await market_data.book("BTCUSDT", 1)
        assert (tuple(cut.bids), tuple(cut.asks)) == (tuple(whole.bids[:1]), tuple(whole.asks[:1]))

    async def test_trades_come_oldest_first_and_are_cut_to_the_newest(
        self, market_data: MarketData
    ) -> None:
        found, last = await market_data.trades("BTCUSDT"), await market_data.trades("BTCUSDT", 1)
        ids = [one.trade_id for one in found.trades]
        assert len(ids) >= 2
        assert ids == sorted(set(ids))
        assert [one.trade_id for one in last.trades] == ids[-1:]
        assert all(one.notional == one.price * one.quantity for one in found.trades)
        assert all(one.traded_at.tzinfo is not None for one in found.trades)

    async def test_candles_come_oldest_first_and_hold_their_prices(
        self, market_data: MarketData
    ) -> None:
        found = await market_data.candles("BTCUSDT", MINUTES)
        assert found.interval is CandleInterval.MINUTE_1
        assert found.candles
        assert all(one.opened_at < other.opened_at for one, other in pairwise(found.candles))
        for one in found.candles:
            assert one.low <= min(one.open, one.close)
            assert max(one.open, one.close) <= one.high
            assert one.closed_at - one.opened_at == timedelta(seconds=59, milliseconds=999)

    async def test_candles_keep_to_their_span(self, market_data: MarketData) -> None:
        minute = CandleInterval.MINUTE_1
        newest = (await market_data.candles("BTCUSDT", MINUTES)).candles[-1]
        span = CandleSpan(
            interval=minute, start=newest.opened_at, end=newest.opened_at + timedelta(seconds=30)
        )
        found = await market_data.candles("BTCUSDT", span)
        nothing = await market_data.candles("BTCUSDT", CandleSpan(interval=minute, start=NEVER))
        assert [one.opened_at for one in found.candles] == [newest.opened_at]
        assert list(nothing.candles) == []

    @pytest.mark.parametrize("ask", QUESTIONS)
    async def test_what_is_not_listed_is_unavailable(
        self, market_data: MarketData, ask: Question
    ) -> None:
        with pytest.raises(VenueUnavailable):
            await ask(market_data, "XYZUSDT")

    @pytest.mark.parametrize("ask", QUESTIONS)
    async def test_each_answer_says_when_it_was_read(
        self, market_data: MarketData, ask: Question
    ) -> None:
        answer = await ask(market_data, "BTCUSDT")
        as_of = getattr(answer, "as_of", None)
        assert isinstance(as_of, datetime)
        assert as_of.tzinfo is not None
