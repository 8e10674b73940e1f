"""Candles and statistics against the trades that they are made of."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import PublicTrade
from binance_sim.engine.vocabulary import Side
from binance_sim.market_data.candles import Candles
from binance_sim.market_data.feed import MarketData
from binance_sim.market_data.intervals import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Interval
from binance_sim.market_data.statistics import window
from binance_sim.testing import build_exchange, market

D, Every = Decimal, Interval
BTC = "BTCUSDT"


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_US


def trades(*rows: tuple[int, str, str]) -> Candles:
    candles = Candles(BTC)
    for number, (traded_us, price, quantity) in enumerate(rows, start=1):
        candles.add(
            PublicTrade(
                symbol=BTC,
                trade_id=number,
                price=D(price),
                quantity=D(quantity),
                traded_us=traded_us,
                is_buyer_maker=number % 2 == 0,
            )
        )
    return candles


@pytest.mark.parametrize(
    ("interval", "at", "opens", "ends"),
    [
        (Every.SECOND, "2026-03-04T05:06:07", "2026-03-04T05:06:07", "2026-03-04T05:06:08"),
        (Every.MINUTES_5, "2026-03-04T05:06:07", "2026-03-04T05:05:00", "2026-03-04T05:10:00"),
        (Every.HOURS_4, "2026-03-04T05:06:07", "2026-03-04T04:00:00", "2026-03-04T08:00:00"),
        (Every.WEEK, "2026-03-04T05:06:07", "2026-03-02T00:00:00", "2026-03-09T00:00:00"),
        (Every.MONTH, "2026-02-28T23:59:59", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
        (Every.MONTH, "2026-12-31T23:59:59", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_where_an_interval_begins_and_ends(
    interval: Interval, at: str, opens: str, ends: str
) -> None:
    open_us = interval.open_us(instant(at))
    assert (open_us, interval.next_us(open_us)) == (instant(opens), instant(ends))


def test_a_day_in_another_time_zone_begins_there() -> None:
    offset = 8 * HOUR_US
    open_us = Every.DAY.open_us(instant("2026-03-04T17:00:00"), offset)
    assert open_us == instant("2026-03-04T16:00:00")
    assert Every.DAY.next_us(open_us, offset) == instant("2026-03-05T16:00:00")


def test_a_candle_sums_its_trades() -> None:
    candles = trades((0, "100", "1"), (1, "105", "2"), (59 * SECOND_US, "99", "1"))
    candle = candles.at(Every.MINUTE, 30)
    assert candle is not None
    assert (candle.open, candle.high, candle.low, candle.close) == (D(100), D(105), D(99), D(99))
    assert (candle.volume, candle.quote_volume, candle.trades) == (D(4), D(409), 3)
    assert (candle.taker_buy_volume, candle.taker_buy_quote_volume) == (D(2), D(199))
    assert (candle.first_trade_id, candle.last_trade_id) == (1, 3)
    assert (candle.open_us, candle.close_us) == (0, MINUTE_US - 1)


def test_an_interval_without_trades_repeats_the_last_close() -> None:
    candles = trades((0, "100", "1"), (3 * MINUTE_US, "102", "1"))
    rows = candles.rows(Every.MINUTE, 4 * MINUTE_US)
    assert [(row.open, row.close, row.trades) for row in rows] == [
        (D(100), D(100), 1),
        (D(100), D(100), 0),
        (D(100), D(100), 0),
        (D(102), D(102), 1),
        (D(102), D(102), 0),
    ]
    assert (rows[1].first_trade_id, rows[1].volume) == (-1, D(0))


def test_ranges_and_pages_of_candles() -> None:
    candles = trades(*((minute * MINUTE_US, "100", "1") for minute in range(10)))
    now = 9 * MINUTE_US

    def opens(**query: int) -> list[int]:
        return [row.open_us // MINUTE_US for row in candles.rows(Every.MINUTE, now, **query)]

    assert opens(limit=3) == [7, 8, 9]
    assert opens(start_us=1, limit=3) == [1, 2, 3]
    assert opens(start_us=0, end_us=2 * MINUTE_US) == [0, 1, 2]
    assert opens(end_us=4 * MINUTE_US, limit=2) == [3, 4]
    assert opens(start_us=-5 * MINUTE_US, end_us=0) == [0]
    assert Candles(BTC).rows(Every.DAY, now) == []
    assert Candles(BTC).at(Every.DAY, now) is None


def test_a_day_forgets_what_is_older_to_the_second() -> None:
    candles = trades(
        (30 * SECOND_US, "90", "1"), (31 * SECOND_US, "100", "1"), (5 * MINUTE_US, "110", "3")
    )
    day = window(candles, 31 * SECOND_US + DAY_US)
    assert (day.open, day.high, day.low, day.last) == (D(100), D(110), D(100), D(110))
    assert (day.volume, day.trades, day.first_trade_id) == (D(4), 2, 2)
    assert (day.change, day.change_percent) == (D(10), D("10.000"))
    assert (day.weighted_average, day.previous_close) == (D("107.5"), D(90))
    quiet = window(candles, 3 * DAY_US)
    assert (quiet.last, quiet.volume, quiet.last_trade_id) == (D(110), D(0), -1)


def test_the_feed_hears_every_trade_until_it_is_closed() -> None:
    exchange = build_exchange()
    data = MarketData(exchange)
    exchange.set_liquidity(BTC, Side.SELL, D(100), D(10), 0)
    exchange.place("alice", market(Side.BUY, "1"), SECOND_US)
    candle = data.candles(BTC).at(Every.HOUR, SECOND_US)
    assert candle is not None
    assert (candle.volume, candle.close) == (D(1), D(100))
    with pytest.raises(VenueError, match="-1121"):
        data.candles("NOPE")
    data.close()
    exchange.place("alice", market(Side.BUY, "1"), 2 * SECOND_US)
    assert data.candles(BTC).at(Every.HOUR, SECOND_US) == candle


times = st.lists(st.integers(0, 3 * HOUR_US), max_size=30).map(sorted)


@settings(max_examples=50, deadline=None)
@given(times, st.sampled_from([Every.SECOND, Every.MINUTE, Every.MINUTES_3, Every.HOUR, Every.DAY]))
def test_candles_add_up_to_the_trades(moments: list[int], interval: Interval) -> None:
    candles = trades(*((at, str(100 + n % 7), "0.5") for n, at in enumerate(moments)))
    rows = candles.rows(interval, 3 * HOUR_US, start_us=0, limit=1000)
    if interval is not Every.SECOND:
        assert sum(row.trades for row in rows) == len(moments)
        assert sum((row.volume for row in rows), D(0)) == D(len(moments)) / 2
    assert all(row.low <= min(row.open, row.close) for row in rows)
    assert all(row.high >= max(row.open, row.close) for row in rows)
    for earlier, later in pairwise(rows):
        assert earlier.close_us + 1 == later.open_us
        assert later.trades or later.open == earlier.close
