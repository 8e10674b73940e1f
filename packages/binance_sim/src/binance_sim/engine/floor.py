"""Accounts, markets and the money that comes from outside: the exchange without its orders."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from binance_sim.engine import errors
from binance_sim.engine.amounts import ONE, from_units, to_units
from binance_sim.engine.balances import Account
from binance_sim.engine.commission import BNB, CommissionRates
from binance_sim.engine.events import BalanceUpdate, ExternalLockUpdate, Step
from binance_sim.engine.filters import Check, compile_exchange_filters
from binance_sim.engine.history import History
from binance_sim.engine.journal import Draft, Journal
from binance_sim.engine.market import Market
from binance_sim.engine.matching import Matcher
from binance_sim.engine.order_lists import OrderListBook
from binance_sim.engine.symbols import ExchangeFilter, MaxAsset, SymbolRules
from binance_sim.engine.vocabulary import Side

EVENT_LOG_LIMIT = 10_000  #: events kept; orders and executions are kept for ever
_FIRST_UID = 100_000_001


class Floor:
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
        self.order_lists: defaultdict[str, OrderListBook] = defaultdict(OrderListBook)
        self.history = History(self._markets, self._accounts, self.order_lists)

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

    def set_reference_price(self, symbol: str, price: Decimal | None, now_us: int = 0) -> None:
        """Set what the percent and notional filters measure against; None: the average."""
        market = self.market(symbol)
        market.reference_price = None if price is None else to_units(price)
        market.reference_us = None if price is None else now_us

    def replace_rules(self, rules: SymbolRules) -> None:
        """Change a symbol's rules while orders rest. Raises VenueError -1121."""
        self.market(rules.symbol).replace_rules(rules)

    def replace_exchange_filters(
        self,
        exchange_filters: Iterable[ExchangeFilter],
        asset_filters: Iterable[MaxAsset] = (),
    ) -> None:
        """Change the filters that hold for every symbol; they bind new orders only."""
        self.exchange_filters = tuple(exchange_filters)
        self.asset_filters = tuple(asset_filters)
        self._checks = compile_exchange_filters(self.exchange_filters, self.asset_filters)

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

    def lock_externally(self, key: str, asset: str, delta: Decimal, now_us: int) -> Step:
        """Let another system lock spot funds, or free them (negative).

        `externalLockUpdate`, then the position. Raises VenueError -2010 beyond what is free, or
        was locked so.
        """
        units, account = to_units(delta), self.account(key)
        balance, held = account.balance(asset), account.external_locks.get(asset, 0)
        if units > balance.free or held + units < 0:
            raise errors.rejected(errors.INSUFFICIENT_BALANCE)
        account.external_locks[asset] = held + units
        balance.free -= units
        balance.locked += units
        draft = Draft(self.journal, now_us)
        draft.add(
            ExternalLockUpdate(
                account=key, asset=asset, delta=from_units(units), transacted_us=now_us
            )
        )
        draft.touch(account, asset)
        return Step(events=draft.finish())

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
