"""The average price that the percent and notional filters measure against."""

from collections import deque

_MINUTE_US = 60_000_000


class AveragePrice:
    """Volume-weighted average of the trades of the last minutes, rounded down to a unit."""

    def __init__(self, minutes: int) -> None:
        self._window_us = minutes * _MINUTE_US
        self._trades: deque[tuple[int, int, int]] = deque()
        self._notional = 0
        self._quantity = 0
        self.last_price: int | None = None

    def add(self, price: int, quantity: int, now_us: int) -> None:
        """Count one trade."""
        self.last_price = price
        self._trades.append((now_us, price * quantity, quantity))
        self._notional += price * quantity
        self._quantity += quantity
        self._forget(now_us)

    def value(self, minutes: int, now_us: int) -> int | None:
        """Return the average in units; the last price for 0 minutes or a quiet window."""
        self._forget(now_us)
        if minutes == 0 or not self._quantity:
            return self.last_price
        return self._notional // self._quantity

    def _forget(self, now_us: int) -> None:
        while self._trades and self._trades[0][0] <= now_us - self._window_us:
            _, notional, quantity = self._trades.popleft()
            self._notional -= notional
            self._quantity -= quantity
