"""What changed in a book, for whoever keeps a copy: levels with contiguous update ids.

A watcher collects since it last looked, so a stream of any pace has ids without a gap.
"""

from collections.abc import Callable
from decimal import Decimal

import attrs

from binance_sim.engine.amounts import from_units

Levels = tuple[tuple[Decimal, Decimal], ...]


@attrs.frozen(kw_only=True)
class DepthChange:
    """`depthUpdate`: absolute quantities of the levels that changed; zero: the level is gone."""

    symbol: str
    first_update_id: int  #: U
    last_update_id: int  #: u
    bids: Levels
    asks: Levels


@attrs.frozen(kw_only=True)
class DepthSnapshot:
    """`GET depth`, and the payload of `@depth5`, `@depth10`, `@depth20`."""

    symbol: str
    last_update_id: int
    bids: Levels  #: the best first
    asks: Levels


class DepthChanges:
    """The update id of one book, and the watchers of its levels."""

    def __init__(self) -> None:
        self.update_id = 0
        self.watchers: list[tuple[dict[int, None], dict[int, None]]] = []

    def marker(self, *, is_bids: bool) -> Callable[[int], None]:
        """Return what a half of the book calls with the price of a level that changed."""
        side = 0 if is_bids else 1

        def mark(price: int) -> None:
            self.update_id += 1
            for watcher in self.watchers:
                watcher[side][price] = None

        return mark


class DepthWatcher:
    """Collects the changes of one book since it last looked.

    Args:
        symbol: whose book it is.
        changes: of that book.
        quantity_at: what stands at a price now, bids (True) or asks.
    """

    def __init__(
        self, symbol: str, changes: DepthChanges, quantity_at: Callable[[bool, int], int]
    ) -> None:
        self._symbol = symbol
        self._changes = changes
        self._quantity_at = quantity_at
        self._marked: tuple[dict[int, None], dict[int, None]] = ({}, {})
        self._update_id = changes.update_id
        changes.watchers.append(self._marked)

    def collect(self) -> DepthChange | None:
        """Return what changed since the last call, None if nothing did."""
        last = self._changes.update_id
        if last == self._update_id:
            return None
        first, self._update_id = self._update_id + 1, last
        bids, asks = (self._take(is_bids) for is_bids in (True, False))
        return DepthChange(
            symbol=self._symbol,
            first_update_id=first,
            last_update_id=last,
            bids=bids,
            asks=asks,
        )

    def close(self) -> None:
        """Stop watching."""
        self._changes.watchers.remove(self._marked)

    def _take(self, is_bids: bool) -> Levels:  # noqa: FBT001  # a side, as in `quantity_at`
        marked = self._marked[0 if is_bids else 1]
        levels = tuple(
            (from_units(price), from_units(self._quantity_at(is_bids, price)))
            for price in sorted(marked, reverse=is_bids)
        )
        marked.clear()
        return levels
