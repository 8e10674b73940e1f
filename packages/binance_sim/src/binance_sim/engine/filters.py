"""The filters of a symbol, compiled once into checks of an order.

Each check raises -1013 with its own name. They run in the venue's array order, so the first
failing filter is the one that is named. Source: Binance Spot API, "Filters".
"""

from collections.abc import Callable, Iterable

import attrs

from binance_sim.engine import symbols
from binance_sim.engine.amounts import ONE, to_units
from binance_sim.engine.errors import filter_failure


@attrs.define(kw_only=True)
class Candidate:
    """An order as the filters see it; amounts in units of 1e-8."""

    is_buy: bool
    is_market: bool
    can_rest: bool  #: GTC or LIMIT_MAKER: it may occupy a place among the open orders
    price: int = 0
    quantity: int | None = None  #: None: by quote amount, not yet derived
    quote_quantity: int = 0
    base_asset: str = ""
    quote_asset: str = ""
    open_orders: int = 0  #: of the account on this symbol
    exchange_open_orders: int = 0  #: of the account on all symbols
    position: Callable[[], int] = lambda: 0  #: base held and being bought, without this order
    average_price: Callable[[int], int | None] = lambda _minutes: None  #: None: not known yet


Check = Callable[[Candidate], None]


def compile_filters(filters: Iterable[symbols.SymbolFilter]) -> tuple[Check, ...]:
    """Return one check per filter that an order without stop, iceberg or list can fail."""
    checks = (_compile(each) for each in filters)
    return tuple(check for check in checks if check is not None)


def compile_quantity_filters(filters: Iterable[symbols.SymbolFilter]) -> tuple[Check, ...]:
    """Return the checks that judge the quantity alone, for one derived from a quote amount."""
    return compile_filters(
        each for each in filters if isinstance(each, symbols.LotSize | symbols.MarketLotSize)
    )


def compile_exchange_filters(
    exchange: Iterable[symbols.ExchangeFilter], assets: Iterable[symbols.MaxAsset]
) -> tuple[Check, ...]:
    """Return the checks of the filters that hold for every symbol, assets last."""
    counts = [
        _count(each.limit, "EXCHANGE_MAX_NUM_ORDERS", lambda c: c.exchange_open_orders)
        for each in exchange
        if isinstance(each, symbols.ExchangeMaxNumOrders)
    ]
    return (*counts, *(_max_asset(each) for each in assets))


def check_all(checks: Iterable[Check], candidate: Candidate) -> None:
    """Run the checks in order. Raises VenueError for the first that fails."""
    for check in checks:
        check(candidate)


def _compile(rule: symbols.SymbolFilter) -> Check | None:
    match rule:
        case symbols.PriceFilter():
            return _price_filter(rule)
        case symbols.PercentPrice() | symbols.PercentPriceBySide():
            return _percent_price(rule)
        case symbols.LotSize() | symbols.MarketLotSize():
            return _lot_size(rule)
        case symbols.MinNotional() | symbols.Notional():
            return _notional(rule)
        case symbols.MaxPosition() | symbols.MaxNumOrders():
            return _count_or_position(rule)
        case _:  # no order that the engine accepts has a stop, an iceberg, a list or an amendment
            return None


def _outside(value: int, low: int, high: int) -> bool:
    """Whether `value` leaves [low, high]; a bound of zero is off."""
    return (low > 0 and value < low) or (high > 0 and value > high)


def _price_filter(rule: symbols.PriceFilter) -> Check:
    low, high = to_units(rule.min_price), to_units(rule.max_price)
    tick = to_units(rule.tick_size)

    def check(order: Candidate) -> None:
        if order.is_market:
            return
        if _outside(order.price, low, high) or (tick and order.price % tick):
            raise filter_failure("PRICE_FILTER")

    return check


def _percent_price(rule: symbols.PercentPrice | symbols.PercentPriceBySide) -> Check:
    if isinstance(rule, symbols.PercentPrice):
        name = "PERCENT_PRICE"
        bid = ask = (to_units(rule.multiplier_down), to_units(rule.multiplier_up))
    else:
        name = "PERCENT_PRICE_BY_SIDE"
        bid = (to_units(rule.bid_multiplier_down), to_units(rule.bid_multiplier_up))
        ask = (to_units(rule.ask_multiplier_down), to_units(rule.ask_multiplier_up))
    minutes = rule.average_price_minutes

    def check(order: Candidate) -> None:
        if order.is_market:
            return
        average = order.average_price(minutes)
        if average is None:
            return
        down, up = bid if order.is_buy else ask
        if not average * down <= order.price * ONE <= average * up:
            raise filter_failure(name)

    return check


def _lot_size(rule: symbols.LotSize | symbols.MarketLotSize) -> Check:
    low, high = to_units(rule.min_quantity), to_units(rule.max_quantity)
    step = to_units(rule.step_size)
    market_only = isinstance(rule, symbols.MarketLotSize)
    name = "MARKET_LOT_SIZE" if market_only else "LOT_SIZE"

    def check(order: Candidate) -> None:
        quantity = order.quantity
        if quantity is None or (market_only and not order.is_market):
            return
        if quantity < low or (high > 0 and quantity > high) or (step and quantity % step):
            raise filter_failure(name)

    return check


def _value(order: Candidate, minutes: int) -> int | None:
    """Return price x quantity in units of 1e-16; None when there is no price to go by."""
    if order.quantity is None:
        return order.quote_quantity * ONE
    price = order.average_price(minutes) if order.is_market else order.price
    return None if price is None else price * order.quantity


def _notional(rule: symbols.MinNotional | symbols.Notional) -> Check:
    low, high, name = to_units(rule.min_notional) * ONE, 0, "MIN_NOTIONAL"
    if isinstance(rule, symbols.Notional):
        high, name = to_units(rule.max_notional) * ONE, "NOTIONAL"
        market_low, market_high = rule.apply_min_to_market, rule.apply_max_to_market
    else:
        market_low = market_high = rule.apply_to_market

    def check(order: Candidate) -> None:
        low_applies = market_low or not order.is_market
        high_applies = high > 0 and (market_high or not order.is_market)
        if not low_applies and not high_applies:
            return
        value = _value(order, rule.average_price_minutes)
        if value is None:
            return
        if (low_applies and value < low) or (high_applies and value > high):
            raise filter_failure(name)

    return check


def _count_or_position(rule: symbols.MaxPosition | symbols.MaxNumOrders) -> Check:
    if isinstance(rule, symbols.MaxNumOrders):
        return _count(rule.limit, "MAX_NUM_ORDERS", lambda c: c.open_orders)
    high = to_units(rule.max_position)

    def check(order: Candidate) -> None:
        if order.is_buy and order.position() + (order.quantity or 0) > high:
            raise filter_failure("MAX_POSITION")

    return check


def _count(limit: int, name: str, counted: Callable[[Candidate], int]) -> Check:
    def check(order: Candidate) -> None:
        if order.can_rest and counted(order) >= limit:
            raise filter_failure(name)

    return check


def _max_asset(rule: symbols.MaxAsset) -> Check:
    high = to_units(rule.limit)

    def check(order: Candidate) -> None:
        if rule.asset == order.base_asset:
            moved = (order.quantity or 0) * ONE
        elif rule.asset == order.quote_asset:
            moved = _value(order, 0) or 0
        else:
            return
        if moved > high * ONE:
            raise filter_failure("MAX_ASSET")

    return check
