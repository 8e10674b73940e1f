"""One listed symbol: its rules, book, counters and tape, and the reports of its orders."""

from collections import defaultdict, deque
from collections.abc import Callable
from itertools import islice

from binance_sim.engine.amounts import ZERO, from_units, to_units
from binance_sim.engine.averages import AveragePrice
from binance_sim.engine.balances import Account
from binance_sim.engine.blotter import Blotter
from binance_sim.engine.book import Book
from binance_sim.engine.depth import DepthSnapshot, DepthWatcher
from binance_sim.engine.events import (
    Execution,
    ExecutionReport,
    PreventedMatch,
    Prevention,
    PublicTrade,
    TopOfBook,
)
from binance_sim.engine.filters import (
    Check,
    compile_filters,
    compile_plain_filters,
    compile_price_filters,
    compile_quantity_filters,
)
from binance_sim.engine.journal import Draft, Journal
from binance_sim.engine.orders import Order
from binance_sim.engine.stops import StopBook
from binance_sim.engine.symbols import LotSize, SymbolRules
from binance_sim.engine.vocabulary import (
    ExecutionType,
    ExpiryReason,
    OrderStatus,
    OrderType,
    RejectReason,
    SymbolStatus,
)

TAPE_LIMIT = 1000  #: public trades kept, as many as the venue's recent trades show
_AVERAGE_MINUTES = 5


