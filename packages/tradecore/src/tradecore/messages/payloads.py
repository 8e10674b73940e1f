"""What the events say. Amounts are text in plain notation, times carry their zone.

A payload only ever grows by optional fields; anything else is a new version
(`messages/schemas.py`).
"""

from typing import Annotated

import msgspec

from tradecore.domain import events
from tradecore.domain.executions import Execution
from tradecore.domain.freezes import Freeze
from tradecore.domain.money import text
from tradecore.domain.orders import Order
from tradecore.messages.envelope import UtcDatetime

Amount = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]


class OrderPayload(msgspec.Struct, frozen=True, kw_only=True):
    """An order after the event."""

    order_id: str
    client_order_id: str
    symbol: str
    side: str
    type: str
    time_in_force: str
    quantity: Amount | None
    quote_quantity: Amount | None
    price: Amount | None
    stop_price: Amount | None
    status: str
    filled_quantity: Amount
    filled_notional: Amount
    reason: str | None
    late_fill: bool
    order_version: int
    created_at: UtcDatetime
    updated_at: UtcDatetime


class ExecutionPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A fill."""

    venue: str
    symbol: str
    trade_id: int
    order_id: str | None
    side: str
    quantity: Amount
    price: Amount
    notional: Amount
    commission: Amount
    commission_asset: str
    fee: Amount
    fee_asset: str
    liquidity: str
    late: bool
    transacted_at: UtcDatetime
    recorded_at: UtcDatetime


class BalancePayload(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet after the event."""

    asset: str
    available: Amount
    reserved: Amount
    owed: Amount


class TradingControlPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A freeze that was set or lifted."""

    scope: str
    target: str
    mode: str
    reason: str
    by: str
    lifted: bool


class AlertPayload(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person must look at."""

    kind: str
    subject: str
    detail: str
    amount: Amount | None


Payload = OrderPayload | ExecutionPayload | BalancePayload | TradingControlPayload | AlertPayload


def payload_of(event: events.Event) -> Payload:
    """Return what `event` says on the bus."""
    match event:
        case events.OrderSubmitted() | events.OrderCancelRequested() | events.OrderUpdated():
            return _order(event.order)
        case events.ExecutionRecorded():
            return _execution(event.execution)
        case events.BalanceUpdated():
            wallet = event.wallet
            return BalancePayload(
                asset=wallet.asset,
                available=text(wallet.available),
                reserved=text(wallet.reserved),
                owed=text(wallet.owed),
            )
        case events.TradingControlChanged():
            return _control(event.freeze, lifted=event.lifted)
        case events.AlertRaised():
            return AlertPayload(
                kind=event.kind,
                subject=event.subject,
                detail=event.detail,
                amount=None if event.amount is None else text(event.amount),
            )


def _order(order: Order) -> OrderPayload:
    return OrderPayload(
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        quantity=None if order.quantity is None else text(order.quantity),
        quote_quantity=None if order.quote_quantity is None else text(order.quote_quantity),
        price=None if order.price is None else text(order.price),
        stop_price=None if order.stop_price is None else text(order.stop_price),
        status=order.status,
        filled_quantity=text(order.filled_quantity),
        filled_notional=text(order.filled_notional),
        reason=order.reason,
        late_fill=order.late_fill,
        order_version=order.version,
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


def _execution(execution: Execution) -> ExecutionPayload:
    return ExecutionPayload(
        venue=execution.venue,
        symbol=execution.symbol,
        trade_id=execution.trade_id,
        order_id=execution.order_id,
        side=execution.side,
        quantity=text(execution.quantity),
        price=text(execution.price),
        notional=text(execution.notional),
        commission=text(execution.commission),
        commission_asset=execution.commission_asset,
        fee=text(execution.fee),
        fee_asset=execution.fee_asset,
        liquidity=execution.liquidity,
        late=execution.late,
        transacted_at=execution.transacted_at,
        recorded_at=execution.recorded_at,
    )


def _control(freeze: Freeze, *, lifted: bool) -> TradingControlPayload:
    return TradingControlPayload(
        scope=freeze.scope,
        target=freeze.target,
        mode=freeze.mode,
        reason=freeze.reason,
        by=freeze.frozen_by,
        lifted=lifted,
    )
