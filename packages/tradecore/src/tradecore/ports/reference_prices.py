"""What the market says a symbol is worth now."""

from typing import Protocol

from tradecore.domain.reference_prices import ReferencePrice

__all__ = ["ReferencePrice", "ReferencePrices"]


class ReferencePrices(Protocol):
    """The latest best bid and ask per symbol; a read of memory, so it does not await."""

    def find(self, symbol: str) -> ReferencePrice | None:
        """Return the latest prices; None when a side of the book is empty or nothing came yet."""
