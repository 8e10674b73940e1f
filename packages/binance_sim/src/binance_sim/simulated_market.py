"""The market around the customers: plays a replay in real time, and quotes its prices."""

from typing import Final

from binance_sim.engine.exchange import Exchange
from binance_sim.mapping import to_instant, to_us
from binance_sim.replay import Replay
from tradecore.domain.money import Price
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.ports.clock import Clock

BATCH: Final = 500  #: messages between two chances for other tasks
TICK_SECONDS: Final = 0.005  #: shortest wait, so that a fast replay does not wake per message
_US_PER_SECOND: Final = 1_000_000


class SimulatedMarket:
    """Keeps a replay up to the clock. Whatever it fills goes out through the journal."""

    def __init__(self, replay: Replay, clock: Clock) -> None:
        self._replay = replay
        self._clock = clock

    async def run(self) -> None:
        """Play until cancelled."""
        while True:
            played = self.catch_up()
            due_seconds = (self._replay.next_due_us - self._now_us()) / _US_PER_SECOND
            shortest = 0.0 if played == BATCH else TICK_SECONDS
            await self._clock.sleep(max(due_seconds, shortest))

    def catch_up(self) -> int:
        """Play what is due, at most one batch; return how many messages that was."""
        now_us, played = self._now_us(), 0
        while played < BATCH and self._replay.next_due_us <= now_us:
            self._replay.step()
            played += 1
        return played

    def _now_us(self) -> int:
        return to_us(self._clock.now())


class SimulatedReferencePrices:
    """The port `ReferencePrices` over the exchange's own books."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def find(self, symbol: str) -> ReferencePrice | None:
        """Return the best bid and ask; None when a side is empty or nothing came yet."""
        if symbol not in self._exchange.markets():
            return None
        top = self._exchange.market(symbol).top()
        if top.quoted_us is None or top.bid_price is None or top.ask_price is None:
            return None
        return ReferencePrice(
            symbol=symbol,
            bid=Price(top.bid_price),
            ask=Price(top.ask_price),
            at=to_instant(top.quoted_us),
        )
