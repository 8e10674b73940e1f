"""The venue's bytes as typed values. Unknown fields are ignored; an enum is text until mapped.

Amounts stay text here; `mapping` turns them into decimals. Source: Binance Spot API, "REST API",
"WebSocket API", "User data streams", "Market streams".
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from binance_adapter.errors import UnreadableAnswer

Message = TypeVar("Message")
Raw = msgspec.Raw


class _Camel(msgspec.Struct, frozen=True, rename="camel"):
    """Fields are named as on the wire, in camel case."""


class ErrorBody(msgspec.Struct, frozen=True):
    """Every refusal."""

    code: int
    msg: str = ""
    data: Raw = Raw(b"null")


class RetryAfter(_Camel, frozen=True):
    """`data` of a WebSocket API refusal by a limit; instants in milliseconds."""

    server_time: int | None = None
    retry_after: int | None = None


class ServerTime(_Camel, frozen=True):
    """`GET time`."""

    server_time: int


class Fill(_Camel, frozen=True):
    """One trade in the FULL answer of an order."""

    price: str
    qty: str
    commission: str
    commission_asset: str
    trade_id: int


class OrderAnswer(_Camel, frozen=True):
    """An order, as placing, querying, listing and cancelling tell it."""

    symbol: str
    order_id: int
    client_order_id: str
    executed_qty: str
    cummulative_quote_qty: str
    status: str
    side: str
    orig_client_order_id: str = ""  #: in the answer of a cancel: the order's own
    transact_time: int = 0
    expiry_reason: str = ""
    fills: Sequence[Fill] = ()


class TradeRow(_Camel, frozen=True):
    """A row of `GET myTrades`."""

    symbol: str
    id: int
    order_id: int
    price: str
    qty: str
    quote_qty: str
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool


class BalanceRow(_Camel, frozen=True):
    """One asset in `GET account`."""

    asset: str
    free: str
    locked: str


class Account(_Camel, frozen=True):
    """`GET account`."""

    balances: Sequence[BalanceRow]
    can_trade: bool = True


class LimitRow(_Camel, frozen=True):
    """A row of `rateLimits`; `count` is in answers of the WebSocket API only."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int
    count: int = 0


class FilterRow(_Camel, frozen=True, kw_only=True):
    """A filter of a symbol: the fields of all of them, those of others absent."""

    filter_type: str
    min_price: str = "0"
    max_price: str = "0"
    tick_size: str = "0"
    min_qty: str = "0"
    max_qty: str = "0"
    step_size: str = "0"
    min_notional: str = "0"
    max_notional: str = "0"
    apply_to_market: bool = True
    apply_min_to_market: bool = True
    apply_max_to_market: bool = False
    multiplier_up: str = "0"
    multiplier_down: str = "0"
    bid_multiplier_up: str = "0"
    bid_multiplier_down: str = "0"
    ask_multiplier_up: str = "0"
    ask_multiplier_down: str = "0"
    max_num_orders: int = 0
    max_num_algo_orders: int = 0
    max_position: str = "0"


class SymbolRow(_Camel, frozen=True, kw_only=True):
    """A symbol of `GET exchangeInfo`."""

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    base_asset_precision: int
    quote_asset_precision: int
    order_types: Sequence[str]
    filters: Sequence[FilterRow]
    default_self_trade_prevention_mode: str = ""
    allowed_self_trade_prevention_modes: Sequence[str] = ()


class ExchangeInfo(_Camel, frozen=True):
    """`GET exchangeInfo`."""

    rate_limits: Sequence[LimitRow]
    symbols: Sequence[SymbolRow]


class Depth(_Camel, frozen=True):
    """`GET depth`: rows of price and quantity, best first."""

    last_update_id: int
    bids: Sequence[tuple[str, str]]
    asks: Sequence[tuple[str, str]]


class MarketTradeRow(_Camel, frozen=True):
    """A row of `GET trades`."""

    id: int
    price: str
    qty: str
    quote_qty: str
    time: int
    is_buyer_maker: bool


