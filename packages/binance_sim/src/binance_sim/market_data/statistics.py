"""What traded in a window that ends now (`GET ticker/24hr`, `ticker`, `@ticker`)."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import chain
from typing import Final

import attrs

from binance_sim.engine.amounts import ZERO, from_units
from binance_sim.market_data.candles import NO_TRADE, Candles, total
from binance_sim.market_data.intervals import DAY_US, MINUTE_US, SECOND_US

_PERCENT: Final = Decimal("0.001")
_UNIT: Final = Decimal("0.00000001")
_CONTEXT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


@attrs.frozen(kw_only=True)
class WindowStatistics:
    """The comments name the field of `@ticker`; amounts are zero when nothing traded."""

    symbol: str
    open_us: int  #: O
    close_us: int  #: C
    open: Decimal = ZERO  #: o
    high: Decimal = ZERO  #: h
    low: Decimal = ZERO  #: l
    last: Decimal = ZERO  #: c
    change: Decimal = ZERO  #: p, last less open
    change_percent: Decimal = Decimal("0.000")  #: P
    weighted_average: Decimal = ZERO  #: w
    previous_close: Decimal = ZERO  #: x, of before the window
    volume: Decimal = ZERO  #: v
    quote_volume: Decimal = ZERO  #: q
    trades: int = 0  #: n
    first_trade_id: int = NO_TRADE  #: F
    last_trade_id: int = NO_TRADE  #: L


def window(candles: Candles, now_us: int, length_us: int = DAY_US) -> WindowStatistics:
    """Return the statistics of the window, exact to the second at its older end."""
    start = now_us - length_us
    start += -start % SECOND_US
    first_minute = start + -start % MINUTE_US
    sums = total(
        chain(
            candles.seconds.between(start, min(first_minute, now_us + 1)),
            candles.minutes.between(first_minute, now_us + 1),
        )
    )
    before = candles.seconds.close_before(start)
    previous = ZERO if before is None else from_units(before)
    if sums is None:
        return WindowStatistics(
            symbol=candles.symbol,
            open_us=now_us - length_us,
            close_us=now_us,
            open=previous,
            high=previous,
            low=previous,
            last=previous,
            previous_close=previous,
        )
    opened, last = from_units(sums.open), from_units(sums.close)
    volume, quote = from_units(sums.volume), from_units(sums.quote_volume)
    return WindowStatistics(
        symbol=candles.symbol,
        open_us=now_us - length_us,
        close_us=now_us,
        open=opened,
        high=from_units(sums.high),
        low=from_units(sums.low),
        last=last,
        change=last - opened,
        change_percent=_ratio((last - opened) * 100, opened, _PERCENT),
        weighted_average=_ratio(quote, volume, _UNIT),
        previous_close=previous,
        volume=volume,
        quote_volume=quote,
        trades=sums.trades,
        first_trade_id=sums.first_trade_id,
        last_trade_id=sums.last_trade_id,
    )


def _ratio(part: Decimal, whole: Decimal, step: Decimal) -> Decimal:
    if not whole:
        return ZERO
    return _CONTEXT.quantize(_CONTEXT.divide(part, whole), step)
