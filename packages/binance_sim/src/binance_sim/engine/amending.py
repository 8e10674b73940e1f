"""Reducing the quantity of an order without losing its place. Refusals are -2038.

Source: Binance Spot API, FAQ "Order Amend Keep Priority".
"""

import attrs

from binance_sim.engine import errors
from binance_sim.engine.amounts import fits, from_units, to_units
from binance_sim.engine.events import Amendment
from binance_sim.engine.filters import check_all
from binance_sim.engine.journal import Draft
from binance_sim.engine.market import Market, report
from binance_sim.engine.orders import Order
from binance_sim.engine.placing import candidate_of
from binance_sim.engine.requests import AmendOrder, check_client_order_id
from binance_sim.engine.symbols import MaxNumOrderAmends
from binance_sim.engine.vocabulary import (
    ExecutionType,
    ListStatusType,
    OrderStatus,
    SymbolStatus,
)


def check_amendment(market: Market, order: Order | None, request: AmendOrder, now_us: int) -> Order:
    """Return the order to amend. Raises VenueError: -2038, or a filter's -1013."""
    check_client_order_id("newClientOrderId", request.new_client_order_id)
    if not fits(request.new_quantity, market.rules.base_asset_precision):
        raise errors.too_precise("newQty")
    if market.rules.status is not SymbolStatus.TRADING:
        raise errors.amend_rejected(errors.MARKET_CLOSED)
    if not market.rules.amend_allowed:
        raise errors.amend_rejected(errors.NO_AMENDS)
    if order is None or not order.is_open:
        raise errors.amend_rejected(errors.UNKNOWN_ORDER)
    quantity = to_units(request.new_quantity)
    if quantity == order.quantity:
        raise errors.amend_rejected(errors.AMEND_NO_CHANGE)
    if quantity > order.quantity:
        raise errors.amend_rejected(errors.AMEND_INCREASE)
    if quantity <= order.filled + order.prevented:
        raise errors.amend_rejected(errors.AMEND_NOTHING_LEFT)
    _check_id(market, order, request.new_client_order_id)
    _check_filters(market, order, quantity, now_us)
    return order


def _check_id(market: Market, order: Order, client_order_id: str | None) -> None:
    if client_order_id is None or client_order_id == order.client_order_id:
        return
    if market.blotters[order.account.key].is_open(client_order_id):
        raise errors.amend_rejected(errors.DUPLICATE_ORDER)


def _check_filters(market: Market, order: Order, quantity: int, now_us: int) -> None:
    for rule in market.rules.filters:
        if isinstance(rule, MaxNumOrderAmends) and len(order.amendments) >= rule.limit:
            raise errors.amend_rejected("Filter failure: MAX_NUM_ORDER_AMENDS")
    candidate = candidate_of(market, order, now_us)
    candidate.quantity = quantity
    check_all(market.quantity_checks, candidate)
    check_all(market.price_checks, candidate)


def amend(draft: Draft, market: Market, order: Order, request: AmendOrder) -> Amendment:
    """Make the order smaller where it stands, and report it REPLACED."""
    before, original = order.terms.quantity, order.client_order_id
    number = len(order.amendments) + 1
    new_id = request.new_client_order_id or f"simamend{order.order_id:013d}x{number}"
    order.quantity = to_units(request.new_quantity)
    order.terms = attrs.evolve(order.terms, quantity=from_units(order.quantity))
    order.updated_us = draft.now_us
    if order.status is not OrderStatus.PENDING_NEW:
        is_locked = market.try_lock(draft, order, order.need)
        assert is_locked, "a smaller order needs no more"
    if order.is_working:
        order.shown = min(order.shown, order.leaves)
        market.book.own_half(is_buy=order.is_buy).mark(order.price)
    if new_id != original:
        market.blotters[order.account.key].rename(order, new_id)
    event = report(draft, order, ExecutionType.REPLACED, original_client_order_id=original)
    draft.add(event)
    if order.order_list is not None and new_id != original:
        draft.add(order.order_list.status(draft.now_us, ListStatusType.UPDATED))
    amendment = Amendment(
        symbol=order.terms.symbol,
        order_id=order.order_id,
        execution_id=event.execution_id,
        original_client_order_id=original,
        new_client_order_id=new_id,
        original_quantity=before,
        new_quantity=order.terms.quantity,
        amended_us=draft.now_us,
    )
    order.amendments += (amendment,)
    return amendment