class Market:
    """The state of one symbol."""

    def __init__(self, rules: SymbolRules) -> None:
        self._set_rules(rules)
        self.book = Book()
        self.stops = StopBook()
        self.blotters: defaultdict[str, Blotter] = defaultdict(Blotter)
        self.tape: deque[PublicTrade] = deque(maxlen=TAPE_LIMIT)
        self.average = AveragePrice(_AVERAGE_MINUTES)
        self.reference_price: int | None = None
        self.reference_us: int | None = None  #: when the reference price was set
        #: hear every public trade at once; they must not call back
        self.trade_listeners: list[Callable[[PublicTrade], None]] = []
        self.prevented_matches: list[PreventedMatch] = []
        self.last_order_id = 0
        self.quoted_us: int | None = None  #: when the market last said anything about its book
        self._trade_id = 0

    def replace_rules(self, rules: SymbolRules) -> None:
        """Change the rules while orders rest; they bind new orders only."""
        assert rules.symbol == self.rules.symbol
        self._set_rules(rules)

    def _set_rules(self, rules: SymbolRules) -> None:
        self.rules = rules
        self.checks: tuple[Check, ...] = compile_filters(rules.filters)
        self.plain_checks: tuple[Check, ...] = compile_plain_filters(rules.filters)
        self.quantity_checks: tuple[Check, ...] = compile_quantity_filters(rules.filters)
        self.price_checks: tuple[Check, ...] = compile_price_filters(rules.filters)
        self.lot = _lot(rules)
        self.is_trading = rules.status is SymbolStatus.TRADING
        self._price_range = _price_range(rules)

    def execution_range(self, *, is_buy: bool) -> tuple[int, int] | None:
        """Return the lowest and highest price x 1e8 at which a taker may trade; None: any."""
        if self._price_range is None or self.reference_price is None:
            return None
        down, up = self._price_range[is_buy]
        return self.reference_price * down, self.reference_price * up

    def average_price(self, minutes: int, now_us: int) -> int | None:
        """Return the reference price if there is one, else the average, in units."""
        if self.reference_price is not None:
            return self.reference_price
        return self.average.value(minutes, now_us)

    def print_trade(
        self, price: int, quantity: int, now_us: int, *, is_buyer_maker: bool
    ) -> PublicTrade:
        """Put a trade on the public tape under the next trade id."""
        self._trade_id += 1
        trade = PublicTrade(
            symbol=self.rules.symbol,
            trade_id=self._trade_id,
            price=from_units(price),
            quantity=from_units(quantity),
            traded_us=now_us,
            is_buyer_maker=is_buyer_maker,
        )
        self.tape.append(trade)
        self.average.add(price, quantity, now_us)
        if self.stops.waiting():
            self.stops.observe(price, now_us)
        for listener in self.trade_listeners:
            listener(trade)
        return trade

    def watch_depth(self) -> DepthWatcher:
        """Return a collector of what changes in the book from now on."""
        book = self.book

        def quantity_at(is_bids: bool, price: int) -> int:  # noqa: FBT001  # a side
            return (book.bids if is_bids else book.asks).quantity_at(price)

        return DepthWatcher(self.rules.symbol, book.changes, quantity_at)

    def depth(self, levels: int) -> DepthSnapshot:
        """Return the best levels of both sides, as `GET depth` shows them."""
        bids, asks = (
            tuple(
                (from_units(price), from_units(half.quantity_at(price)))
                for price in islice(half.prices(), levels)
            )
            for half in (self.book.bids, self.book.asks)
        )
        return DepthSnapshot(
            symbol=self.rules.symbol,
            last_update_id=self.book.changes.update_id,
            bids=bids,
            asks=asks,
        )

    def top(self) -> TopOfBook:
        """Return the best prices, customers' orders and the market's together."""
        bid, ask = self.book.bids.best(), self.book.asks.best()
        return TopOfBook(
            symbol=self.rules.symbol,
            bid_price=None if bid is None else from_units(bid),
            bid_quantity=ZERO if bid is None else from_units(self.book.bids.quantity_at(bid)),
            ask_price=None if ask is None else from_units(ask),
            ask_quantity=ZERO if ask is None else from_units(self.book.asks.quantity_at(ask)),
            quoted_us=self.quoted_us,
            update_id=self.book.changes.update_id,
        )

    def last_trade(self) -> PublicTrade | None:
        """Return the newest public trade, None before the first."""
        return self.tape[-1] if self.tape else None

    def lock_asset(self, order: Order) -> str:
        """Return the asset of which the order locks."""
        return self.rules.quote_asset if order.is_buy else self.rules.base_asset

    def open(self, draft: Draft, order: Order) -> None:
        """Take an order in, lock what it needs and report it NEW."""
        self.last_order_id = order.order_id
        order.account.balance(self.lock_asset(order)).lock(order.locked)
        order.updated_us = draft.now_us
        if order.is_working:
            order.working_us = draft.now_us
        elif order.status is OrderStatus.NEW:
            self.wait(draft, order)
        self.blotters[order.account.key].add(order)
        order.account.unfilled.add(1, draft.now_us)
        draft.journal.orders.append(order)
        draft.touch(order.account, self.rules.base_asset, self.rules.quote_asset)
        draft.add(report(draft, order, ExecutionType.NEW))

    def wait(self, draft: Draft, order: Order) -> None:
        """Let a contingent order wait for its trigger."""
        assert order.trigger is not None
        order.trigger.start(self.average.last_price, draft.now_us)
        self.stops.add(order)

    def reinstate(self, journal: Journal, order: Order) -> None:
        """Take back an order of before the venue was started anew; nothing is reported."""
        blotter = self.blotters[order.account.key]
        blotter.add(order)
        journal.orders.append(order)
        if not order.is_open:
            blotter.close(order)
            return
        order.account.balance(self.lock_asset(order)).lock(order.locked)
        self.book.own_half(is_buy=order.is_buy).rest(order)

    def continue_after(self, order_id: int, trade_id: int) -> None:
        """Give out only ids greater than these from now on."""
        self.last_order_id = max(self.last_order_id, order_id)
        self._trade_id = max(self._trade_id, trade_id)

    def close(self, draft: Draft, order: Order, status: OrderStatus) -> None:
        """End an order: off the book, the rest of its lock released. No report."""
        order.status = status
        order.updated_us = draft.now_us
        if order.is_working:
            self.book.own_half(is_buy=order.is_buy).remove(order)
        elif order.trigger is not None:
            self.stops.remove(order)
        self.blotters[order.account.key].close(order)
        if order.order_list is not None:
            draft.ended.append(order)
        order.account.balance(self.lock_asset(order)).release(order.locked)
        order.locked = 0
        draft.touch(order.account, self.rules.base_asset, self.rules.quote_asset)

    def expire(self, draft: Draft, order: Order, reason: ExpiryReason) -> None:
        """End what is left of an order, and report it EXPIRED."""
        order.expiry_reason = reason
        self.close(draft, order, OrderStatus.EXPIRED)
        draft.add(report(draft, order, ExecutionType.EXPIRED))

    def cancel(self, draft: Draft, order: Order, cancel_id: str) -> str:
        """End an order by its owner's will; return the client order id that it had."""
        original = order.client_order_id
        self.close(draft, order, OrderStatus.CANCELED)
        self.blotters[order.account.key].rename(order, cancel_id)
        draft.add(report(draft, order, ExecutionType.CANCELED, original_client_order_id=original))
        return original

    def try_lock(self, draft: Draft, order: Order, need: int) -> bool:
        """Lock `need` in place of what an order and its sibling hold; False: not so much is free.

        A pair of an OCO locks once, for the dearer of the two.
        """
        sibling, balance = order.sibling, order.account.balance(self.lock_asset(order))
        held = order.locked
        if sibling is not None:
            need, held = max(need, sibling.need), held + sibling.locked
        if balance.free + held < need:
            return False
        balance.release(held)
        balance.lock(need)
        order.locked = need
        if sibling is not None:
            sibling.locked = 0
        draft.touch(order.account, self.rules.base_asset, self.rules.quote_asset)
        return True

    def would_take(self, order: Order) -> bool:
        """Whether a LIMIT_MAKER meets something at once."""
        if order.terms.type is not OrderType.LIMIT_MAKER:
            return False
        return self.book.opposite_half(is_buy=order.is_buy).first(order.price) is not None

    def would_trigger(self, order: Order) -> bool:
        """Whether the last price has reached the order's stop already."""
        trigger, last = order.trigger, self.average.last_price
        if trigger is None or not trigger.stop_price or last is None:
            return False
        return trigger.is_reached(last)

    def reject(self, draft: Draft, order: Order, reason: RejectReason) -> None:
        """End an order that could not be placed when its time had come."""
        order.reject_reason = reason
        self.expire(draft, order, ExpiryReason.REJECTED)

    def refuse(self, draft: Draft, order: Order, reason: RejectReason) -> None:
        """Report an order REJECTED that never got in, after its request had changed something."""
        self.last_order_id = order.order_id
        order.status, order.reject_reason = OrderStatus.REJECTED, reason
        draft.add(report(draft, order, ExecutionType.REJECTED))

    def open_buy_quantity(self, account: Account) -> int:
        """Return what the account's open buys still want."""
        blotter = self.blotters[account.key]
        return sum(order.leaves for order in blotter.open.values() if order.is_buy)


