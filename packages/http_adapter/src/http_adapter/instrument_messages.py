"""Instruments on the wire, for whoever reads or writes them."""

from typing import Annotated

import msgspec

from http_adapter.fields import AmountText, AssetName, amount
from tradecore.domain.instruments import (
    Instrument,
    InstrumentState,
    LotSize,
    Notional,
    OrderType,
    PercentPriceBySide,
    PriceFilter,
)
from tradecore.domain.money import text


class PriceFilterMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """PRICE_FILTER; zero switches a bound off."""

    min_price: AmountText = "0"
    max_price: AmountText = "0"
    tick_size: AmountText = "0"

    def to_domain(self) -> PriceFilter:
        """Return the filter. Raises InvalidAmount."""
        return PriceFilter(
            min_price=amount(self.min_price, "price_filter/min_price"),
            max_price=amount(self.max_price, "price_filter/max_price"),
            tick_size=amount(self.tick_size, "price_filter/tick_size"),
        )


class LotSizeMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """LOT_SIZE or MARKET_LOT_SIZE; zero switches a bound off."""

    min_quantity: AmountText = "0"
    max_quantity: AmountText = "0"
    step_size: AmountText = "0"

    def to_domain(self, field: str) -> LotSize:
        """Return the filter. Raises InvalidAmount."""
        return LotSize(
            min_quantity=amount(self.min_quantity, f"{field}/min_quantity"),
            max_quantity=amount(self.max_quantity, f"{field}/max_quantity"),
            step_size=amount(self.step_size, f"{field}/step_size"),
        )

    @classmethod
    def of(cls, lot: LotSize) -> "LotSizeMessage":
        """Return the filter as written."""
        return cls(
            min_quantity=text(lot.min_quantity),
            max_quantity=text(lot.max_quantity),
            step_size=text(lot.step_size),
        )


class NotionalMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """NOTIONAL; a zero maximum is off."""

    min_notional: AmountText = "0"
    max_notional: AmountText = "0"
    apply_min_to_market: bool = True
    apply_max_to_market: bool = False

    def to_domain(self) -> Notional:
        """Return the filter. Raises InvalidAmount."""
        return Notional(
            min_notional=amount(self.min_notional, "notional/min_notional"),
            max_notional=amount(self.max_notional, "notional/max_notional"),
            apply_min_to_market=self.apply_min_to_market,
            apply_max_to_market=self.apply_max_to_market,
        )


class PercentPriceMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """PERCENT_PRICE_BY_SIDE, multipliers of the average price."""

    bid_multiplier_up: AmountText
    bid_multiplier_down: AmountText
    ask_multiplier_up: AmountText
    ask_multiplier_down: AmountText

    def to_domain(self) -> PercentPriceBySide:
        """Return the filter. Raises InvalidAmount."""
        return PercentPriceBySide(
            bid_multiplier_up=amount(self.bid_multiplier_up, "percent_price/bid_multiplier_up"),
            bid_multiplier_down=amount(
                self.bid_multiplier_down, "percent_price/bid_multiplier_down"
            ),
            ask_multiplier_up=amount(self.ask_multiplier_up, "percent_price/ask_multiplier_up"),
            ask_multiplier_down=amount(
                self.ask_multiplier_down, "percent_price/ask_multiplier_down"
            ),
        )


Scale = Annotated[
    int, msgspec.Meta(ge=0, le=18, extra={"expects": "must be a whole number from 0 to 18"})
]


class InstrumentDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an administrator says of a symbol; the symbol itself is in the path."""

    base_asset: AssetName
    quote_asset: AssetName
    base_scale: Scale
    quote_scale: Scale
    state: InstrumentState = InstrumentState.TRADING
    price_filter: PriceFilterMessage = PriceFilterMessage()
    lot_size: LotSizeMessage = LotSizeMessage()
    market_lot_size: LotSizeMessage = LotSizeMessage()
    notional: NotionalMessage = NotionalMessage()
    percent_price: PercentPriceMessage | None = None
    order_types: tuple[OrderType, ...] = (
        OrderType.LIMIT,
        OrderType.MARKET,
        OrderType.LIMIT_MAKER,
    )

    def to_domain(self, symbol: str) -> Instrument:
        """Return the instrument. Raises InvalidAmount."""
        return Instrument(
            symbol=symbol,
            base_asset=self.base_asset,
            quote_asset=self.quote_asset,
            base_scale=self.base_scale,
            quote_scale=self.quote_scale,
            state=self.state,
            price_filter=self.price_filter.to_domain(),
            lot_size=self.lot_size.to_domain("lot_size"),
            market_lot_size=self.market_lot_size.to_domain("market_lot_size"),
            notional=self.notional.to_domain(),
            percent_price=None if self.percent_price is None else self.percent_price.to_domain(),
            order_types=tuple(dict.fromkeys(self.order_types)),
        )


class InstrumentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol with everything that an order is checked against."""

    symbol: str
    base_asset: str
    quote_asset: str
    base_scale: int
    quote_scale: int
    state: InstrumentState
    price_filter: PriceFilterMessage
    lot_size: LotSizeMessage
    market_lot_size: LotSizeMessage
    notional: NotionalMessage
    percent_price: PercentPriceMessage | None
    order_types: tuple[OrderType, ...]

    @classmethod
    def of(cls, instrument: Instrument) -> "InstrumentMessage":
        """Return the instrument as told to anyone."""
        prices, worth = instrument.price_filter, instrument.notional
        return cls(
            symbol=instrument.symbol,
            base_asset=instrument.base_asset,
            quote_asset=instrument.quote_asset,
            base_scale=instrument.base_scale,
            quote_scale=instrument.quote_scale,
            state=instrument.state,
            price_filter=PriceFilterMessage(
                min_price=text(prices.min_price),
                max_price=text(prices.max_price),
                tick_size=text(prices.tick_size),
            ),
            lot_size=LotSizeMessage.of(instrument.lot_size),
            market_lot_size=LotSizeMessage.of(instrument.market_lot_size),
            notional=NotionalMessage(
                min_notional=text(worth.min_notional),
                max_notional=text(worth.max_notional),
                apply_min_to_market=worth.apply_min_to_market,
                apply_max_to_market=worth.apply_max_to_market,
            ),
            percent_price=_percent_price(instrument.percent_price),
            order_types=instrument.order_types,
        )


def _percent_price(rule: PercentPriceBySide | None) -> PercentPriceMessage | None:
    if rule is None:
        return None
    return PercentPriceMessage(
        bid_multiplier_up=text(rule.bid_multiplier_up),
        bid_multiplier_down=text(rule.bid_multiplier_down),
        ask_multiplier_up=text(rule.ask_multiplier_up),
        ask_multiplier_down=text(rule.ask_multiplier_down),
    )


class InstrumentList(msgspec.Struct, frozen=True, kw_only=True):
    """Every instrument, by symbol."""

    items: tuple[InstrumentMessage, ...]
    next_cursor: str | None = None
