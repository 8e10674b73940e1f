"""Between the venue's words and the port's. Pure; each table has a test per row."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from binance_adapter.clock_offset import to_instant
from binance_adapter.errors import UnreadableAnswer
from binance_adapter.messages import BalanceRow, ExecutionEvent, Fill, OrderAnswer, TradeRow
from binance_adapter.symbols import VenueSymbol
from tradecore.domain.executions import Liquidity
from tradecore.domain.instruments import OrderType, Side
from tradecore.domain.money import ZERO, Price, Quantity, add, multiply, negate, text
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.ports.venue import ExecutionReport, OrderReport, VenueBalance, VenueReport

_CLIENT_ORDER_ID_LENGTH: Final = 36
_CANCEL_ID: Final = re.compile(r"([0-9a-z]{32})_([0-9]{1,3})", re.ASCII)
_AMOUNT: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,18})?", re.ASCII)

# None: it lives. PENDING_NEW is the waiting leg of an order list; PENDING_CANCEL is unused.
OUTCOMES: Final[Mapping[str, VenueOutcome | None]] = MappingProxyType(
    {
        "NEW": None,
        "PENDING_NEW": None,
        "PARTIALLY_FILLED": None,
        "PENDING_CANCEL": None,
        "FILLED": VenueOutcome.FILLED,
        "CANCELED": VenueOutcome.CANCELED,
        "REJECTED": VenueOutcome.REJECTED,
        "EXPIRED": VenueOutcome.EXPIRED,
        "EXPIRED_IN_MATCH": VenueOutcome.EXPIRED_IN_MATCH,
    }
)
SIDES: Final[Mapping[str, Side]] = MappingProxyType({"BUY": Side.BUY, "SELL": Side.SELL})
EXECUTION_TYPES: Final = frozenset(
    {"NEW", "CANCELED", "REPLACED", "REJECTED", "TRADE", "EXPIRED", "TRADE_PREVENTION"}
)
TRADE: Final = "TRADE"
REJECTED: Final = "REJECTED"


def amount_of(text_of_amount: str) -> Decimal:
    """Return the amount that the venue wrote.

    Raises:
        UnreadableAnswer: it is no plain decimal number, or below zero.
    """
    if _AMOUNT.fullmatch(text_of_amount) is None:
        raise UnreadableAnswer("an amount is no plain decimal number")
    return Decimal(text_of_amount)


def delta_of(text_of_amount: str) -> Decimal:
    """Return an amount with its sign. Raises UnreadableAnswer: it is no plain decimal number."""
    amount = amount_of(text_of_amount.removeprefix("-"))
    return negate(amount) if text_of_amount.startswith("-") else amount


def traded_of(text_of_amount: str) -> Decimal:
    """Return an amount that was traded. Raises UnreadableAnswer: as `amount_of`, or it is zero."""
    amount = amount_of(text_of_amount)
    if not amount:
        raise UnreadableAnswer("a trade of nothing")
    return amount


def outcome_of(status: str) -> VenueOutcome | None:
    """Return how an order ended, None while it lives. Raises UnreadableAnswer: unknown status."""
    if status not in OUTCOMES:
        raise UnreadableAnswer(f"unknown order status {status[:40]!r}")
    return OUTCOMES[status]


def side_of(side: str) -> Side:
    """Return the side. Raises UnreadableAnswer: unknown."""
    if side not in SIDES:
        raise UnreadableAnswer(f"unknown side {side[:40]!r}")
    return SIDES[side]


def cancel_id_of(venue_client_order_id: str) -> str:
    """Return the id that the cancel of an order bears, and the order after it.

    An underscore where a child's id has its dash, so it fits wherever the child's id fits.
    """
    stem, _, suffix = venue_client_order_id.partition("-")
    return f"{stem}_{suffix or 1}"[-_CLIENT_ORDER_ID_LENGTH:]


def own_id_of(client_order_id: str, original: str = "") -> str:
    """Return the order's own client order id, where `client_order_id` may be its cancel's.

    `original` is what the venue tells beside a cancel's id, if it does.
    """
    if original:
        return original
    found = _CANCEL_ID.fullmatch(client_order_id)
    if found is None:
        return client_order_id
    stem, suffix = found.groups()
    return str(stem) if suffix == "1" else f"{stem}-{suffix}"


def to_parameters(child: VenueOrder, self_trade_mode: str) -> dict[str, str]:
    """Return the parameters that place `child`, without its stamp."""
    parameters = {"symbol": child.symbol, "side": str(child.side), "type": str(child.type)}
    # A MARKET or LIMIT_MAKER order with a time in force is refused (-1106).
    if child.time_in_force is not None and child.type is OrderType.LIMIT:
        parameters["timeInForce"] = str(child.time_in_force)
    amounts = {
        "quantity": child.quantity,
        "quoteOrderQty": child.quote_quantity,
        "price": child.price,
    }
    parameters |= {name: text(each) for name, each in amounts.items() if each is not None}
    return parameters | {
        "newClientOrderId": child.venue_client_order_id,
        "newOrderRespType": "FULL",
        "selfTradePreventionMode": self_trade_mode,
    }


def order_key(child: VenueOrder) -> dict[str, str]:
    """Return the parameters that name `child`: by the venue's id once it is known.

    A cancel's own client order id replaces the order's, so that one may lead nowhere.
    """
    if child.venue_order_id is None:
        return {"symbol": child.symbol, "origClientOrderId": child.venue_client_order_id}
    return {"symbol": child.symbol, "orderId": str(child.venue_order_id)}


def to_order_report(answer: OrderAnswer, own_id: str | None = None) -> OrderReport:
    """Return the state of an order; `own_id` is its client order id where we know it."""
    outcome = outcome_of(answer.status)
    return OrderReport(
        symbol=answer.symbol,
        venue_order_id=answer.order_id,
        venue_client_order_id=own_id
        or own_id_of(answer.client_order_id, answer.orig_client_order_id),
        filled_quantity=amount_of(answer.executed_qty),
        outcome=outcome,
        reason=(answer.expiry_reason or None) if outcome is VenueOutcome.EXPIRED else None,
    )


def to_balance(row: BalanceRow) -> VenueBalance:
    """Return what is held of one asset."""
    return VenueBalance(asset=row.asset, free=amount_of(row.free), locked=amount_of(row.locked))


def to_execution(
    venue: str, row: TradeRow, symbol: VenueSymbol, own_id: str | None
) -> ExecutionReport:
    """Return a fill out of the trade history, which does not name client order ids."""
    return ExecutionReport(
        venue=venue,
        symbol=row.symbol,
        base_asset=symbol.base_asset,
        quote_asset=symbol.quote_asset,
        trade_id=row.id,
        venue_order_id=row.order_id,
        venue_client_order_id=own_id,
        side=Side.BUY if row.is_buyer else Side.SELL,
        quantity=Quantity(traded_of(row.qty)),
        price=Price(traded_of(row.price)),
        notional=amount_of(row.quote_qty),
        commission=amount_of(row.commission),
        commission_asset=row.commission_asset,
        liquidity=Liquidity.MAKER if row.is_maker else Liquidity.TAKER,
        transacted_at=to_instant(row.time),
    )


def fills_of(
    venue: str, answer: OrderAnswer, symbol: VenueSymbol, own_id: str
) -> Sequence[ExecutionReport]:
    """Return the fills in the answer of a new order, or none where a figure would be ours.

    The answer has the quote amount of all fills together only. Where our products do not add up
    to it, the venue has rounded, and the stream or the history tells each fill's own amount.
    """
    notionals = [multiply(amount_of(fill.price), amount_of(fill.qty)) for fill in answer.fills]
    total = ZERO
    for notional in notionals:
        total = add(total, notional)
    if total != _cumulative(answer.cummulative_quote_qty):
        return []
    return [
        _fill_of(venue, answer, symbol, own_id, fill, notional)
        for fill, notional in zip(answer.fills, notionals, strict=True)
    ]


def _cumulative(text_of_amount: str) -> Decimal | None:
    """Return the quote amount of all fills; None where the venue does not know it any more (-1)."""
    return None if text_of_amount.startswith("-") else amount_of(text_of_amount)


def _fill_of(
    venue: str, answer: OrderAnswer, symbol: VenueSymbol, own_id: str, fill: Fill, notional: Decimal
) -> ExecutionReport:
    return ExecutionReport(
        venue=venue,
        symbol=answer.symbol,
        base_asset=symbol.base_asset,
        quote_asset=symbol.quote_asset,
        trade_id=fill.trade_id,
        venue_order_id=answer.order_id,
        venue_client_order_id=own_id,
        side=side_of(answer.side),
        quantity=Quantity(traded_of(fill.qty)),
        price=Price(traded_of(fill.price)),
        notional=notional,
        commission=amount_of(fill.commission),
        commission_asset=fill.commission_asset,
        liquidity=Liquidity.TAKER,  # an order that fills before its answer has taken
        transacted_at=to_instant(answer.transact_time),
    )


def state_of(event: ExecutionEvent) -> OrderReport:
    """Return the state that an event tells. Raises UnreadableAnswer: unknown type or status."""
    if event.execution_type not in EXECUTION_TYPES:
        raise UnreadableAnswer(f"unknown execution type {event.execution_type[:40]!r}")
    outcome = outcome_of(event.status)
    reason: str | None = None
    if outcome is VenueOutcome.EXPIRED:
        reason = event.expiry_reason or None
    elif outcome is VenueOutcome.REJECTED:
        reason = event.reject_reason
    return OrderReport(
        symbol=event.symbol,
        venue_order_id=event.order_id,
        venue_client_order_id=own_id_of(event.client_order_id, event.original_client_order_id),
        filled_quantity=amount_of(event.filled_quantity),
        outcome=outcome,
        reason=reason,
    )


def fill_of_event(venue: str, event: ExecutionEvent, symbol: VenueSymbol) -> ExecutionReport:
    """Return the fill that a TRADE event tells.

    Raises:
        UnreadableAnswer: it has no trade id or commission, or an amount is no number.
    """
    if event.trade_id < 0 or event.commission is None or event.commission_asset is None:
        raise UnreadableAnswer("a trade without its id or commission")
    return ExecutionReport(
        venue=venue,
        symbol=event.symbol,
        base_asset=symbol.base_asset,
        quote_asset=symbol.quote_asset,
        trade_id=event.trade_id,
        venue_order_id=event.order_id,
        venue_client_order_id=own_id_of(event.client_order_id, event.original_client_order_id),
        side=side_of(event.side),
        quantity=Quantity(traded_of(event.last_quantity)),
        price=Price(traded_of(event.last_price)),
        notional=amount_of(event.last_notional),
        commission=amount_of(event.commission),
        commission_asset=event.commission_asset,
        liquidity=Liquidity.MAKER if event.is_maker else Liquidity.TAKER,
        transacted_at=to_instant(event.transacted_at),
    )


def reports_of(venue: str, event: ExecutionEvent, symbol: VenueSymbol) -> Sequence[VenueReport]:
    """Return what an event says: a fill before the end it brings, or a new state.

    Raises:
        UnreadableAnswer: something in it has no meaning here; ask about the order instead.
    """
    state = state_of(event)
    if event.execution_type != TRADE:
        return (state,)
    fill = fill_of_event(venue, event, symbol)
    return (fill,) if state.outcome is None else (fill, state)
