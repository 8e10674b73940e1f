"""What may happen at the venue besides requests: one message per deed, by its `action`.

Amounts are texts. Whatever moves money goes through the engine, so the user streams tell it.
"""

import msgspec

from binance_sim.engine.vocabulary import Side, SymbolStatus


class Action(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, tag_field="action"):
    """One deed."""


class Deposit(Action, tag="deposit"):
    """Money comes from outside; `balanceUpdate`."""

    account: str
    asset: str
    amount: str


class Withdraw(Action, tag="withdraw"):
    """Free money leaves; `balanceUpdate`."""

    account: str
    asset: str
    amount: str


class LockExternally(Action, tag="lock"):
    """Another system locks spot funds, or frees them (negative); `externalLockUpdate`."""

    account: str
    asset: str
    amount: str


class PlaceByHand(Action, tag="place"):
    """Somebody places an order on the account, past keys and limits; the API's parameters."""

    account: str
    parameters: dict[str, str]


class CancelByHand(Action, tag="cancel"):
    """Somebody cancels an order of the account."""

    account: str
    symbol: str
    order_id: int


class SetLiquidity(Action, tag="liquidity"):
    """The market bids or asks at a price; quantity 0 takes it away."""

    symbol: str
    side: Side
    price: str
    quantity: str


class TradeMarket(Action, tag="market_trade"):
    """The market trades with itself; resting orders at the price or better share it."""

    symbol: str
    price: str
    quantity: str
    is_buyer_maker: bool = False


class SetSymbolStatus(Action, tag="symbol_status"):
    """A symbol halts, or trades again."""

    symbol: str
    status: SymbolStatus


class SetFilters(Action, tag="filters"):
    """Filters of a symbol change, as `exchangeInfo` writes them; those not named stay."""

    symbol: str
    filters: list[dict[str, str | int | bool]]


class SetLags(Action, tag="lags"):
    """Reads fall behind; what is not said is as it should be."""

    new_order_seconds: float = 0.0
    open_orders_seconds: float = 0.0
    database_seconds: float = 0.0
    archive_after_seconds: float = 90 * 24 * 3600.0


class SkewClock(Action, tag="clock"):
    """The venue's clock is wrong by so much."""

    seconds: float


class Ban(Action, tag="ban"):
    """Addresses are refused with 418; all that ever came, unless one is named."""

    seconds: float
    address: str = ""


class SetMaintenance(Action, tag="maintenance"):
    """Nothing is served (503); open sockets are told and closed."""

    is_on: bool = True


class AnnounceShutdown(Action, tag="shutdown"):
    """`serverShutdown` on every socket, which closes after so long."""

    seconds: float = 10.0


class CutSockets(Action, tag="cut"):
    """Lines break without a word."""

    kind: str = "all"  #: `api`, `market` or `all`


class RevokeKey(Action, tag="revoke_key"):
    """A key holds no longer (or again)."""

    api_key: str
    is_revoked: bool = True


class SetTrading(Action, tag="trading"):
    """An account may trade, or may not."""

    account: str
    is_allowed: bool


class SetBnbPrice(Action, tag="bnb_price"):
    """What one BNB costs; empty: unknown."""

    asset: str
    price: str = ""


AnyAction = (
    Deposit
    | Withdraw
    | LockExternally
    | PlaceByHand
    | CancelByHand
    | SetLiquidity
    | TradeMarket
    | SetSymbolStatus
    | SetFilters
    | SetLags
    | SkewClock
    | Ban
    | SetMaintenance
    | AnnounceShutdown
    | CutSockets
    | RevokeKey
    | SetTrading
    | SetBnbPrice
)
