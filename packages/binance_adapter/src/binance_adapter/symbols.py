"""Symbols as `exchangeInfo` states them, into the library's instruments. Pure."""

import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import attrs

from binance_adapter.errors import UnreadableAnswer
from binance_adapter.messages import FilterRow, LimitRow, SymbolRow
from binance_adapter.weights import UNITS, LimitKind, RateLimit
from tradecore.domain.errors import InvalidAmount
from tradecore.domain.instruments import (
    Instrument,
    InstrumentState,
    LotSize,
    Notional,
    OrderType,
    PercentPriceBySide,
    PriceFilter,
)
from tradecore.domain.money import ZERO, parse_amount

logger = logging.getLogger(__name__)

STATES: Final[Mapping[str, InstrumentState]] = MappingProxyType(
    {
        "TRADING": InstrumentState.TRADING,
        "HALT": InstrumentState.HALT,
        "BREAK": InstrumentState.HALT,
        "END_OF_DAY": InstrumentState.HALT,
        "CANCEL_ONLY": InstrumentState.CANCEL_ONLY,
    }
)
#: What a child of an order can be; the symbol's other types are not offered.
PLACEABLE: Final = (OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER)
PREFERRED_MODES: Final = ("NONE", "EXPIRE_MAKER")
"""Two customers may meet where the venue lets them; else the resting order ends, not the new."""


@attrs.frozen(kw_only=True)
class VenueSymbol:
    """A symbol with what concerns our conversation about it beside its instrument."""

    instrument: Instrument
    self_trade_mode: str  #: sent with every order
    max_orders: int = 0  #: MAX_NUM_ORDERS of the omnibus account; 0: none stated
    max_algo_orders: int = 0
    max_position: Decimal = ZERO

    @property
    def base_asset(self) -> str:
        """Return what is traded."""
        return self.instrument.base_asset

    @property
    def quote_asset(self) -> str:
        """Return what it is paid in."""
        return self.instrument.quote_asset


def _price(row: FilterRow) -> dict[str, Any]:
    return {
        "price_filter": PriceFilter(
            min_price=_amount(row.min_price),
            max_price=_amount(row.max_price),
            tick_size=_amount(row.tick_size),
        )
    }


def _lot(row: FilterRow) -> dict[str, Any]:
    return {"lot_size": _lot_size(row)}


def _market_lot(row: FilterRow) -> dict[str, Any]:
    return {"market_lot_size": _lot_size(row)}


def _notional(row: FilterRow) -> dict[str, Any]:
    return {
        "notional": Notional(
            min_notional=_amount(row.min_notional),
            max_notional=_amount(row.max_notional),
            apply_min_to_market=row.apply_min_to_market,
            apply_max_to_market=row.apply_max_to_market,
        )
    }


def _min_notional(row: FilterRow) -> dict[str, Any]:
    return {
        "notional": Notional(
            min_notional=_amount(row.min_notional), apply_min_to_market=row.apply_to_market
        )
    }


def _percent(row: FilterRow) -> dict[str, Any]:
    up, down = _amount(row.multiplier_up), _amount(row.multiplier_down)
    return {
        "percent_price": PercentPriceBySide(
            bid_multiplier_up=up,
            bid_multiplier_down=down,
            ask_multiplier_up=up,
            ask_multiplier_down=down,
        )
    }


def _percent_by_side(row: FilterRow) -> dict[str, Any]:
    return {
        "percent_price": PercentPriceBySide(
            bid_multiplier_up=_amount(row.bid_multiplier_up),
            bid_multiplier_down=_amount(row.bid_multiplier_down),
            ask_multiplier_up=_amount(row.ask_multiplier_up),
            ask_multiplier_down=_amount(row.ask_multiplier_down),
        )
    }


#: The filters that an instrument carries; the venue alone checks the others.
FILTERS: Final[Mapping[str, Callable[[FilterRow], dict[str, Any]]]] = MappingProxyType(
    {
        "PRICE_FILTER": _price,
        "LOT_SIZE": _lot,
        "MARKET_LOT_SIZE": _market_lot,
        "NOTIONAL": _notional,
        "MIN_NOTIONAL": _min_notional,
        "PERCENT_PRICE": _percent,
        "PERCENT_PRICE_BY_SIDE": _percent_by_side,
    }
)


def to_symbol(row: SymbolRow) -> VenueSymbol:
    """Return the symbol. One of an unknown status is not traded until somebody has looked.

    Raises:
        UnreadableAnswer: an amount in it is no number.
    """
    if row.status not in STATES:
        logger.error("venue.unknown_symbol_status", extra={"symbol": row.symbol})
    parts: dict[str, Any] = {}
    for each in row.filters:
        if each.filter_type in FILTERS:
            parts |= FILTERS[each.filter_type](each)
    by_type = {each.filter_type: each for each in row.filters}
    orders, algo = by_type.get("MAX_NUM_ORDERS"), by_type.get("MAX_NUM_ALGO_ORDERS")
    position = by_type.get("MAX_POSITION")
    return VenueSymbol(
        instrument=Instrument(
            symbol=row.symbol,
            base_asset=row.base_asset,
            quote_asset=row.quote_asset,
            base_scale=row.base_asset_precision,
            quote_scale=row.quote_asset_precision,
            state=STATES.get(row.status, InstrumentState.HALT),
            order_types=tuple(kind for kind in PLACEABLE if kind in row.order_types),
            **parts,
        ),
        self_trade_mode=self_trade_mode(
            row.allowed_self_trade_prevention_modes, row.default_self_trade_prevention_mode
        ),
        max_orders=orders.max_num_orders if orders else 0,
        max_algo_orders=algo.max_num_algo_orders if algo else 0,
        max_position=_amount(position.max_position) if position else ZERO,
    )


def self_trade_mode(allowed: Sequence[str], default: str) -> str:
    """Return the first mode of `PREFERRED_MODES` that is allowed, else the symbol's default."""
    for mode in PREFERRED_MODES:
        if mode in allowed:
            return mode
    return default or PREFERRED_MODES[-1]


def limit_of(row: LimitRow) -> RateLimit | None:
    """Return a limit; None: of a kind that we do not know."""
    if row.rate_limit_type not in set(LimitKind) or row.interval not in UNITS:
        return None
    return RateLimit(
        kind=LimitKind(row.rate_limit_type),
        unit=row.interval,
        count=row.interval_num,
        limit=row.limit,
    )


def _lot_size(row: FilterRow) -> LotSize:
    return LotSize(
        min_quantity=_amount(row.min_qty),
        max_quantity=_amount(row.max_qty),
        step_size=_amount(row.step_size),
    )


def _amount(text: str) -> Decimal:
    try:
        return parse_amount(text)
    except InvalidAmount as error:
        raise UnreadableAnswer("an amount of a filter is no plain decimal number") from error
