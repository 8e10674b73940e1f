"""One symbol's order book: customers' orders and, apart from them, the market's liquidity.

At one price customers' orders stand before the market's liquidity, among themselves by time.
Prices and quantities are in units of 1e-8.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from binance_sim.engine.depth import DepthChanges
from binance_sim.engine.orders import Order

Level = TypeVar("Level")


class Ladder(Generic[Level]):
    """Levels of one side by price, the best one always at hand."""

    def __init__(
        self, *, highest_first: bool, on_change: Callable[[int], None] | None = None
    ) -> None:
        self._sign = 1 if highest_first else -1
        self._on_change = on_change
        self._keys: list[int] = []  #: sign x price, ascending, so the best is the last
        self._levels: dict[int, Level] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[int]:
        """Yield prices, the best first."""
        sign = self._sign
        return (sign * key for key in reversed(self._keys))

    def best(self) -> int | None:
        """Return the best price, None when empty."""
        return self._sign * self._keys[-1] if self._keys else None

    def get(self, price: int) -> Level | None:
        """Return the level at `price`, None when there is none."""
        return self._levels.get(price)

    def put(self, price: int, level: Level) -> None:
        """Set the level at `price`."""
        before = self._levels.get(price)
        if before is None:
            insort(self._keys, self._sign * price)
        self._levels[price] = level
        if self._on_change is not None and before != level:
            self._on_change(price)

    def drop(self, price: int) -> None:
        """Remove the level at `price`, if any."""
        if self._levels.pop(price, None) is not None:
            del self._keys[bisect_left(self._keys, self._sign * price)]
            if self._on_change is not None:
                self._on_change(price)

    def drop_better_than(self, price: int) -> None:
        """Remove every level that is strictly better than `price`."""
        key = self._sign * price
        while self._keys and self._keys[-1] > key:
            gone = self._sign * self._keys.pop()
            del self._levels[gone]
            if self._on_change is not None:
                self._on_change(gone)

    def clear(self) -> None:
        """Remove everything."""
        gone = list(self._levels)
        self._keys.clear()
        self._levels.clear()
        if self._on_change is not None:
            for price in gone:
                self._on_change(price)


class Lot(NamedTuple):
    """A quantity to be had at a price: a customer's order, or the market's (maker None)."""

    price: int
    quantity: int
    maker: Order | None


class HalfBook:
    """The bids or the asks."""

    def __init__(self, *, is_bids: bool, changes: DepthChanges | None = None) -> None:
        self.is_bids = is_bids
        #: notes that the level at a price changed
        self.mark = (changes or DepthChanges()).marker(is_bids=is_bids)
        self.orders: Ladder[dict[int, Order]] = Ladder(highest_first=is_bids)
        self.liquidity: Ladder[int] = Ladder(highest_first=is_bids, on_change=self.mark)

    def reaches(self, price: int, limit: int) -> bool:
        """Whether a level at `price` is acceptable to a taker with `limit` (0: any price)."""
        if limit == 0:
            return True
        return price >= limit if self.is_bids else price <= limit

    def best(self) -> int | None:
        """Return the best price of orders and liquidity, None when both are empty."""
        ours, market = self.orders.best(), self.liquidity.best()
        if ours is None or market is None:
            return market if ours is None else ours
        return max(ours, market) if self.is_bids else min(ours, market)

    def first_order(self) -> Order | None:
        """Return the customer's order that is first in price and time, None without any."""
        price = self.orders.best()
        level = None if price is None else self.orders.get(price)
        return next(iter(level.values())) if level else None

    def quantity_at(self, price: int) -> int:
        """Return everything that shows at `price`; an iceberg shows a part of itself."""
        level = self.orders.get(price) or {}
        return sum(order.available for order in level.values()) + (self.liquidity.get(price) or 0)

    def nth_price(self, levels: int) -> int | None:
        """Return the price `levels` levels behind the best, None when there are not so many."""
        return next(islice(self.prices(), levels, None), None)

    def first(self, limit: int) -> Lot | None:
        """Return the lot that a taker with `limit` meets first, None when there is none."""
        price = self.best()
        if price is None or not self.reaches(price, limit):
            return None
        level = self.orders.get(price)
        if level:
            maker = next(iter(level.values()))
            return Lot(price, maker.available, maker)
        return Lot(price, self.liquidity.get(price) or 0, None)

    def lots(self, limit: int) -> Iterator[Lot]:
        """Yield the lots that a taker with `limit` would meet, in order; change nothing.

        An iceberg is one lot with all that it hides.
        """
        for price in self.prices():
            if not self.reaches(price, limit):
                return
            for order in (self.orders.get(price) or {}).values():
                yield Lot(price, order.leaves, order)
            quantity = self.liquidity.get(price)
            if quantity:
                yield Lot(price, quantity, None)

    def prices(self) -> Iterator[int]:
        """Yield every price at which something stands, the best first."""
        ours, market = iter(self.orders), iter(self.liquidity)
        left, right = next(ours, None), next(market, None)
        while left is not None or right is not None:
            if right is None or (left is not None and self._is_better(left, right)):
                price = left
            else:
                price = right
            assert price is not None
            yield price
            if left == price:
                left = next(ours, None)
            if right == price:
                right = next(market, None)

    def _is_better(self, price: int, other: int) -> bool:
        return price > other if self.is_bids else price < other

    def rest(self, order: Order) -> None:
        """Put an order at the end of its price's queue."""
        level = self.orders.get(order.price)
        if level is None:
            self.orders.put(order.price, {order.order_id: order})
        else:
            level[order.order_id] = order
        self.mark(order.price)

    def requeue(self, order: Order) -> None:
        """Put an order behind all others at its price: an iceberg that shows its next part."""
        level = self.orders.get(order.price)
        assert level is not None
        del level[order.order_id]
        level[order.order_id] = order

    def remove(self, order: Order) -> None:
        """Take an order out of its queue, if it stands there."""
        level = self.orders.get(order.price)
        if level is None or level.pop(order.order_id, None) is None:
            return
        if not level:
            self.orders.drop(order.price)
        self.mark(order.price)

    def set_liquidity(self, price: int, quantity: int) -> None:
        """Set what the market offers at `price`; zero removes the level."""
        if quantity:
            self.liquidity.put(price, quantity)
        else:
            self.liquidity.drop(price)

    def take_liquidity(self, price: int, quantity: int) -> None:
        """Eat from the market's level until it is set anew."""
        left = (self.liquidity.get(price) or 0) - quantity
        assert left >= 0
        self.set_liquidity(price, left)


class Book:
    """Both halves of one symbol's book."""

    def __init__(self) -> None:
        self.changes = DepthChanges()
        self.bids = HalfBook(is_bids=True, changes=self.changes)
        self.asks = HalfBook(is_bids=False, changes=self.changes)

    def own_half(self, *, is_buy: bool) -> HalfBook:
        """Return the half in which an order of this side rests."""
        return self.bids if is_buy else self.asks

    def opposite_half(self, *, is_buy: bool) -> HalfBook:
        """Return the half from which an order of this side takes."""
        return self.asks if is_buy else self.bids

    def clear_liquidity(self) -> None:
        """Forget the market; customers' orders stay."""
        self.bids.liquidity.clear()
        self.asks.liquidity.clear()
