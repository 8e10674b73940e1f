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
from binance_sim.engine.vocabulary import CancelRestriction, OrderType, Side, StpMode, TimeInForce

CLIENT_ORDER_ID: Final = "^[a-zA-Z0-9-_]{1,36}$"
AMOUNT: Final = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"

_CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9\-_]{1,36}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
_AMOUNT_LIMIT: Final = Decimal(10) ** 20
_LEAST_STRATEGY_TYPE: Final = 1_000_000


@attrs.frozen(kw_only=True)
class NewOrder:
    """`POST /api/v3/order`, parsed. Amounts are plain decimals."""

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


@attrs.frozen(kw_only=True)
class CancelOrder:
    """`DELETE /api/v3/order`, parsed; one of the two ids, or both."""

    symbol: str
    order_id: int | None = None
    orig_client_order_id: str | None = None
    new_client_order_id: str | None = None  #: the cancel's own id
    restriction: CancelRestriction | None = None


def parse_amount(parameter: str, text: str) -> Decimal:
    """Return the amount in `text`. Raises VenueError -1100 unless it is a plain decimal."""
    if _AMOUNT.fullmatch(text) is None:
        raise errors.illegal_characters(parameter, AMOUNT)
    return Decimal(text)


def check_parameters(request: NewOrder, rules: SymbolRules) -> None:
    """Check the request by itself. Raises VenueError."""
    _check_characters(request)
    _check_presence(request)
    _check_precision("quantity", request.quantity, rules.base_asset_precision)
    _check_precision("price", request.price, rules.quote_asset_precision)
    _check_precision("quoteOrderQty", request.quote_order_quantity, rules.quote_asset_precision)
    strategy = request.strategy_type
    if strategy is not None and strategy < _LEAST_STRATEGY_TYPE:
        raise errors.VenueError(errors.BAD_STRATEGY_TYPE, "`strategyType` was less than 1000000.")


def _check_characters(request: NewOrder) -> None:
    client_order_id = request.new_client_order_id
    if client_order_id is not None and _CLIENT_ORDER_ID.fullmatch(client_order_id) is None:
        raise errors.illegal_characters("newClientOrderId", CLIENT_ORDER_ID)
    for parameter, amount in (
        ("quantity", request.quantity),
        ("price", request.price),
        ("quoteOrderQty", request.quote_order_quantity),
    ):
        if amount is not None and not _is_plain(amount):
            raise errors.illegal_characters(parameter, AMOUNT)


def _is_plain(amount: Decimal) -> bool:
    return amount.is_finite() and not amount.is_signed() and amount < _AMOUNT_LIMIT


def _check_presence(request: NewOrder) -> None:
    if request.type is OrderType.MARKET:
        _check_market(request)
        return
    is_limit = request.type is OrderType.LIMIT
    if is_limit and request.time_in_force is None:
        raise errors.missing("timeInForce")
    if request.quantity is None:
        raise errors.missing("quantity")
    if request.price is None:
        raise errors.missing("price")
    if request.quote_order_quantity is not None:
        raise errors.not_required("quoteOrderQty")
    if request.type is OrderType.LIMIT_MAKER and request.time_in_force is not None:
        raise errors.not_required("timeInForce")


def _check_market(request: NewOrder) -> None:
    if request.quantity is None and request.quote_order_quantity is None:
        raise errors.one_of_missing("quantity", "quoteOrderQty")
    if request.quantity is not None and request.quote_order_quantity is not None:
        raise errors.not_required("quoteOrderQty")
    if request.time_in_force is not None:
        raise errors.not_required("timeInForce")
    if request.price is not None:
        raise errors.not_required("price")


def _check_precision(parameter: str, amount: Decimal | None, decimals: int) -> None:
    if amount is not None and not fits(amount, decimals):
        raise errors.too_precise(parameter)
