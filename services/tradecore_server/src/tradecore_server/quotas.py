"""What one customer may take of what the venue grants the house as one trader."""

from collections.abc import Iterable, Mapping
from typing import Final

from binance_adapter.symbols import VenueSymbol
from tradecore.domain.risk import Limits

SHARES: Final = 5
"""So many greedy customers at once leave nothing; fewer leave the others their share."""
_ORDERS: Final = "ORDERS-10S"
_SECONDS: Final = 10


def default_limits(symbols: Iterable[VenueSymbol], used: Mapping[str, tuple[int, int]]) -> Limits:
    """Return default limits of a customer: a fifth of the venue's own.

    Args:
        symbols: those that are traded; the tightest count of open orders rules.
        used: the venue's limits by name, as (used, limit).
    """
    counts = [symbol.max_orders for symbol in symbols if symbol.max_orders]
    _, orders = used.get(_ORDERS, (0, 0))
    return Limits(
        max_open_orders=max(1, min(counts) // SHARES) if counts else None,
        max_orders_per_second=max(1, orders // _SECONDS // SHARES) if orders else None,
    )
