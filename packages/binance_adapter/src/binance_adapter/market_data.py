"""The public market, passed through: book, trades, candles.

These use the smallest share of the request weight: when it is scarce they are refused first.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs

from binance_adapter import calls
from binance_adapter.client import Client
from binance_adapter.clock_offset import to_instant, to_milliseconds
from binance_adapter.errors import UnreadableAnswer
from binance_adapter.mapping import amount_of
from binance_adapter.messages import Depth, Kline, MarketTradeRow
from tradecore.domain.money import Price, Quantity
from tradecore.ports.venue import VenueUnavailable

INTERVALS: Final = (
    *("1s", "1m", "3m", "5m", "15m", "30m"),
    *("1h", "2h", "4h", "6h", "8h", "12h"),
    *("1d", "3d", "1w", "1M"),
)
"""`interval` of candles; "1m" is a minute, "1M" a month."""


@attrs.frozen
class Level:
    """What is offered at a price."""

    price: Price
    quantity: Quantity


@attrs.frozen(kw_only=True)
class OrderBook:
    """The best levels of both sides, best first."""

    symbol: str
    last_update_id: int
    bids: Sequence[Level]
    asks: Sequence[Level]


@attrs.frozen(kw_only=True)
class MarketTrade:
    """A trade of anybody's."""

    trade_id: int
    price: Price
    quantity: Quantity
    notional: Decimal  #: in the quote asset
    traded_at: datetime
    is_buyer_maker: bool


@attrs.frozen(kw_only=True)
class Candle:
    """Prices and volume of an interval; the last one of a list may still change."""

    opened_at: datetime
    closed_at: datetime  #: the last millisecond in it
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Quantity
    notional: Decimal  #: volume in the quote asset
    trades: int


class MarketData:
    """Asks for the market as it is. Every method raises VenueUnavailable."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def depth(self, symbol: str, limit: int = 100) -> OrderBook:
        """Return up to `limit` (1 to 5000) levels a side."""
        answer = await self._client.read(
            calls.depth_of(limit), {"symbol": symbol, "limit": str(limit)}, Depth
        )
        try:
            return OrderBook(
                symbol=symbol,
                last_update_id=answer.last_update_id,
                bids=[_level(row) for row in answer.bids],
                asks=[_level(row) for row in answer.asks],
            )
        except UnreadableAnswer as unreadable:
            raise VenueUnavailable(f"unreadable depth: {unreadable}") from unreadable

    async def trades(self, symbol: str, limit: int = 500) -> Sequence[MarketTrade]:
        """Return the newest trades, up to 1000, oldest first."""
        rows = await self._client.read(
            calls.MARKET_TRADES, {"symbol": symbol, "limit": str(limit)}, list[MarketTradeRow]
        )
        try:
            return [_trade(row) for row in rows]
        except UnreadableAnswer as unreadable:
            raise VenueUnavailable(f"unreadable trades: {unreadable}") from unreadable

    async def candles(
        self,
        symbol: str,
        interval: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 500,
    ) -> Sequence[Candle]:
        """Return candles of one of `INTERVALS`, up to 1000, oldest first.

        From `start` on the oldest, up to `end` the newest; both aware.
        """
        assert interval in INTERVALS, interval
        parameters = {"symbol": symbol, "interval": interval, "limit": str(limit)}
        for name, instant in (("startTime", start), ("endTime", end)):
            if instant is not None:
                parameters[name] = str(to_milliseconds(instant))
        rows = await self._client.read(calls.KLINES, parameters, list[Kline])
        try:
            return [_candle(row) for row in rows]
        except UnreadableAnswer as unreadable:
            raise VenueUnavailable(f"unreadable candles: {unreadable}") from unreadable


def _level(row: tuple[str, str]) -> Level:
    return Level(Price(amount_of(row[0])), Quantity(amount_of(row[1])))


def _trade(row: MarketTradeRow) -> MarketTrade:
    return MarketTrade(
        trade_id=row.id,
        price=Price(amount_of(row.price)),
        quantity=Quantity(amount_of(row.qty)),
        notional=amount_of(row.quote_qty),
        traded_at=to_instant(row.time),
        is_buyer_maker=row.is_buyer_maker,
    )


def _candle(row: Kline) -> Candle:
    return Candle(
        opened_at=to_instant(row.opened_at),
        closed_at=to_instant(row.closed_at),
        open=Price(amount_of(row.open)),
        high=Price(amount_of(row.high)),
        low=Price(amount_of(row.low)),
        close=Price(amount_of(row.close)),
        volume=Quantity(amount_of(row.volume)),
        notional=amount_of(row.notional),
        trades=row.trades,
    )
