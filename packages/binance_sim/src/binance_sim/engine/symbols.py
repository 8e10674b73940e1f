"""The rules of a symbol as `exchangeInfo` states them, and the two pairs that we record.

Source: Binance Spot API, "Filters" and "Exchange information".
"""

from decimal import Decimal
from typing import Final

import attrs

from binance_sim.engine.vocabulary import OrderType, StpMode, SymbolStatus


@attrs.frozen(kw_only=True)
class PriceFilter:
    """Range and tick of a price; a bound of zero is off."""

    min_price: Decimal
    max_price: Decimal
    tick_size: Decimal


@attrs.frozen(kw_only=True)
class PercentPrice:
    """Distance of a price from the average price, both sides alike."""

    multiplier_up: Decimal
    multiplier_down: Decimal
    average_price_minutes: int


@attrs.frozen(kw_only=True)
class PercentPriceBySide:
    """Distance of a price from the average price, by side."""

    bid_multiplier_up: Decimal
    bid_multiplier_down: Decimal
    ask_multiplier_up: Decimal
    ask_multiplier_down: Decimal
    average_price_minutes: int


@attrs.frozen(kw_only=True)
class LotSize:
    """Range and step of a quantity, for every order."""

    min_quantity: Decimal
    max_quantity: Decimal
    step_size: Decimal


@attrs.frozen(kw_only=True)
class MarketLotSize:
    """The same for MARKET orders, besides LOT_SIZE; a step of zero is off."""

    min_quantity: Decimal
    max_quantity: Decimal
    step_size: Decimal


@attrs.frozen(kw_only=True)
class MinNotional:
    """Smallest price x quantity; a MARKET order counts at the average price."""

    min_notional: Decimal
    apply_to_market: bool
    average_price_minutes: int


@attrs.frozen(kw_only=True)
class Notional:
    """Smallest and largest price x quantity."""

    min_notional: Decimal
    max_notional: Decimal
    apply_min_to_market: bool
    apply_max_to_market: bool
    average_price_minutes: int


@attrs.frozen(kw_only=True)
class IcebergParts:
    """How many parts an iceberg may have."""

    limit: int


@attrs.frozen(kw_only=True)
class TrailingDelta:
    """Range of `trailingDelta` in basis points, above and below the market."""

    min_trailing_above_delta: int
    max_trailing_above_delta: int
    min_trailing_below_delta: int
    max_trailing_below_delta: int


@attrs.frozen(kw_only=True)
class MaxPosition:
    """Most of the base asset that an account may hold or be buying."""

    max_position: Decimal


@attrs.frozen(kw_only=True)
class MaxNumOrders:
    """Open orders of one account on the symbol."""

    limit: int


@attrs.frozen(kw_only=True)
class MaxNumAlgoOrders:
    """Open stop orders of one account on the symbol."""

    limit: int


@attrs.frozen(kw_only=True)
class MaxNumIcebergOrders:
    """Open icebergs of one account on the symbol."""

    limit: int


@attrs.frozen(kw_only=True)
class MaxNumOrderLists:
    """Open order lists of one account on the symbol."""

    limit: int


@attrs.frozen(kw_only=True)
class MaxNumOrderAmends:
    """Amendments of one order."""

    limit: int


@attrs.frozen(kw_only=True)
class ExchangeMaxNumOrders:
    """Open orders of one account on all symbols."""

    limit: int


@attrs.frozen(kw_only=True)
class ExchangeMaxNumAlgoOrders:
    """Open stop orders of one account on all symbols."""

    limit: int


@attrs.frozen(kw_only=True)
class ExchangeMaxNumIcebergOrders:
    """Open icebergs of one account on all symbols."""

    limit: int


@attrs.frozen(kw_only=True)
class ExchangeMaxNumOrderLists:
    """Open order lists of one account on all symbols."""

    limit: int


@attrs.frozen(kw_only=True)
class MaxAsset:
    """Most of an asset that one order may move."""

    asset: str
    limit: Decimal


SymbolFilter = (
    PriceFilter
    | PercentPrice
    | PercentPriceBySide
    | LotSize
    | MarketLotSize
    | MinNotional
    | Notional
    | IcebergParts
    | TrailingDelta
    | MaxPosition
    | MaxNumOrders
    | MaxNumAlgoOrders
    | MaxNumIcebergOrders
    | MaxNumOrderLists
    | MaxNumOrderAmends
)
ExchangeFilter = (
    ExchangeMaxNumOrders
    | ExchangeMaxNumAlgoOrders
    | ExchangeMaxNumIcebergOrders
    | ExchangeMaxNumOrderLists
)


