"""What a stream's name asks for."""

import re
from typing import Final

import attrs

ALL_SYMBOLS: Final = "!"
_PARTIAL = re.compile(r"depth(5|10|20)(@100ms)?")
_FULL = re.compile(r"depth(@100ms)?")
_KLINE = re.compile(r"kline_(1s|[135]m|15m|30m|[12468]h|12h|[13]d|1w|1M)(@\+08:00)?")
_WINDOW = re.compile(r"ticker_(1h|4h|1d)")
_PLAIN: Final = frozenset(
    {"trade", "aggTrade", "bookTicker", "miniTicker", "ticker", "avgPrice", "referencePrice"}
)
_SLOW_US: Final = 1_000_000
_FAST_US: Final = 100_000


@attrs.frozen
class StreamName:
    """A stream: its name as sent, the symbol (upper case) and the kind."""

    text: str
    symbol: str
    kind: str
    period_us: int = 0  #: 0: with every event
    levels: int = 0  #: of partial depth
    interval: str = ""  #: of klines, of a rolling window
    is_shifted: bool = False  #: klines by UTC+8


def parse(text: str) -> StreamName | None:
    """Return what the name means; None for one that carries nothing."""
    if text in {"!miniTicker@arr", "!ticker_1h@arr", "!ticker_4h@arr", "!ticker_1d@arr"}:
        kind = "miniTicker" if "mini" in text else "window"
        interval = text.removeprefix("!ticker_").removesuffix("@arr") if kind == "window" else ""
        return StreamName(text, ALL_SYMBOLS, kind, _SLOW_US, interval=interval)
    lower, _, kind = text.partition("@")
    if lower != lower.lower():
        return None  # symbols are lower case here, and only here
    symbol = lower.upper()
    if kind in _PLAIN:
        is_event = kind in {"trade", "aggTrade", "bookTicker"}
        return StreamName(text, symbol, kind, 0 if is_event else _SLOW_US)
    return _book_stream(text, symbol, kind) or _statistics_stream(text, symbol, kind)


def _book_stream(text: str, symbol: str, kind: str) -> StreamName | None:
    if found := _FULL.fullmatch(kind):
        return StreamName(text, symbol, "depth", _FAST_US if found[1] else _SLOW_US)
    if found := _PARTIAL.fullmatch(kind):
        period_us = _FAST_US if found[2] else _SLOW_US
        return StreamName(text, symbol, "partial", period_us, levels=int(found[1]))
    return None


def _statistics_stream(text: str, symbol: str, kind: str) -> StreamName | None:
    if found := _KLINE.fullmatch(kind):
        period_us = _SLOW_US if found[1] == "1s" else 2 * _SLOW_US
        shifted = found[2] is not None
        return StreamName(text, symbol, "kline", period_us, interval=found[1], is_shifted=shifted)
    if found := _WINDOW.fullmatch(kind):
        return StreamName(text, symbol, "window", _SLOW_US, interval=found[1])
    return None
