"""What we ask of the venue: one table for both transports, with the cost of each request.

Source: Binance Spot API, "REST API" and "WebSocket API", state of July 2026.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import attrs


class Lane(IntEnum):
    """Who goes first where a limit is near; a higher lane may use more of it."""

    PUBLIC = 0  #: market data passed through to whoever asks
    BACKGROUND = 1  #: refreshes that the platform itself needs
    PLACE = 2
    QUERY = 3  #: what became of an order
    CANCEL = 4


@attrs.frozen(kw_only=True)
class Call:
    """One kind of request."""

    name: str  #: the WebSocket API's method, and the label of its metrics
    verb: str  #: of HTTP
    path: str
    weight: int
    lane: Lane
    is_signed: bool = True
    is_write: bool = False  #: an answer that is lost leaves the outcome unknown
    orders: int = 0  #: what it adds to the unfilled order count
    is_free_on_success: bool = False  #: placing and cancelling weigh nothing when they succeed

    def with_weight(self, weight: int) -> "Call":
        """Return the same call at another cost."""
        return attrs.evolve(self, weight=weight)


_TRADE: Final = {"is_write": True, "is_free_on_success": True}

TIME: Final = Call(
    name="time", verb="GET", path="/api/v3/time", weight=1, lane=Lane.QUERY, is_signed=False
)
EXCHANGE_INFO: Final = Call(
    name="exchangeInfo",
    verb="GET",
    path="/api/v3/exchangeInfo",
    weight=20,
    lane=Lane.BACKGROUND,
    is_signed=False,
)
PLACE: Final = Call(
    name="order.place",
    verb="POST",
    path="/api/v3/order",
    weight=1,
    lane=Lane.PLACE,
    orders=1,
    **_TRADE,
)
CANCEL: Final = Call(
    name="order.cancel", verb="DELETE", path="/api/v3/order", weight=1, lane=Lane.CANCEL, **_TRADE
)
ORDER: Final = Call(
    name="order.status", verb="GET", path="/api/v3/order", weight=4, lane=Lane.QUERY
)
OPEN_ORDERS: Final = Call(
    name="openOrders.status", verb="GET", path="/api/v3/openOrders", weight=80, lane=Lane.QUERY
)
ALL_ORDERS: Final = Call(
    name="allOrders", verb="GET", path="/api/v3/allOrders", weight=20, lane=Lane.QUERY
)
TRADES: Final = Call(
    name="myTrades", verb="GET", path="/api/v3/myTrades", weight=20, lane=Lane.QUERY
)
TRADES_OF_ORDER: Final = TRADES.with_weight(5)
ACCOUNT: Final = Call(
    name="account.status", verb="GET", path="/api/v3/account", weight=20, lane=Lane.QUERY
)
DEPTH: Final = Call(
    name="depth",
    verb="GET",
    path="/api/v3/depth",
    weight=5,
    lane=Lane.PUBLIC,
    is_signed=False,
)
MARKET_TRADES: Final = Call(
    name="trades.recent",
    verb="GET",
    path="/api/v3/trades",
    weight=25,
    lane=Lane.PUBLIC,
    is_signed=False,
)
KLINES: Final = Call(
    name="klines",
    verb="GET",
    path="/api/v3/klines",
    weight=2,
    lane=Lane.PUBLIC,
    is_signed=False,
)
BOOK_TICKERS: Final = Call(
    name="ticker.book",
    verb="GET",
    path="/api/v3/ticker/bookTicker",
    weight=4,
    lane=Lane.BACKGROUND,
    is_signed=False,
)

SUBSCRIBE: Final = Call(
    name="userDataStream.subscribe.signature",
    verb="",
    path="",
    weight=4,  # two of them for the connection
    lane=Lane.QUERY,
)
CONNECT: Final = Call(name="connect", verb="", path="", weight=2, lane=Lane.BACKGROUND)
"""Opening a socket; these two go over WebSockets alone."""

DEPTH_WEIGHTS: Final[Mapping[int, int]] = {100: 5, 500: 25, 1000: 50, 5000: 250}
"""Cost of `depth` by the largest limit that has it."""


def depth_of(limit: int) -> Call:
    """Return the call for `limit` levels a side, at its cost."""
    return DEPTH.with_weight(
        next(
            (weight for most, weight in DEPTH_WEIGHTS.items() if limit <= most), DEPTH_WEIGHTS[5000]
        )
    )
