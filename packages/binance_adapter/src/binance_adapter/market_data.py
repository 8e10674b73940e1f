"""The public market, passed through: book, trades, candles.

These use the smallest share of the request weight: when it is scarce they are refused first.
"""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from binance_adapter import calls
from binance_adapter.client import Client
from binance_adapter.clock_offset import to_instant, to_milliseconds
from binance_adapter.errors import UnreadableAnswer
from binance_adapter.mapping import amount_of
from binance_adapter.messages import Depth, Kline, MarketTradeRow
from tradecore.domain.money import Price, Quantity
from tradecore.ports.clock import Clock
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

JUST_BELOW_A_MILLISECOND: Final = timedelta(microseconds=999)
"""Added to round up where milliseconds are rounded down."""


class MarketData:
    """Asks for the market as it is: the port `MarketData`.

    Args:
        client: asks.
        clock: ours: says when something was read.
    """

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def book(self, symbol: str, limit: int = MAX_ROWS) -> OrderBook:
        """Return up to `limit` levels a side. Raises VenueUnavailable."""
        answer = await self._client.read(
            calls.depth_of(limit), {"symbol": symbol, "limit": str(limit)}, Depth
        )
        with _readable("depth"):
            return OrderBook(
                symbol=symbol,
                last_update_id=answer.last_update_id,
                bids=tuple(map(_level, answer.bids)),
                asks=tuple(map(_level, answer.asks)),
                as_of=self._clock.now(),
            )

    async def trades(self, symbol: str, limit: int = MAX_ROWS) -> PublicTrades:
        """Return the newest trades, oldest first. Raises VenueUnavailable."""
        rows = await self._client.read(
            calls.MARKET_TRADES, {"symbol": symbol, "limit": str(limit)}, list[MarketTradeRow]
        )
        with _readable("trades"):
            return PublicTrades(
                symbol=symbol, trades=tuple(map(_trade, rows)), as_of=self._clock.now()
            )

    async def candles(self, symbol: str, span: CandleSpan) -> Candles:
        """Return the candles of `span`, oldest first. Raises VenueUnavailable."""
        parameters = {"symbol": symbol, "interval": span.interval, "limit": str(span.limit)}
        if span.start is not None:
            parameters["startTime"] = str(to_milliseconds(span.start + JUST_BELOW_A_MILLISECOND))
        if span.end is not None:
            parameters["endTime"] = str(to_milliseconds(span.end))
        rows = await self._client.read(calls.KLINES, parameters, list[Kline])
        with _readable("candles"):
            return Candles(
                symbol=symbol,
                interval=span.interval,
                candles=tuple(map(_candle, rows)),
                as_of=self._clock.now(),
            )


@contextlib.contextmanager
def _readable(what: str) -> Iterator[None]:
    """Raise VenueUnavailable where an answer makes no sense."""
    try:
        yield
    except UnreadableAnswer as unreadable:
        raise VenueUnavailable(f"unreadable {what}: {unreadable}") from unreadable


def _level(row: tuple[str, str]) -> Level:
    return Level(Price(amount_of(row[0])), Quantity(amount_of(row[1])))


def _trade(row: MarketTradeRow) -> PublicTrade:
    return PublicTrade(
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
