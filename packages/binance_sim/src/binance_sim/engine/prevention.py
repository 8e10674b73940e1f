"""Self-trade prevention: what a match costs that must not happen.

Source: Binance Spot API, FAQ "Self Trade Prevention". Expiring modes prevent all that is left of
the orders that they end; DECREMENT prevents the overlap on both, and the smaller order ends.
TRANSFER, if both say so, is DECREMENT, and between two accounts of a trade group the overlap and
its notional change hands besides: no trade, no commission.
"""

from binance_sim.engine.amounts import from_units, notional_down
from binance_sim.engine.events import PreventedMatch, Prevention
from binance_sim.engine.journal import Draft
from binance_sim.engine.market import Market, report
from binance_sim.engine.orders import Order
from binance_sim.engine.vocabulary import ExecutionType, OrderStatus, StpMode


def prevent(draft: Draft, market: Market, taker: Order, maker: Order) -> None:
    """Apply the taker's mode to the two orders, and report what changed, the maker first."""
    mode = effective_mode(taker, maker)
    taker_loses, maker_loses = _prevented(mode, taker, maker)
    match = _record(draft, market, taker, maker, mode, (taker_loses, maker_loses))
    overlap = min(taker.leaves, maker.leaves)
    if mode is StpMode.TRANSFER and taker.account is not maker.account:
        _transfer(market, taker, maker, overlap)
    taker.prevented_matches += (match,)
    maker.prevented_matches += (match,)
    _reduce(draft, market, maker, maker_loses)
    _reduce(draft, market, taker, taker_loses)
    for order, other, lost in ((maker, taker, maker_loses), (taker, maker, taker_loses)):
        if lost:
            prevention = _prevention(match, other, lost, overlap, maker.price)
            draft.add(report(draft, order, ExecutionType.TRADE_PREVENTION, prevention=prevention))


def effective_mode(taker: Order, maker: Order) -> StpMode:
    """Return the taker's mode; TRANSFER alone needs both, else it is DECREMENT."""
    if taker.stp_mode is StpMode.TRANSFER and maker.stp_mode is not StpMode.TRANSFER:
        return StpMode.DECREMENT
    return taker.stp_mode


def _transfer(market: Market, taker: Order, maker: Order, overlap: int) -> None:
    """Move what a trade at the maker's price would move, out of what the orders have locked."""
    rules, notional = market.rules, notional_down(maker.price, overlap)
    buyer, seller = (taker, maker) if taker.is_buy else (maker, taker)
    buyer.account.balance(rules.quote_asset).spend(notional)
    buyer.locked -= notional
    buyer.account.balance(rules.base_asset).free += overlap
    seller.account.balance(rules.base_asset).spend(overlap)
    seller.locked -= overlap
    seller.account.balance(rules.quote_asset).free += notional


def _prevented(mode: StpMode, taker: Order, maker: Order) -> tuple[int, int]:
    """Return what the taker and the maker lose."""
    match mode:
        case StpMode.EXPIRE_TAKER:
            return taker.leaves, 0
        case StpMode.EXPIRE_MAKER:
            return 0, maker.leaves
        case StpMode.EXPIRE_BOTH:
            return taker.leaves, maker.leaves
        case _:
            overlap = min(taker.leaves, maker.leaves)
            return overlap, overlap


def _record(
    draft: Draft,
    market: Market,
    taker: Order,
    maker: Order,
    mode: StpMode,
    lost: tuple[int, int],
) -> PreventedMatch:
    taker_loses, maker_loses = lost
    match = PreventedMatch(
        symbol=market.rules.symbol,
        prevented_match_id=len(market.prevented_matches),
        taker_order_id=taker.order_id,
        maker_order_id=maker.order_id,
        trade_group_id=taker.account.trade_group_id,
        stp_mode=mode,
        price=from_units(maker.price),
        taker_prevented_quantity=from_units(taker_loses) if taker_loses else None,
        maker_prevented_quantity=from_units(maker_loses) if maker_loses else None,
        transacted_us=draft.now_us,
    )
    market.prevented_matches.append(match)
    return match


def _reduce(draft: Draft, market: Market, order: Order, lost: int) -> None:
    """Take quantity off an order, release its lock, end it when nothing is left."""
    if not lost:
        return
    order.prevented += lost
    order.updated_us = draft.now_us
    order.prevented_match_id = order.prevented_matches[-1].prevented_match_id
    if not order.leaves:
        market.close(draft, order, OrderStatus.EXPIRED_IN_MATCH)
        return
    if order.iceberg:
        order.shown = min(order.shown, order.leaves)
    market.book.own_half(is_buy=order.is_buy).mark(order.price)
    if order.sibling is not None:
        is_locked = market.try_lock(draft, order, order.need)
        assert is_locked, "a smaller order needs no more"
        return
    kept = order.lock_after_trade(0)
    order.account.balance(market.lock_asset(order)).release(order.locked - kept)
    order.locked = kept
    draft.touch(order.account, market.rules.base_asset, market.rules.quote_asset)


def _prevention(
    match: PreventedMatch, counter: Order, lost: int, overlap: int, price: int
) -> Prevention:
    return Prevention(
        prevented_match_id=match.prevented_match_id,
        last_prevented_quantity=from_units(lost),
        trade_group_id=match.trade_group_id,
        counter_order_id=counter.order_id,
        counter_symbol=match.symbol,
        execution_quantity=from_units(overlap),
        execution_price=match.price,
        execution_notional=from_units(notional_down(price, overlap)),
    )
