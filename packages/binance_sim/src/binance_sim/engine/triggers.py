"""What contingent orders wait for: the last price, at a stop or trailing behind its extreme.

A stop above the market (STOP_LOSS BUY, TAKE_PROFIT SELL) is reached from below, the others from
above. A trailing order with a stop begins to track at the trade that reaches it; without a stop
it tracks from the start. Source: Binance Spot API, FAQ "Trailing Stop".
"""

import attrs

BASIS_POINTS = 10_000


@attrs.define(kw_only=True)
class Trigger:
    """The condition of one order; prices in units of 1e-8."""

    is_buy: bool
    is_above: bool  #: the stop lies above the market
    stop_price: int = 0  #: zero: none, the order trails at once
    trailing_delta: int = 0  #: basis points; zero: it does not trail
    extreme: int | None = None  #: the best price since tracking began
    trailing_us: int | None = None  #: when tracking began

    def is_reached(self, price: int) -> bool:
        """Whether a trade at `price` satisfies the stop."""
        return price >= self.stop_price if self.is_above else price <= self.stop_price

    def start(self, last_price: int | None, now_us: int) -> None:
        """Begin to track when there is no stop to wait for."""
        if self.trailing_delta and not self.stop_price:
            self.trailing_us = now_us
            self.extreme = last_price

    def observe(self, price: int, now_us: int) -> bool:
        """Take note of a trade; return whether it triggers the order."""
        if not self.trailing_delta:
            return self.is_reached(price)
        if self.trailing_us is None:
            if self.is_reached(price):
                self.trailing_us, self.extreme = now_us, price
            return False
        if self.extreme is None:
            self.extreme = price
        if self.is_buy:
            self.extreme = min(self.extreme, price)
            return price * BASIS_POINTS >= self.extreme * (BASIS_POINTS + self.trailing_delta)
        self.extreme = max(self.extreme, price)
        return price * BASIS_POINTS <= self.extreme * (BASIS_POINTS - self.trailing_delta)
