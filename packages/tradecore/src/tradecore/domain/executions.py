"""One fill at the venue: what moved, at which price, for which commission."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import attrs

from tradecore.domain.ids import AccountId, JournalEntryId, OrderId
from tradecore.domain.instruments import Side
from tradecore.domain.money import Price, Quantity


class Liquidity(StrEnum):
    """FIX 851: whether the fill added or took liquidity."""

    MAKER = "MAKER"
    TAKER = "TAKER"


class ExecutionKey(NamedTuple):
    """Names one fill for ever. Two of our orders that meet share the trade id, not the order id."""

    venue: str
    symbol: str
    trade_id: int
    venue_order_id: int

    @property
    def reference(self) -> str:
        """Return the journal reference of the fill."""
        return f"{self.venue}:{self.symbol}:{self.trade_id}:{self.venue_order_id}"


@attrs.frozen(kw_only=True)
class Execution:
    """A fill as recorded in our books."""

    venue: str
    symbol: str
    trade_id: int
    venue_order_id: int
    order_id: OrderId | None  #: None: an order that is not ours; the money is in suspense
    child: int
    account_id: AccountId  #: the house's where the order is not ours
    side: Side
    quantity: Quantity
    price: Price
    notional: Decimal  #: the venue's own quote amount, not our product
    commission: Decimal  #: what the venue took
    commission_asset: str
    fee: Decimal  #: what the platform took, in the received asset
    fee_asset: str
    liquidity: Liquidity
    late: bool  #: recorded after its order had ended, or beyond its reservation
    from_reservation: Decimal  #: of the cost, in the paid asset
    from_available: Decimal
    owed: Decimal
    journal_entry_id: JournalEntryId
    transacted_at: datetime  #: the venue's time; shown only
    recorded_at: datetime

    @property
    def key(self) -> ExecutionKey:
        """Return the fill's unique name."""
        return ExecutionKey(self.venue, self.symbol, self.trade_id, self.venue_order_id)
