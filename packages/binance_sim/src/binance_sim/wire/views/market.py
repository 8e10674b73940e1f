"""Public market data. Source: Binance Spot API, "Market Data endpoints"."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice

from binance_sim.engine.amounts import from_units
from binance_sim.engine.book import HalfBook
from binance_sim.engine.events import PublicTrade, TopOfBook
from binance_sim.wire.views.values import Json, Time, amount

_NOTHING = Decimal(0)
Levels = list[tuple[str, str]]


def levels(half: HalfBook, limit: int) -> Levels:
    """Return the best levels of one side, prices with all that stands there."""
    return [
        (amount(from_units(price)), amount(from_units(half.quantity_at(price))))
        for price in islice(half.prices(), limit)
    ]


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
