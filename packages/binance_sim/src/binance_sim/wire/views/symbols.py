"""`exchangeInfo`: rules and filters. Source: Binance Spot API, "Exchange information"."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from binance_sim.engine import symbols
from binance_sim.engine.symbols import SymbolRules
from binance_sim.wire.views.values import Json, amount

_AVERAGE: Final = ("average_price_minutes", "avgPriceMins")

# A filter's name, and its fields in the venue's order: the engine's name, the venue's name.
_FILTERS: Final[Mapping[type, tuple[str, tuple[tuple[str, str], ...]]]] = {
    symbols.PriceFilter: (
        "PRICE_FILTER",
        (("min_price", "minPrice"), ("max_price", "maxPrice"), ("tick_size", "tickSize")),
    ),
    symbols.PercentPrice: (
        "PERCENT_PRICE",
        (("multiplier_up", "multiplierUp"), ("multiplier_down", "multiplierDown"), _AVERAGE),
    ),
    symbols.PercentPriceBySide: (
        "PERCENT_PRICE_BY_SIDE",
        (
            ("bid_multiplier_up", "bidMultiplierUp"),
            ("bid_multiplier_down", "bidMultiplierDown"),
            ("ask_multiplier_up", "askMultiplierUp"),
            ("ask_multiplier_down", "askMultiplierDown"),
            _AVERAGE,
        ),
    ),
    symbols.LotSize: (
        "LOT_SIZE",
        (("min_quantity", "minQty"), ("max_quantity", "maxQty"), ("step_size", "stepSize")),
    ),
    symbols.MarketLotSize: (
        "MARKET_LOT_SIZE",
        (("min_quantity", "minQty"), ("max_quantity", "maxQty"), ("step_size", "stepSize")),
    ),
    symbols.MinNotional: (
        "MIN_NOTIONAL",
        (("min_notional", "minNotional"), ("apply_to_market", "applyToMarket"), _AVERAGE),
    ),
    symbols.Notional: (
        "NOTIONAL",
        (
            ("min_notional", "minNotional"),
            ("apply_min_to_market", "applyMinToMarket"),
            ("max_notional", "maxNotional"),
            ("apply_max_to_market", "applyMaxToMarket"),
            _AVERAGE,
        ),
    ),
    symbols.IcebergParts: ("ICEBERG_PARTS", (("limit", "limit"),)),
    symbols.TrailingDelta: (
        "TRAILING_DELTA",
        (
            ("min_trailing_above_delta", "minTrailingAboveDelta"),
            ("max_trailing_above_delta", "maxTrailingAboveDelta"),
            ("min_trailing_below_delta", "minTrailingBelowDelta"),
            ("max_trailing_below_delta", "maxTrailingBelowDelta"),
        ),
    ),
    symbols.MaxPosition: ("MAX_POSITION", (("max_position", "maxPosition"),)),
    symbols.MaxNumOrders: ("MAX_NUM_ORDERS", (("limit", "maxNumOrders"),)),
    symbols.MaxNumAlgoOrders: ("MAX_NUM_ALGO_ORDERS", (("limit", "maxNumAlgoOrders"),)),
    symbols.MaxNumIcebergOrders: ("MAX_NUM_ICEBERG_ORDERS", (("limit", "maxNumIcebergOrders"),)),
    symbols.MaxNumOrderLists: ("MAX_NUM_ORDER_LISTS", (("limit", "maxNumOrderLists"),)),
    symbols.MaxNumOrderAmends: ("MAX_NUM_ORDER_AMENDS", (("limit", "maxNumOrderAmends"),)),
    symbols.ExchangeMaxNumOrders: ("EXCHANGE_MAX_NUM_ORDERS", (("limit", "maxNumOrders"),)),
    symbols.ExchangeMaxNumAlgoOrders: (
        "EXCHANGE_MAX_NUM_ALGO_ORDERS",
        (("limit", "maxNumAlgoOrders"),),
    ),
    symbols.MaxAsset: ("MAX_ASSET", (("asset", "asset"), ("limit", "limit"))),
}


def filter_of(rule: object) -> Json:
    """Return one filter."""
    name, fields = _FILTERS[type(rule)]
    answer: Json = {"filterType": name}
    for attribute, key in fields:
        value = getattr(rule, attribute)
        answer[key] = amount(value) if isinstance(value, Decimal) else value
    return answer


def parse_filter(given: Mapping[str, object]) -> symbols.SymbolFilter:
    """Return a symbol's filter out of its JSON. Raises KeyError, ValueError."""
    for kind, (name, fields) in _FILTERS.items():
        if name == given["filterType"]:
            arguments: dict[str, object] = {}
            for attribute, key in fields:
                value = given[key]
                is_amount = isinstance(value, str) and key != "asset"
                arguments[attribute] = Decimal(str(value)) if is_amount else value
            built = kind(**arguments)
            assert isinstance(built, symbols.SymbolFilter)
            return built
    raise ValueError(f"no filter is called {given['filterType']}")


def symbol(rules: SymbolRules) -> Json:
    """Return one symbol with every key."""
    return {
        "symbol": rules.symbol,
        "status": rules.status,
        "baseAsset": rules.base_asset,
        "baseAssetPrecision": rules.base_asset_precision,
        "quoteAsset": rules.quote_asset,
        "quotePrecision": rules.quote_precision,
        "quoteAssetPrecision": rules.quote_asset_precision,
        "baseCommissionPrecision": rules.base_commission_precision,
        "quoteCommissionPrecision": rules.quote_commission_precision,
        "orderTypes": list(rules.order_types),
        "icebergAllowed": rules.iceberg_allowed,
        "ocoAllowed": rules.oco_allowed,
        "otoAllowed": rules.oto_allowed,
        "opoAllowed": rules.opo_allowed,
        "quoteOrderQtyMarketAllowed": rules.quote_order_qty_market_allowed,
        "allowTrailingStop": rules.allow_trailing_stop,
        "cancelReplaceAllowed": rules.cancel_replace_allowed,
        "amendAllowed": rules.amend_allowed,
        "pegInstructionsAllowed": rules.peg_instructions_allowed,
        "isSpotTradingAllowed": rules.is_spot_trading_allowed,
        "isMarginTradingAllowed": rules.is_margin_trading_allowed,
        "filters": [filter_of(each) for each in rules.filters],
        "permissions": list(rules.permissions),
        "permissionSets": [list(each) for each in rules.permission_sets],
        "defaultSelfTradePreventionMode": rules.default_stp_mode,
        "allowedSelfTradePreventionModes": list(rules.allowed_stp_modes),
    }
