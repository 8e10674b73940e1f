"""A live order inside the engine: the only mutable part of it."""

import attrs

from binance_sim.engine.amounts import from_units, notional_up
from binance_sim.engine.balances import Account
from binance_sim.engine.events import (
    NOT_WORKING,
    Amendment,
    Execution,
    ListedOrder,
    ListStatus,
    OrderListSnapshot,
    OrderSnapshot,
    OrderTerms,
    PreventedMatch,
)
from binance_sim.engine.triggers import Trigger
from binance_sim.engine.vocabulary import (
    ContingencyType,
    ExpiryReason,
    ListOrderStatus,
    ListStatusType,
    OrderStatus,
    RejectReason,
    StpMode,
)

_NEW, _PARTIALLY_FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED
_PENDING_NEW = OrderStatus.PENDING_NEW


@attrs.define(kw_only=True, eq=False)
class Order:
    """Amounts in units of 1e-8."""

    terms: OrderTerms
    account: Account
    order_id: int
    is_buy: bool
    price: int  #: zero for MARKET; of a pegged order what the book gave
    quantity: int
    stp_mode: StpMode
    client_order_id: str
    status: OrderStatus = OrderStatus.NEW
    filled: int = 0
    filled_notional: int = 0
    prevented: int = 0
    is_market: bool = False  #: takes at any price
    is_short: bool = False  #: by quote amount, and the book cannot give so much
    is_working: bool = True  #: on the book, or taking from it
    locked: int = 0  #: of the quote asset for BUY, of the base asset for SELL
    lock_price: int = 0  #: what a BUY locks per unit before it has a price
    updated_us: int = 0
    working_us: int = NOT_WORKING
    iceberg: int = 0  #: most that it shows; zero: all
    shown: int = 0  #: of an iceberg on the book
    trigger: Trigger | None = None  #: what a contingent order waits for
    order_list: "OrderList | None" = None
    sibling: "Order | None" = None  #: the other leg of an OCO pair, until one of them starts
    prevented_match_id: int | None = None
    expiry_reason: ExpiryReason | None = None
    reject_reason: RejectReason = RejectReason.NONE
    executions: tuple[Execution, ...] = ()
    prevented_matches: tuple[PreventedMatch, ...] = ()
    amendments: tuple[Amendment, ...] = ()

    @property
    def leaves(self) -> int:
        """What may still trade: original - executed - prevented."""
        return self.quantity - self.filled - self.prevented

    @property
    def available(self) -> int:
        """What a taker finds at the order's place in the queue."""
        return self.shown if self.iceberg else self.quantity - self.filled - self.prevented

    @property
    def is_open(self) -> bool:
        """Whether it rests, waits, or is still matching."""
        status = self.status
        return status is _NEW or status is _PARTIALLY_FILLED or status is _PENDING_NEW

    @property
    def need(self) -> int:
        """What must be locked while it has not started to trade."""
        if not self.is_buy:
            return self.leaves
        return notional_up(self.lock_price or self.price, self.leaves)

    def lock_after_trade(self, paid: int) -> int:
        """Return what must stay locked, `filled` already counting the trade that cost `paid`."""
        if not self.is_buy:
            return self.leaves
        return self.locked - paid if self.is_market else notional_up(self.price, self.leaves)

    def snapshot(
        self, *, original_client_order_id: str = "", with_fills: bool = False
    ) -> OrderSnapshot:
        """Return the order as it is now; `with_fills` is the answer to placing it."""
        pegged = self.terms.peg is not None and self.price
        return OrderSnapshot(
            terms=self.terms,
            client_order_id=self.client_order_id,
            status=self.status,
            filled_quantity=from_units(self.filled),
            filled_notional=from_units(self.filled_notional),
            prevented_quantity=from_units(self.prevented),
            updated_us=self.updated_us,
            working_us=self.working_us,
            is_working=self.is_working,
            prevented_match_id=self.prevented_match_id,
            expiry_reason=self.expiry_reason,
            original_client_order_id=original_client_order_id,
            fills=self.executions if with_fills else (),
            prevented_matches=self.prevented_matches if with_fills else (),
            trailing_us=None if self.trigger is None else self.trigger.trailing_us,
            pegged_price=from_units(self.price) if pegged else None,
        )


@attrs.define(kw_only=True, eq=False)
class OrderList:
    """Orders that live and die together."""

    order_list_id: int
    client_id: str
    account: Account
    symbol: str
    contingency: ContingencyType
    placed_us: int
    orders: list[Order] = attrs.Factory(list)
    pending: tuple[Order, ...] = ()  #: those that wait for the working order, the first one
    status_type: ListStatusType = ListStatusType.EXEC_STARTED
    order_status: ListOrderStatus = ListOrderStatus.EXECUTING

    @property
    def is_open(self) -> bool:
        """Whether any of its orders may still trade."""
        return self.order_status is ListOrderStatus.EXECUTING

    @property
    def working(self) -> Order | None:
        """The order that the pending ones wait for; None for a plain OCO."""
        return self.orders[0] if self.contingency is ContingencyType.OTO else None

    def snapshot(self) -> OrderListSnapshot:
        """Return the list as it is now."""
        return OrderListSnapshot(
            account=self.account.key,
            symbol=self.symbol,
            order_list_id=self.order_list_id,
            list_client_order_id=self.client_id,
            contingency_type=self.contingency,
            status_type=self.status_type,
            order_status=self.order_status,
            transacted_us=self.placed_us,
            orders=self._listed(),
        )

    def status(self, now_us: int, status_type: ListStatusType | None = None) -> ListStatus:
        """Return the `listStatus` of this moment; `status_type` when it says something else."""
        return ListStatus(
            account=self.account.key,
            symbol=self.symbol,
            order_list_id=self.order_list_id,
            contingency_type=self.contingency,
            status_type=status_type or self.status_type,
            order_status=self.order_status,
            list_client_order_id=self.client_id,
            transacted_us=now_us,
            orders=self._listed(),
        )

    def _listed(self) -> tuple[ListedOrder, ...]:
        return tuple(
            ListedOrder(
                symbol=self.symbol, order_id=each.order_id, client_order_id=each.client_order_id
            )
            for each in self.orders
        )
