"""Recorded market data: one gzip file per symbol, one line per message.

A line is the local receive time in nanoseconds, a space, and the message as the combined stream
sent it; a line without `stream` is the REST depth snapshot. The symbol comes from the messages.
Lines are kept as bytes and parsed when they are played, so opening a recording costs only its
decompression. Amounts come out as integers in units of 1e-8.
"""

import gzip
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import attrs
import msgspec

from binance_sim.engine.amounts import DECIMALS

Levels = Sequence[tuple[int, int]]  #: (price, quantity); quantity 0 removes the level


@attrs.frozen
class DepthSnapshot:
    """The book as REST answered it."""

    received_ns: int
    symbol: str
    last_update_id: int
    bids: Levels
    asks: Levels


@attrs.frozen
class DepthUpdate:
    """Absolute quantities of the levels that changed."""

    received_ns: int
    symbol: str
    first_update_id: int
    last_update_id: int
    bids: Levels
    asks: Levels


@attrs.frozen
class BookTicker:
    """The best bid and ask."""

    received_ns: int
    symbol: str
    update_id: int
    bid_price: int
    bid_quantity: int
    ask_price: int
    ask_quantity: int


@attrs.frozen
class RecordedTrade:
    """One trade of the real market."""

    received_ns: int
    symbol: str
    trade_id: int
    price: int
    quantity: int
    is_buyer_maker: bool


MarketEvent = DepthSnapshot | DepthUpdate | BookTicker | RecordedTrade


class RecordingError(Exception):
    """A recording cannot be read; the text says which line and why."""


