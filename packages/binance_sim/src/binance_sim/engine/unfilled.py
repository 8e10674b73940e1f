"""How many orders an account has placed that did not trade: what the ORDERS limits count.

An accepted order adds one; its first fill takes off one as taker and five as maker, from the
interval in which the fill happens, never below zero. Cancelling changes nothing. Intervals are
aligned to the clock. Source: Binance Spot API, FAQ "Unfilled Order Count"; the five is of its
example.
"""

from typing import Final

FIRST_FILL_AS_TAKER: Final = 1
FIRST_FILL_AS_MAKER: Final = 5
TEN_SECONDS_US: Final = 10_000_000
DAY_US: Final = 86_400_000_000


class UnfilledOrders:
    """The counts of one account, one per interval (microseconds). Time does not go back."""

    def __init__(self, intervals_us: tuple[int, ...] = (TEN_SECONDS_US, DAY_US)) -> None:
        #: per interval: when the current one ends, the count in it
        self._counts = {interval: [0, 0] for interval in intervals_us}

    def add(self, orders: int, now_us: int) -> None:
        """Count orders; the engine does so for each that it accepts."""
        for interval, entry in self._counts.items():
            if now_us >= entry[0]:
                entry[0] = now_us - now_us % interval + interval
                entry[1] = 0
            entry[1] += orders

    def note_first_fill(self, now_us: int, *, is_maker: bool) -> None:
        """Reward an order that trades for the first time."""
        reward = FIRST_FILL_AS_MAKER if is_maker else FIRST_FILL_AS_TAKER
        for entry in self._counts.values():
            if now_us < entry[0]:
                entry[1] = max(entry[1] - reward, 0)

    def count(self, interval_us: int, now_us: int) -> int:
        """Return the count of the current interval. Raises KeyError for one not kept."""
        end_us, count = self._counts[interval_us]
        return count if now_us < end_us else 0

    def track(self, *intervals_us: int) -> None:
        """Count for these intervals as well, from zero."""
        for interval in intervals_us:
            self._counts.setdefault(interval, [0, 0])
