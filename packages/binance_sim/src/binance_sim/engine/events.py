"""What the engine says happened: the user data stream's events with all their fields.

Amounts are Decimals with eight decimals, times are microseconds since the epoch. An order's
constant part is one shared value, so a report costs little. `order_id` is the venue's.
Source: Binance Spot API, "User data stream".
"""

from decimal import Decimal

import attrs

from binance_sim.engine.amounts import ZERO
from binance_sim.engine.balances import BalanceSnapshot
from binance_sim.engine.vocabulary import (
    ContingencyType,
    ExecutionType,
    ExpiryReason,
    ListOrderStatus,
    ListStatusType,
    OrderStatus,
    OrderType,
    PegOffsetType,
    PegPriceType,
    RejectReason,
    Side,
    StpMode,
    TimeInForce,
)

NO_TRADE = -1
NO_ORDER_LIST = -1
NOT_WORKING = -1  #: `workingTime` of an order that is not on the book yet


@attrs.frozen(kw_only=True)
class Peg:
    """Where a pegged order takes its price from, once, when it enters the book."""

    price_type: PegPriceType  #: gP
    offset_type: PegOffsetType | None = None  #: gOT
    offset_value: int | None = None  #: gOV, levels


@attrs.frozen(kw_only=True)
class OrderTerms:
    """What was accepted, with the order's **first** client order id.

    Only an amendment changes it, and only its quantity.
    """

    account: str
    symbol: str
    order_id: int
    client_order_id: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal  #: for an order by quote amount, the derived quantity
    price: Decimal  #: as sent; a pegged order may have none (zero)
    quote_order_quantity: Decimal
    stp_mode: StpMode
    created_us: int
    order_list_id: int = NO_ORDER_LIST
    stop_price: Decimal = ZERO
    iceberg_quantity: Decimal = ZERO
    strategy_id: int | None = None
    strategy_type: int | None = None
    trailing_delta: int | None = None  #: basis points
    peg: Peg | None = None


@attrs.frozen(kw_only=True)
class PreventedMatch:
    """A self-trade that did not happen (`GET myPreventedMatches`)."""

    symbol: str
    prevented_match_id: int
    taker_order_id: int
    maker_order_id: int
    trade_group_id: int
    stp_mode: StpMode
    price: Decimal
    taker_prevented_quantity: Decimal | None  #: None: the taker lost nothing
    maker_prevented_quantity: Decimal | None
    transacted_us: int


@attrs.frozen(kw_only=True)
class Prevention:
    """The part of a TRADE_PREVENTION report that others do not have."""

    prevented_match_id: int  #: v
    last_prevented_quantity: Decimal  #: B
    trade_group_id: int  #: u
    counter_order_id: int  #: U
    counter_symbol: str  #: Cs
    execution_quantity: Decimal  #: pl
    execution_price: Decimal  #: pL
    execution_notional: Decimal  #: pY


@attrs.frozen(kw_only=True)
class ExecutionReport:
    """`executionReport`; the comments name the venue's field."""

    terms: OrderTerms  #: s i g S o f q p P F Q V O j J
    execution_type: ExecutionType  #: x
    status: OrderStatus  #: X
    client_order_id: str  #: c, the cancel's own on a cancel
    execution_id: int  #: I
    filled_quantity: Decimal  #: z
    filled_notional: Decimal  #: Z
    transacted_us: int  #: T, E
    working_us: int  #: W, -1 before it works
    is_on_book: bool  #: w
    original_client_order_id: str = ""  #: C, of a cancel or an amendment
    reject_reason: RejectReason = RejectReason.NONE  #: r
    last_quantity: Decimal = ZERO  #: l
    last_price: Decimal = ZERO  #: L
    last_notional: Decimal = ZERO  #: Y
    commission: Decimal = ZERO  #: n
    commission_asset: str | None = None  #: N
    trade_id: int = NO_TRADE  #: t
    is_maker: bool = False  #: m
    prevented_quantity: Decimal = ZERO  #: A
    prevention: Prevention | None = None
    expiry_reason: ExpiryReason | None = None  #: eR
    trailing_us: int | None = None  #: D, once it tracks the price
    pegged_price: Decimal | None = None  #: gp, once determined


@attrs.frozen(kw_only=True)
class AccountPosition:
    """`outboundAccountPosition`: absolute balances of the assets possibly changed."""

    account: str
    updated_us: int  #: u, E
    balances: tuple[BalanceSnapshot, ...]  #: B


@attrs.frozen(kw_only=True)
class BalanceUpdate:
    """`balanceUpdate`: a deposit, withdrawal or transfer; never a trade."""

    account: str
    asset: str  #: a
    delta: Decimal  #: d, signed
    cleared_us: int  #: T, E


