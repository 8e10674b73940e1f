"""What a decision may know besides the books, and the house's own rules."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import attrs

from tradecore.domain.money import ZERO
from tradecore.domain.reference_prices import ReferencePrice


class SelfTradePolicy(StrEnum):
    """What becomes of a resting order that the venue ends because another customer's meets it."""

    REPLACE = "REPLACE"  #: what is left goes back to the venue, a bounded number of times
    EXPIRE = "EXPIRE"  #: it ends, and its owner is told why


@attrs.frozen(kw_only=True)
class HouseRules:
    """The house's choices; the same in every process of one installation."""

    venue: str = "binance"
    quote_asset: str = "USDT"  #: positions are valued in it
    quote_scale: int = 8
    receive_window: timedelta = timedelta(seconds=5)  #: how long the venue may accept a request
    collar: Decimal = Decimal("0.05")  #: market buys by quantity pay at most this above the ask
    patience: timedelta = timedelta(seconds=15)  #: for immediate orders that could not be sent
    treasury_margin: Decimal = ZERO  #: of an asset's house balance, never lent to credits
    shortfall_freeze: Decimal = ZERO  #: a late fill's shortfall above it freezes the account
    self_trade: SelfTradePolicy = SelfTradePolicy.REPLACE
    max_put_back: int = 3  #: how often one order goes back, so that two cannot chase each other


@attrs.frozen(kw_only=True)
class Context:
    """One command's surroundings. `now` is the transaction's time."""

    now: datetime
    new_id: Callable[[], str]
    find_price: Callable[[str], ReferencePrice | None]
    rules: HouseRules
