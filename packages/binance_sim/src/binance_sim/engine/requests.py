"""What a customer of the venue asks, and the checks of its parameters.

They come first, before any rule of the symbol: characters (-1100), required (-1102), superfluous
(-1106), precision (-1111).
"""

import re
from decimal import Decimal
from typing import Final

import attrs

from binance_sim.engine import errors
from binance_sim.engine.amounts import fits
from binance_sim.engine.symbols import SymbolRules
from binance_sim.engine.vocabulary import (
    CancelReplaceMode,
    CancelRestriction,
    ContingencyType,
    OrderType,
    PegOffsetType,
    PegPriceType,
    Side,
    StpMode,
    TimeInForce,
)

CLIENT_ORDER_ID: Final = "^[a-zA-Z0-9-_]{1,36}$"
AMOUNT: Final = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"

_CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9\-_]{1,36}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
_AMOUNT_LIMIT: Final = Decimal(10) ** 20
_LEAST_STRATEGY_TYPE: Final = 1_000_000
_MOST_PEG_LEVELS: Final = 100


@attrs.frozen(kw_only=True)
class NewOrder:
    """`POST /api/v3/order`, parsed, or one leg of an order list. Amounts are plain decimals."""

    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce | None = None
    quantity: Decimal | None = None
    quote_order_quantity: Decimal | None = None
    price: Decimal | None = None
    new_client_order_id: str | None = None
    stp_mode: StpMode | None = None
    strategy_id: int | None = None
    strategy_type: int | None = None
    stop_price: Decimal | None = None
    trailing_delta: int | None = None  #: basis points
    iceberg_quantity: Decimal | None = None
    peg_price_type: PegPriceType | None = None
    peg_offset_type: PegOffsetType | None = None
    peg_offset_value: int | None = None  #: levels


@attrs.frozen(kw_only=True)
class CancelOrder:
    """`DELETE /api/v3/order`, parsed; one of the two ids, or both."""

    symbol: str
    order_id: int | None = None
    orig_client_order_id: str | None = None
    new_client_order_id: str | None = None  #: the cancel's own id
    restriction: CancelRestriction | None = None


@attrs.frozen(kw_only=True)
class CancelReplace:
    """`POST /api/v3/order/cancelReplace`, parsed."""

    cancel: CancelOrder
    new: NewOrder
    mode: CancelReplaceMode


@attrs.frozen(kw_only=True)
class AmendOrder:
    """`PUT /api/v3/order/amend/keepPriority`, parsed; one of the two ids, or both."""

    symbol: str
    new_quantity: Decimal
    order_id: int | None = None
    orig_client_order_id: str | None = None
    new_client_order_id: str | None = None  #: None: one is made up


@attrs.frozen(kw_only=True)
class NewOrderList:
    """`POST /api/v3/orderList/*`, parsed.

    `above` and `below` alone are an OCO, `working` and `pending` an OTO, `working` with `above`
    and `below` an OTOCO. The legs bear the names of their parameters' prefixes.
    """

    symbol: str
    list_client_order_id: str | None = None
    working: NewOrder | None = None
    pending: NewOrder | None = None
    above: NewOrder | None = None
    below: NewOrder | None = None

    @property
    def contingency(self) -> ContingencyType:
        """What the venue calls it; an OTOCO is an OTO."""
        return ContingencyType.OCO if self.working is None else ContingencyType.OTO

    @property
    def legs(self) -> tuple[tuple[str, NewOrder], ...]:
        """The legs in the order of their ids, each with the prefix of its parameters."""
        pending = "" if self.working is None else "pending"
        every = (
            ("working", self.working),
            ("pending", self.pending),
            (named(pending, "below"), self.below),
            (named(pending, "above"), self.above),
        )
        return tuple((prefix, leg) for prefix, leg in every if leg is not None)


@attrs.frozen(kw_only=True)
class CancelOrderList:
    """`DELETE /api/v3/orderList`, parsed; one of the two ids, or both."""

    symbol: str
    order_list_id: int | None = None
    list_client_order_id: str | None = None
    new_client_order_id: str | None = None  #: of every order that it cancels


def parse_amount(parameter: str, text: str) -> Decimal:
    """Return the amount in `text`. Raises VenueError -1100 unless it is a plain decimal."""
    if _AMOUNT.fullmatch(text) is None:
        raise errors.illegal_characters(parameter, AMOUNT)
    return Decimal(text)


def check_client_order_id(parameter: str, client_order_id: str | None) -> None:
    """Check the characters of an id. Raises VenueError -1100."""
    if client_order_id is not None and _CLIENT_ORDER_ID.fullmatch(client_order_id) is None:
        raise errors.illegal_characters(parameter, CLIENT_ORDER_ID)


def named(prefix: str, parameter: str) -> str:
    """Return the name of a parameter of an order list's leg."""
    return prefix + parameter[0].upper() + parameter[1:] if prefix else parameter


