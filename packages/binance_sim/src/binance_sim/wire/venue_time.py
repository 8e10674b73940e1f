"""The venue's own time: a clock and, for a fault, its error."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tradecore.ports.clock import Clock

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class VenueTime:
    """Microseconds since the epoch. Set `skew_us` to let the venue's clock go wrong."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.skew_us = 0

    def now_us(self) -> int:
        """Return the venue's time."""
        return self.steady_us() + self.skew_us

    def steady_us(self) -> int:
        """Return the clock's time, which no skew moves: for how long something lasts."""
        return (self.clock.now() - _EPOCH) // _MICROSECOND

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of the clock's time."""
        await self.clock.sleep(seconds)
