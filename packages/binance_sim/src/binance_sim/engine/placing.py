"""From a request to an order that may enter the book: every check, in the venue's order.

Parameters (-1100, -1102, -1106, -1111), symbol status, filters, balance, engine checks (-2010).
Nothing changes until all have passed.
"""

import attrs

from binance_sim.engine import errors, sizing
from binance_sim.engine.amounts import ZERO, from_units, notional_up, to_units
from binance_sim.engine.balances import Account
from binance_sim.engine.events import OrderTerms
from binance_sim.engine.filters import Candidate, Check, check_all
from binance_sim.engine.market import Market
from binance_sim.engine.orders import Order
from binance_sim.engine.requests import NewOrder, check_parameters
from binance_sim.engine.vocabulary import (
    OrderType,
    Side,
    StpMode,
    SymbolStatus,
    TimeInForce,
)


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
    check_parameters(request, market.rules)
    stp_mode = _check_symbol(market, account, request)
    order = _order(market, account, request, stp_mode, now_us)
    candidate = _candidate(market, order, now_us)
    check_all(market.checks, candidate)
    if request.quote_order_quantity is not None:
        _derive(market, order)
        candidate.quantity = order.quantity
        check_all(market.quantity_checks, candidate)
    check_all(exchange_checks, candidate)
    _check_balance(market, order)
    _check_engine(market, order)
    return order


def _check_symbol(market: Market, account: Account, request: NewOrder) -> StpMode:
    """Check what the symbol and the account permit at all; return the mode that holds."""
    rules = market.rules
    if rules.status is not SymbolStatus.TRADING:
        raise errors.rejected(errors.MARKET_CLOSED)
    if not account.can_trade:
        raise errors.rejected(errors.ACCOUNT_DISABLED)
    if request.type not in rules.order_types:
        kind = request.type.value.replace("_", " ").capitalize()
        raise errors.rejected(f"{kind} orders are not supported for this symbol.")
    by_quote = request.quote_order_quantity is not None
    if by_quote and not rules.quote_order_qty_market_allowed:
        raise errors.rejected(errors.NO_QUOTE_ORDERS)
    if request.stp_mode is None:
        return rules.default_stp_mode
    if request.stp_mode not in rules.allowed_stp_modes:
        raise errors.stp_mode_not_allowed()
    return request.stp_mode


def _order(
    market: Market, account: Account, request: NewOrder, stp_mode: StpMode, now_us: int
) -> Order:
    quantity, price = to_units(request.quantity or ZERO), to_units(request.price or ZERO)
    order_id = market.last_order_id + 1
    terms = OrderTerms(
        account=account.key,
        symbol=request.symbol,
        order_id=order_id,
        client_order_id=request.new_client_order_id or f"sim{order_id:019d}",
        side=request.side,
        type=request.type,
        time_in_force=request.time_in_force or TimeInForce.GTC,
        quantity=from_units(quantity),
        price=from_units(price),
        quote_order_quantity=from_units(to_units(request.quote_order_quantity or ZERO)),
        stp_mode=stp_mode,
        created_us=now_us,
        strategy_id=request.strategy_id,
        strategy_type=request.strategy_type,
    )
    return Order(
        terms=terms,
        account=account,
        order_id=order_id,
        is_buy=request.side is Side.BUY,
        price=price,
        quantity=quantity,
        stp_mode=stp_mode,
        client_order_id=terms.client_order_id,
    )


def _candidate(market: Market, order: Order, now_us: int) -> Candidate:
    terms, account, base = order.terms, order.account, market.rules.base_asset
    by_quote = terms.quote_order_quantity != 0

    def position() -> int:
        held = account.balance(base)
        return held.free + held.locked + market.open_buy_quantity(account)

    return Candidate(
        is_buy=order.is_buy,
        is_market=order.is_market,
        can_rest=not order.is_market and terms.time_in_force is TimeInForce.GTC,
        price=order.price,
        quantity=None if by_quote else order.quantity,
        quote_quantity=to_units(terms.quote_order_quantity),
        base_asset=base,
        quote_asset=market.rules.quote_asset,
        position=position,
        open_orders=len(market.blotters[account.key].open),
        exchange_open_orders=account.open_orders,
        average_price=lambda minutes: market.average_price(minutes, now_us),
    )


def _derive(market: Market, order: Order) -> None:
    """Turn a quote amount into the quantity that the book gives for it."""
    half = market.book.opposite_half(is_buy=order.is_buy)
    amount = to_units(order.terms.quote_order_quantity)
    order.quantity, order.is_short = sizing.derive_quantity(half, order, amount, market.lot)
    order.terms = attrs.evolve(order.terms, quantity=from_units(order.quantity))


def _check_balance(market: Market, order: Order) -> None:
    """Note what the order locks. Raises VenueError unless so much is free."""
    needed = order.locked = _lock(market, order)
    if order.is_buy and order.terms.quote_order_quantity:
        needed = to_units(order.terms.quote_order_quantity)
    if order.account.balance(market.lock_asset(order)).free < needed:
        raise errors.rejected(errors.INSUFFICIENT_BALANCE)


def _lock(market: Market, order: Order) -> int:
    if not order.is_buy:
        return order.quantity
    if order.is_market:
        return sizing.cost_bound(market.book.asks, order)
    return notional_up(order.price, order.quantity)


def _check_engine(market: Market, order: Order) -> None:
    if not order.quantity or (not order.is_market and not order.price):
        raise errors.rejected(errors.ZERO_NOTIONAL)
    if market.blotters[order.account.key].is_open(order.client_order_id):
        raise errors.rejected(errors.DUPLICATE_ORDER)
    if order.terms.type is OrderType.LIMIT_MAKER:
        half = market.book.opposite_half(is_buy=order.is_buy)
        if half.first(order.price) is not None:
            raise errors.rejected(errors.WOULD_TAKE)
