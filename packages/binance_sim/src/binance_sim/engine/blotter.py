"""What the venue remembers of one account on one symbol: orders and executions, ascending."""

from bisect import bisect_left
from collections.abc import Sequence

from binance_sim.engine import errors
from binance_sim.engine.balances import OpenCounts
from binance_sim.engine.events import Execution
from binance_sim.engine.orders import Order


class Blotter:
    """Orders by either id, open ones apart, and executions by trade id."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.open: dict[int, Order] = {}
        self.counts = OpenCounts()
        self.executions: list[Execution] = []
        self._by_id: dict[int, Order] = {}
        self._by_client_id: dict[str, Order] = {}
        self._by_first_client_id: dict[str, Order] = {}

    def add(self, order: Order) -> None:
        """Remember a newly accepted order."""
        self.orders.append(order)
        self._by_id[order.order_id] = order
        self._by_client_id[order.client_order_id] = order
        self._by_first_client_id[order.client_order_id] = order
        self.open[order.order_id] = order
        self._count(order, 1)

    def is_open(self, client_order_id: str) -> bool:
        """Whether an open order bears this client order id."""
        found = self._by_client_id.get(client_order_id)
        return found is not None and found.is_open

    def close(self, order: Order) -> None:
        """Take an ended order out of the open ones."""
        del self.open[order.order_id]
        self._count(order, -1)

    def _count(self, order: Order, one: int) -> None:
        here, everywhere = self.counts, order.account.counts
        here.orders += one
        everywhere.orders += one
        if order.trigger is not None:
            here.algos += one
            everywhere.algos += one
        if order.iceberg:
            here.icebergs += one
            everywhere.icebergs += one

    def rename(self, order: Order, client_order_id: str) -> None:
        """Let a cancel's own id replace the order's."""
        if self._by_client_id.get(order.client_order_id) is order:
            del self._by_client_id[order.client_order_id]
        order.client_order_id = client_order_id
        self._by_client_id[client_order_id] = order

    def find(self, order_id: int | None, client_order_id: str | None) -> Order | None:
        """Return the order that the ids name, None if there is none.

        Raises VenueError: -1102 without any id, -2039 when the two name different orders.
        """
        if order_id is None and client_order_id is None:
            raise errors.one_of_missing("origClientOrderId", "orderId")
        if order_id is None:
            return self._by_client_id.get(client_order_id or "")
        found = self._by_id.get(order_id)
        if found is not None and client_order_id not in (None, found.client_order_id):
            text = "Client order ID is not correct for this order ID."
            raise errors.VenueError(errors.IDS_DISAGREE, text)
        return found

    def find_accepted(self, client_order_id: str) -> Order | None:
        """Return the newest order ever accepted under this id, whatever its cancel was called."""
        return self._by_first_client_id.get(client_order_id)

    def orders_from(self, order_id: int) -> Sequence[Order]:
        """Return the orders with this id or a higher one."""
        return self.orders[bisect_left(self.orders, order_id, key=lambda each: each.order_id) :]

    def executions_from(self, trade_id: int) -> Sequence[Execution]:
        """Return the executions with this trade id or a higher one."""
        start = bisect_left(self.executions, trade_id, key=lambda each: each.trade_id)
        return self.executions[start:]
