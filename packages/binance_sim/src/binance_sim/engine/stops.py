"""The contingent orders of one symbol that wait, and those that the last trade set off."""

from collections import deque
from collections.abc import Collection

from binance_sim.engine.book import Ladder
from binance_sim.engine.orders import Order


class StopBook:
    """Untriggered orders: by stop price, and the trailing ones apart."""

    def __init__(self) -> None:
        self._above: Ladder[dict[int, Order]] = Ladder(highest_first=False)
        self._below: Ladder[dict[int, Order]] = Ladder(highest_first=True)
        self._trailing: dict[int, Order] = {}
        self._waiting: dict[int, Order] = {}
        self.triggered: deque[Order] = deque()  #: in the order in which they were set off

    def waiting(self) -> Collection[Order]:
        """Return every order that waits."""
        return self._waiting.values()

    def add(self, order: Order) -> None:
        """Let an order wait."""
        trigger = order.trigger
        assert trigger is not None
        self._waiting[order.order_id] = order
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
        if self._waiting.pop(order.order_id, None) is None:
            return
        trigger = order.trigger
        assert trigger is not None
        if trigger.trailing_delta:
            del self._trailing[order.order_id]
            return
        ladder = self._above if trigger.is_above else self._below
        level = ladder.get(trigger.stop_price)
        assert level is not None
        del level[order.order_id]
        if not level:
            ladder.drop(trigger.stop_price)

    def observe(self, price: int, now_us: int) -> None:
        """Take note of a trade: move what it sets off to `triggered`, the nearest stop first."""
        for ladder, is_above in ((self._above, True), (self._below, False)):
            while (stop := ladder.best()) is not None:
                if price < stop if is_above else price > stop:
                    break
                for order in (ladder.get(stop) or {}).values():
                    self._set_off(order)
                ladder.drop(stop)
        for order in list(self._trailing.values()):
            assert order.trigger is not None
            if order.trigger.observe(price, now_us):
                del self._trailing[order.order_id]
                self._set_off(order)

    def _set_off(self, order: Order) -> None:
        del self._waiting[order.order_id]
        self.triggered.append(order)
