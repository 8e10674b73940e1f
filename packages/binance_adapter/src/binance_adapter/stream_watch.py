"""Whether the account's stream, connected and quiet, really tells what happens.

Every accepted order is reported at once, so an order that was accepted and not reported proves the
stream deaf; so does a trade in the history that is newer than any it told. Nothing is concluded
from silence alone.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from binance_adapter.client import Hooks
from binance_adapter.metrics import HealthRecord

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 10.0
"""How long a report may lag behind the answer to its order."""
PROBE_SECONDS: Final = 30.0
"""After as long without a report the history is looked at, as often as that."""
REMEMBERED: Final = 10_000
PROBED_SYMBOLS: Final = 5
"""Symbols whose history is looked at in one probe: those heard of last."""

OrderName = tuple[str, int]  #: symbol, the venue's order id


class StreamWatch:
    """Compares what the stream says with what else we learn.

    Args:
        distrust: ends the stream, so that it begins anew and is caught up with.
        health: counts the times.
        hooks: tell of it.
    """

    def __init__(self, distrust: Callable[[str], None], health: HealthRecord, hooks: Hooks) -> None:
        self._distrust = distrust
        self._health = health
        self._hooks = hooks
        self._reported: OrderedDict[OrderName, None] = OrderedDict()
        self._expected: dict[OrderName, asyncio.TimerHandle] = {}
        self._newest_trade: OrderedDict[str, int | None] = OrderedDict()
        self._told_at = 0.0  #: by the loop's time

    def begin(self) -> None:
        """Start anew with a fresh connection, of which nothing is known yet."""
        self.end()
        self._newest_trade = OrderedDict.fromkeys(self._newest_trade)

    def end(self) -> None:
        """Expect nothing any more."""
        for timer in self._expected.values():
            timer.cancel()
        self._expected.clear()

    def reported(self, symbol: str, order_id: int, trade_id: int | None = None) -> None:
        """Note that the stream spoke of an order, and perhaps of a trade."""
        name = (symbol, order_id)
        self._told_at = asyncio.get_running_loop().time()
        timer = self._expected.pop(name, None)
        if timer is not None:
            timer.cancel()
        self._reported[name] = None
        self._reported.move_to_end(name)
        if len(self._reported) > REMEMBERED:
            self._reported.popitem(last=False)
        if trade_id is not None:
            self._newest_trade[symbol] = max(self._newest_trade.get(symbol) or 0, trade_id)
        self.follow(symbol)

    def follow(self, symbol: str) -> None:
        """Probe this symbol rather than those not heard of for longer."""
        self._newest_trade.setdefault(symbol, None)
        self._newest_trade.move_to_end(symbol)

    def expect(self, symbol: str, order_id: int) -> None:
        """Expect a report of an order that was accepted while the stream was connected."""
        name = (symbol, order_id)
        self.follow(symbol)
        if name in self._reported or name in self._expected:
            return
        loop = asyncio.get_running_loop()
        self._expected[name] = loop.call_later(PATIENCE_SECONDS, self._missed, name)

    async def probe(self, newest_trade: Callable[[str], Awaitable[int | None]]) -> None:
        """Hold the history's newest trade of a few symbols against what the stream told.

        Only after a while of silence: a stream that speaks costs nothing.
        """
        if asyncio.get_running_loop().time() - self._told_at < PROBE_SECONDS:
            return
        for symbol in list(reversed(self._newest_trade))[:PROBED_SYMBOLS]:
            before = self._newest_trade[symbol]
            newest = await newest_trade(symbol)
            if newest is None:
                continue
            if before is None:
                # Trades of before the connection: who catches up learns of them.
                self._newest_trade[symbol] = max(self._newest_trade[symbol] or 0, newest)
                continue
            if newest > (self._newest_trade[symbol] or 0):
                await asyncio.sleep(1.0)  # the report may be under way
                if newest > (self._newest_trade[symbol] or 0):
                    self._stale(f"trade {newest} of {symbol} was not told")
                    return

    def _missed(self, name: OrderName) -> None:
        self._expected.pop(name, None)
        self._stale(f"order {name[1]} of {name[0]} was not told")

    def _stale(self, why: str) -> None:
        logger.error("venue.stream_stale", extra={"why": why})
        self._health.stale += 1
        self.end()
        self._hooks.stream_stale(why)
        self._distrust(why)
