"""Public market data. Source: Binance Spot API, "Market Data endpoints"."""

from collections.abc import Iterable
from decimal import Decimal

from binance_sim.engine.depth import DepthSnapshot, Levels
from binance_sim.engine.events import PublicTrade, TopOfBook
from binance_sim.wire.views.values import Json, Time, amount

_NOTHING = Decimal(0)


def levels(rows: Levels) -> list[tuple[str, str]]:
    """Return prices with what stands there."""
    return [(amount(price), amount(quantity)) for price, quantity in rows]


def depth(snapshot: DepthSnapshot) -> Json:
    """Return `depth`, and the payload of a partial depth stream."""
    return {
        "lastUpdateId": snapshot.last_update_id,
        "bids": levels(snapshot.bids),
        "asks": levels(snapshot.asks),
    }


def trade(row: PublicTrade, time: Time) -> Json:
    """Return a row of `trades`."""
    return {
        "id": row.trade_id,
        "price": amount(row.price),
        "qty": amount(row.quantity),
        "quoteQty": amount(row.price * row.quantity),
        "time": time(row.traded_us),
        "isBuyerMaker": row.is_buyer_maker,
        "isBestMatch": True,
    }


def trades(rows: Iterable[PublicTrade], time: Time) -> list[Json]:
    """Return the rows of `trades`."""
    return [trade(row, time) for row in rows]


def book_ticker(top: TopOfBook) -> Json:
    """Return a row of `ticker/bookTicker`; an empty side shows zeros."""
    return {
        "symbol": top.symbol,
        "bidPrice": amount(top.bid_price or _NOTHING),
        "bidQty": amount(top.bid_quantity),
        "askPrice": amount(top.ask_price or _NOTHING),
        "askQty": amount(top.ask_quantity),
    }
