"""A live order inside the engine: the only mutable part of it."""

import attrs

from binance_sim.engine.amounts import from_units, notional_up
from binance_sim.engine.balances import Account
from binance_sim.engine.events import Execution, OrderSnapshot, OrderTerms, PreventedMatch
from binance_sim.engine.vocabulary import ExpiryReason, OrderStatus, OrderType, StpMode

OPEN = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


@attrs.define(kw_only=True, eq=False)
class Order:
    """Amounts in units of 1e-8."""

    terms: OrderTerms
    account: Account
    order_id: int
    is_buy: bool
    price: int  #: zero for MARKET
    quantity: int
    stp_mode: StpMode
    client_order_id: str
    status: OrderStatus = OrderStatus.NEW
    filled: int = 0
    filled_notional: int = 0
    prevented: int = 0
    is_short: bool = False  #: by quote amount, and the book cannot give so much
    locked: int = 0  #: of the quote asset for BUY, of the base asset for SELL
    updated_us: int = 0
    working_us: int = 0
    prevented_match_id: int | None = None
    expiry_reason: ExpiryReason | None = None
    executions: tuple[Execution, ...] = ()
    prevented_matches: tuple[PreventedMatch, ...] = ()

    @property
    def leaves(self) -> int:
        """What may still trade: original - executed - prevented."""
        return self.quantity - self.filled - self.prevented

    @property
    def is_open(self) -> bool:
        """Whether it rests, or is still matching."""
        return self.status in OPEN

    @property
    def is_market(self) -> bool:
        """Whether it takes at any price."""
        return self.terms.type is OrderType.MARKET

    def lock_after_trade(self, paid: int) -> int:
        """Return what must stay locked, `filled` already counting the trade that cost `paid`."""
        if not self.is_buy:
            return self.leaves
        return self.locked - paid if self.is_market else notional_up(self.price, self.leaves)

    def snapshot(
        self, *, original_client_order_id: str = "", with_fills: bool = False
    ) -> OrderSnapshot:
        """Return the order as it is now; `with_fills` is the answer to placing it."""
        return OrderSnapshot(
            terms=self.terms,
            client_order_id=self.client_order_id,
            status=self.status,
            filled_quantity=from_units(self.filled),
            filled_notional=from_units(self.filled_notional),
            prevented_quantity=from_units(self.prevented),
            updated_us=self.updated_us,
            working_us=self.working_us,
            is_working=True,
            prevented_match_id=self.prevented_match_id,
            expiry_reason=self.expiry_reason,
            original_client_order_id=original_client_order_id,
            fills=self.executions if with_fills else (),
            prevented_matches=self.prevented_matches if with_fills else (),
        )
