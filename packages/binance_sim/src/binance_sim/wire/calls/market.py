"""Public market data: book and trades. Source: Binance Spot API, "Market Data endpoints"."""

from binance_sim.engine.amounts import ZERO, from_units
from binance_sim.engine.market import Market
from binance_sim.wire.calls.method import Call, Method, by_symbol, steps
from binance_sim.wire.views import market as views
from binance_sim.wire.views.values import Json, amount

_AVERAGE_MINUTES = 5


def depth(call: Call) -> Json:
    """Return the book and the id of its last change."""
    market, limit = call.market(), call.parameters.limit(100, 5000)
    return views.depth(market.depth(limit))


def trades(call: Call) -> list[Json]:
    """Return the newest public trades, ascending."""
    market, limit = call.market(), call.parameters.limit(500, 1000)
    return views.trades(list(market.tape)[-limit:], call.time)


def historical_trades(call: Call) -> list[Json]:
    """Return public trades from an id up, as far back as the tape remembers."""
    market, limit = call.market(), call.parameters.limit(500, 1000)
    from_id = call.parameters.integer("fromId")
    if from_id is None:
        return views.trades(list(market.tape)[-limit:], call.time)
    rows = [trade for trade in market.tape if trade.trade_id >= from_id]
    return views.trades(rows[:limit], call.time)


def average_price(call: Call) -> Json:
    """Return the average price of the last minutes."""
    market = call.market()
    price = market.average.value(_AVERAGE_MINUTES, call.now_us)
    last = market.last_trade()
    return {
        "mins": _AVERAGE_MINUTES,
        "price": amount(ZERO if price is None else from_units(price)),
        "closeTime": call.time(call.now_us if last is None else last.traded_us),
    }


def price_ticker(call: Call) -> Json | list[Json]:
    """Return the last price, an object for one symbol, else rows."""
    rows = [_last_price(market) for market in call.markets()]
    return rows[0] if "symbol" in call.parameters else rows


def _last_price(market: Market) -> Json:
    last = market.last_trade()
    price = ZERO if last is None else last.price
    return {"symbol": market.rules.symbol, "price": amount(price)}


def book_ticker(call: Call) -> Json | list[Json]:
    """Return the best prices, an object for one symbol, else rows."""
    rows = [views.book_ticker(market.top()) for market in call.markets()]
    return rows[0] if "symbol" in call.parameters else rows


METHODS = (
    Method(
        route=("GET", "depth"),
        name="depth",
        handler=depth,
        parameters=frozenset({"symbol", "limit", "symbolStatus"}),
        weight=steps("limit", 100, {100: 5, 500: 25, 1000: 50, 5000: 250}),
    ),
    Method(
        route=("GET", "trades"),
        name="trades.recent",
        handler=trades,
        parameters=frozenset({"symbol", "limit"}),
        weight=25,
    ),
    Method(
        route=("GET", "historicalTrades"),
        name="trades.historical",
        handler=historical_trades,
        parameters=frozenset({"symbol", "limit", "fromId"}),
        weight=25,
    ),
    Method(
        route=("GET", "avgPrice"),
        name="avgPrice",
        handler=average_price,
        parameters=frozenset({"symbol"}),
        weight=2,
    ),
    Method(
        route=("GET", "ticker/price"),
        name="ticker.price",
        handler=price_ticker,
        parameters=frozenset({"symbol", "symbols", "symbolStatus"}),
        weight=by_symbol(2, 4),
    ),
    Method(
        route=("GET", "ticker/bookTicker"),
        name="ticker.book",
        handler=book_ticker,
        parameters=frozenset({"symbol", "symbols", "symbolStatus"}),
        weight=by_symbol(2, 4),
    ),
)
