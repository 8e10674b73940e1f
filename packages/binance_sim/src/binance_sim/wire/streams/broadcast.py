"""Publishes what happens on the markets to whoever listens.

Trades go out as they happen; best prices, books and statistics are looked at by a pulse, so a
market that changes a thousand times between two pulses costs one message.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

import msgspec

from binance_sim.engine.amounts import ZERO, from_units
from binance_sim.engine.depth import DepthWatcher
from binance_sim.engine.events import PublicTrade
from binance_sim.engine.exchange import Exchange
from binance_sim.market_data.feed import MarketData
from binance_sim.wire.streams.names import ALL_SYMBOLS, StreamName
from binance_sim.wire.streams.statistics import StatisticsStreams
from binance_sim.wire.streams.trades import Tapes
from binance_sim.wire.venue_time import VenueTime
from binance_sim.wire.views import market as market_views
from binance_sim.wire.views import streams as views
from binance_sim.wire.views.values import Json, Time

PULSE_SECONDS: Final = 0.01
_AVERAGE_MINUTES: Final = 5
_encode: Final = msgspec.json.Encoder().encode

Payload = Callable[[Time], object]  #: the payload in a unit of time


class Listener(Protocol):
    """A connection that listens to streams."""

    @property
    def time(self) -> Time:
        """The unit of time that it reads."""

    def hear(self, stream: str, payload: bytes) -> None:
        """Take a payload of a stream; must not wait."""


class Broadcast:
    """Every stream of every market."""

    def __init__(self, exchange: Exchange, data: MarketData, tapes: Tapes, time: VenueTime) -> None:
        self._exchange = exchange
        self._time = time
        self._tapes = tapes
        self._statistics = statistics = StatisticsStreams(exchange, data, time)
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._names: dict[str, StreamName] = {}
        self._watchers: dict[str, DepthWatcher] = {}
        self._seen: dict[str, int] = {}  #: the book's id that a stream showed last
        self._due_us: dict[str, int] = {}
        self._pulses: dict[str, Callable[[StreamName], Iterable[Payload]]] = {
            "bookTicker": self._best_prices,
            "depth": self._depth,
            "partial": self._partial_depth,
            "avgPrice": self._average_price,
            "referencePrice": self._reference_price,
            "kline": statistics.klines,
            "ticker": statistics.ticker,
            "miniTicker": statistics.mini_ticker,
            "window": statistics.window,
        }

    def open(self) -> None:
        """Begin to listen to the engine."""
        self._tapes.listen(self._hear_trade, self._hear_aggregate)

    def close(self) -> None:
        """Let go of the engine."""
        self._tapes.close()
        for watcher in self._watchers.values():
            watcher.close()
        self._watchers.clear()

    def subscribe(self, listener: Listener, name: StreamName) -> None:
        """Send a stream to a listener from now on."""
        self._listeners[name.text].add(listener)
        if name.text in self._names:
            return
        self._names[name.text] = name
        if name.kind == "depth" and name.symbol in self._exchange.markets():
            self._watchers[name.text] = self._exchange.market(name.symbol).watch_depth()

    def unsubscribe(self, listener: Listener, stream: str) -> None:
        """Stop sending a stream to a listener."""
        listeners = self._listeners[stream]
        listeners.discard(listener)
        if listeners:
            return
        del self._listeners[stream]
        self._names.pop(stream, None)
        self._seen.pop(stream, None)
        self._statistics.forget(stream)
        watcher = self._watchers.pop(stream, None)
        if watcher is not None:
            watcher.close()

    def pulse(self) -> None:
        """Publish whatever is due."""
        now_us = self._time.steady_us()
        for name in tuple(self._names.values()):
            look = self._pulses.get(name.kind)
            if look is None or now_us < self._due_us.get(name.text, 0):
                continue
            if name.symbol not in self._exchange.markets() and name.symbol != ALL_SYMBOLS:
                continue
            if name.period_us:
                self._due_us[name.text] = now_us - now_us % name.period_us + name.period_us
            for payload in look(name):
                self.publish(name.text, payload)

    def publish(self, stream: str, payload: Payload) -> None:
        """Send a payload to everyone on a stream, encoded once per unit of time."""
        listeners = self._listeners.get(stream)
        if not listeners:
            return
        bodies: dict[Time, bytes] = {}
        for listener in listeners:
            if listener.time not in bodies:
                bodies[listener.time] = _encode(payload(listener.time))
            listener.hear(stream, bodies[listener.time])

    def everyone(self) -> set[Listener]:
        """Return every listener of any stream."""
        return set().union(*self._listeners.values())

    def _hear_trade(self, trade: PublicTrade) -> None:
        stream = f"{trade.symbol.lower()}@trade"
        if stream in self._listeners:
            now_us = self._time.now_us()
            self.publish(stream, lambda time: views.trade(trade, now_us, time))

    def _hear_aggregate(self, row: views.AggregateTrade) -> None:
        stream = f"{row.symbol.lower()}@aggTrade"
        if stream in self._listeners:
            now_us = self._time.now_us()
            self.publish(stream, lambda time: views.aggregate_trade(row, now_us, time))

    def _is_news(self, name: StreamName, update_id: int) -> bool:
        if self._seen.get(name.text) == update_id:
            return False
        self._seen[name.text] = update_id
        return True

    def _best_prices(self, name: StreamName) -> Iterator[Payload]:
        top = self._exchange.market(name.symbol).top()
        shown = (top.bid_price, top.bid_quantity, top.ask_price, top.ask_quantity)
        if not self._is_news(name, hash(shown)):
            return
        yield lambda _time: views.book_ticker(top)

    def _depth(self, name: StreamName) -> Iterator[Payload]:
        change, now_us = self._watchers[name.text].collect(), self._time.now_us()
        if change is None:
            return
        yield lambda time: views.depth_update(change, now_us, time)

    def _partial_depth(self, name: StreamName) -> Iterator[Payload]:
        snapshot = self._exchange.market(name.symbol).depth(name.levels)
        if not self._is_news(name, snapshot.last_update_id):
            return
        yield lambda _time: market_views.depth(snapshot)

    def _average_price(self, name: StreamName) -> Iterator[Payload]:
        market, now_us = self._exchange.market(name.symbol), self._time.now_us()
        units, last = market.average.value(_AVERAGE_MINUTES, now_us), market.last_trade()
        price = ZERO if units is None else from_units(units)
        last_us = now_us if last is None else last.traded_us

        def payload(time: Time) -> Json:
            return views.average_price(
                name.symbol, _AVERAGE_MINUTES, price, last_us, now_us=now_us, time=time
            )

        yield payload

    def _reference_price(self, name: StreamName) -> Iterator[Payload]:
        units, now_us = self._exchange.market(name.symbol).reference_price, self._time.now_us()
        price = None if units is None else from_units(units)
        yield lambda time: views.reference_price(name.symbol, price, now_us=now_us, time=time)