@attrs.frozen(kw_only=True)
class PriceRange:
    """The execution rule PRICE_RANGE: how far from the reference price a taker may trade."""

    bid_multiplier_up: Decimal
    bid_multiplier_down: Decimal
    ask_multiplier_up: Decimal
    ask_multiplier_down: Decimal


@attrs.frozen(kw_only=True)
class SymbolRules:
    """Everything that `exchangeInfo` says about one symbol, and its execution rule."""

    symbol: str
    base_asset: str
    quote_asset: str
    filters: tuple[SymbolFilter, ...]
    status: SymbolStatus = SymbolStatus.TRADING
    base_asset_precision: int = 8
    quote_precision: int = 8
    quote_asset_precision: int = 8
    base_commission_precision: int = 8
    quote_commission_precision: int = 8
    order_types: tuple[OrderType, ...] = (
        OrderType.LIMIT,
        OrderType.LIMIT_MAKER,
        OrderType.MARKET,
    )
    iceberg_allowed: bool = False
    oco_allowed: bool = False
    oto_allowed: bool = False
    opo_allowed: bool = False
    quote_order_qty_market_allowed: bool = True
    allow_trailing_stop: bool = False
    cancel_replace_allowed: bool = False
    amend_allowed: bool = False
    peg_instructions_allowed: bool = False
    is_spot_trading_allowed: bool = True
    is_margin_trading_allowed: bool = False
    permissions: tuple[str, ...] = ()
    permission_sets: tuple[tuple[str, ...], ...] = (("SPOT",),)
    default_stp_mode: StpMode = StpMode.EXPIRE_MAKER
    allowed_stp_modes: tuple[StpMode, ...] = (
        StpMode.EXPIRE_TAKER,
        StpMode.EXPIRE_MAKER,
        StpMode.EXPIRE_BOTH,
        StpMode.DECREMENT,
    )
    price_range: PriceRange | None = None  #: `GET executionRules`; None: no rule


def with_open_orders(rules: SymbolRules, limit: int) -> SymbolRules:
    """Return the rules with room for `limit` open orders of one account."""
    filters = tuple(
        MaxNumOrders(limit=limit) if isinstance(one, MaxNumOrders) else one for one in rules.filters
    )
    return attrs.evolve(rules, filters=filters)


def complete(rules: SymbolRules) -> SymbolRules:
    """Return the rules with every order type and every kind of order list allowed.

    As the live pairs have them; a customer of the bare `BTCUSDT` has the plain types only.
    """
    return attrs.evolve(
        rules,
        order_types=tuple(OrderType),
        iceberg_allowed=True,
        oco_allowed=True,
        oto_allowed=True,
        quote_order_qty_market_allowed=True,
        allow_trailing_stop=True,
        cancel_replace_allowed=True,
        amend_allowed=True,
        peg_instructions_allowed=True,
        allowed_stp_modes=tuple(m for m in StpMode if m is not StpMode.NONE),
    )


def _live_filters(*, step_size: str, market_max: str) -> tuple[SymbolFilter, ...]:
    """Return the filters that both live USDT pairs share, in the venue's array order."""
    return (
        PriceFilter(
            min_price=Decimal("0.01"), max_price=Decimal(1000000), tick_size=Decimal("0.01")
        ),
        LotSize(
            min_quantity=Decimal(step_size),
            max_quantity=Decimal(9000),
            step_size=Decimal(step_size),
        ),
        IcebergParts(limit=100),
        MarketLotSize(
            min_quantity=Decimal(0), max_quantity=Decimal(market_max), step_size=Decimal(0)
        ),
        TrailingDelta(
            min_trailing_above_delta=10,
            max_trailing_above_delta=2000,
            min_trailing_below_delta=10,
            max_trailing_below_delta=2000,
        ),
        PercentPriceBySide(
            bid_multiplier_up=Decimal(5),
            bid_multiplier_down=Decimal("0.2"),
            ask_multiplier_up=Decimal(5),
            ask_multiplier_down=Decimal("0.2"),
            average_price_minutes=5,
        ),
        Notional(
            min_notional=Decimal(5),
            max_notional=Decimal(9000000),
            apply_min_to_market=True,
            apply_max_to_market=False,
            average_price_minutes=5,
        ),
        MaxNumOrders(limit=200),
        MaxNumOrderLists(limit=20),
        MaxNumAlgoOrders(limit=5),
        MaxNumOrderAmends(limit=10),
    )


BTCUSDT: Final = SymbolRules(
    symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    filters=_live_filters(step_size="0.00001", market_max="120"),
)
ETHUSDT: Final = SymbolRules(
    symbol="ETHUSDT",
    base_asset="ETH",
    quote_asset="USDT",
    filters=_live_filters(step_size="0.0001", market_max="2000"),
)
