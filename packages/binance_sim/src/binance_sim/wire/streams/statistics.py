"""Candles and tickers as streams."""

from collections.abc import Callable, Iterator

from binance_sim.engine.exchange import Exchange
from binance_sim.market_data.candles import Candle
from binance_sim.market_data.feed import MarketData
from binance_sim.market_data.intervals import DAY_US, HOUR_US, Interval
from binance_sim.market_data.statistics import window
from binance_sim.wire.calls.statistics import last_quantity
from binance_sim.wire.streams.names import ALL_SYMBOLS, StreamName
from binance_sim.wire.venue_time import VenueTime
from binance_sim.wire.views import statistics as views
from binance_sim.wire.views.values import Json, Time

_WINDOWS_US = {"1h": HOUR_US, "4h": 4 * HOUR_US, "1d": DAY_US}
_SHIFT_US = 8 * HOUR_US
_MOST_CLOSED = 100  #: candles closed between two looks
Payload = Callable[[Time], object]


class StatisticsStreams:
    """What the streams of candles and tickers show now."""

    def __init__(self, exchange: Exchange, data: MarketData, time: VenueTime) -> None:
        self._exchange = exchange
        self._data = data
        self._time = time
        self._open_us: dict[str, int] = {}  #: of the candle that a stream showed last

    def forget(self, stream: str) -> None:
        """Nobody listens to a stream any more."""
        self._open_us.pop(stream, None)

    def klines(self, name: StreamName) -> Iterator[Payload]:
        """Yield every candle that closed since the last look, once, and the open one."""
        now_us, interval = self._time.now_us(), Interval(name.interval)
        offset_us = _SHIFT_US if name.is_shifted else 0
        candles = self._data.candles(name.symbol)
        current_us = interval.open_us(now_us, offset_us)
        open_us = self._open_us.get(name.text, current_us)
        self._open_us[name.text] = current_us
        for _ in range(_MOST_CLOSED):
            candle = candles.at(interval, open_us, offset_us)
            is_closed = open_us < current_us
            if candle is not None:
                yield _kline(candle, is_closed=is_closed, now_us=now_us)
            if not is_closed:
                return
            open_us = interval.next_us(open_us, offset_us)

    def ticker(self, name: StreamName) -> Iterator[Payload]:
        """Yield the last 24 hours."""
        now_us, market = self._time.now_us(), self._exchange.market(name.symbol)
        found = window(self._data.candles(name.symbol), now_us)
        top, quantity = market.top(), last_quantity(market)
        yield lambda time: views.ticker(found, top, quantity, now_us, time)

    def mini_ticker(self, name: StreamName) -> Iterator[Payload]:
        """Yield the last 24 hours in short, of one symbol or of all in an array."""
        now_us = self._time.now_us()
        found = [window(self._data.candles(each), now_us) for each in self._symbols(name)]
        yield _one_or_all(name, lambda time: [views.mini_ticker(w, now_us, time) for w in found])

    def window(self, name: StreamName) -> Iterator[Payload]:
        """Yield a rolling window, of one symbol or of all in an array."""
        now_us, length_us = self._time.now_us(), _WINDOWS_US[name.interval]
        found = [
            window(self._data.candles(each), now_us, length_us) for each in self._symbols(name)
        ]
        yield _one_or_all(
            name,
            lambda time: [views.window_ticker(w, name.interval, now_us, time) for w in found],
        )

    def _symbols(self, name: StreamName) -> list[str]:
        return list(self._exchange.markets()) if name.symbol == ALL_SYMBOLS else [name.symbol]


def _kline(candle: Candle, *, is_closed: bool, now_us: int) -> Payload:
    return lambda time: views.kline(candle, is_closed=is_closed, now_us=now_us, time=time)


def _one_or_all(name: StreamName, rows: Callable[[Time], list[Json]]) -> Payload:
    if name.symbol == ALL_SYMBOLS:
        return rows
    return lambda time: rows(time)[0]
