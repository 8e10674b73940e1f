"""Orders on the wire."""

import msgspec

from http_adapter.fields import (
    Amount,
    AmountText,
    ClientOrderId,
    Instant,
    Symbol,
    instant,
    optional_amount,
    optional_text,
)
from http_adapter.idempotency import Origin
from http_adapter.problems import FieldError
from tradecore.application.commands.place_order import PlaceOrder
from tradecore.application.commands.replace_order import ReplaceOrder
from tradecore.application.preview import OrderPreview
from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.money import Price, Quantity, text
from tradecore.domain.orders import Order, OrderEvent, OrderStatus, Trigger


class NewOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An order to place."""

    symbol: Symbol
    side: Side
    type: OrderType
    time_in_force: TimeInForce | None = None
    quantity: AmountText | None = None
    quote_quantity: AmountText | None = None
    price: AmountText | None = None
    stop_price: AmountText | None = None
    client_order_id: ClientOrderId | None = None

    def to_command(self, origin: Origin, account_id: AccountId) -> PlaceOrder:
        """Return the wish as a command."""
        quantity = optional_amount(self.quantity, "quantity")
        price = optional_amount(self.price, "price")
        stop_price = optional_amount(self.stop_price, "stop_price")
        return PlaceOrder(
            **origin,
            account_id=account_id,
            symbol=self.symbol,
            side=self.side,
            type=self.type,
            time_in_force=self.time_in_force,
            quantity=None if quantity is None else Quantity(quantity),
            quote_quantity=optional_amount(self.quote_quantity, "quote_quantity"),
            price=None if price is None else Price(price),
            stop_price=None if stop_price is None else Price(stop_price),
            client_order_id=self.client_order_id,
        )


class Replacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an open order is to become: another total quantity, another limit, or both."""

    quantity: AmountText | None = None
    price: AmountText | None = None

    def to_command(self, origin: Origin, account_id: AccountId, order_id: OrderId) -> ReplaceOrder:
        """Return the wish as a command."""
        quantity = optional_amount(self.quantity, "quantity")
        price = optional_amount(self.price, "price")
        return ReplaceOrder(
            **origin,
            account_id=account_id,
            order_id=order_id,
            quantity=None if quantity is None else Quantity(quantity),
            price=None if price is None else Price(price),
        )


class OrderMessage(msgspec.Struct, frozen=True, kw_only=True):
    """An order and what became of it."""

    order_id: str
    client_order_id: str
    account_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Amount | None
    quote_quantity: Amount | None
    price: Amount | None
    stop_price: Amount | None
    status: OrderStatus
    filled_quantity: Amount
    filled_notional: Amount
    leaves_quantity: Amount | None
    reason: str | None
    late_fill: bool
    version: int
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, order: Order) -> "OrderMessage":
        """Return the order as told to its owner."""
        return cls(
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            account_id=order.account_id,
            symbol=order.symbol,
            side=order.side,
            type=order.type,
            time_in_force=order.time_in_force,
            quantity=optional_text(order.quantity),
            quote_quantity=optional_text(order.quote_quantity),
            price=optional_text(order.price),
            stop_price=optional_text(order.stop_price),
            status=order.status,
            filled_quantity=text(order.filled_quantity),
            filled_notional=text(order.filled_notional),
            leaves_quantity=optional_text(order.leaves_quantity),
            reason=order.reason,
            late_fill=order.late_fill,
            version=order.version,
            created_at=instant(order.created_at),
            updated_at=instant(order.updated_at),
        )


class OrderList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of orders."""

    items: tuple[OrderMessage, ...]
    next_cursor: str | None


class OrderEventMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an order."""

    version: int
    trigger: Trigger
    status: OrderStatus
    filled_quantity: Amount
    detail: str | None
    recorded_at: Instant

    @classmethod
    def of(cls, event: OrderEvent) -> "OrderEventMessage":
        """Return the step as told to the order's owner."""
        return cls(
            version=event.version,
            trigger=event.trigger,
            status=event.status,
            filled_quantity=text(event.filled_quantity),
            detail=event.detail,
            recorded_at=instant(event.recorded_at),
        )


class OrderEventList(msgspec.Struct, frozen=True, kw_only=True):
    """An order's whole history, oldest first."""

    items: tuple[OrderEventMessage, ...]
    next_cursor: str | None = None


class PreviewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What the order would come to now. Nothing was kept."""

    accepted: bool
    reasons: tuple[FieldError, ...]
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Amount | None
    quote_quantity: Amount | None
    price: Amount | None
    stop_price: Amount | None
    notional: Amount
    reserved_asset: str | None
    reserved_amount: Amount | None
    estimated_fee: Amount | None
    fee_asset: str

    @classmethod
    def of(cls, preview: OrderPreview) -> "PreviewMessage":
        """Return the figures."""
        order, reservation = preview.order, preview.reservation
        return cls(
            accepted=not preview.reasons,
            reasons=tuple(map(FieldError.of_reason, preview.reasons)),
            symbol=order.symbol,
            side=order.side,
            type=order.type,
            time_in_force=order.time_in_force,
            quantity=optional_text(order.quantity),
            quote_quantity=optional_text(order.quote_quantity),
            price=optional_text(order.price),
            stop_price=optional_text(order.stop_price),
            notional=text(preview.notional),
            reserved_asset=None if reservation is None else reservation.asset,
            reserved_amount=None if reservation is None else text(reservation.amount),
            estimated_fee=optional_text(preview.fee),
            fee_asset=preview.fee_asset,
        )
