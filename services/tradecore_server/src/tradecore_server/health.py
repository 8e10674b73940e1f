"""What `/health/ready` asks: each dependency by name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from tradecore.ports.queries import Queries
from tradecore.ports.reference_prices import ReferencePrices


class MarketAway(Exception):
    """A symbol has no price."""


def health_checks(
    queries: Queries, prices: ReferencePrices, symbols: Sequence[str]
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Return the checks: each returns when its dependency answers, and raises when not."""

    async def database() -> None:
        await queries.list_instruments()

    async def market() -> None:
        for symbol in symbols:
            if prices.find(symbol) is None:
                raise MarketAway(symbol)

    return {"database": database, "market": market}
