"""What an account may ask about its orders and trades.

Every list ascends by id. Times are microseconds since the epoch, both ends inclusive: without a
range the newest rows, with a start the oldest from it, with an end alone the newest up to it.
Source: Binance Spot API, "Account endpoints".
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from binance_sim.engine import errors
from binance_sim.engine.balances import Account
from binance_sim.engine.blotter import Blotter
from binance_sim.engine.commission import CommissionRates
from binance_sim.engine.events import (
    Amendment,
    Execution,
    OrderListSnapshot,
    OrderSnapshot,
    PreventedMatch,
)
from binance_sim.engine.market import Market
from binance_sim.engine.order_lists import OrderListBook

DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
MAX_RANGE_HOURS = 24

_HOUR_US = 3_600_000_000
_Row = TypeVar("_Row")


class History:
    """Queries over every market; nothing here changes anything."""

    def __init__(
        self,
        markets: Mapping[str, Market],
        accounts: Mapping[str, Account],
        order_lists: Mapping[str, OrderListBook],
    ) -> None:
        self._markets = markets
        self._accounts = accounts
        self._order_lists = order_lists

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
        self,
        key: str,
        symbol: str,
        *,
        order_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Sequence[OrderSnapshot]:
        """Return orders from `order_id` (inclusive) up, or created in a range.

        Raises VenueError -1127 for a range of more than a day.
        """
        _check_range(start_us, end_us)
        blotter = self._blotter(key, symbol)
        orders = blotter.orders if order_id is None else blotter.orders_from(order_id)
        chosen = _choose(
            orders,
            lambda order: order.terms.created_us,
            start_us,
            end_us,
            limit,
            from_oldest=order_id is not None,
        )
        return [order.snapshot() for order in chosen]

    def my_trades(  # noqa: PLR0913  # the venue's parameters
        self,
        key: str,
        symbol: str,
        *,
        order_id: int | None = None,
        from_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Sequence[Execution]:
        """Return executions, of one order or of all, from `from_id` (inclusive) up or in a range.

        Without either: the newest ones of the symbol, or the oldest of the order. Raises
        VenueError: -1127 for a range of more than a day, -1128 for a range with any id.
        """
        if (start_us, end_us) != (None, None) and (order_id, from_id) != (None, None):
            raise errors.combination_invalid()
        _check_range(start_us, end_us)
        blotter = self._blotter(key, symbol)
        if order_id is not None:
            order = blotter.find(order_id, None)
            executions = order.executions if order else ()
            start = from_id or 0
            most = min(limit, MAX_LIMIT)
            return list(islice((e for e in executions if e.trade_id >= start), most))
        rows = blotter.executions if from_id is None else blotter.executions_from(from_id)
        return _choose(
            rows,
            lambda row: row.traded_us,
            start_us,
            end_us,
            limit,
            from_oldest=from_id is not None,
        )

    def prevented_matches(  # the venue's parameters
        self,
        key: str,
        symbol: str,
        *,
        order_id: int | None = None,
        prevented_match_id: int | None = None,
        from_id: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Sequence[PreventedMatch]:
        """Return prevented matches of the account: all, one, or an order's from an id up."""
        blotter = self._blotter(key, symbol)
        if order_id is None:
            orders = blotter.orders
        else:
            found = blotter.find(order_id, None)
            orders = [found] if found else []
        matches = {
            match.prevented_match_id: match
            for order in orders
            for match in order.prevented_matches
            if match.prevented_match_id >= from_id
            and prevented_match_id in (None, match.prevented_match_id)
        }
        return [matches[match_id] for match_id in sorted(matches)[: min(limit, MAX_LIMIT)]]

    def amendments(
        self,
        key: str,
        symbol: str,
        order_id: int,
        *,
        from_execution_id: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Sequence[Amendment]:
        """Return the amendments of an order, from an execution id (inclusive) up."""
        found = self._blotter(key, symbol).find(order_id, None)
        rows = () if found is None else found.amendments
        chosen = (row for row in rows if row.execution_id >= from_execution_id)
        return list(islice(chosen, min(limit, MAX_LIMIT)))

    def order_list(
        self,
        key: str,
        *,
        order_list_id: int | None = None,
        orig_client_order_id: str | None = None,
    ) -> OrderListSnapshot:
        """Return one order list. Raises VenueError: -1102 without id, -2013 for none."""
        if order_list_id is None and orig_client_order_id is None:
            raise errors.one_of_missing("origClientOrderId", "orderListId")
        found = self._order_lists[key].find(order_list_id, orig_client_order_id)
        if found is None:
            raise errors.VenueError(errors.NO_SUCH_ORDER, "Order list does not exist.")
        return found.snapshot()

    def order_lists(
        self,
        key: str,
        *,
        from_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Sequence[OrderListSnapshot]:
        """Return order lists from an id (inclusive) up, or placed in a range.

        Raises VenueError: -1127 for a range of more than a day, -1128 for a range with the id.
        """
        if from_id is not None and (start_us, end_us) != (None, None):
            raise errors.combination_invalid()
        _check_range(start_us, end_us)
        lists = [e for e in self._order_lists[key].lists if e.order_list_id >= (from_id or 0)]
        chosen = _choose(
            lists,
            lambda each: each.placed_us,
            start_us,
            end_us,
            limit,
            from_oldest=from_id is not None,
        )
        return [each.snapshot() for each in chosen]

    def open_order_lists(self, key: str) -> Sequence[OrderListSnapshot]:
        """Return the order lists of which an order is open."""
        return [each.snapshot() for each in self._order_lists[key].lists if each.is_open]

    def commission(self, key: str, symbol: str) -> CommissionRates:
        """Return what the account pays on a symbol (`GET account/commission`)."""
        self._blotter(key, symbol)
        return self._accounts[key].rates_for(symbol)

    def _blotter(self, key: str, symbol: str) -> Blotter:
        market = self._markets.get(symbol)
        if market is None:
            raise errors.invalid_symbol()
        return market.blotters[key]


def _check_range(start_us: int | None, end_us: int | None) -> None:
    if start_us is None or end_us is None:
        return
    if end_us - start_us > MAX_RANGE_HOURS * _HOUR_US:
        raise errors.lookup_too_big(MAX_RANGE_HOURS)


def _choose(  # a range, a page and where it begins
    rows: Sequence[_Row],
    time_of: Callable[[_Row], int],
    start_us: int | None,
    end_us: int | None,
    limit: int,
    *,
    from_oldest: bool,
) -> Sequence[_Row]:
    """Return a page of rows that ascend in time."""
    start = 0 if start_us is None else bisect_left(rows, start_us, key=time_of)
    end = len(rows) if end_us is None else bisect_right(rows, end_us, key=time_of)
    most = min(limit, MAX_LIMIT)
    if start_us is not None or from_oldest:
        return rows[start : min(end, start + most)]
    return rows[max(end - most, start) : end]
