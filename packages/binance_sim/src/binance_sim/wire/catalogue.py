"""Every method, by REST route and by WebSocket API name."""

from typing import Final

from binance_sim.wire.calls import (
    account,
    general,
    market,
    order_lists,
    reading,
    statistics,
    trading,
)
from binance_sim.wire.calls.method import Method

METHODS: Final[tuple[Method, ...]] = (
    *general.METHODS,
    *market.METHODS,
    *statistics.METHODS,
    *trading.METHODS,
    *reading.METHODS,
    *account.METHODS,
    *order_lists.METHODS,
)
ROUTES: Final = {
    (method.route[0], f"/api/v3/{method.route[1]}"): method
    for method in METHODS
    if method.route is not None
}
NAMES: Final = {method.name: method for method in METHODS if method.name is not None}
