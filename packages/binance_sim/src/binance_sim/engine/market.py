"""One listed symbol: its rules, book, counters and tape, and the reports of its orders."""

from collections import defaultdict, deque

from binance_sim.engine.amounts import ZERO, from_units, to_units
from binance_sim.engine.averages import AveragePrice
from binance_sim.engine.balances import Account
from binance_sim.engine.blotter import Blotter
from binance_sim.engine.book import Book
from binance_sim.engine.events import (
    NO_TRADE,
    Execution,
    ExecutionReport,
    PreventedMatch,
    Prevention,
    PublicTrade,
    TopOfBook,
)
from binance_sim.engine.filters import Check, compile_filters, compile_quantity_filters
from binance_sim.engine.journal import Draft, Journal
from binance_sim.engine.orders import Order
from binance_sim.engine.symbols import LotSize, SymbolRules
from binance_sim.engine.vocabulary import ExecutionType, ExpiryReason, OrderStatus

TAPE_LIMIT = 1000  #: public trades kept, as many as the venue's recent trades show
_AVERAGE_MINUTES = 5


class Market:
    """The state of one symbol."""

    def __init__(self, rules: SymbolRules) -> None:
        self._set_rules(rules)
        self.book = Book()
        self.blotters: defaultdict[str, Blotter] = defaultdict(Blotter)
        self.tape: deque[PublicTrade] = deque(maxlen=TAPE_LIMIT)
        self.average = AveragePrice(_AVERAGE_MINUTES)
        self.reference_price: int | None = None
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
        self.quantity_checks: tuple[Check, ...] = compile_quantity_filters(rules.filters)
        self.lot = _lot(rules)

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
        return trade

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
        order.updated_us = order.working_us = draft.now_us
        self.blotters[order.account.key].add(order)
        order.account.open_orders += 1
        draft.journal.orders.append(order)
        draft.touch(order.account, self.rules.base_asset, self.rules.quote_asset)
        draft.add(report(draft, order, ExecutionType.NEW))

    def reinstate(self, journal: Journal, order: Order) -> None:
        """Take back an order of before the venue was started anew; nothing is reported."""
        blotter = self.blotters[order.account.key]
        blotter.add(order)
        journal.orders.append(order)
        if not order.is_open:
            blotter.close(order)
            return
        order.account.balance(self.lock_asset(order)).lock(order.locked)
        order.account.open_orders += 1
        self.book.own_half(is_buy=order.is_buy).rest(order)

    def continue_after(self, order_id: int, trade_id: int) -> None:
        """Give out only ids greater than these from now on."""
        self.last_order_id = max(self.last_order_id, order_id)
        self._trade_id = max(self._trade_id, trade_id)

    def close(self, draft: Draft, order: Order, status: OrderStatus) -> None:
        """End an order: off the book, the rest of its lock released. No report."""
        order.status = status
        order.updated_us = draft.now_us
        self.book.own_half(is_buy=order.is_buy).remove(order)
        self.blotters[order.account.key].close(order)
        order.account.open_orders -= 1
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


def report(
    draft: Draft,
    order: Order,
    execution_type: ExecutionType,
    *,
    execution: Execution | None = None,
    prevention: Prevention | None = None,
    original_client_order_id: str = "",
) -> ExecutionReport:
    """Return the report of an order as it is now."""
    return ExecutionReport(
        terms=order.terms,
        execution_type=execution_type,
        status=order.status,
        client_order_id=order.client_order_id,
        execution_id=draft.journal.next_execution_id(),
        filled_quantity=from_units(order.filled),
        filled_notional=from_units(order.filled_notional),
        transacted_us=draft.now_us,
        working_us=order.working_us,
        is_on_book=order.is_open,
        original_client_order_id=original_client_order_id,
        last_quantity=execution.quantity if execution else ZERO,
        last_price=execution.price if execution else ZERO,
        last_notional=execution.notional if execution else ZERO,
        commission=execution.commission if execution else ZERO,
        commission_asset=execution.commission_asset if execution else None,
        trade_id=execution.trade_id if execution else NO_TRADE,
        is_maker=execution.is_maker if execution else False,
        prevented_quantity=from_units(order.prevented) if order.prevented else ZERO,
        prevention=prevention,
        expiry_reason=order.expiry_reason,
    )
