"""Whose orders may not meet, and what a taker could really trade with."""

from collections.abc import Iterator

from binance_sim.engine.book import HalfBook, Lot
from binance_sim.engine.orders import Order
from binance_sim.engine.vocabulary import StpMode


def is_prevented(taker: Order, maker: Order) -> bool:
    """Whether the two may not trade: one trader, and the taker's mode forbids it."""
    return taker.stp_mode is not StpMode.NONE and taker.account.is_same_trader(maker.account)


def tradable(half: HalfBook, taker: Order, limit: int, *, decrement_stops: bool) -> Iterator[Lot]:
    """Yield the lots that the taker could really trade with, in order; change nothing.

    Own orders: EXPIRE_MAKER passes them; EXPIRE_TAKER and EXPIRE_BOTH stop there. DECREMENT
    loses quantity there, so it either stops or, for an upper bound, passes.
    """
    for lot in half.lots(limit):
        if lot.maker is not None and is_prevented(taker, lot.maker):
            if taker.stp_mode is StpMode.EXPIRE_MAKER:
                continue
            if taker.stp_mode in {StpMode.DECREMENT, StpMode.TRANSFER} and not decrement_stops:
                continue
            return
        yield lot
