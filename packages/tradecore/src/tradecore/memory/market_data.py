"""A public market that somebody sets."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from tradecore.ports.clock import Clock
from tradecore.ports.connector import ConnectorHealth
from tradecore.ports.market_data import (
    MAX_ROWS,
    Candle,
    Candles,
    CandleSpan,
    Level,
    OrderBook,
    PublicTrade,
    PublicTrades,
)
from tradecore.ports.venue import VenueUnavailable


@attrs.define(kw_only=True)
class FixedMarket:
    """What is shown of one symbol: levels best first, trades and candles oldest first."""

    bids: Sequence[Level] = ()
    asks: Sequence[Level] = ()
    trades: Sequence[PublicTrade] = ()
    candles: Sequence[Candle] = ()


class FixedMarketData:
    """Shows the markets that were put in, whatever the interval; may be away.

    Args:
        clock: says when it was read.
    """

    def __init__(self, clock: Clock, **markets: FixedMarket) -> None:
        self.is_away = False
        self.reads = 0
        self._clock = clock
        self._markets = markets

    def put(self, symbol: str, market: FixedMarket) -> None:
        """Show this market from now on."""
        self._markets[symbol] = market

    async def book(self, symbol: str, limit: int = MAX_ROWS) -> OrderBook:
        market = self._read(symbol)
        return OrderBook(
            symbol=symbol,
            last_update_id=self.reads,
            bids=market.bids[:limit],
            asks=market.asks[:limit],
            as_of=self._clock.now(),
        )

    async def trades(self, symbol: str, limit: int = MAX_ROWS) -> PublicTrades:
        trades = self._read(symbol).trades[-limit:]
        return PublicTrades(symbol=symbol, trades=trades, as_of=self._clock.now())

    async def candles(self, symbol: str, span: CandleSpan) -> Candles:
        found = [one for one in self._read(symbol).candles if _is_within(one.opened_at, span)]
        return Candles(
            symbol=symbol,
            interval=span.interval,
            candles=found[: span.limit] if span.start else found[-span.limit :],
            as_of=self._clock.now(),
        )

    def _read(self, symbol: str) -> FixedMarket:
        self.reads += 1
        if self.is_away or symbol not in self._markets:
            raise VenueUnavailable("the market is away")
        return self._markets[symbol]


class FixedConnector:
    """Is as well as somebody says."""

    def __init__(self, health: ConnectorHealth | None = None) -> None:
        self.present = health or ConnectorHealth()

    def health(self) -> ConnectorHealth:
        return self.present


def _is_within(opened_at: datetime, span: CandleSpan) -> bool:
    return (span.start is None or span.start <= opened_at) and (
        span.end is None or opened_at <= span.end
    )
