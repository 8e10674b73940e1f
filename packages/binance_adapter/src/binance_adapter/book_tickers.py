"""The best bid and ask of each symbol: the port `ReferencePrices`, from the market stream.

A book that does not move sends nothing, so a quiet symbol's prices are confirmed by asking; their
age says when that was last done. Source: Binance Spot API, "Individual symbol book ticker streams".
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from binance_adapter import calls
from binance_adapter.backoff import Backoff, ConnectionBudget
from binance_adapter.client import Client
from binance_adapter.errors import UnreadableAnswer
from binance_adapter.mapping import amount_of
from binance_adapter.messages import (
    SERVER_SHUTDOWN,
    BookTicker,
    StreamFrame,
    TickerRow,
    decode,
    encode,
)
from binance_adapter.metrics import HealthRecord
from binance_adapter.sockets import Connector, Socket, SocketClosed
from binance_adapter.transport import rejected
from tradecore.domain.money import ZERO, Price
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.ports.clock import Clock
from tradecore.ports.venue import VenueUnavailable

logger = logging.getLogger(__name__)

STREAM: Final = "book_tickers"
LIFE_SECONDS: Final = 23 * 3600.0
CONFIRM_SECONDS: Final = 5.0
"""A price older than this is asked for."""
SILENCE_SECONDS: Final = 300.0
"""After as long without a frame of any symbol the connection is made anew: pings find a dead one
sooner, this finds one that is alive and sends nothing."""


class BookTickers:
    """Follows the best prices of some symbols.

    Args:
        connect: opens a socket.
        address: of market streams, without /stream.
        symbols: which are followed.
        client: confirms what is quiet.
        clock: ours: says how old a price is.
        budget: of connections, shared with the other streams.
        health: takes in connections and signs of life.
        chance: spreads the waits.
        monotonic: seconds of a clock that is never set.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts are made in one place, `connector`
        self,
        connect: Connector,
        address: str,
        symbols: Sequence[str],
        client: Client,
        clock: Clock,
        budget: ConnectionBudget,
        health: HealthRecord,
        chance: random.Random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        streams = "/".join(f"{symbol.lower()}@bookTicker" for symbol in symbols)
        self._address = f"{address}/stream?streams={streams}"
        self._connect = connect
        self._symbols = tuple(symbols)
        self._client = client
        self._clock = clock
        self._budget = budget
        self._health = health
        self._backoff = Backoff(chance)
        self._monotonic = monotonic
        self._prices: dict[str, ReferencePrice | None] = {}

    def find(self, symbol: str) -> ReferencePrice | None:
        """Return the latest prices; None when a side of the book is empty or nothing came yet."""
        return self._prices.get(symbol)

    async def run(self) -> None:
        """Follow until cancelled."""
        if not self._symbols:
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._confirm())

    async def confirm(self) -> None:
        """Ask for the prices of every symbol. Raises VenueUnavailable."""
        before = {symbol: self._prices.get(symbol) for symbol in self._symbols}
        rows = await self._client.read(
            calls.BOOK_TICKERS, {"symbols": encode(self._symbols)}, list[TickerRow]
        )
        for row in rows:
            # What the stream told meanwhile is newer than the answer.
            if row.symbol in before and self._prices.get(row.symbol) is before[row.symbol]:
                self._take(row.symbol, row.bid_price, row.ask_price)

    async def _confirm(self) -> None:
        while True:
            if self._is_quiet(self._clock.now()):
                try:
                    await self.confirm()
                except VenueUnavailable as failure:
                    logger.warning("venue.prices_not_confirmed", extra={"error": str(failure)})
            await self._clock.sleep(CONFIRM_SECONDS)

    def _is_quiet(self, now: datetime) -> bool:
        oldest = now - timedelta(seconds=CONFIRM_SECONDS)
        found = [self._prices.get(symbol) for symbol in self._symbols]
        return any(price is None or price.at < oldest for price in found)

    async def _follow(self) -> None:
        """Connect again and again, never faster than the budget of connections allows."""
        while True:
            if self._budget.wait_seconds() > 0 or self._client.banned_until is not None:
                await self._clock.sleep(1.0)
                continue
            self._budget.spend()
            opened_at = self._monotonic()
            try:
                await self._read(await self._connect(self._address), opened_at)
            except SocketClosed as closed:
                self._health.connected(STREAM, "failed")
                if closed.rejection is not None and closed.rejection.is_ban:
                    self._client.refused(calls.CONNECT, rejected(closed.rejection))
                logger.warning("venue.prices_cut", extra={"error": str(closed)})
            self._backoff.lived(self._monotonic() - opened_at)
            await self._clock.sleep(self._backoff.next())

    async def _read(self, socket: Socket, opened_at: float) -> None:
        """Take in frames until it is time for a new connection. Raises SocketClosed."""
        self._health.connected(STREAM, "opened")
        try:
            while self._monotonic() - opened_at < LIFE_SECONDS:
                async with asyncio.timeout(SILENCE_SECONDS):
                    frame = await socket.receive()
                self._health.heard(STREAM)
                if self._ends(frame):
                    return
        except TimeoutError:
            raise SocketClosed("silent") from None
        finally:
            await socket.close()

    def _ends(self, frame: bytes) -> bool:
        """Take in a frame; return whether the venue asks us to connect anew."""
        try:
            message = decode(frame, StreamFrame)
            if SERVER_SHUTDOWN in message.stream:
                return True
            ticker = decode(message.data, BookTicker)
        except UnreadableAnswer as unreadable:
            self._health.unreadable(STREAM)
            logger.error(  # noqa: TRY400 - the venue's words are the fault
                "venue.unreadable", extra={"call": STREAM, "error": str(unreadable)}
            )
            return SERVER_SHUTDOWN.encode() in frame
        self._take(ticker.symbol, ticker.bid, ticker.ask)
        return False

    def _take(self, symbol: str, bid: str, ask: str) -> None:
        """Note a symbol's prices. An empty side has price zero, and is no reference."""
        try:
            best_bid, best_ask = amount_of(bid), amount_of(ask)
        except UnreadableAnswer as unreadable:
            self._health.unreadable(STREAM)
            logger.error(  # noqa: TRY400 - the venue's words are the fault
                "venue.unreadable_price", extra={"symbol": symbol, "error": str(unreadable)}
            )
            return
        self._prices[symbol] = (
            ReferencePrice(
                symbol=symbol, bid=Price(best_bid), ask=Price(best_ask), at=self._clock.now()
            )
            if best_bid > ZERO and best_ask > ZERO
            else None
        )
