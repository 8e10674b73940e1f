"""The filters of a symbol, compiled once into checks of an order.

Each check raises -1013 with its own name. They run in the venue's array order, so the first
failing filter is the one that is named. Source: Binance Spot API, "Filters".
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from binance_sim.engine import symbols
from binance_sim.engine.amounts import ONE, to_units
from binance_sim.engine.balances import OpenCounts
from binance_sim.engine.errors import filter_failure

NOTHING_OPEN = OpenCounts()


@attrs.define(kw_only=True)
class Candidate:
    """An order as the filters see it; amounts in units of 1e-8."""

    is_buy: bool
    is_market: bool
    can_rest: bool  #: GTC, LIMIT_MAKER or a stop: it may occupy a place among the open orders
    is_contingent: bool = False
    is_above: bool = False  #: a stop that lies above the market
    is_listed: bool = False  #: the first leg of an order list
    price: int | None = None  #: None: it has none, or not yet
    stop_price: int | None = None
    trailing_delta: int | None = None
    iceberg: int = 0
    quantity: int | None = None  #: None: by quote amount, not yet derived
    quote_quantity: int = 0
    base_asset: str = ""
    quote_asset: str = ""
    counts: OpenCounts = NOTHING_OPEN  #: of the account on this symbol
    exchange_counts: OpenCounts = NOTHING_OPEN  #: of the account on all symbols
    earlier_orders: int = 0  #: legs of the same order list before this one
    earlier_algos: int = 0
    earlier_icebergs: int = 0
    position: Callable[[], int] = lambda: 0  #: base held and being bought, without this order
    average_price: Callable[[int], int | None] = lambda _minutes: None  #: None: not known yet


Check = Callable[[Candidate], None]


def compile_filters(filters: Iterable[symbols.SymbolFilter]) -> tuple[Check, ...]:
    """Return one check per filter that a new order can fail."""
    return tuple(_compile(each) for each in filters if type(each) in _COMPILERS)


def compile_plain_filters(filters: Iterable[symbols.SymbolFilter]) -> tuple[Check, ...]:
    """Return the checks that an order without stop, iceberg or list can fail."""
    return compile_filters(each for each in filters if type(each) not in _CONDITIONAL)


def compile_quantity_filters(filters: Iterable[symbols.SymbolFilter]) -> tuple[Check, ...]:
    """Return the checks that judge the quantity alone, for one derived from a quote amount."""
    return compile_filters(
        each for each in filters if isinstance(each, symbols.LotSize | symbols.MarketLotSize)
    )


def compile_price_filters(filters: Iterable[symbols.SymbolFilter]) -> tuple[Check, ...]:
    """Return the checks that a price can fail, for one that the book gave later."""
    kinds = (
        symbols.PriceFilter
        | symbols.PercentPrice
        | symbols.PercentPriceBySide
        | symbols.MinNotional
        | symbols.Notional
    )
    return compile_filters(each for each in filters if isinstance(each, kinds))


def compile_exchange_filters(
    exchange: Iterable[symbols.ExchangeFilter], assets: Iterable[symbols.MaxAsset]
) -> tuple[Check, ...]:
    """Return the checks of the filters that hold for every symbol, assets last."""
    return (*(_compile(each) for each in exchange), *(_max_asset(each) for each in assets))


def _compile(rule: object) -> Check:
    return _COMPILERS[type(rule)](rule)


def check_all(checks: Iterable[Check], candidate: Candidate) -> None:
    """Run the checks in order. Raises VenueError for the first that fails."""
    for check in checks:
        check(candidate)


def _outside(value: int, low: int, high: int) -> bool:
    """Whether `value` leaves [low, high]; a bound of zero is off."""
    return (low > 0 and value < low) or (high > 0 and value > high)


def _price_filter(rule: symbols.PriceFilter) -> Check:
    low, high = to_units(rule.min_price), to_units(rule.max_price)
    tick = to_units(rule.tick_size)

    def check(order: Candidate) -> None:
        for price in (order.price, order.stop_price):
            if price is not None and (_outside(price, low, high) or (tick and price % tick)):
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
        if order.price is None:
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
        if order.iceberg and (order.iceberg < low or (step and order.iceberg % step)):
            raise filter_failure(name)

    return check


def _value(order: Candidate, minutes: int) -> int | None:
    """Return price x quantity in units of 1e-16; None when there is no price to go by."""
    if order.quantity is None:
        return order.quote_quantity * ONE
    price = order.average_price(minutes) if order.price is None else order.price
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


def _iceberg_parts(rule: symbols.IcebergParts) -> Check:
    def check(order: Candidate) -> None:
        if order.iceberg and -(-(order.quantity or 0) // order.iceberg) > rule.limit:
            raise filter_failure("ICEBERG_PARTS")

    return check


def _trailing_delta(rule: symbols.TrailingDelta) -> Check:
    def check(order: Candidate) -> None:
        delta = order.trailing_delta
        if delta is None:
            return
        if order.is_above:
            low, high = rule.min_trailing_above_delta, rule.max_trailing_above_delta
        else:
            low, high = rule.min_trailing_below_delta, rule.max_trailing_below_delta
        if not low <= delta <= high:
            raise filter_failure("TRAILING_DELTA")

    return check


def _max_position(rule: symbols.MaxPosition) -> Check:
    high = to_units(rule.max_position)

    def check(order: Candidate) -> None:
        if order.is_buy and order.position() + (order.quantity or 0) > high:
            raise filter_failure("MAX_POSITION")

    return check


Compiler = Callable[[Any], Check]


def _count(
    name: str,
    counted: Callable[[OpenCounts], int],
    added: Callable[[Candidate], int | None],
    *,
    everywhere: bool = False,
) -> Compiler:
    """Return the compiler of a limit on how many may be open, on one symbol or on all.

    `added` says how many of the same order list come before the order, None: it does not count.
    """

    def compile_count(rule: symbols.MaxNumOrders) -> Check:
        limit = rule.limit

        def check(order: Candidate) -> None:
            earlier = added(order)
            counts = order.exchange_counts if everywhere else order.counts
            if earlier is not None and counted(counts) + earlier >= limit:
                raise filter_failure(name)

        return check

    return compile_count


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


def _orders(name: str, *, everywhere: bool = False) -> Compiler:
    return _count(
        name,
        lambda open_: open_.orders,
        lambda order: order.earlier_orders if order.can_rest else None,
        everywhere=everywhere,
    )


def _algos(name: str, *, everywhere: bool = False) -> Compiler:
    return _count(
        name,
        lambda open_: open_.algos,
        lambda order: order.earlier_algos if order.is_contingent else None,
        everywhere=everywhere,
    )


def _icebergs(name: str, *, everywhere: bool = False) -> Compiler:
    return _count(
        name,
        lambda open_: open_.icebergs,
        lambda order: order.earlier_icebergs if order.iceberg else None,
        everywhere=everywhere,
    )


def _lists(name: str, *, everywhere: bool = False) -> Compiler:
    return _count(
        name,
        lambda open_: open_.lists,
        lambda order: 0 if order.is_listed else None,
        everywhere=everywhere,
    )


_CONDITIONAL: Final = frozenset(
    {
        symbols.IcebergParts,
        symbols.TrailingDelta,
        symbols.MaxNumAlgoOrders,
        symbols.MaxNumIcebergOrders,
        symbols.MaxNumOrderLists,
    }
)

# MAX_NUM_ORDER_AMENDS is not here: it binds amendments, not new orders.
_COMPILERS: Final[Mapping[type, Compiler]] = {
    symbols.PriceFilter: _price_filter,
    symbols.PercentPrice: _percent_price,
    symbols.PercentPriceBySide: _percent_price,
    symbols.LotSize: _lot_size,
    symbols.MarketLotSize: _lot_size,
    symbols.MinNotional: _notional,
    symbols.Notional: _notional,
    symbols.IcebergParts: _iceberg_parts,
    symbols.TrailingDelta: _trailing_delta,
    symbols.MaxPosition: _max_position,
    symbols.MaxNumOrders: _orders("MAX_NUM_ORDERS"),
    symbols.MaxNumAlgoOrders: _algos("MAX_NUM_ALGO_ORDERS"),
    symbols.MaxNumIcebergOrders: _icebergs("MAX_NUM_ICEBERG_ORDERS"),
    symbols.MaxNumOrderLists: _lists("MAX_NUM_ORDER_LISTS"),
    symbols.ExchangeMaxNumOrders: _orders("EXCHANGE_MAX_NUM_ORDERS", everywhere=True),
    symbols.ExchangeMaxNumAlgoOrders: _algos("EXCHANGE_MAX_NUM_ALGO_ORDERS", everywhere=True),
    symbols.ExchangeMaxNumIcebergOrders: _icebergs(
        "EXCHANGE_MAX_NUM_ICEBERG_ORDERS", everywhere=True
    ),
    symbols.ExchangeMaxNumOrderLists: _lists("EXCHANGE_MAX_NUM_ORDER_LISTS", everywhere=True),
}
