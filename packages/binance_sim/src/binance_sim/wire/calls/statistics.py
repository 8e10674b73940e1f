"""Candles, tickers and prices that the venue computes.

Source: Binance Spot API, "Market Data endpoints".
"""

import re
from collections.abc import Callable
from typing import Final

from binance_sim.engine import errors
from binance_sim.engine.amounts import ZERO, from_units
from binance_sim.engine.market import Market
from binance_sim.market_data.intervals import DAY_US, HOUR_US, MINUTE_US, Interval
from binance_sim.market_data.statistics import WindowStatistics, window
from binance_sim.wire import failures
from binance_sim.wire.calls.method import Call, Method, by_symbol
from binance_sim.wire.calls.reading import times
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.views import statistics as views
from binance_sim.wire.views.streams import aggregate_row
from binance_sim.wire.views.values import Json, amount

_ZONE = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?", re.ASCII)
_WINDOW = re.compile(r"([1-9]|[1-5]\d)m|([1-9]|1\d|2[0-3])h|([1-7])d", re.ASCII)
_WINDOW_UNITS: Final = (MINUTE_US, HOUR_US, DAY_US)
Row = Callable[[WindowStatistics], Json]


def klines(call: Call) -> list[list[object]]:
    """Return candles, an empty interval included."""
    parameters, symbol = call.parameters, call.market().rules.symbol
    interval = parameters.required_choice("interval", Interval)
    start_us, end_us = times(parameters)
    rows = call.desk.data.candles(symbol).rows(
        interval,
        call.now_us,
        start_us=start_us,
        end_us=end_us,
        limit=parameters.limit(500, 1000),
        offset_us=_zone_us(parameters.text("timeZone")),
    )
    return [views.kline_row(row, call.time) for row in rows]


def _zone_us(text: str | None) -> int:
    if text is None:
        return 0
    found = _ZONE.fullmatch(text)
    if found is None:
        raise failures.invalid("timeZone")
    sign, hours, minutes = found.groups()
    offset_us = int(hours) * HOUR_US + int(minutes or 0) * MINUTE_US
    return -offset_us if sign == "-" else offset_us


def aggregate_trades(call: Call) -> list[Json]:
    """Return aggregate trades from an id up, of a time range, or the newest."""
    parameters, symbol = call.parameters, call.market().rules.symbol
    from_id, limit = parameters.integer("fromId"), parameters.limit(500, 1000)
    start_us, end_us = times(parameters)
    tape = call.desk.tapes.by_symbol[symbol]
    tape.flush()
    rows = [
        row
        for row in tape.aggregates
        if row.aggregate_id >= (from_id or 0)
        and (start_us is None or row.traded_us >= start_us)
        and (end_us is None or row.traded_us <= end_us)
    ]
    from_oldest = from_id is not None or start_us is not None
    page = rows[:limit] if from_oldest else rows[-limit:]
    return [aggregate_row(row, call.time) for row in page]


def day_ticker(call: Call) -> Json | list[Json]:
    """Return the last 24 hours of one symbol, of several, or of all."""
    is_mini = _is_mini(call.parameters)

    def row(market: Market) -> Json:
        found = window(call.desk.data.candles(market.rules.symbol), call.now_us)
        if is_mini:
            return views.mini_row(found, call.time)
        return views.day_row(found, market.top(), last_quantity(market), call.time)

    return _rows(call, row)


def rolling_ticker(call: Call) -> Json | list[Json]:
    """Return a window that ends now, of `windowSize`."""
    text = call.parameters.text("windowSize") or "1d"
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise failures.invalid("windowSize")
    length_us = next(
        int(size) * unit for size, unit in zip(found.groups(), _WINDOW_UNITS, strict=True) if size
    )
    return _windows(call, lambda _now_us: length_us)


def day_so_far(call: Call) -> Json | list[Json]:
    """Return the trading day, which begins at midnight of `timeZone`."""
    zone_us = _zone_us(call.parameters.text("timeZone"))
    return _windows(call, lambda now_us: max(1, now_us - Interval.DAY.open_us(now_us, zone_us)))


