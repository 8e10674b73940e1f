"""The venue's own words. Source: Binance Spot API, "ENUM definitions"."""

from enum import StrEnum


class Side(StrEnum):
    """Which way an order trades the base asset."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        """The side that it trades against."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """`type` of an order; what a symbol accepts is in its rules."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"

    @property
    def is_contingent(self) -> bool:
        """Whether it waits for the last price to reach its stop: an "algo" order."""
        return self._value_ in _CONTINGENT

    @property
    def is_market(self) -> bool:
        """Whether it takes at any price, now or when triggered."""
        return self._value_ in _MARKET

    @property
    def is_stop_loss(self) -> bool:
        """Whether it is a contingent order against a loss."""
        return self._value_ in _STOP_LOSS


# Plain strings: hashing a member of an enumeration costs more than the rest of the question.
_CONTINGENT = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
_MARKET = frozenset({"MARKET", "STOP_LOSS", "TAKE_PROFIT"})
_STOP_LOSS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT"})


class TimeInForce(StrEnum):
    """How long an order lives."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(StrEnum):
    """`status` of an order (`X` in a report)."""

    NEW = "NEW"
    PENDING_NEW = "PENDING_NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    PENDING_CANCEL = "PENDING_CANCEL"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


class ExecutionType(StrEnum):
    """`x` of a report. Only TRADE moves money."""

    NEW = "NEW"
    CANCELED = "CANCELED"
    REPLACED = "REPLACED"
    REJECTED = "REJECTED"
    TRADE = "TRADE"
    EXPIRED = "EXPIRED"
    TRADE_PREVENTION = "TRADE_PREVENTION"


class StpMode(StrEnum):
    """Self-trade prevention mode; the taker's decides."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"
    TRANSFER = "TRANSFER"


class SymbolStatus(StrEnum):
    """What a symbol permits just now."""

    TRADING = "TRADING"
    HALT = "HALT"
    BREAK = "BREAK"
    END_OF_DAY = "END_OF_DAY"
    CANCEL_ONLY = "CANCEL_ONLY"


class ExpiryReason(StrEnum):
    """`expiryReason` of an order (`eR` in a report)."""

    REJECTED = "REJECTED"
    EXCHANGE_CANCELED = "EXCHANGE_CANCELED"
    OCO_TRIGGER = "OCO_TRIGGER"
    OTO_PHASE_ONE_EXPIRED = "OTO_PHASE_ONE_EXPIRED"
    UNFILLED_IOC_QUANTITY_EXPIRED = "UNFILLED_IOC_QUANTITY_EXPIRED"
    UNFILLED_FOK_ORDER_EXPIRED = "UNFILLED_FOK_ORDER_EXPIRED"
    INSUFFICIENT_LIQUIDITY = "INSUFFICIENT_LIQUIDITY"
    EXECUTION_RULE_PRICE_RANGE_EXCEEDED = "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"


class CancelRestriction(StrEnum):
    """`cancelRestrictions` of a cancel."""

    ONLY_NEW = "ONLY_NEW"
    ONLY_PARTIALLY_FILLED = "ONLY_PARTIALLY_FILLED"


class RejectReason(StrEnum):
    """`r` of a report: why an order that waited could not be placed."""

    NONE = "NONE"
    INSUFFICIENT_BALANCES = "INSUFFICIENT_BALANCES"
    STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY = "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY"
    WOULD_MATCH_IMMEDIATELY = "WOULD_MATCH_IMMEDIATELY"
    OCO_BAD_PRICES = "OCO_BAD_PRICES"


class PegPriceType(StrEnum):
    """`pegPriceType`: the best price of the own side, or of the opposite one."""

    PRIMARY_PEG = "PRIMARY_PEG"
    MARKET_PEG = "MARKET_PEG"


class PegOffsetType(StrEnum):
    """`pegOffsetType`: in levels that exist, deeper into the book."""

    PRICE_LEVEL = "PRICE_LEVEL"


class CancelReplaceMode(StrEnum):
    """`cancelReplaceMode`: whether the new order still comes when the cancel fails."""

    STOP_ON_FAILURE = "STOP_ON_FAILURE"
    ALLOW_FAILURE = "ALLOW_FAILURE"


class CancelReplaceOutcome(StrEnum):
    """`cancelResult` and `newOrderResult`."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    NOT_ATTEMPTED = "NOT_ATTEMPTED"


class ContingencyType(StrEnum):
    """`contingencyType` of an order list; an OTOCO says OTO."""

    OCO = "OCO"
    OTO = "OTO"


class ListStatusType(StrEnum):
    """`listStatusType` (`l` of `listStatus`)."""

    RESPONSE = "RESPONSE"
    EXEC_STARTED = "EXEC_STARTED"
    UPDATED = "UPDATED"
    ALL_DONE = "ALL_DONE"


class ListOrderStatus(StrEnum):
    """`listOrderStatus` (`L` of `listStatus`)."""

    EXECUTING = "EXECUTING"
    ALL_DONE = "ALL_DONE"
    REJECT = "REJECT"
