"""A market out of a seed: a random walk of prices, ten levels a side, and trades in between."""

import random
from decimal import Decimal
from typing import Final

from binance_sim.engine.exchange import Exchange
from binance_sim.engine.vocabulary import Side
from binance_sim.wire.venue_time import VenueTime

STEP_SECONDS: Final = 0.1
_LEVELS: Final = 10
_TICK: Final = Decimal("0.01")
_START: Final = {"BTCUSDT": Decimal(60000), "ETHUSDT": Decimal(2500)}
_UNIT: Final = Decimal("0.0001")


class SyntheticMarket:
    """Moves every market of an exchange; the same seed gives the same prices."""

    def __init__(self, exchange: Exchange, time: VenueTime, *, seed: int, speed: float) -> None:
        self._exchange = exchange
        self._time = time
        self._chance = random.Random(seed)  # noqa: S311 - prices, not secrets
        self._pause_seconds = STEP_SECONDS / speed
        self._middles = {s: _START.get(s, Decimal(100)) for s in exchange.markets()}
        self._shown: dict[tuple[str, Side], list[Decimal]] = {}

    async def run(self) -> None:
        """Move until cancelled."""
        while True:
            for symbol in self._middles:
                self.step(symbol)
            await self._time.sleep(self._pause_seconds)

    def step(self, symbol: str) -> None:
        """Move one market once, and let it trade with itself."""
        chance, now_us = self._chance, self._time.now_us()
        middle = self._middles[symbol] + _TICK * chance.randint(-300, 300)
        self._middles[symbol] = middle = max(middle, _TICK * 1000)
        for side in Side:
            for price in self._shown.pop((symbol, side), []):
                self._exchange.set_liquidity(symbol, side, price, Decimal(0), now_us)
        for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
            prices = [middle + sign * _TICK * (1 + 25 * level) for level in range(_LEVELS)]
            self._shown[symbol, side] = prices
            for price in prices:
                quantity = _UNIT * chance.randint(100, 20_000)
                self._exchange.set_liquidity(symbol, side, price, quantity, now_us)
        is_buyer_maker = chance.random() < 1 / 2
        price = middle + (-_TICK if is_buyer_maker else _TICK)
        self._exchange.trade_market(
            symbol,
            price,
            _UNIT * chance.randint(1, 5000),
            now_us,
            is_buyer_maker=is_buyer_maker,
        )
