"""Candles and tickers. Source: Binance Spot API, "Market Data endpoints" and streams."""

from binance_sim.engine.events import TopOfBook
from binance_sim.market_data.candles import Candle
from binance_sim.market_data.statistics import WindowStatistics
from binance_sim.wire.views.market import book_ticker
from binance_sim.wire.views.values import Json, Time, amount


def kline_row(candle: Candle, time: Time) -> list[object]:
    """Return a row of `klines`."""
    return [
        time(candle.open_us),
        amount(candle.open),
        amount(candle.high),
        amount(candle.low),
        amount(candle.close),
        amount(candle.volume),
        time(candle.close_us),
        amount(candle.quote_volume),
        candle.trades,
        amount(candle.taker_buy_volume),
        amount(candle.taker_buy_quote_volume),
        "0",
    ]


def kline(candle: Candle, *, is_closed: bool, now_us: int, time: Time) -> Json:
    """Return `@kline_*`."""
    return {
        "e": "kline",
        "E": time(now_us),
        "s": candle.symbol,
        "k": {
            "t": time(candle.open_us),
            "T": time(candle.close_us),
            "s": candle.symbol,
            "i": candle.interval,
            "f": candle.first_trade_id,
            "L": candle.last_trade_id,
            "o": amount(candle.open),
            "c": amount(candle.close),
            "h": amount(candle.high),
            "l": amount(candle.low),
            "v": amount(candle.volume),
            "n": candle.trades,
            "x": is_closed,
            "q": amount(candle.quote_volume),
            "V": amount(candle.taker_buy_volume),
            "Q": amount(candle.taker_buy_quote_volume),
            "B": "0",
        },
    }


def mini_row(window: WindowStatistics, time: Time) -> Json:
    """Return a row of the tickers with `type=MINI`."""
    return {
        "symbol": window.symbol,
        "openPrice": amount(window.open),
        "highPrice": amount(window.high),
        "lowPrice": amount(window.low),
        "lastPrice": amount(window.last),
        "volume": amount(window.volume),
        "quoteVolume": amount(window.quote_volume),
        "openTime": time(window.open_us),
        "closeTime": time(window.close_us),
        "firstId": window.first_trade_id,
        "lastId": window.last_trade_id,
        "count": window.trades,
    }


def rolling_row(window: WindowStatistics, time: Time) -> Json:
    """Return a row of `ticker` and `ticker/tradingDay`."""
    return {
        "symbol": window.symbol,
        "priceChange": amount(window.change),
        "priceChangePercent": f"{window.change_percent:.3f}",
        "weightedAvgPrice": amount(window.weighted_average),
    } | mini_row(window, time)


def day_row(window: WindowStatistics, top: TopOfBook, last_quantity: str, time: Time) -> Json:
    """Return a row of `ticker/24hr`."""
    best = book_ticker(top)
    del best["symbol"]
    return (
        rolling_row(window, time)
        | {"prevClosePrice": amount(window.previous_close), "lastQty": last_quantity}
        | best
    )


def mini_ticker(window: WindowStatistics, now_us: int, time: Time) -> Json:
    """Return `@miniTicker`."""
    return {
        "e": "24hrMiniTicker",
        "E": time(now_us),
        "s": window.symbol,
        "c": amount(window.last),
        "o": amount(window.open),
        "h": amount(window.high),
        "l": amount(window.low),
        "v": amount(window.volume),
        "q": amount(window.quote_volume),
    }


def window_ticker(window: WindowStatistics, name: str, now_us: int, time: Time) -> Json:
    """Return `@ticker_1h` and the like."""
    return {
        "e": f"{name}Ticker",
        "E": time(now_us),
        "s": window.symbol,
        "p": amount(window.change),
        "P": f"{window.change_percent:.3f}",
        "o": amount(window.open),
        "h": amount(window.high),
        "l": amount(window.low),
        "c": amount(window.last),
        "w": amount(window.weighted_average),
        "v": amount(window.volume),
        "q": amount(window.quote_volume),
        "O": time(window.open_us),
        "C": time(window.close_us),
        "F": window.first_trade_id,
        "L": window.last_trade_id,
        "n": window.trades,
    }


def ticker(
    window: WindowStatistics, top: TopOfBook, last_quantity: str, now_us: int, time: Time
) -> Json:
    """Return `@ticker`."""
    best = book_ticker(top)
    return window_ticker(window, "24hr", now_us, time) | {
        "x": amount(window.previous_close),
        "Q": last_quantity,
        "b": best["bidPrice"],
        "B": best["bidQty"],
        "a": best["askPrice"],
        "A": best["askQty"],
    }