class Kline(msgspec.Struct, frozen=True, array_like=True):
    """A row of `GET klines`: twelve elements, of which the last three say nothing here."""

    opened_at: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    closed_at: int
    notional: str
    trades: int


class TickerRow(_Camel, frozen=True):
    """A row of `GET ticker/bookTicker`."""

    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str


class BookTicker(msgspec.Struct, frozen=True):
    """`@bookTicker`."""

    symbol: str = msgspec.field(name="s")
    bid: str = msgspec.field(name="b")
    ask: str = msgspec.field(name="a")
    update_id: int = msgspec.field(name="u", default=0)


class StreamFrame(msgspec.Struct, frozen=True):
    """A frame of `/stream`: a stream's data, or the answer to a request."""

    stream: str = ""
    data: Raw = Raw(b"null")


class SocketAnswer(_Camel, frozen=True):
    """A frame of the WebSocket API: an answer, or an event of the account."""

    id: int | str | None = None
    status: int = 0
    result: Raw = Raw(b"null")
    error: ErrorBody | None = None
    rate_limits: Sequence[LimitRow] = ()
    subscription_id: int | None = None
    event: Raw = Raw(b"null")

    @property
    def is_event(self) -> bool:
        """Tell whether it is an event rather than an answer."""
        return bytes(self.event) != b"null"


class Subscribed(_Camel, frozen=True):
    """The answer to a subscription, and a row of `session.subscriptions`."""

    subscription_id: int


class EventHead(msgspec.Struct, frozen=True):
    """What every event has."""

    kind: str = msgspec.field(name="e")
    at: int = msgspec.field(name="E", default=0)


class OrderHint(msgspec.Struct, frozen=True):
    """What is read of a report whose other fields make no sense: enough to ask about the order."""

    symbol: str = msgspec.field(name="s")
    order_id: int = msgspec.field(name="i")
    client_order_id: str = msgspec.field(name="c", default="")
    original_client_order_id: str = msgspec.field(name="C", default="")


class ExecutionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`executionReport`."""

    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    original_client_order_id: str = msgspec.field(name="C", default="")
    side: str = msgspec.field(name="S")
    execution_type: str = msgspec.field(name="x")
    status: str = msgspec.field(name="X")
    reject_reason: str = msgspec.field(name="r", default="NONE")
    expiry_reason: str = msgspec.field(name="eR", default="")
    order_id: int = msgspec.field(name="i")
    execution_id: int = msgspec.field(name="I", default=0)
    last_quantity: str = msgspec.field(name="l")
    last_price: str = msgspec.field(name="L")
    last_notional: str = msgspec.field(name="Y")
    filled_quantity: str = msgspec.field(name="z")
    commission: str | None = msgspec.field(name="n", default=None)
    commission_asset: str | None = msgspec.field(name="N", default=None)
    trade_id: int = msgspec.field(name="t", default=-1)
    transacted_at: int = msgspec.field(name="T")
    is_maker: bool = msgspec.field(name="m", default=False)


class BalanceEvent(msgspec.Struct, frozen=True):
    """`balanceUpdate` and `externalLockUpdate`: money moved otherwise than by a trade."""

    asset: str = msgspec.field(name="a")
    delta: str = msgspec.field(name="d")  #: signed
    moved_at: int = msgspec.field(name="T")


BALANCE_UPDATES: Final = frozenset({"balanceUpdate", "externalLockUpdate"})
EXECUTION_REPORT: Final = "executionReport"
SERVER_SHUTDOWN: Final = "serverShutdown"
STREAM_TERMINATED: Final = "eventStreamTerminated"


def decode(body: bytes | Raw, kind: type[Message]) -> Message:
    """Return `body` as a `kind`.

    Raises:
        UnreadableAnswer: it is no JSON, or not of that shape. The text names the field, not what
            stands in it.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        name = getattr(kind, "__name__", str(kind))
        raise UnreadableAnswer(f"{name}: {error}") from error


def encode(value: object) -> str:
    """Return `value` as JSON text."""
    return msgspec.json.encode(value).decode()
