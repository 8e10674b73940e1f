"""Payloads of the market streams. Source: Binance Spot API, "WebSocket Streams"."""

from decimal import Decimal

import attrs

from binance_sim.engine.depth import DepthChange
from binance_sim.engine.events import PublicTrade, TopOfBook
from binance_sim.wire.views.market import levels
from binance_sim.wire.views.values import Json, Time, amount

_NOTHING = Decimal(0)


@attrs.define(kw_only=True)
class AggregateTrade:
    """Trades of one taker at one price and one instant."""

    symbol: str
    aggregate_id: int
    price: Decimal
    quantity: Decimal
    first_trade_id: int
    last_trade_id: int
    traded_us: int
    is_buyer_maker: bool


def trade(row: PublicTrade, now_us: int, time: Time) -> Json:
    """Return `@trade`."""
    return {
        "e": "trade",
        "E": time(now_us),
        "s": row.symbol,
        "t": row.trade_id,
        "p": amount(row.price),
        "q": amount(row.quantity),
        "T": time(row.traded_us),
        "m": row.is_buyer_maker,
        "M": True,
    }


def aggregate_trade(row: AggregateTrade, now_us: int, time: Time) -> Json:
    """Return `@aggTrade`."""
    return {
        "e": "aggTrade",
        "E": time(now_us),
        "s": row.symbol,
        "a": row.aggregate_id,
        "p": amount(row.price),
        "q": amount(row.quantity),
        "f": row.first_trade_id,
        "l": row.last_trade_id,
        "T": time(row.traded_us),
        "m": row.is_buyer_maker,
        "M": True,
    }


def aggregate_row(row: AggregateTrade, time: Time) -> Json:
    """Return a row of `aggTrades`."""
    return {
        "a": row.aggregate_id,
        "p": amount(row.price),
        "q": amount(row.quantity),
        "f": row.first_trade_id,
        "l": row.last_trade_id,
        "T": time(row.traded_us),
        "m": row.is_buyer_maker,
        "M": True,
    }


def book_ticker(top: TopOfBook) -> Json:
    """Return `@bookTicker`: neither `e` nor `E`."""
    return {
        "u": top.update_id,
        "s": top.symbol,
        "b": amount(top.bid_price or _NOTHING),
        "B": amount(top.bid_quantity),
        "a": amount(top.ask_price or _NOTHING),
        "A": amount(top.ask_quantity),
    }


def depth_update(change: DepthChange, now_us: int, time: Time) -> Json:
    """Return `@depth`."""
    return {
        "e": "depthUpdate",
        "E": time(now_us),
        "s": change.symbol,
        "U": change.first_update_id,
        "u": change.last_update_id,
        "b": levels(change.bids),
        "a": levels(change.asks),
    }


def average_price(
    symbol: str, minutes: int, price: Decimal, last_us: int, *, now_us: int, time: Time
) -> Json:
    """Return `@avgPrice`."""
    return {
        "e": "avgPrice",
        "E": time(now_us),
        "s": symbol,
        "i": f"{minutes}m",
        "w": amount(price),
        "T": time(last_us),
    }


def reference_price(symbol: str, price: Decimal | None, *, now_us: int, time: Time) -> Json:
    """Return `@referencePrice`."""
    return {
        "e": "referencePrice",
        "s": symbol,
        "r": None if price is None else amount(price),
        "t": time(now_us),
    }
