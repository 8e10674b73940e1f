"""An account at the venue: what it holds, free and locked, per asset."""

from decimal import Decimal

import attrs

from binance_sim.engine.amounts import from_units
from binance_sim.engine.commission import BNB, CommissionRates
from binance_sim.engine.unfilled import UnfilledOrders

NO_TRADE_GROUP = -1


@attrs.frozen
class BalanceSnapshot:
    """Free and locked amount of one asset at one moment."""

    asset: str
    free: Decimal
    locked: Decimal


@attrs.define
class OpenCounts:
    """How many an account has open, on one symbol or on all."""

    orders: int = 0
    algos: int = 0  #: stops, triggered or not; they are among the orders too
    icebergs: int = 0
    lists: int = 0


@attrs.define
class Balance:
    """Free and locked units of one asset; neither is ever negative."""

    free: int = 0
    locked: int = 0

    def lock(self, units: int) -> None:
        """Set free units aside for an order; the caller has checked that they are there."""
        assert 0 <= units <= self.free
        self.free -= units
        self.locked += units

    def release(self, units: int) -> None:
        """Give locked units back."""
        assert 0 <= units <= self.locked
        self.locked -= units
        self.free += units

    def spend(self, units: int) -> None:
        """Pay out of the locked units."""
        assert 0 <= units <= self.locked
        self.locked -= units


class Account:
    """One account: its balances, its rates, and whether it may trade."""

    def __init__(self, key: str, uid: int, rates: CommissionRates) -> None:
        self.key = key
        self.uid = uid
        self.rates = rates
        self.rates_by_symbol: dict[str, CommissionRates] = {}
        self.trade_group_id = NO_TRADE_GROUP
        self.can_trade = True
        self.updated_us = 0
        self.counts = OpenCounts()
        self.unfilled = UnfilledOrders()
        self.external_locks: dict[str, int] = {}  #: units that other systems locked, by asset
        self._balances: dict[str, Balance] = {}

    @property
    def open_orders(self) -> int:
        """How many orders it has open on all symbols."""
        return self.counts.orders

    def balance(self, asset: str) -> Balance:
        """Return the live balance of `asset`, zero if it was never held."""
        found = self._balances.get(asset)
        if found is None:
            found = self._balances[asset] = Balance()
        return found

    def snapshot(self, asset: str) -> BalanceSnapshot:
        """Return the balance of `asset` as it is now."""
        balance = self._balances.get(asset) or self.balance(asset)
        return BalanceSnapshot(asset, from_units(balance.free), from_units(balance.locked))

    def snapshots(self) -> tuple[BalanceSnapshot, ...]:
        """Return every balance ever held, by asset name."""
        return tuple(self.snapshot(asset) for asset in sorted(self._balances))

    def is_same_trader(self, other: "Account") -> bool:
        """Whether a trade between the two is a self-trade: one account or one trade group."""
        if self is other:
            return True
        group = self.trade_group_id
        return group != NO_TRADE_GROUP and group == other.trade_group_id

    def rates_for(self, symbol: str) -> CommissionRates:
        """Return the commission rates of this account on `symbol`."""
        return self.rates_by_symbol.get(symbol, self.rates)

    def receive(
        self,
        asset: str,
        units: int,
        rates: CommissionRates,
        bnb_price: int | None,
        *,
        is_maker: bool,
        is_buyer: bool,
    ) -> tuple[int, str]:
        """Credit what a fill brings, less the commission; return commission and its asset.

        BNB is taken when the switch is on, a price is known and enough of it is free after the
        credit; else the received asset pays, fill by fill.
        """
        balance = self.balance(asset)
        balance.free += units
        if rates.pays_in_bnb and bnb_price is not None:
            commission = rates.in_bnb(units, bnb_price, is_maker=is_maker, is_buyer=is_buyer)
            bnb = self.balance(BNB)
            if commission <= bnb.free:
                bnb.free -= commission
                return commission, BNB
        commission = rates.in_received(units, is_maker=is_maker, is_buyer=is_buyer)
        balance.free -= commission
        return commission, asset
