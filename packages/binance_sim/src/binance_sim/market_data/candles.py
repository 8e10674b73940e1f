"""Candles of one symbol, made of its trades; an interval without trades repeats the last close.

Seconds and minutes in which something traded are kept; every other interval is put together
from them when asked for. Source: Binance Spot API, "Klines".
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

import attrs

from binance_sim.engine.amounts import from_units, notional_down, to_units
from binance_sim.engine.events import PublicTrade
from binance_sim.market_data.intervals import MINUTE_US, SECOND_US, Interval

DEFAULT_LIMIT: Final = 500
MAX_LIMIT: Final = 1000
NO_TRADE: Final = -1


@attrs.frozen(kw_only=True)
class Candle:
    """One row of `GET klines`; the comments name the field of `@kline`."""

    symbol: str
    interval: Interval  #: i
    open_us: int  #: t
    close_us: int  #: T, the last microsecond of the interval
    open: Decimal  #: o
    high: Decimal  #: h
    low: Decimal  #: l
    close: Decimal  #: c
    volume: Decimal  #: v, of the base asset
    quote_volume: Decimal  #: q
    trades: int  #: n
    taker_buy_volume: Decimal  #: V
    taker_buy_quote_volume: Decimal  #: Q
    first_trade_id: int  #: f, -1 without a trade
    last_trade_id: int  #: L


@attrs.define(kw_only=True)
class Sums:
    """What traded in a while; units of 1e-8."""

    start_us: int
    open: int
    high: int
    low: int
    close: int
    first_trade_id: int
    last_trade_id: int
    volume: int = 0
    quote_volume: int = 0
    trades: int = 0
    taker_buy_volume: int = 0
    taker_buy_quote_volume: int = 0

    def take(self, other: "Sums") -> None:
        """Add a later while."""
        self.high, self.low = max(self.high, other.high), min(self.low, other.low)
        self.close, self.last_trade_id = other.close, other.last_trade_id
        self.volume += other.volume
        self.quote_volume += other.quote_volume
        self.trades += other.trades
        self.taker_buy_volume += other.taker_buy_volume
        self.taker_buy_quote_volume += other.taker_buy_quote_volume


def _of_trade(trade: PublicTrade) -> Sums:
    price, quantity = to_units(trade.price), to_units(trade.quantity)
    notional = notional_down(price, quantity)
    by_buyer = not trade.is_buyer_maker
    return Sums(
        start_us=trade.traded_us,
        open=price,
        high=price,
        low=price,
        close=price,
        first_trade_id=trade.trade_id,
        last_trade_id=trade.trade_id,
        volume=quantity,
        quote_volume=notional,
        trades=1,
        taker_buy_volume=quantity if by_buyer else 0,
        taker_buy_quote_volume=notional if by_buyer else 0,
    )


class Series:
    """Sums of one short interval, ascending, only where something traded."""

    def __init__(self, length_us: int) -> None:
        self._length_us = length_us
        self._rows: list[Sums] = []

    def add(self, sums: Sums) -> None:
        """Count a trade; trades come in order of time."""
        start = sums.start_us - sums.start_us % self._length_us
        if self._rows and self._rows[-1].start_us >= start:
            self._rows[-1].take(sums)
        else:
            self._rows.append(attrs.evolve(sums, start_us=start))

    def between(self, start_us: int, end_us: int) -> Sequence[Sums]:
        """Return the rows that begin in [start, end)."""
        first = bisect_left(self._rows, start_us, key=_start)
        return self._rows[first : bisect_left(self._rows, end_us, key=_start)]

    def close_before(self, instant_us: int) -> int | None:
        """Return the last price before an instant that begins a row; None before any trade."""
        found = bisect_right(self._rows, instant_us - 1, key=_start)
        return self._rows[found - 1].close if found else None

    @property
    def first_us(self) -> int | None:
        """When the first row begins."""
        return self._rows[0].start_us if self._rows else None


def _start(row: Sums) -> int:
    return row.start_us


def total(rows: Iterable[Sums]) -> Sums | None:
    """Return the rows as one, None if there are none."""
    whole: Sums | None = None
    for row in rows:
        if whole is None:
            whole = attrs.evolve(row)
        else:
            whole.take(row)
    return whole


class Candles:
    """Candles of one symbol in every interval."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.seconds = Series(SECOND_US)
        self.minutes = Series(MINUTE_US)

    def add(self, trade: PublicTrade) -> None:
        """Count a trade."""
        sums = _of_trade(trade)
        self.seconds.add(sums)
        self.minutes.add(sums)

    def at(self, interval: Interval, instant_us: int, offset_us: int = 0) -> Candle | None:
        """Return the candle around an instant, as far as it has traded; None before any trade."""
        open_us = interval.open_us(instant_us, offset_us)
        return self._candle(interval, open_us, interval.next_us(open_us, offset_us))

    def rows(  # the venue's parameters
        self,
        interval: Interval,
        now_us: int,
        *,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int = DEFAULT_LIMIT,
        offset_us: int = 0,
    ) -> Sequence[Candle]:
        """Return candles that open in [start, end], ascending, the current one the last.

        Without a start the newest, with one the oldest from it; none before the first trade.
        """
        first_us, most = self.minutes.first_us, min(limit, MAX_LIMIT)
        if first_us is None:
            return []
        earliest = interval.open_us(first_us, offset_us)
        if interval is Interval.SECOND:
            earliest = self.seconds.first_us or earliest
        last = interval.open_us(now_us if end_us is None else min(end_us, now_us), offset_us)
        if start_us is not None:
            return self._forwards(interval, max(start_us, earliest), last, most, offset_us)
        opens: list[int] = []
        while last >= earliest and len(opens) < most:
            opens.append(last)
            last = interval.open_us(last - 1, offset_us)
        return self._candles(interval, reversed(opens), offset_us)

    def _forwards(
        self, interval: Interval, start_us: int, last_us: int, most: int, offset_us: int
    ) -> Sequence[Candle]:
        open_us = interval.open_us(start_us, offset_us)
        if open_us < start_us:
            open_us = interval.next_us(open_us, offset_us)
        opens: list[int] = []
        while open_us <= last_us and len(opens) < most:
            opens.append(open_us)
            open_us = interval.next_us(open_us, offset_us)
        return self._candles(interval, opens, offset_us)

    def _candles(
        self, interval: Interval, opens: Iterable[int], offset_us: int
    ) -> Sequence[Candle]:
        found = (
            self._candle(interval, open_us, interval.next_us(open_us, offset_us))
            for open_us in opens
        )
        return [candle for candle in found if candle is not None]

    def _candle(self, interval: Interval, open_us: int, next_us: int) -> Candle | None:
        series = self.seconds if interval is Interval.SECOND else self.minutes
        sums = total(series.between(open_us, next_us))
        if sums is None:
            close = series.close_before(open_us)
            if close is None:
                return None
            sums = Sums(
                start_us=open_us,
                open=close,
                high=close,
                low=close,
                close=close,
                first_trade_id=NO_TRADE,
                last_trade_id=NO_TRADE,
            )
        return self._of(interval, open_us, next_us, sums)

    def _of(self, interval: Interval, open_us: int, next_us: int, sums: Sums) -> Candle:
        return Candle(
            symbol=self.symbol,
            interval=interval,
            open_us=open_us,
            close_us=next_us - 1,
            open=from_units(sums.open),
            high=from_units(sums.high),
            low=from_units(sums.low),
            close=from_units(sums.close),
            volume=from_units(sums.volume),
            quote_volume=from_units(sums.quote_volume),
            trades=sums.trades,
            taker_buy_volume=from_units(sums.taker_buy_volume),
            taker_buy_quote_volume=from_units(sums.taker_buy_quote_volume),
            first_trade_id=sums.first_trade_id,
            last_trade_id=sums.last_trade_id,
        )