def _windows(call: Call, length_us: Callable[[int], int]) -> Json | list[Json]:
    if not {"symbol", "symbols"} & call.parameters.values.keys():
        raise errors.one_of_missing("symbol", "symbols")
    show = views.mini_row if _is_mini(call.parameters) else views.rolling_row

    def row(market: Market) -> Json:
        candles = call.desk.data.candles(market.rules.symbol)
        return show(window(candles, call.now_us, length_us(call.now_us)), call.time)

    return _rows(call, row)


def _rows(call: Call, row: Callable[[Market], Json]) -> Json | list[Json]:
    rows = [row(market) for market in call.markets()]
    return rows[0] if "symbol" in call.parameters else rows


def _is_mini(parameters: Parameters) -> bool:
    kind = parameters.text("type") or "FULL"
    if kind not in {"FULL", "MINI"}:
        raise failures.invalid("type")
    return kind == "MINI"


def last_quantity(market: Market) -> str:
    """Return the quantity of the newest trade."""
    last = market.last_trade()
    return amount(ZERO if last is None else last.quantity)


def reference_price(call: Call) -> Json:
    """Return the reference price. Raises Failure -2043 where there is none."""
    market = call.market()
    if market.reference_price is None:
        text = "This symbol has no reference price."
        raise failures.Failure(failures.NO_REFERENCE_PRICE, text)
    return {
        "symbol": market.rules.symbol,
        "referencePrice": amount(from_units(market.reference_price)),
        "timestamp": call.time(market.reference_us or call.now_us),
    }


def execution_rules(call: Call) -> Json:
    """Return the price ranges within which takers trade."""
    return {"symbolRules": [_rules(market) for market in call.markets()]}


def _rules(market: Market) -> Json:
    found = market.rules.price_range
    rules: list[Json] = []
    if found is not None:
        rules.append(
            {
                "ruleType": "PRICE_RANGE",
                "bidLimitMultUp": amount(found.bid_multiplier_up),
                "bidLimitMultDown": amount(found.bid_multiplier_down),
                "askLimitMultUp": amount(found.ask_multiplier_up),
                "askLimitMultDown": amount(found.ask_multiplier_down),
            }
        )
    return {"symbol": market.rules.symbol, "rules": rules}


_SYMBOLS: Final = frozenset({"symbol", "symbols", "symbolStatus"})
_KLINES: Final = frozenset({"symbol", "interval", "startTime", "endTime", "timeZone", "limit"})


def _count(parameters: Parameters) -> int | None:
    """Return how many symbols are named, None for all of them."""
    if "symbol" in parameters:
        return 1
    text = parameters.values.get("symbols")
    return None if text is None else text.count(",") + 1


def _day_weight(parameters: Parameters) -> int:
    count = _count(parameters)
    if count is None:
        return 80
    return next((weight for most, weight in ((20, 2), (100, 40)) if count <= most), 80)


def _window_weight(parameters: Parameters) -> int:
    return min(4 * (_count(parameters) or 1), 200)


METHODS = (
    Method(route=("GET", "klines"), name="klines", handler=klines, parameters=_KLINES, weight=2),
    Method(
        route=("GET", "uiKlines"), name="uiKlines", handler=klines, parameters=_KLINES, weight=2
    ),
    Method(
        route=("GET", "aggTrades"),
        name="trades.aggregate",
        handler=aggregate_trades,
        parameters=frozenset({"symbol", "fromId", "startTime", "endTime", "limit"}),
        weight=4,
    ),
    Method(
        route=("GET", "ticker/24hr"),
        name="ticker.24hr",
        handler=day_ticker,
        parameters=_SYMBOLS | {"type"},
        weight=_day_weight,
    ),
    Method(
        route=("GET", "ticker"),
        name="ticker",
        handler=rolling_ticker,
        parameters=_SYMBOLS | {"type", "windowSize"},
        weight=_window_weight,
    ),
    Method(
        route=("GET", "ticker/tradingDay"),
        name="ticker.tradingDay",
        handler=day_so_far,
        parameters=_SYMBOLS | {"type", "timeZone"},
        weight=_window_weight,
    ),
    Method(
        route=("GET", "referencePrice"),
        name="referencePrice",
        handler=reference_price,
        parameters=frozenset({"symbol"}),
        weight=2,
    ),
    Method(
        route=("GET", "executionRules"),
        name="executionRules",
        handler=execution_rules,
        parameters=_SYMBOLS,
        weight=by_symbol(2, 40),
    ),
)
