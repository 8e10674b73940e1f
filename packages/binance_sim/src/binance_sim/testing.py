"""Builders with valid defaults, for tests of this package and of whoever trades here."""

from collections.abc import Iterable
from decimal import Decimal

import attrs

from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import NewOrder
from binance_sim.engine.symbols import BTCUSDT, ETHUSDT, SymbolRules
from binance_sim.engine.vocabulary import OrderType, Side, StpMode, TimeInForce

FREE_OF_COMMISSION = CommissionRates(standard=Rate())


def with_stp_none(rules: SymbolRules) -> SymbolRules:
    """Return the rules with self-trade prevention NONE allowed, and the default."""
    modes = (StpMode.NONE, *rules.allowed_stp_modes)
    return attrs.evolve(rules, allowed_stp_modes=modes, default_stp_mode=StpMode.NONE)


def build_exchange(
    *,
    symbols: Iterable[SymbolRules] = (BTCUSDT, ETHUSDT),
    accounts: Iterable[str] = ("alice", "bob"),
    rates: CommissionRates = FREE_OF_COMMISSION,
    base: str = "100",
    quote: str = "10000000",
) -> Exchange:
    """Return an exchange whose accounts hold `base` BTC and ETH and `quote` USDT each."""
    exchange = Exchange(symbols)
    for key in accounts:
        exchange.open_account(key, rates=rates)
        for asset, amount in (("BTC", base), ("ETH", base), ("USDT", quote)):
            exchange.deposit(key, asset, Decimal(amount), 0)
    return exchange


def limit(
    side: Side,
    quantity: str,
    price: str,
    *,
    time_in_force: TimeInForce = TimeInForce.GTC,
    client_order_id: str | None = None,
    stp_mode: StpMode | None = None,
) -> NewOrder:
    """Return a LIMIT order on BTCUSDT."""
    return NewOrder(
        symbol="BTCUSDT",
        side=side,
        type=OrderType.LIMIT,
        time_in_force=time_in_force,
        quantity=Decimal(quantity),
        price=Decimal(price),
        new_client_order_id=client_order_id,
        stp_mode=stp_mode,
    )


def market(
    side: Side, quantity: str | None = None, *, quote_order_quantity: str | None = None
) -> NewOrder:
    """Return a MARKET order on BTCUSDT, by quantity or by quote amount."""
    return NewOrder(
        symbol="BTCUSDT",
        side=side,
        type=OrderType.MARKET,
        quantity=None if quantity is None else Decimal(quantity),
        quote_order_quantity=(
            None if quote_order_quantity is None else Decimal(quote_order_quantity)
        ),
    )


def limit_maker(side: Side, quantity: str, price: str) -> NewOrder:
    """Return a LIMIT_MAKER order on BTCUSDT."""
    return NewOrder(
        symbol="BTCUSDT",
        side=side,
        type=OrderType.LIMIT_MAKER,
        quantity=Decimal(quantity),
        price=Decimal(price),
    )
