"""From a request to an order that may enter the book: every check, in the venue's order.

Parameters (-1100, -1102, -1106, -1111), symbol status, filters, balance, engine checks (-2010).
Nothing changes until all have passed.
"""

import attrs

from binance_sim.engine import errors, sizing
from binance_sim.engine.amounts import ZERO, from_units, notional_up, to_units
from binance_sim.engine.balances import Account
from binance_sim.engine.events import NO_ORDER_LIST, OrderTerms, Peg
from binance_sim.engine.filters import Candidate, Check, check_all
from binance_sim.engine.market import Market
from binance_sim.engine.orders import Order
from binance_sim.engine.pegs import pegged_price
from binance_sim.engine.requests import NewOrder, check_parameters
from binance_sim.engine.triggers import Trigger
from binance_sim.engine.vocabulary import (
    OrderStatus,
    Side,
    StpMode,
    SymbolStatus,
    TimeInForce,
)


@attrs.frozen(kw_only=True)
class Leg:
    """The place of an order in an order list; the default is an order alone."""

    prefix: str = ""  #: of its parameters
    order_list_id: int = NO_ORDER_LIST
    earlier_orders: int = 0  #: legs of the same list before it
    earlier_algos: int = 0
    earlier_icebergs: int = 0
    is_pending: bool = False  #: it enters the book when the working order is filled


ALONE = Leg()


def prepare(
    market: Market,
    exchange_checks: tuple[Check, ...],
    account: Account,
    request: NewOrder,
    now_us: int,
) -> Order:
    """Return the order that `request` makes; it takes nothing yet. Raises VenueError.

    `locked` says what it needs; the balance has been checked to hold it.
    """
    order = check(market, exchange_checks, account, request, now_us)
    admit(market, order)
    return order


def check(
    market: Market,
    exchange_checks: tuple[Check, ...],
    account: Account,
    request: NewOrder,
    now_us: int,
    leg: Leg = ALONE,
) -> Order:
    """Check all that comes before the engine: parameters, symbol, filters. Raises VenueError."""
    check_parameters(request, market.rules, leg.prefix)
    stp_mode = _check_symbol(market, account, request)
    order = _order(market, account, request, stp_mode, now_us, leg)
    if order.terms.peg is not None and order.is_working:
        peg = order.terms.peg
        order.price = pegged_price(market.book, peg, order.price, is_buy=order.is_buy)
    candidate = candidate_of(market, order, now_us, leg)
    is_plain = leg is ALONE and order.trigger is None and not order.iceberg
    check_all(market.plain_checks if is_plain else market.checks, candidate)
    if order.terms.peg is not None and order.terms.price:
        candidate.price = to_units(order.terms.price)
        check_all(market.checks, candidate)
    if request.quote_order_quantity is not None:
        _derive(market, order)
        candidate.quantity = order.quantity
        check_all(market.quantity_checks, candidate)
    check_all(exchange_checks, candidate)
    _set_lock(market, order)
    return order


def admit(market: Market, order: Order) -> None:
    """Check what the engine checks: the balance, then the order against the book."""
    _check_balance(market, order)
    check_engine(market, order)


def check_engine(market: Market, order: Order) -> None:
    """Check an order against the book and the last price. Raises VenueError -2010."""
    if not order.quantity or (not order.is_market and not order.price and order.is_working):
        raise errors.rejected(errors.ZERO_NOTIONAL)
    if order.iceberg > order.quantity:
        raise errors.rejected(errors.ICEBERG_TOO_BIG)
    if market.blotters[order.account.key].is_open(order.client_order_id):
        raise errors.rejected(errors.DUPLICATE_ORDER)
    if order.status is OrderStatus.PENDING_NEW:
        return
    if market.would_trigger(order):
        raise errors.rejected(errors.WOULD_TRIGGER)
    if market.would_take(order):
        raise errors.rejected(errors.WOULD_TAKE)


def _check_symbol(market: Market, account: Account, request: NewOrder) -> StpMode:
    """Check what the symbol and the account permit at all; return the mode that holds."""
    rules, kind = market.rules, request.type
    if rules.status is not SymbolStatus.TRADING:
        raise errors.rejected(errors.MARKET_CLOSED)
    if not account.can_trade:
        raise errors.rejected(errors.ACCOUNT_DISABLED)
    if kind not in rules.order_types:
        name = kind.value.replace("_", " ").capitalize()
        raise errors.rejected(f"{name} orders are not supported for this symbol.")
    if request.quote_order_quantity is not None and not rules.quote_order_qty_market_allowed:
        raise errors.rejected(errors.NO_QUOTE_ORDERS)
    if request.iceberg_quantity and not rules.iceberg_allowed:
        raise errors.rejected(errors.NO_ICEBERGS)
    if request.trailing_delta is not None and not rules.allow_trailing_stop:
        raise errors.rejected(errors.NO_TRAILING_STOPS)
    if request.peg_price_type is not None and not rules.peg_instructions_allowed:
        raise errors.rejected(errors.NO_PEGS)
    if request.stp_mode is None:
        return rules.default_stp_mode
    if request.stp_mode not in rules.allowed_stp_modes:
        raise errors.stp_mode_not_allowed()
    return request.stp_mode


