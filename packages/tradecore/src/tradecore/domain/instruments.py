"""What may be traded: symbols, asset scales and the venue's filters.

Source: Binance Spot, "Filters" and "ENUM definitions".
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from tradecore.domain.errors import Reason
from tradecore.domain.money import EXACT, ZERO, multiply, text


class InstrumentState(StrEnum):
    """Whether the house offers the symbol."""

    TRADING = "TRADING"
    HALT = "HALT"
    CANCEL_ONLY = "CANCEL_ONLY"


class Side(StrEnum):
    """FIX 54."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """FIX 40 in the venue's words."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


class TimeInForce(StrEnum):
    """FIX 59."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


@attrs.frozen(kw_only=True)
class Asset:
    """A currency and how finely it divides."""

    asset: str
    scale: int  #: decimals of one unit; never below the venue's precision


@attrs.frozen(kw_only=True)
class PriceFilter:
    """PRICE_FILTER. A zero bound is off."""

    min_price: Decimal = ZERO
    max_price: Decimal = ZERO
    tick_size: Decimal = ZERO


@attrs.frozen(kw_only=True)
class LotSize:
    """LOT_SIZE and MARKET_LOT_SIZE. A zero step is off; so is a zero maximum of the market lot."""

    min_quantity: Decimal = ZERO
    max_quantity: Decimal = ZERO
    step_size: Decimal = ZERO


@attrs.frozen(kw_only=True)
class Notional:
    """NOTIONAL, and MIN_NOTIONAL when `max_notional` is zero."""

    min_notional: Decimal = ZERO
    max_notional: Decimal = ZERO
    apply_min_to_market: bool = True
    apply_max_to_market: bool = False


@attrs.frozen(kw_only=True)
class PercentPriceBySide:
    """PERCENT_PRICE_BY_SIDE, multipliers of the average price; PERCENT_PRICE has equal sides."""

    bid_multiplier_up: Decimal
    bid_multiplier_down: Decimal
    ask_multiplier_up: Decimal
    ask_multiplier_down: Decimal


@attrs.frozen(kw_only=True)
class Instrument:
    """A symbol with everything that an order is checked against."""

    symbol: str
    base_asset: str
    quote_asset: str
    base_scale: int  #: the venue's baseAssetPrecision
    quote_scale: int  #: the venue's quoteAssetPrecision
    state: InstrumentState = InstrumentState.TRADING
    price_filter: PriceFilter = PriceFilter()
    lot_size: LotSize = LotSize()
    market_lot_size: LotSize = LotSize()
    notional: Notional = Notional()
    percent_price: PercentPriceBySide | None = None
    order_types: tuple[OrderType, ...] = (
        OrderType.LIMIT,
        OrderType.MARKET,
        OrderType.LIMIT_MAKER,
    )


REMAINDER: Final = EXACT.remainder


def price_reasons(instrument: Instrument, price: Decimal, field: str) -> Iterator[Reason]:
    """Yield why PRICE_FILTER refuses `price`."""
    rule = instrument.price_filter
    if rule.min_price and price < rule.min_price:
        yield Reason(
            rule="PRICE_FILTER", field=field, detail=f"{field} is below {text(rule.min_price)}"
        )
    if rule.max_price and price > rule.max_price:
        yield Reason(
            rule="PRICE_FILTER", field=field, detail=f"{field} is above {text(rule.max_price)}"
        )
    if rule.tick_size and REMAINDER(price, rule.tick_size):
        yield Reason(
            rule="PRICE_FILTER",
            field=field,
            detail=f"{field} is not a multiple of the tick {text(rule.tick_size)}",
        )


def lot_reasons(
    instrument: Instrument, quantity: Decimal, *, market: bool, field: str = "quantity"
) -> Iterator[Reason]:
    """Yield why LOT_SIZE, and for market orders MARKET_LOT_SIZE besides, refuse `quantity`."""
    yield from _one_lot("LOT_SIZE", instrument.lot_size, quantity, field)
    if market:
        yield from _one_lot("MARKET_LOT_SIZE", instrument.market_lot_size, quantity, field)


def _one_lot(name: str, rule: LotSize, quantity: Decimal, field: str) -> Iterator[Reason]:
    if quantity < rule.min_quantity:
        yield Reason(rule=name, field=field, detail=f"{field} is below {text(rule.min_quantity)}")
    if rule.max_quantity and quantity > rule.max_quantity:
        yield Reason(rule=name, field=field, detail=f"{field} is above {text(rule.max_quantity)}")
    if rule.step_size and REMAINDER(quantity, rule.step_size):
        yield Reason(
            rule=name,
            field=field,
            detail=f"{field} is not a multiple of the step {text(rule.step_size)}",
        )


def notional_reasons(
    instrument: Instrument, notional: Decimal, *, market: bool, field: str
) -> Iterator[Reason]:
    """Yield why NOTIONAL refuses an order worth `notional` in the quote asset."""
    rule = instrument.notional
    if notional < rule.min_notional and (not market or rule.apply_min_to_market):
        yield Reason(
            rule="NOTIONAL",
            field=field,
            detail=f"worth {text(notional)} {instrument.quote_asset}, below {text(rule.min_notional)}",
        )
    if (
        rule.max_notional
        and notional > rule.max_notional
        and (not market or rule.apply_max_to_market)
    ):
        yield Reason(
            rule="NOTIONAL",
            field=field,
            detail=f"worth {text(notional)} {instrument.quote_asset}, above {text(rule.max_notional)}",
        )


def percent_price_reasons(
    instrument: Instrument, side: Side, price: Decimal, average_price: Decimal
) -> Iterator[Reason]:
    """Yield why PERCENT_PRICE_BY_SIDE refuses `price` beside the venue's average price."""
    rule = instrument.percent_price
    if rule is None:
        return
    if side is Side.BUY:
        up, down = rule.bid_multiplier_up, rule.bid_multiplier_down
    else:
        up, down = rule.ask_multiplier_up, rule.ask_multiplier_down
    highest, lowest = multiply(average_price, up), multiply(average_price, down)
    if not lowest <= price <= highest:
        yield Reason(
            rule="PERCENT_PRICE_BY_SIDE",
            field="price",
            detail=f"price is outside {text(lowest)} to {text(highest)}",
        )
