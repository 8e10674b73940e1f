"""The venue's symbols and limits, read again on schedule and when a filter refused an order."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from binance_adapter import calls
from binance_adapter.client import Client
from binance_adapter.errors import NoSuchSymbol, UnreadableAnswer
from binance_adapter.messages import ExchangeInfo, SymbolRow, encode
from binance_adapter.symbols import VenueSymbol, limit_of, to_symbol
from tradecore.domain.instruments import Instrument, InstrumentState
from tradecore.ports.clock import Clock
from tradecore.ports.venue import VenueUnavailable

logger = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 300.0
SHORTEST_SECONDS: Final = 5.0
"""Between two refreshes, however many orders are refused."""


@attrs.frozen(kw_only=True)
class InstrumentChange:
    """What the venue says of a symbol now, and what it said before; None: nothing yet."""

    before: Instrument | None
    after: Instrument


class SymbolBook:
    """The symbols that we trade, as the venue last stated them.

    Args:
        client: asks.
        symbols: those that are refreshed; others are read when something of theirs turns up.
    """

    def __init__(self, client: Client, symbols: Sequence[str]) -> None:
        self._client = client
        self._followed = tuple(symbols)
        self._symbols: dict[str, VenueSymbol] = {}
        self._reading: dict[str, asyncio.Lock] = {}
        self._wanted = asyncio.Event()
        client.hooks.filter_refused = self._wanted.set

    @property
    def followed(self) -> Sequence[str]:
        """Return the symbols that are refreshed."""
        return self._followed

    def find(self, symbol: str) -> VenueSymbol | None:
        """Return what is known of a symbol, from memory."""
        return self._symbols.get(symbol)

    async def get(self, symbol: str) -> VenueSymbol:
        """Return a symbol, asking the venue if we know nothing of it.

        Raises:
            NoSuchSymbol: the venue does not list it.
            VenueUnavailable: no answer.
        """
        async with self._reading.setdefault(symbol, asyncio.Lock()):
            if symbol not in self._symbols:
                info = await self._client.read(
                    calls.EXCHANGE_INFO, {"symbol": symbol}, ExchangeInfo
                )
                self._take(info)
        self._reading.pop(symbol, None)
        if symbol not in self._symbols:
            raise NoSuchSymbol(f"{symbol} is not in the answer, or makes no sense there")
        return self._symbols[symbol]

    async def prepare(self) -> None:
        """Read the followed symbols if we know nothing of one. Raises VenueUnavailable."""
        if any(symbol not in self._symbols for symbol in self._followed):
            await self.refresh()

    async def refresh(self) -> Sequence[InstrumentChange]:
        """Read the followed symbols and the limits again; return what has changed.

        A symbol that the venue does not list any more is halted. Raises VenueUnavailable.
        """
        if not self._followed:
            return []
        try:
            info = await self._client.read(
                calls.EXCHANGE_INFO, {"symbols": encode(self._followed)}, ExchangeInfo
            )
        except NoSuchSymbol:
            # One that is not listed spoils the answer for all.
            return await self._refresh_one_by_one()
        return self._take(info)

    async def run(self, clock: Clock, changed: Callable[[InstrumentChange], None]) -> None:
        """Refresh until cancelled: on schedule, and soon after a filter refused an order."""
        while True:
            self._wanted.clear()
            try:
                for change in await self.refresh():
                    changed(change)
            except VenueUnavailable as failure:
                logger.warning("venue.symbols_not_refreshed", extra={"error": str(failure)})
            await clock.sleep(SHORTEST_SECONDS)
            try:
                async with asyncio.timeout(REFRESH_SECONDS - SHORTEST_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def _refresh_one_by_one(self) -> Sequence[InstrumentChange]:
        changes: list[InstrumentChange] = []
        for symbol in self._followed:
            try:
                info = await self._client.read(
                    calls.EXCHANGE_INFO, {"symbol": symbol}, ExchangeInfo
                )
            except NoSuchSymbol:
                logger.error(  # noqa: TRY400 - a person must know of the symbol, not of this line
                    "venue.symbol_not_listed", extra={"symbol": symbol}
                )
                changes.extend(self._halt(symbol))
            else:
                changes.extend(self._take(info))
        return changes

    def _take(self, info: ExchangeInfo) -> Sequence[InstrumentChange]:
        limits = [limit for row in info.rate_limits if (limit := limit_of(row)) is not None]
        self._client.budgets.replace(limits)
        return [change for row in info.symbols for change in self._take_symbol(row)]

    def _take_symbol(self, row: SymbolRow) -> Sequence[InstrumentChange]:
        try:
            after = to_symbol(row)
        except UnreadableAnswer:
            logger.exception("venue.unreadable_symbol", extra={"symbol": row.symbol})
            return []
        return self._replace(row.symbol, after)

    def _halt(self, symbol: str) -> Sequence[InstrumentChange]:
        before = self._symbols.get(symbol)
        if before is None:
            return []
        halted = attrs.evolve(before.instrument, state=InstrumentState.HALT)
        return self._replace(symbol, attrs.evolve(before, instrument=halted))

    def _replace(self, symbol: str, after: VenueSymbol) -> Sequence[InstrumentChange]:
        known = self._symbols.get(symbol)
        self._symbols[symbol] = after
        before = None if known is None else known.instrument
        if before == after.instrument:
            return []
        return [InstrumentChange(before=before, after=after.instrument)]