class _Depth(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    first_update_id: int = msgspec.field(name="U")
    last_update_id: int = msgspec.field(name="u")
    bids: list[tuple[str, str]] = msgspec.field(name="b")
    asks: list[tuple[str, str]] = msgspec.field(name="a")


class _Ticker(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    update_id: int = msgspec.field(name="u")
    bid_price: str = msgspec.field(name="b")
    bid_quantity: str = msgspec.field(name="B")
    ask_price: str = msgspec.field(name="a")
    ask_quantity: str = msgspec.field(name="A")


class _Trade(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    is_buyer_maker: bool = msgspec.field(name="m")


class _DepthMessage(msgspec.Struct):
    data: _Depth


class _TickerMessage(msgspec.Struct):
    data: _Ticker


class _TradeMessage(msgspec.Struct):
    data: _Trade


class _Symbol(msgspec.Struct):
    symbol: str = msgspec.field(name="s")


class _SymbolMessage(msgspec.Struct):
    data: _Symbol


class _Snapshot(msgspec.Struct, rename="camel"):
    last_update_id: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


_DEPTH: Final = msgspec.json.Decoder(_DepthMessage)
_TICKER: Final = msgspec.json.Decoder(_TickerMessage)
_TRADE: Final = msgspec.json.Decoder(_TradeMessage)
_SYMBOL: Final = msgspec.json.Decoder(_SymbolMessage)
_SNAPSHOT: Final = msgspec.json.Decoder(_Snapshot)

_STREAM: Final = b'{"stream":"'


class Recording:
    """The messages of one symbol in the order in which they were received."""

    def __init__(self, content: bytes, *, name: str = "recording") -> None:
        self.name = name
        self._lines = [line for line in content.split(b"\n") if line]
        try:
            self.symbol = _symbol_of(self._lines)
            self.first_ns = _received_ns(self._lines[0])
            self.last_ns = _received_ns(self._lines[-1])
        except (ValueError, IndexError, msgspec.MsgspecError) as error:
            raise RecordingError(f"{name}: {error}") from error

    def __len__(self) -> int:
        return len(self._lines)

    def events(self) -> Iterator[MarketEvent]:
        """Yield the messages, each parsed when its turn comes. Raises RecordingError."""
        for number, line in enumerate(self._lines, start=1):
            try:
                event = _parse(line, self.symbol)
            except (ValueError, msgspec.MsgspecError) as error:
                raise RecordingError(f"{self.name}, line {number}: {error}") from error
            if event is not None:
                yield event

    def first_snapshot(self) -> DepthSnapshot | None:
        """Return the first depth snapshot, None when the recording has none."""
        for line in self._lines:
            if not _is_stream(line):
                event = _parse(line, self.symbol)
                assert isinstance(event, DepthSnapshot)
                return event
        return None


def read_recording(path: Path) -> Recording:
    """Return the recording in a gzip file. Raises OSError, RecordingError."""
    return Recording(gzip.decompress(path.read_bytes()), name=path.name)


def read_folder(folder: Path) -> tuple[Recording, ...]:
    """Return every recording of a folder, by file name. Raises OSError, RecordingError."""
    return tuple(read_recording(path) for path in sorted(folder.glob("*.gz")))


def packaged_recordings() -> tuple[Recording, ...]:
    """Return the recordings that come with this package, by file name."""
    files = resources.files("binance_sim").joinpath("data").iterdir()
    chosen = sorted((each for each in files if each.name.endswith(".gz")), key=lambda f: f.name)
    return tuple(Recording(gzip.decompress(f.read_bytes()), name=f.name) for f in chosen)


def units_of(text: str) -> int:
    """Return a decimal in units of 1e-8. Raises ValueError beyond eight decimals."""
    if text[-DECIMALS - 1 : -DECIMALS] == ".":
        return int(text[: -DECIMALS - 1] + text[-DECIMALS:])
    whole, _, fraction = text.partition(".")
    if len(fraction) > DECIMALS:
        raise ValueError(f"{text} has more than {DECIMALS} decimals")
    return int(whole + fraction.ljust(DECIMALS, "0"))


def _is_stream(line: bytes) -> bool:
    return line.startswith(_STREAM, line.index(b" ") + 1)


def _received_ns(line: bytes) -> int:
    return int(line[: line.index(b" ")])


def _symbol_of(lines: list[bytes]) -> str:
    for line in lines:
        if _is_stream(line):
            return _SYMBOL.decode(line[line.index(b" ") + 1 :]).data.symbol
    raise ValueError("no message names its symbol")


def _levels(levels: list[tuple[str, str]]) -> Levels:
    return [(units_of(price), units_of(quantity)) for price, quantity in levels]


def _parse(line: bytes, symbol: str) -> MarketEvent | None:
    """Return the message of a line; None for a stream that the replay does not need."""
    space = line.index(b" ")
    received_ns, message = int(line[:space]), line[space + 1 :]
    if not message.startswith(_STREAM):
        snapshot = _SNAPSHOT.decode(message)
        bids, asks = _levels(snapshot.bids), _levels(snapshot.asks)
        return DepthSnapshot(received_ns, symbol, snapshot.last_update_id, bids, asks)
    stream = message[len(_STREAM) : message.index(b'"', len(_STREAM))]
    _, _, kind = stream.partition(b"@")
    if kind == b"bookTicker":
        return _ticker(received_ns, _TICKER.decode(message).data)
    if kind == b"trade":
        trade = _TRADE.decode(message).data
        price, quantity = units_of(trade.price), units_of(trade.quantity)
        return RecordedTrade(
            received_ns, trade.symbol, trade.trade_id, price, quantity, trade.is_buyer_maker
        )
    if kind in {b"depth", b"depth@100ms"}:
        return _depth(received_ns, _DEPTH.decode(message).data)
    return None


def _ticker(received_ns: int, ticker: _Ticker) -> BookTicker:
    return BookTicker(
        received_ns,
        ticker.symbol,
        ticker.update_id,
        units_of(ticker.bid_price),
        units_of(ticker.bid_quantity),
        units_of(ticker.ask_price),
        units_of(ticker.ask_quantity),
    )


def _depth(received_ns: int, depth: _Depth) -> DepthUpdate:
    return DepthUpdate(
        received_ns,
        depth.symbol,
        depth.first_update_id,
        depth.last_update_id,
        _levels(depth.bids),
        _levels(depth.asks),
    )
