"""The public market of the venue: what anybody may see there."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

import attrs

from tradecore.domain.money import Price, Quantity

MAX_ROWS: Final = 500
"""The most levels a side, trades or candles that may be asked for at once."""


class CandleInterval(StrEnum):
    """How long a candle is; "1m" is a minute, "1M" a month."""

    SECOND_1 = "1s"
    MINUTE_1 = "1m"
    MINUTE_3 = "3m"
    MINUTE_5 = "5m"
    MINUTE_15 = "15m"
    MINUTE_30 = "30m"
    HOUR_1 = "1h"
    HOUR_2 = "2h"
    HOUR_4 = "4h"
    HOUR_6 = "6h"
    HOUR_8 = "8h"
    HOUR_12 = "12h"
    DAY_1 = "1d"
    DAY_3 = "3d"
    WEEK_1 = "1w"
    MONTH_1 = "1M"


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
    as_of: datetime  #: when it was read, by our clock


@attrs.frozen(kw_only=True)
class PublicTrade:
    """A trade of anybody's."""

    trade_id: int
    price: Price
    quantity: Quantity
    notional: Decimal  #: in the quote asset
    traded_at: datetime
    is_buyer_maker: bool


@attrs.frozen(kw_only=True)
class PublicTrades:
    """The newest trades of a symbol, oldest first."""

    symbol: str
    trades: Sequence[PublicTrade]
    as_of: datetime  #: when they were read, by our clock


@attrs.frozen(kw_only=True)
class Candle:
    """Prices and volume of an interval."""

    opened_at: datetime
    closed_at: datetime  #: the last millisecond in it
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Quantity
    notional: Decimal  #: volume in the quote asset
    trades: int


@attrs.frozen(kw_only=True)
class Candles:
    """Candles of a symbol, oldest first; the last one may still change."""

    symbol: str
    interval: CandleInterval
    candles: Sequence[Candle]
    as_of: datetime  #: when they were read, by our clock


@attrs.frozen(kw_only=True)
class CandleSpan:
    """Which candles: at most `limit`, opened from `start` to `end`, both inclusive, both aware.

    With `start` the oldest from there on, else the newest.
    """

    interval: CandleInterval
    start: datetime | None = None
    end: datetime | None = None
    limit: int = MAX_ROWS


class MarketData(Protocol):
    """The market as the venue shows it to anybody.

    Every method raises VenueUnavailable when there is no answer, or one that makes no sense.
    """

    async def book(self, symbol: str, limit: int = MAX_ROWS) -> OrderBook:
        """Return up to `limit` levels a side."""

    async def trades(self, symbol: str, limit: int = MAX_ROWS) -> PublicTrades:
        """Return up to `limit` of the newest trades."""

    async def candles(self, symbol: str, span: CandleSpan) -> Candles:
        """Return the candles of `span`."""