def check_parameters(request: NewOrder, rules: SymbolRules, prefix: str = "") -> None:
    """Check the request by itself; `prefix` of a leg's parameters. Raises VenueError."""
    if request.new_client_order_id is not None:
        own_id = "clientOrderId" if prefix else "newClientOrderId"
        check_client_order_id(named(prefix, own_id), request.new_client_order_id)
    base, quote = rules.base_asset_precision, rules.quote_asset_precision
    sent = [
        each
        for each in (
            ("quantity", request.quantity, base),
            ("price", request.price, quote),
            ("quoteOrderQty", request.quote_order_quantity, quote),
            ("stopPrice", request.stop_price, quote),
            ("icebergQty", request.iceberg_quantity, base),
        )
        if each[1] is not None
    ]
    for parameter, amount, _decimals in sent:
        if amount is not None and not _is_plain(amount):
            raise errors.illegal_characters(named(prefix, parameter), AMOUNT)
    _check_presence(request, prefix)
    if request.peg_price_type is not None or request.peg_offset_value is not None:
        _check_peg(request, prefix)
    for parameter, amount, decimals in sent:
        if amount is not None and not fits(amount, decimals):
            raise errors.too_precise(named(prefix, parameter))
    strategy = request.strategy_type
    if strategy is not None and strategy < _LEAST_STRATEGY_TYPE:
        raise errors.VenueError(errors.BAD_STRATEGY_TYPE, "`strategyType` was less than 1000000.")


def _is_plain(amount: Decimal) -> bool:
    return amount.is_finite() and not amount.is_signed() and amount < _AMOUNT_LIMIT


def _check_presence(request: NewOrder, prefix: str) -> None:
    kind = request.type
    if kind is OrderType.MARKET:
        _check_market(request, prefix)
        return
    if request.quantity is None:
        raise errors.missing(named(prefix, "quantity"))
    if request.quote_order_quantity is not None:
        raise errors.not_required(named(prefix, "quoteOrderQty"))
    if kind is OrderType.LIMIT and request.time_in_force is None:
        raise errors.missing(named(prefix, "timeInForce"))
    if kind.is_contingent:
        _check_contingent(request, prefix)
    elif request.stop_price is not None or request.trailing_delta is not None:
        _refuse_contingent(request, prefix)
    if not kind.is_market and request.price is None and request.peg_price_type is None:
        raise errors.missing(named(prefix, "price"))
    if kind is OrderType.LIMIT_MAKER:
        _refuse(prefix, timeInForce=request.time_in_force)
    if request.iceberg_quantity and request.time_in_force not in (None, TimeInForce.GTC):
        raise errors.rejected(errors.BAD_COMBINATION_OF_TERMS)


def _check_contingent(request: NewOrder, prefix: str) -> None:
    if request.stop_price is None and request.trailing_delta is None:
        stop, delta = named(prefix, "stopPrice"), named(prefix, "trailingDelta")
        raise errors.one_of_missing(stop, delta)
    if not request.type.is_market and request.time_in_force is None:
        raise errors.missing(named(prefix, "timeInForce"))
    if request.type.is_market:
        _refuse(prefix, timeInForce=request.time_in_force, price=request.price)
        _refuse(prefix, icebergQty=request.iceberg_quantity)
    if request.trailing_delta is not None and request.trailing_delta <= 0:
        raise errors.invalid_data(named(prefix, "trailingDelta"))


def _refuse_contingent(request: NewOrder, prefix: str) -> None:
    _refuse(prefix, stopPrice=request.stop_price, trailingDelta=request.trailing_delta)


def _refuse(prefix: str, **sent: object) -> None:
    for parameter, value in sent.items():
        if value is not None:
            raise errors.not_required(named(prefix, parameter))


def _check_market(request: NewOrder, prefix: str) -> None:
    if request.quantity is None and request.quote_order_quantity is None:
        quantity, quote = named(prefix, "quantity"), named(prefix, "quoteOrderQty")
        raise errors.one_of_missing(quantity, quote)
    if request.quantity is not None and request.quote_order_quantity is not None:
        raise errors.not_required(named(prefix, "quoteOrderQty"))
    _refuse(prefix, timeInForce=request.time_in_force, price=request.price)
    _refuse(prefix, icebergQty=request.iceberg_quantity)
    _refuse_contingent(request, prefix)


def _check_peg(request: NewOrder, prefix: str) -> None:
    kind, offset = request.type, request.peg_offset_value
    if request.peg_price_type is None:
        raise errors.missing(named(prefix, "pegPriceType"))
    if (request.peg_offset_type is None) != (offset is None):
        names = (named(prefix, "pegOffsetType"), named(prefix, "pegOffsetValue"))
        raise errors.bad_combination(*names)
    if offset is not None and not 0 < offset <= _MOST_PEG_LEVELS:
        raise errors.invalid_data(named(prefix, "pegOffsetValue"))
    if kind.is_market:
        raise errors.rejected(errors.PEG_NOT_FOR_TYPE)
    primary = request.peg_price_type is PegPriceType.PRIMARY_PEG
    if kind is OrderType.LIMIT_MAKER and not primary:
        raise errors.rejected(errors.PEG_NOT_WITH_TYPE)
    if kind is OrderType.LIMIT and primary and request.time_in_force is not TimeInForce.GTC:
        raise errors.rejected(errors.BAD_COMBINATION_OF_TERMS)
