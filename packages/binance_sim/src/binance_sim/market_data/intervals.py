"""The intervals of candles, and where each begins. Source: Binance Spot API, "Klines"."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
_WEEK_US: Final = 7 * DAY_US
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: The epoch is a Thursday; weeks begin on Monday.
_FIRST_MONDAY_US: Final = 4 * DAY_US
_MONTHS: Final = 12


class Interval(StrEnum):
    """`interval` of a candle; `1m` is a minute, `1M` a month."""

    SECOND = "1s"
    MINUTE = "1m"
    MINUTES_3 = "3m"
    MINUTES_5 = "5m"
    MINUTES_15 = "15m"
    MINUTES_30 = "30m"
    HOUR = "1h"
    HOURS_2 = "2h"
    HOURS_4 = "4h"
    HOURS_6 = "6h"
    HOURS_8 = "8h"
    HOURS_12 = "12h"
    DAY = "1d"
    DAYS_3 = "3d"
    WEEK = "1w"
    MONTH = "1M"

    def open_us(self, instant_us: int, offset_us: int = 0) -> int:
        """Return when the interval around an instant begins; `offset_us` of the time zone."""
        local = instant_us + offset_us
        if self is Interval.MONTH:
            month = _month_of(local)
            return _start_of(month) - offset_us
        length = _LENGTHS_US[self]
        anchor = _FIRST_MONDAY_US if self is Interval.WEEK else 0
        return local - (local - anchor) % length - offset_us

    def next_us(self, open_us: int, offset_us: int = 0) -> int:
        """Return when the interval that begins at `open_us` ends, and the next one begins."""
        if self is Interval.MONTH:
            return _start_of(_month_of(open_us + offset_us) + 1) - offset_us
        return open_us + _LENGTHS_US[self]


_LENGTHS_US: Final = {
    Interval.SECOND: SECOND_US,
    Interval.MINUTE: MINUTE_US,
    Interval.MINUTES_3: 3 * MINUTE_US,
    Interval.MINUTES_5: 5 * MINUTE_US,
    Interval.MINUTES_15: 15 * MINUTE_US,
    Interval.MINUTES_30: 30 * MINUTE_US,
    Interval.HOUR: HOUR_US,
    Interval.HOURS_2: 2 * HOUR_US,
    Interval.HOURS_4: 4 * HOUR_US,
    Interval.HOURS_6: 6 * HOUR_US,
    Interval.HOURS_8: 8 * HOUR_US,
    Interval.HOURS_12: 12 * HOUR_US,
    Interval.DAY: DAY_US,
    Interval.DAYS_3: 3 * DAY_US,
    Interval.WEEK: _WEEK_US,
}


def _month_of(instant_us: int) -> int:
    """Return the number of the month, from year zero."""
    date = _EPOCH + timedelta(microseconds=instant_us)
    return date.year * _MONTHS + date.month - 1


def _start_of(month: int) -> int:
    year, index = divmod(month, _MONTHS)
    return (datetime(year, index + 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
