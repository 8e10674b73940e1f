"""The public market out of memory for a moment, so that many who look cost the venue little.

Reading it costs a part of the limits that orders and cancels live on. An answer is given again
for a second, and who asks for what is being asked waits for that answer; its `as_of` says how old
it is.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import attrs

from tradecore.ports.clock import Clock
from tradecore.ports.market_data import (
    MAX_ROWS,
    Candles,
    CandleSpan,
    MarketData,
    OrderBook,
    PublicTrades,
)
from tradecore.ports.venue import VenueUnavailable

AnswerT = TypeVar("AnswerT", OrderBook, PublicTrades, Candles)

FRESH: Final = timedelta(seconds=1)
REMEMBERED: Final = 256
"""Answers that are kept: symbols times questions, and spans of candles without number."""
AT_ONCE: Final = 16
"""Questions under way at the venue; one more is refused, for it would only wait."""
BOOK_SIZES: Final = (100, MAX_ROWS)
"""What the venue is asked for, so that each limit in between is one question."""


@attrs.frozen
class _Kept:
    answer: asyncio.Task[Any]
    asked_at: datetime


class RecentMarketData:
    """The port `MarketData` over another one.

    Args:
        market: where it is read.
        clock: says for how long an answer is recent.
    """

    def __init__(self, market: MarketData, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    async def book(self, symbol: str, limit: int = MAX_ROWS) -> OrderBook:
        size = next((one for one in BOOK_SIZES if limit <= one), limit)
        book = await self._recent(("book", symbol, size), lambda: self._market.book(symbol, size))
        return attrs.evolve(book, bids=book.bids[:limit], asks=book.asks[:limit])

    async def trades(self, symbol: str, limit: int = MAX_ROWS) -> PublicTrades:
        size = max(limit, MAX_ROWS)
        found = await self._recent(
            ("trades", symbol, size), lambda: self._market.trades(symbol, size)
        )
        return attrs.evolve(found, trades=found.trades[-limit:])

    async def candles(self, symbol: str, span: CandleSpan) -> Candles:
        return await self._recent(
            ("candles", symbol, span), lambda: self._market.candles(symbol, span)
        )

    async def _recent(self, question: Hashable, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Return the answer that there is, or ask. Raises VenueUnavailable."""
        now = self._clock.now()
        found = self._kept.get(question)
        if found is None or not self._is_recent(found, now):
            if sum(not one.answer.done() for one in self._kept.values()) >= AT_ONCE:
                raise VenueUnavailable("too many questions to the venue are under way")
            found = _Kept(asyncio.ensure_future(ask()), now)
            found.answer.add_done_callback(_look_at)
            self._kept[question] = found
            self._forget_some()
        # Shielded: others wait for it too.
        answer: AnswerT = await asyncio.shield(found.answer)
        return answer

    @staticmethod
    def _is_recent(kept: _Kept, now: datetime) -> bool:
        if not kept.answer.done():
            return True
        failed = kept.answer.cancelled() or kept.answer.exception() is not None
        return not failed and kept.asked_at <= now < kept.asked_at + FRESH

    def _forget_some(self) -> None:
        """Keep the newest; what is under way is counted, so it stays."""
        done = [name for name, one in self._kept.items() if one.answer.done()]
        for name in done[: max(len(self._kept) - REMEMBERED, 0)]:
            del self._kept[name]


def _look_at(answer: asyncio.Future[Any]) -> None:
    """Let asyncio know that a failure was seen, though nobody may wait for it any more."""
    if not answer.cancelled():
        answer.exception()
