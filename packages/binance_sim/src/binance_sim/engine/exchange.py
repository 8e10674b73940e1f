"""The simulated exchange: accounts, markets, and every call that a customer can make.

Pure and synchronous: time comes in with each call (`now_us`, microseconds since the epoch), and
what happened goes out as a `Step`. The same calls in the same order give the same answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from binance_sim.engine import errors
from binance_sim.engine.amounts import ONE, from_units, to_units
from binance_sim.engine.balances import Account
from binance_sim.engine.commission import BNB, CommissionRates
from binance_sim.engine.events import BalanceUpdate, OrderSnapshot, Step
from binance_sim.engine.filters import Check, compile_exchange_filters
from binance_sim.engine.history import History
from binance_sim.engine.journal import Draft, Journal
from binance_sim.engine.market import Market
from binance_sim.engine.matching import Matcher
from binance_sim.engine.orders import Order
from binance_sim.engine.placing import prepare
from binance_sim.engine.requests import CancelOrder, NewOrder
from binance_sim.engine.symbols import ExchangeFilter, MaxAsset, SymbolRules
from binance_sim.engine.vocabulary import CancelRestriction, OrderStatus, Side

EVENT_LOG_LIMIT = 10_000  #: events kept; orders and executions are kept for ever
_FIRST_UID = 100_000_001


class Exchange:
    """Every account and every market, and one journal of all that happened."""

    def __init__(
        self,
        symbols: Iterable[SymbolRules],
        *,
        exchange_filters: Iterable[ExchangeFilter] = (),
        asset_filters: Iterable[MaxAsset] = (),
        event_log_limit: int | None = EVENT_LOG_LIMIT,
    ) -> None:
        self.journal = Journal(event_limit=event_log_limit)
        self.exchange_filters = tuple(exchange_filters)
        self.asset_filters = tuple(asset_filters)
        self._checks: tuple[Check, ...] = compile_exchange_filters(
            self.exchange_filters, self.asset_filters
        )
        self._accounts: dict[str, Account] = {}
        self._bnb_prices: dict[str, int] = {BNB: ONE}
        self._markets = {rules.symbol: Market(rules) for rules in symbols}
        self._matchers = {
            symbol: Matcher(market, self._bnb_prices.get)
            for symbol, market in self._markets.items()
        }
        self.history = History(self._markets)

    # --- set-up ---

    def open_account(
        self, key: str, *, rates: CommissionRates | None = None, trade_group_id: int = -1
    ) -> None:
        """Add an account without money. `trade_group_id` -1: no group."""
        assert key not in self._accounts, f"account {key} exists"
        account = Account(key, _FIRST_UID + len(self._accounts), rates or CommissionRates())
        account.trade_group_id = trade_group_id
        self._accounts[key] = account

    def set_commission(
        self, key: str, rates: CommissionRates, *, symbol: str | None = None
    ) -> None:
        """Change an account's rates, on all symbols or on one."""
        account = self.account(key)
        if symbol is None:
            account.rates = rates
        else:
            account.rates_by_symbol[symbol] = rates

    def set_bnb_price(self, asset: str, price: Decimal | None) -> None:
        """Say what one BNB costs in `asset`; None: unknown, so the received asset pays."""
        if price is None:
            self._bnb_prices.pop(asset, None)
        else:
            assert price > 0
            self._bnb_prices[asset] = to_units(price)

    def set_reference_price(self, symbol: str, price: Decimal | None) -> None:
        """Set what the percent and notional filters measure against; None: the average."""
        self.market(symbol).reference_price = None if price is None else to_units(price)

    def replace_rules(self, rules: SymbolRules) -> None:
        """Change a symbol's rules while orders rest. Raises VenueError -1121."""
        self.market(rules.symbol).replace_rules(rules)

    # --- money from outside ---

    def deposit(self, key: str, asset: str, amount: Decimal, now_us: int) -> Step:
        """Credit an account; `balanceUpdate`, then the position."""
        return self._transfer(key, asset, to_units(amount), now_us)

    def withdraw(self, key: str, asset: str, amount: Decimal, now_us: int) -> Step:
        """Debit free money. Raises VenueError -2010 beyond what is free."""
        units = to_units(amount)
        if units > self.account(key).balance(asset).free:
            raise errors.rejected(errors.INSUFFICIENT_BALANCE)
        return self._transfer(key, asset, -units, now_us)

    def _transfer(self, key: str, asset: str, delta: int, now_us: int) -> Step:
        account = self.account(key)
        account.balance(asset).free += delta
        self.journal.transfers[asset] += delta
        draft = Draft(self.journal, now_us)
        draft.add(
            BalanceUpdate(account=key, asset=asset, delta=from_units(delta), cleared_us=now_us)
        )
        draft.touch(account, asset)
        return Step(events=draft.finish())

    # --- orders ---

    def place(self, key: str, request: NewOrder, now_us: int) -> Step:
        """Place an order; the answer shows its fills. Raises VenueError and changes nothing."""
        market, account = self.market(request.symbol), self.account(key)
        order = prepare(market, self._checks, account, request, now_us)
        draft = Draft(self.journal, now_us)
        market.open(draft, order)
        matcher = self._matchers[request.symbol]
        if order.is_working:
            matcher.execute(draft, order)
        matcher.settle(draft)
        return Step(order=order.snapshot(with_fills=True), events=draft.finish())

    def cancel(self, key: str, request: CancelOrder, now_us: int) -> Step:
        """Cancel an open order. Raises VenueError -2011 when it is not open (or restricted)."""
        market = self.market(request.symbol)
        blotter = market.blotters[self.account(key).key]
        order = blotter.find(request.order_id, request.orig_client_order_id)
        if order is None or not order.is_open:
            raise errors.unknown_order()
        _check_restriction(order, request.restriction)
        draft = Draft(self.journal, now_us)
        answer = self._cancel(draft, market, order, request.new_client_order_id)
        return Step(order=answer, events=draft.finish())

    def cancel_all(
        self, key: str, symbol: str, now_us: int
    ) -> tuple[Sequence[OrderSnapshot], Step]:
        """Cancel every open order of a symbol; the answers and the step. Raises -2011 if none."""
        market = self.market(symbol)
        orders = list(market.blotters[self.account(key).key].open.values())
        if not orders:
            raise errors.unknown_order()
        draft = Draft(self.journal, now_us)
        answers = [self._cancel(draft, market, order, None) for order in orders]
        return answers, Step(events=draft.finish())

    def _cancel(
        self, draft: Draft, market: Market, order: Order, cancel_id: str | None
    ) -> OrderSnapshot:
        chosen = cancel_id or f"simcancel{order.order_id:013d}"
        original = market.cancel(draft, order, chosen)
        return order.snapshot(original_client_order_id=original)

    # --- the rest of the market ---

    def set_liquidity(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal, now_us: int
    ) -> Step:
        """Set what the market bids (BUY) or asks (SELL) at a price; 0 removes the level.

        Resting orders that it reaches fill. A price beyond the market's own other side is the
        caller's mistake: the engine does not uncross the market from itself.
        """
        market = self.market(symbol)
        half = market.book.own_half(is_buy=side is Side.BUY)
        half.set_liquidity(to_units(price), to_units(quantity))
        market.quoted_us = now_us
        draft = Draft(self.journal, now_us)
        self._matchers[symbol].match_liquidity(draft)
        return Step(events=draft.finish())

    def trade_market(
        self, symbol: str, price: Decimal, quantity: Decimal, now_us: int, *, is_buyer_maker: bool
    ) -> Step:
        """Let the market trade with itself; resting orders at its price or better share it."""
        self.market(symbol)
        draft = Draft(self.journal, now_us)
        self._matchers[symbol].share_trade(
            draft, to_units(price), to_units(quantity), is_buyer_maker=is_buyer_maker
        )
        return Step(events=draft.finish())

    # --- what stands where ---

    def account(self, key: str) -> Account:
        """Return the live account. Raises VenueError -2015 for a key that was never opened."""
        found = self._accounts.get(key)
        if found is None:
            text = "Invalid API-key, IP, or permissions for action."
            raise errors.VenueError(errors.BAD_API_KEY, text)
        return found

    def accounts(self) -> Mapping[str, Account]:
        """Return every account by key."""
        return self._accounts

    def markets(self) -> Mapping[str, Market]:
        """Return every market by symbol."""
        return self._markets

    def market(self, symbol: str) -> Market:
        """Return the live market. Raises VenueError -1121."""
        found = self._markets.get(symbol)
        if found is None:
            raise errors.invalid_symbol()
        return found

    def matcher(self, symbol: str) -> Matcher:
        """Return the executor of a symbol's orders, for whoever plays the market."""
        return self._matchers[self.market(symbol).rules.symbol]

    def symbols(self) -> Sequence[SymbolRules]:
        """Return the rules of every symbol, as `exchangeInfo` shows them."""
        return [market.rules for market in self._markets.values()]


_RESTRICTIONS = {
    CancelRestriction.ONLY_NEW: OrderStatus.NEW,
    CancelRestriction.ONLY_PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
}


def _check_restriction(order: Order, restriction: CancelRestriction | None) -> None:
    if restriction is not None and order.status is not _RESTRICTIONS[restriction]:
        raise errors.VenueError(errors.CANCEL_REJECTED, errors.CANCEL_RESTRICTED)