def _order(
    market: Market, account: Account, request: NewOrder, stp_mode: StpMode, now_us: int, leg: Leg
) -> Order:
    quantity, price = to_units(request.quantity or ZERO), to_units(request.price or ZERO)
    order_id = market.last_order_id + 1 + leg.earlier_orders
    kind, quote = request.type, request.quote_order_quantity
    terms = OrderTerms(
        account=account.key,
        symbol=request.symbol,
        order_id=order_id,
        client_order_id=request.new_client_order_id or f"sim{order_id:019d}",
        side=request.side,
        type=kind,
        time_in_force=request.time_in_force or TimeInForce.GTC,
        quantity=from_units(quantity),
        price=from_units(price),
        quote_order_quantity=ZERO if quote is None else from_units(to_units(quote)),
        stp_mode=stp_mode,
        created_us=now_us,
        order_list_id=leg.order_list_id,
        strategy_id=request.strategy_id,
        strategy_type=request.strategy_type,
    )
    order = Order(
        terms=terms,
        account=account,
        order_id=order_id,
        is_buy=request.side is Side.BUY,
        price=price,
        quantity=quantity,
        stp_mode=stp_mode,
        client_order_id=terms.client_order_id,
        is_market=kind.is_market,
    )
    if leg.is_pending:
        order.status, order.is_working = OrderStatus.PENDING_NEW, False
    if kind.is_contingent or request.iceberg_quantity or request.peg_price_type is not None:
        _add_conditions(order, request)
    return order


def _add_conditions(order: Order, request: NewOrder) -> None:
    """Add what few orders have: a stop, a trailing delta, an iceberg, a peg."""
    kind = request.type
    peg = None
    if request.peg_price_type is not None:
        peg = Peg(
            price_type=request.peg_price_type,
            offset_type=request.peg_offset_type,
            offset_value=request.peg_offset_value,
        )
    order.iceberg = to_units(request.iceberg_quantity or ZERO)
    if kind.is_contingent:
        order.is_working = False
        order.trigger = Trigger(
            is_buy=order.is_buy,
            is_above=kind.is_stop_loss is order.is_buy,
            stop_price=to_units(request.stop_price or ZERO),
            trailing_delta=request.trailing_delta or 0,
        )
    order.terms = attrs.evolve(
        order.terms,
        stop_price=from_units(to_units(request.stop_price or ZERO)),
        iceberg_quantity=from_units(order.iceberg),
        trailing_delta=request.trailing_delta,
        peg=peg,
    )


def candidate_of(market: Market, order: Order, now_us: int, leg: Leg = ALONE) -> Candidate:
    """Return the order as the filters see it."""
    terms, account, base = order.terms, order.account, market.rules.base_asset
    by_quote, trigger = terms.quote_order_quantity != 0, order.trigger
    is_unpriced = order.is_market or (terms.peg is not None and not order.price)

    def position() -> int:
        held = account.balance(base)
        return held.free + held.locked + market.open_buy_quantity(account)

    candidate = Candidate(
        is_buy=order.is_buy,
        is_market=order.is_market,
        can_rest=(not order.is_market and terms.time_in_force is TimeInForce.GTC)
        or not order.is_working,
        price=None if is_unpriced else order.price,
        quantity=None if by_quote else order.quantity,
        quote_quantity=to_units(terms.quote_order_quantity) if by_quote else 0,
        base_asset=base,
        quote_asset=market.rules.quote_asset,
        position=position,
        counts=market.blotters[account.key].counts,
        exchange_counts=account.counts,
        average_price=lambda minutes: market.average_price(minutes, now_us),
    )
    if leg is not ALONE:
        candidate.is_listed = not leg.earlier_orders
        candidate.earlier_orders = leg.earlier_orders
        candidate.earlier_algos = leg.earlier_algos
        candidate.earlier_icebergs = leg.earlier_icebergs
    candidate.iceberg = order.iceberg
    if trigger is not None:
        candidate.is_contingent, candidate.is_above = True, trigger.is_above
        candidate.stop_price = trigger.stop_price or None
        candidate.trailing_delta = terms.trailing_delta
    return candidate


def _derive(market: Market, order: Order) -> None:
    """Turn a quote amount into the quantity that the book gives for it."""
    half = market.book.opposite_half(is_buy=order.is_buy)
    amount = to_units(order.terms.quote_order_quantity)
    order.quantity, order.is_short = sizing.derive_quantity(half, order, amount, market.lot)
    order.terms = attrs.evolve(order.terms, quantity=from_units(order.quantity))


def _set_lock(market: Market, order: Order) -> None:
    """Note what the order needs of the asset that it locks."""
    if order.is_buy and not order.is_working and not order.price:
        stop = 0 if order.trigger is None else order.trigger.stop_price
        order.lock_price = stop or market.average.last_price or 0
    order.locked = _lock(market, order)


def _lock(market: Market, order: Order) -> int:
    if not order.is_buy:
        return order.quantity
    if order.is_market and order.is_working:
        return sizing.cost_bound(market.book.asks, order)
    return notional_up(order.lock_price or order.price, order.quantity)


def _check_balance(market: Market, order: Order) -> None:
    """Raises VenueError -2010 unless what the order needs is free."""
    needed = order.locked
    if order.is_buy and order.terms.quote_order_quantity:
        needed = to_units(order.terms.quote_order_quantity)
    if order.account.balance(market.lock_asset(order)).free < needed:
        raise errors.rejected(errors.INSUFFICIENT_BALANCE)
