"""What an account may ask about its orders and trades.

Every list ascends by id. Source: Binance Spot API, "Account endpoints".
"""

from collections.abc import Mapping, Sequence
from itertools import islice

from binance_sim.engine import errors
from binance_sim.engine.blotter import Blotter
from binance_sim.engine.events import Execution, OrderSnapshot, PreventedMatch
from binance_sim.engine.market import Market

DEFAULT_LIMIT = 500
MAX_LIMIT = 1000


class History:
    """Queries over every market; nothing here changes anything."""

    def __init__(self, markets: Mapping[str, Market]) -> None:
        self._markets = markets

    def order(
        self,
        key: str,
        symbol: str,
        *,
        order_id: int | None = None,
        orig_client_order_id: str | None = None,
    ) -> OrderSnapshot:
        """Return one order. Raises VenueError: -1102 without id, -2039, -2013 for none."""
        found = self._blotter(key, symbol).find(order_id, orig_client_order_id)
        if found is None:
            raise errors.no_such_order()
        return found.snapshot()

    def find_accepted(self, key: str, symbol: str, client_order_id: str) -> OrderSnapshot | None:
        """Return the newest order ever accepted under an id; None if there was none.

        The venue offers no such question: after a cancel it knows the cancel's id only. It is
        here for whoever sits in the same process and must be right.
        """
        found = self._blotter(key, symbol).find_accepted(client_order_id)
        return None if found is None else found.snapshot()

    def open_orders(self, key: str, symbol: str | None = None) -> Sequence[OrderSnapshot]:
        """Return the open orders of one symbol, or of all."""
        symbols = self._markets if symbol is None else (symbol,)
        blotters = (self._blotter(key, each) for each in symbols)
        return [order.snapshot() for blotter in blotters for order in blotter.open.values()]

    def all_orders(
        self, key: str, symbol: str, *, order_id: int | None = None, limit: int = DEFAULT_LIMIT
    ) -> Sequence[OrderSnapshot]:
        """Return orders from `order_id` (inclusive) up; without it the newest ones."""
        blotter, most = self._blotter(key, symbol), min(limit, MAX_LIMIT)
        if order_id is None:
            chosen = blotter.orders[-most:]
        else:
            chosen = list(islice(blotter.orders_from(order_id), most))
        return [order.snapshot() for order in chosen]

    def my_trades(
        self,
        key: str,
        symbol: str,
        *,
        order_id: int | None = None,
        from_id: int | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Sequence[Execution]:
        """Return executions, of one order or of all, from `from_id` (inclusive) up.

        Without `from_id`: the newest ones of the symbol, or the oldest of the order.
        """
        blotter, most = self._blotter(key, symbol), min(limit, MAX_LIMIT)
        if order_id is not None:
            order = blotter.find(order_id, None)
            executions = order.executions if order else ()
            start = from_id or 0
            return list(islice((e for e in executions if e.trade_id >= start), most))
        if from_id is None:
            return blotter.executions[-most:]
        return list(islice(blotter.executions_from(from_id), most))

    def prevented_matches(
        self, key: str, symbol: str, *, order_id: int | None = None
    ) -> Sequence[PreventedMatch]:
        """Return the prevented matches of the account's orders, or of one order."""
        blotter = self._blotter(key, symbol)
        if order_id is None:
            orders = blotter.orders
        else:
            found = blotter.find(order_id, None)
            orders = [found] if found else []
        matches = {
            match.prevented_match_id: match for order in orders for match in order.prevented_matches
        }
        return [matches[match_id] for match_id in sorted(matches)]

    def _blotter(self, key: str, symbol: str) -> Blotter:
        market = self._markets.get(symbol)
        if market is None:
            raise errors.invalid_symbol()
        return market.blotters[key]
