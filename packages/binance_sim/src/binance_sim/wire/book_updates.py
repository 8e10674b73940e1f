"""Which version of its book a market shows: ids of changes, and the changes themselves.

The engine changes books as it likes; what was published is compared with what stands there when
somebody asks, so ids are dense over published changes, and a snapshot fits the stream.
"""

from binance_sim.engine.book import HalfBook
from binance_sim.engine.exchange import Exchange

Sides = tuple[dict[int, int], dict[int, int]]


class BookUpdates:
    """Every market's published book; prices and quantities in units."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._published: dict[str, Sides] = {}
        self._changed: dict[str, Sides] = {}
        self._ids: dict[str, int] = dict.fromkeys(exchange.markets(), 1)

    def update_id(self, symbol: str) -> int:
        """Return the id of the book as it stands now."""
        self.refresh(symbol)
        return self._ids[symbol]

    def bump(self, symbol: str) -> int:
        """Return the id of a change that is published by itself (best prices)."""
        self._ids[symbol] += 1
        return self._ids[symbol]

    def refresh(self, symbol: str) -> None:
        """Note what changed since the last time."""
        book = self._exchange.market(symbol).book
        now = _levels(book.bids), _levels(book.asks)
        before = self._published.get(symbol, ({}, {}))
        changes = tuple(_difference(old, new) for old, new in zip(before, now, strict=True))
        self._published[symbol] = now
        if any(changes):
            self._ids[symbol] += 1
            pending = self._changed.setdefault(symbol, ({}, {}))
            for side, change in zip(pending, changes, strict=True):
                side.update(change)

    def take(self, symbol: str) -> tuple[int, Sides]:
        """Return the id of the book now and every change since the last `take`; 0 deletes."""
        self.refresh(symbol)
        return self._ids[symbol], self._changed.pop(symbol, ({}, {}))


def _levels(half: HalfBook) -> dict[int, int]:
    return {price: half.quantity_at(price) for price in half.prices()}


def _difference(old: dict[int, int], new: dict[int, int]) -> dict[int, int]:
    changes = {price: quantity for price, quantity in new.items() if old.get(price) != quantity}
    changes.update((price, 0) for price in old if price not in new)
    return changes
