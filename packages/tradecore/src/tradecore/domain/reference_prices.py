"""The market's best prices, as far as we know them."""

from datetime import datetime

import attrs

from tradecore.domain.instruments import Side
from tradecore.domain.money import Price


@attrs.frozen(kw_only=True)
class ReferencePrice:
    """Best bid and ask of a symbol, and the instant at which they were last confirmed."""

    symbol: str
    bid: Price
    ask: Price
    at: datetime

    def toward(self, side: Side) -> Price:
        """Return the price that an order of `side` would take."""
        return self.ask if side is Side.BUY else self.bid
