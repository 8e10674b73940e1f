"""Reference prices that somebody sets."""

from tradecore.domain.reference_prices import ReferencePrice


class FixedPrices:
    """The prices that were put in, until others are put in."""

    def __init__(self, *prices: ReferencePrice) -> None:
        self._prices = {price.symbol: price for price in prices}

    def find(self, symbol: str) -> ReferencePrice | None:
        return self._prices.get(symbol)

    def put(self, price: ReferencePrice) -> None:
        """Replace the symbol's price."""
        self._prices[price.symbol] = price

    def drop(self, symbol: str) -> None:
        """Forget the symbol's price: the book is empty, or the market is away."""
        self._prices.pop(symbol, None)
