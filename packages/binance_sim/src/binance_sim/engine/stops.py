"""The contingent orders of one symbol that wait, and those that the last trade set off."""

from collections import deque
from collections.abc import Iterator

from binance_sim.engine.book import Ladder
from binance_sim.engine.orders import Order


class StopBook:
    """Untriggered orders: by stop price, and the trailing ones apart."""

    def __init__(self) -> None:
        self._above: Ladder[dict[int, Order]] = Ladder(highest_first=False)
        self._below: Ladder[dict[int, Order]] = Ladder(highest_first=True)
        self._trailing: dict[int, Order] = {}
        self.triggered: deque[Order] = deque()  #: in the order in which they were set off

    def add(self, order: Order) -> None:
        """Let an order wait."""
        trigger = order.trigger
        assert trigger is not None
        if trigger.trailing_delta:
            self._trailing[order.order_id] = order
            return
        ladder = self._above if trigger.is_above else self._below
        level = ladder.get(trigger.stop_price)
        if level is None:
            ladder.put(trigger.stop_price, {order.order_id: order})
        else:
            level[order.order_id] = order

    def remove(self, order: Order) -> None:
        """Take an order out, if it waits here."""
        trigger = order.trigger
        assert trigger is not None
        if self._trailing.pop(order.order_id, None) is not None:
            return
        ladder = self._above if trigger.is_above else self._below
        level = ladder.get(trigger.stop_price)
        if level is not None and level.pop(order.order_id, None) is not None and not level:
            ladder.drop(trigger.stop_price)

    def waiting(self) -> Iterator[Order]:
        """Yield every order that waits."""
        for ladder in (self._above, self._below):
            for price in ladder:
                yield from (ladder.get(price) or {}).values()
        yield from self._trailing.values()

    def observe(self, price: int, now_us: int) -> None:
        """Take note of a trade: move what it sets off to `triggered`, the nearest stop first."""
        for ladder, is_above in ((self._above, True), (self._below, False)):
            while (stop := ladder.best()) is not None:
                if price < stop if is_above else price > stop:
                    break
                self.triggered.extend((ladder.get(stop) or {}).values())
                ladder.drop(stop)
        if self._trailing:
            self._observe_trailing(price, now_us)

    def _observe_trailing(self, price: int, now_us: int) -> None:
        for order in list(self._trailing.values()):
            assert order.trigger is not None
            if order.trigger.observe(price, now_us):
                del self._trailing[order.order_id]
                self.triggered.append(order)
