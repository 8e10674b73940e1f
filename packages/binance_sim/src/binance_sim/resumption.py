"""Begin where the books say that the venue stood.

An exchange in this process forgets everything with the process; the platform's books do not. So
that a platform can be stopped and started, its venue is furnished again from them: what the
omnibus account holds, the orders that rest there, and counters beyond every id ever given out.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import attrs

from binance_sim.engine.amounts import ZERO, notional_down, notional_up, to_units
from binance_sim.engine.events import OrderTerms
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.orders import Order
from binance_sim.engine.vocabulary import (
    ExpiryReason,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from binance_sim.mapping import to_us
from tradecore.domain.instruments import TimeInForce as PortTimeInForce
from tradecore.domain.venue_orders import VenueOrder


@attrs.frozen(kw_only=True)
class LastIds:
    """The highest ids that the books know of a symbol."""

    venue_order_id: int = 0
    trade_id: int = 0


_NONE: Final = LastIds()


def resume(
    exchange: Exchange,
    account: str,
    *,
    holdings: Mapping[str, Decimal],
    living: Iterable[VenueOrder],
    last_ids: Mapping[str, LastIds],
    now_us: int,
) -> None:
    """Furnish a new exchange, before its market plays.

    Args:
        exchange: without orders, with `account` opened and empty.
        account: key of the omnibus account.
        holdings: free and locked together, per asset.
        living: the children that are LIVE by the books; each has its venue order id.
        last_ids: per symbol; ids go on after them.
        now_us: microseconds since the epoch.
    """
    for asset, amount in holdings.items():
        if amount:
            exchange.deposit(account, asset, amount, now_us)
    for child in sorted(living, key=lambda one: one.venue_order_id or 0):
        _rest(exchange, account, child)
    for symbol, market in exchange.markets().items():
        last = last_ids.get(symbol, _NONE)
        market.continue_after(last.venue_order_id, last.trade_id)


def _rest(exchange: Exchange, account_key: str, child: VenueOrder) -> None:
    """Put one order back on the book; one that never rests has expired, as the venue will say."""
    assert child.venue_order_id is not None, child
    rests = child.time_in_force in (None, PortTimeInForce.GTC) and child.price is not None
    market, account = exchange.market(child.symbol), exchange.account(account_key)
    placed_us = to_us(child.attempted_at)
    terms = OrderTerms(
        account=account_key,
        symbol=child.symbol,
        order_id=child.venue_order_id,
        client_order_id=child.venue_client_order_id,
        side=Side(child.side),
        type=OrderType(child.type),
        time_in_force=TimeInForce.GTC,
        quantity=child.quantity or child.filled_quantity,
        price=child.price or ZERO,
        quote_order_quantity=child.quote_quantity or ZERO,
        stp_mode=market.rules.default_stp_mode,
        created_us=placed_us,
    )
    filled = to_units(child.filled_quantity)
    order = Order(
        terms=terms,
        account=account,
        order_id=child.venue_order_id,
        is_buy=terms.side is Side.BUY,
        price=to_units(terms.price),
        quantity=to_units(terms.quantity),
        stp_mode=terms.stp_mode,
        client_order_id=child.venue_client_order_id,
        status=OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.NEW,
        filled=filled,
        updated_us=placed_us,
        working_us=placed_us,
    )
    order.filled_notional = notional_down(order.price, filled)
    if rests:
        order.locked = notional_up(order.price, order.leaves) if order.is_buy else order.leaves
    else:
        order.status = OrderStatus.EXPIRED
        order.expiry_reason = ExpiryReason.INSUFFICIENT_LIQUIDITY
    market.reinstate(exchange.journal, order)