def _lot(rules: SymbolRules) -> tuple[int, int]:
    """Return the smallest quantity and the step in units; without a filter 1 and 1."""
    for rule in rules.filters:
        if isinstance(rule, LotSize):
            return max(to_units(rule.min_quantity), 1), max(to_units(rule.step_size), 1)
    return 1, 1


def _price_range(rules: SymbolRules) -> dict[bool, tuple[int, int]] | None:
    """Return the multipliers of the execution rule in units, by "is it a BUY"."""
    rule = rules.price_range
    if rule is None:
        return None
    return {
        True: (to_units(rule.bid_multiplier_down), to_units(rule.bid_multiplier_up)),
        False: (to_units(rule.ask_multiplier_down), to_units(rule.ask_multiplier_up)),
    }


def report(
    draft: Draft,
    order: Order,
    execution_type: ExecutionType,
    *,
    prevention: Prevention | None = None,
    original_client_order_id: str = "",
) -> ExecutionReport:
    """Return the report of an order as it is now."""
    terms, trigger = order.terms, order.trigger
    return ExecutionReport(
        terms=terms,
        execution_type=execution_type,
        status=order.status,
        client_order_id=order.client_order_id,
        execution_id=draft.journal.next_execution_id(),
        filled_quantity=from_units(order.filled),
        filled_notional=from_units(order.filled_notional),
        transacted_us=draft.now_us,
        working_us=order.working_us,
        is_on_book=order.is_working and order.is_open,
        reject_reason=order.reject_reason,
        original_client_order_id=original_client_order_id,
        prevented_quantity=from_units(order.prevented),
        prevention=prevention,
        expiry_reason=order.expiry_reason,
        trailing_us=None if trigger is None else trigger.trailing_us,
        pegged_price=from_units(order.price) if terms.peg is not None and order.price else None,
    )


def trade_report(draft: Draft, order: Order, execution: Execution) -> ExecutionReport:
    """Return the report of a fill, the order already counting it."""
    terms, trigger = order.terms, order.trigger
    return ExecutionReport(
        terms=terms,
        execution_type=ExecutionType.TRADE,
        status=order.status,
        client_order_id=order.client_order_id,
        execution_id=draft.journal.next_execution_id(),
        filled_quantity=from_units(order.filled),
        filled_notional=from_units(order.filled_notional),
        transacted_us=draft.now_us,
        working_us=order.working_us,
        is_on_book=order.is_open,
        last_quantity=execution.quantity,
        last_price=execution.price,
        last_notional=execution.notional,
        commission=execution.commission,
        commission_asset=execution.commission_asset,
        trade_id=execution.trade_id,
        is_maker=execution.is_maker,
        prevented_quantity=from_units(order.prevented),
        trailing_us=None if trigger is None else trigger.trailing_us,
        pegged_price=from_units(order.price) if terms.peg is not None and order.price else None,
    )
