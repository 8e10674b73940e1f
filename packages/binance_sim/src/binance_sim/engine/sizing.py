"""How much a MARKET order is: derived from a quote amount, or what it could cost."""

from binance_sim.engine import errors
from binance_sim.engine.amounts import ONE, notional_down
from binance_sim.engine.book import HalfBook
from binance_sim.engine.orders import Order
from binance_sim.engine.self_trades import tradable


def derive_quantity(
    half: HalfBook, taker: Order, amount: int, lot: tuple[int, int]
) -> tuple[int, bool]:
    """Return the quantity that spends (BUY) or brings (SELL) `amount` of the quote asset.

    And whether the book is too short for the whole amount. The quantity is a multiple of the
    step (`lot`: smallest quantity, step). A BUY never costs more than `amount`; a SELL comes as
    near as one step allows. Raises VenueError -2010 when the book holds less than the smallest.
    """
    smallest, step = lot
    left, quantity, available = amount, 0, 0
    for each in tradable(half, taker, 0, decrement_stops=False):
        available += each.quantity
        whole = notional_down(each.price, each.quantity)
        if whole <= left:
            left -= whole
            quantity += each.quantity
            continue
        rounding = 0 if taker.is_buy else each.price * step // 2
        part = (left * ONE + rounding) // each.price
        quantity += min(part, each.quantity)
        available = max(available, smallest)
        is_short = False
        break
    else:
        is_short = left > 0
    if available < smallest:
        raise errors.rejected(errors.THIN_BOOK)
    return quantity // step * step, is_short


def cost_bound(half: HalfBook, taker: Order) -> int:
    """Return what a MARKET BUY of `taker.leaves` can cost at most, in units of the quote."""
    wanted, cost = taker.leaves, 0
    for lot in tradable(half, taker, 0, decrement_stops=False):
        quantity = min(wanted, lot.quantity)
        cost += notional_down(lot.price, quantity)
        wanted -= quantity
        if not wanted:
            break
    return cost
