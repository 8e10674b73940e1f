"""The simulated exchange: every call that a customer can make.

Pure and synchronous: time comes in with each call (`now_us`, microseconds since the epoch), and
what happened goes out as a `Step`. The same calls in the same order give the same answers.
"""

from collections.abc import Sequence

from binance_sim.engine import errors
from binance_sim.engine.amending import amend, check_amendment
from binance_sim.engine.events import OrderSnapshot, Step
from binance_sim.engine.floor import Floor
from binance_sim.engine.journal import Draft
from binance_sim.engine.listing import new_list, prepare_list
from binance_sim.engine.market import Market
from binance_sim.engine.order_lists import cancel_id_of, count_list
from binance_sim.engine.orders import Order
from binance_sim.engine.placing import check, prepare
from binance_sim.engine.replacing import REASONS, CancelReplaceResult
from binance_sim.engine.requests import (
    AmendOrder,
    CancelOrder,
    CancelOrderList,
    CancelReplace,
    NewOrder,
    NewOrderList,
)
from binance_sim.engine.vocabulary import (
    CancelReplaceMode,
    CancelRestriction,
    OrderStatus,
    RejectReason,
    SymbolStatus,
)


class Exchange(Floor):
    """The floor, and trading on it. `history` answers what only looks."""

    # --- orders ---

    def place(self, key: str, request: NewOrder, now_us: int) -> Step:
        """Place an order; the answer shows its fills. Raises VenueError and changes nothing."""
        market, account = self.market(request.symbol), self.account(key)
        order = prepare(market, self._checks, account, request, now_us)
        draft = Draft(self.journal, now_us)
        self._enter(draft, market, order)
        return Step(order=order.snapshot(with_fills=True), events=draft.finish())

    def check_order(self, key: str, request: NewOrder, now_us: int) -> None:
        """Check an order as far as the engine's door: `POST order/test`. Raises VenueError."""
        check(self.market(request.symbol), self._checks, self.account(key), request, now_us)

    def _enter(self, draft: Draft, market: Market, order: Order) -> None:
        market.open(draft, order)
        matcher = self._matchers[order.terms.symbol]
        if order.is_working:
            matcher.execute(draft, order)
        matcher.settle(draft)

    def cancel(self, key: str, request: CancelOrder, now_us: int) -> Step:
        """Cancel an open order, and the order list that it is in.

        Raises VenueError -2011 when it is not open, or restricted.
        """
        market = self.market(request.symbol)
        order = self._find_to_cancel(key, request)
        draft = Draft(self.journal, now_us)
        answer = self._cancel(draft, market, order, request.new_client_order_id)
        self._matchers[request.symbol].settle(draft)
        order_list = order.order_list
        if order_list is None:
            return Step(order=answer, events=draft.finish())
        return Step(
            order=answer,
            orders=tuple(each.snapshot() for each in order_list.orders),
            order_list=order_list.snapshot(),
            events=draft.finish(),
        )

    def cancel_all(
        self, key: str, symbol: str, now_us: int
    ) -> tuple[Sequence[OrderSnapshot], Step]:
        """Cancel every open order of a symbol; the answers and the step. Raises -2011 if none.

        Members of order lists are among the answers, with the id of their list.
        """
        market = self.market(symbol)
        _check_may_cancel(market)
        orders = list(market.blotters[self.account(key).key].open.values())
        if not orders:
            raise errors.unknown_order()
        draft = Draft(self.journal, now_us)
        answers = [self._cancel(draft, market, order, None) for order in orders]
        self._matchers[symbol].settle(draft)
        return answers, Step(events=draft.finish())

    def cancel_replace(self, key: str, request: CancelReplace, now_us: int) -> CancelReplaceResult:
        """Cancel one order and place another. Raises VenueError if the new one fails a filter.

        Parameters and filters of the new order are checked before anything is cancelled.
        """
        new = request.new
        market, account = self.market(new.symbol), self.account(key)
        if not market.rules.cancel_replace_allowed:
            raise errors.rejected(errors.NO_CANCEL_REPLACE)
        order = check(market, self._checks, account, new, now_us)
        draft, matcher = Draft(self.journal, now_us), self._matchers[new.symbol]
        cancelled: OrderSnapshot | errors.VenueError
        try:
            found = self._find_to_cancel(key, request.cancel)
        except errors.VenueError as refusal:
            cancelled = refusal
            if request.mode is CancelReplaceMode.STOP_ON_FAILURE:
                account.unfilled.add(1, now_us)
                return CancelReplaceResult(cancel=cancelled, new=None)
        else:
            cancelled = self._cancel(draft, market, found, request.cancel.new_client_order_id)
            matcher.settle(draft)
        placed: OrderSnapshot | errors.VenueError
        try:
            # Again: quantity by quote amount, peg and lock follow the book without the old order.
            order = prepare(market, self._checks, account, new, now_us)
        except errors.VenueError as refusal:
            placed = refusal
            if not isinstance(cancelled, errors.VenueError):
                market.refuse(draft, order, REASONS.get(refusal.message, RejectReason.NONE))
        else:
            self._enter(draft, market, order)
            placed = order.snapshot(with_fills=True)
        return CancelReplaceResult(cancel=cancelled, new=placed, events=draft.finish())

    def amend(self, key: str, request: AmendOrder, now_us: int) -> Step:
        """Reduce an order's quantity where it stands. Raises VenueError -2038 or -1013."""
        market = self.market(request.symbol)
        blotter = market.blotters[self.account(key).key]
        found = blotter.find(request.order_id, request.orig_client_order_id)
        order = check_amendment(market, found, request, now_us)
        draft = Draft(self.journal, now_us)
        original, order_list = order.client_order_id, order.order_list
        amendment = amend(draft, market, order, request)
        return Step(
            order=order.snapshot(original_client_order_id=original),
            order_list=None if order_list is None else order_list.snapshot(),
            amendment=amendment,
            events=draft.finish(),
        )

    def _find_to_cancel(self, key: str, request: CancelOrder) -> Order:
        market = self.market(request.symbol)
        _check_may_cancel(market)
        blotter = market.blotters[self.account(key).key]
        order = blotter.find(request.order_id, request.orig_client_order_id)
        if order is None or not order.is_open:
            raise errors.unknown_order()
        _check_restriction(order, request.restriction)
        return order

    def _cancel(
        self, draft: Draft, market: Market, order: Order, cancel_id: str | None
    ) -> OrderSnapshot:
        original = market.cancel(draft, order, cancel_id or cancel_id_of(order))
        return order.snapshot(original_client_order_id=original)

    # --- order lists ---

    def place_list(self, key: str, request: NewOrderList, now_us: int) -> Step:
        """Place an order list whole. Raises VenueError and changes nothing.

        When the working order fills at once, the answer still shows the others PENDING_NEW.
        """
        market, account = self.market(request.symbol), self.account(key)
        book, list_id = self.order_lists[key], self.journal.last_order_list_id + 1
        order_list = new_list(account, request, now_us, list_id)
        prepare_list(market, self._checks, book, order_list, request)
        self.journal.last_order_list_id = list_id
        draft, matcher = Draft(self.journal, now_us), self._matchers[request.symbol]
        book.add(order_list)
        count_list(market, order_list, 1)
        for order in order_list.orders:
            market.open(draft, order)
        draft.add(order_list.status(now_us))
        for order in order_list.orders:
            if order.is_working and order.is_open:
                matcher.execute(draft, order)
        before = [order.snapshot() for order in order_list.orders]
        matcher.settle(draft)
        working = order_list.working
        is_filled = working is not None and working.status is OrderStatus.FILLED
        return Step(
            orders=tuple(
                early
                if is_filled and early.status is OrderStatus.PENDING_NEW
                else order.snapshot(with_fills=True)
                for early, order in zip(before, order_list.orders, strict=True)
            ),
            order_list=order_list.snapshot(),
            events=draft.finish(),
        )

    def cancel_list(self, key: str, request: CancelOrderList, now_us: int) -> Step:
        """Cancel an order list whole. Raises VenueError -2011 when it is not open."""
        market = self.market(request.symbol)
        _check_may_cancel(market)
        if request.order_list_id is None and request.list_client_order_id is None:
            raise errors.one_of_missing("orderListId", "listClientOrderId")
        book = self.order_lists[self.account(key).key]
        found = book.find(request.order_list_id, request.list_client_order_id)
        if found is None or not found.is_open or found.symbol != request.symbol:
            raise errors.unknown_order()
        draft = Draft(self.journal, now_us)
        answers = tuple(
            self._cancel(draft, market, order, request.new_client_order_id)
            for order in found.orders
            if order.is_open
        )
        self._matchers[request.symbol].settle(draft)
        return Step(orders=answers, order_list=found.snapshot(), events=draft.finish())


_RESTRICTIONS = {
    CancelRestriction.ONLY_NEW: OrderStatus.NEW,
    CancelRestriction.ONLY_PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
}


def _check_may_cancel(market: Market) -> None:
    if market.rules.status not in {SymbolStatus.TRADING, SymbolStatus.CANCEL_ONLY}:
        raise errors.VenueError(errors.CANCEL_REJECTED, errors.MARKET_CLOSED)


def _check_restriction(order: Order, restriction: CancelRestriction | None) -> None:
    if restriction is not None and order.status is not _RESTRICTIONS[restriction]:
        raise errors.VenueError(errors.CANCEL_REJECTED, errors.CANCEL_RESTRICTED)
