"""How far the venue's reads are behind its engine.

Source: Binance Spot API, "Data Sources": the engine knows first, memory later, the database last.
"""

import attrs

_NINETY_DAYS_US = 90 * 24 * 3600 * 1_000_000


@attrs.define
class Lags:
    """Everything in microseconds; zero is the well-behaved venue."""

    new_order_us: int = 0  #: so long a new order is unknown to queries (-2013)
    open_orders_us: int = 0  #: so long an ended order still shows among the open ones
    database_us: int = 0  #: so long allOrders, myTrades and the like miss what is new
    archive_after_us: int = _NINETY_DAYS_US  #: ended without execution before that: -2026