@attrs.frozen(kw_only=True)
class ListedOrder:
    """An order as its list names it."""

    symbol: str  #: s
    order_id: int  #: i
    client_order_id: str  #: c


@attrs.frozen(kw_only=True)
class ListStatus:
    """`listStatus`."""

    account: str
    symbol: str  #: s
    order_list_id: int  #: g
    contingency_type: ContingencyType  #: c
    status_type: ListStatusType  #: l
    order_status: ListOrderStatus  #: L
    list_client_order_id: str  #: C
    transacted_us: int  #: T, E
    orders: tuple[ListedOrder, ...]  #: O
    reject_reason: RejectReason = RejectReason.NONE  #: r


@attrs.frozen(kw_only=True)
class ExternalLockUpdate:
    """`externalLockUpdate`: another system locked (positive) or freed spot funds."""

    account: str
    asset: str  #: a
    delta: Decimal  #: d, signed
    transacted_us: int  #: T, E


Event = ExecutionReport | AccountPosition | BalanceUpdate | ListStatus | ExternalLockUpdate


def account_of(event: Event) -> str:
    """Return the key of the account whose stream carries `event`."""
    return event.terms.account if isinstance(event, ExecutionReport) else event.account


@attrs.frozen(kw_only=True)
class Execution:
    """One side of one trade: a row of `GET myTrades`, and the client order id besides."""

    account: str
    symbol: str
    trade_id: int
    order_id: int
    client_order_id: str  #: the order's first one; the venue does not show it here
    price: Decimal
    quantity: Decimal
    notional: Decimal  #: the venue's own quote amount
    commission: Decimal
    commission_asset: str
    traded_us: int
    is_buyer: bool
    is_maker: bool
    is_best_match: bool = True
    order_list_id: int = NO_ORDER_LIST


@attrs.frozen(kw_only=True)
class PublicTrade:
    """One trade as everybody sees it (`@trade`); ids are dense per symbol."""

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    traded_us: int
    is_buyer_maker: bool


@attrs.frozen(kw_only=True)
class TopOfBook:
    """Best bid and ask of a symbol (`@bookTicker`); a price is None when its side is empty."""

    symbol: str
    bid_price: Decimal | None
    bid_quantity: Decimal
    ask_price: Decimal | None
    ask_quantity: Decimal
    quoted_us: int | None  #: None: the market has said nothing yet
    update_id: int = 0  #: of the book, as in depth


@attrs.frozen(kw_only=True)
class OrderSnapshot:
    """An order at one moment: the answer to placing, querying and cancelling it.

    Placing shows `terms`, `fills` and `prevented_matches` (RESULT without the two, ACK the ids
    only); a query leaves the two out.
    """

    terms: OrderTerms
    client_order_id: str  #: the cancel's own, once cancelled
    status: OrderStatus
    filled_quantity: Decimal  #: executedQty
    filled_notional: Decimal  #: cummulativeQuoteQty
    prevented_quantity: Decimal
    updated_us: int  #: updateTime, transactTime
    working_us: int  #: workingTime, -1 before it works
    is_working: bool
    prevented_match_id: int | None = None
    expiry_reason: ExpiryReason | None = None
    original_client_order_id: str = ""  #: origClientOrderId of a cancel's answer
    fills: tuple[Execution, ...] = ()
    prevented_matches: tuple[PreventedMatch, ...] = ()
    trailing_us: int | None = None  #: trailingTime
    pegged_price: Decimal | None = None


@attrs.frozen(kw_only=True)
class OrderListSnapshot:
    """An order list at one moment (`GET orderList`)."""

    account: str
    symbol: str
    order_list_id: int
    list_client_order_id: str
    contingency_type: ContingencyType
    status_type: ListStatusType
    order_status: ListOrderStatus
    transacted_us: int  #: transactionTime: of its placing
    orders: tuple[ListedOrder, ...]


@attrs.frozen(kw_only=True)
class Amendment:
    """A row of `GET order/amendments`."""

    symbol: str
    order_id: int
    execution_id: int
    original_client_order_id: str
    new_client_order_id: str
    original_quantity: Decimal
    new_quantity: Decimal
    amended_us: int


@attrs.frozen(kw_only=True)
class Step:
    """What one call did: whom it concerned, and every event in the venue's order."""

    order: OrderSnapshot | None = None
    events: tuple[Event, ...] = ()
    orders: tuple[OrderSnapshot, ...] = ()  #: `orderReports` of an order list
    order_list: OrderListSnapshot | None = None
    amendment: Amendment | None = None
