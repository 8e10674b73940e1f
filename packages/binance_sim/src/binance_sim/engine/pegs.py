"""The price of a pegged order: taken from the book once, when the order enters it."""

from binance_sim.engine import errors
from binance_sim.engine.book import Book
from binance_sim.engine.events import Peg
from binance_sim.engine.vocabulary import PegPriceType


def pegged_price(book: Book, peg: Peg, limit: int, *, is_buy: bool) -> int:
    """Return the price in units, no worse than `limit` (zero: none was sent).

    Raises VenueError -2010 when the book has not so many levels.
    """
    if peg.price_type is PegPriceType.PRIMARY_PEG:
        half = book.own_half(is_buy=is_buy)
    else:
        half = book.opposite_half(is_buy=is_buy)
    price = half.nth_price(peg.offset_value or 0)
    if price is None:
        raise errors.rejected(errors.PEG_THIN_BOOK)
    if not limit:
        return price
    return min(price, limit) if is_buy else max(price, limit)
