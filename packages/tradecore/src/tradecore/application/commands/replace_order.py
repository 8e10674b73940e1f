"""Ask for another price or size of an order that rests: reserve the difference, then cancel, then send.

The next child goes to the venue only after the old one is proved dead, for the new total less what
has filled by then. Until then the reservation covers whichever of the two costs more.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

import attrs

from tradecore.application.command import Command
from tradecore.application.commands import place_order
from tradecore.application.context import Context
from tradecore.application.settlement import save_step, wallet_of
from tradecore.application.succession import replace
from tradecore.domain import accounts, orders, reservations, risk, wallets
from tradecore.domain.errors import (
    InvalidOrder,
    OrderAlreadyTerminal,
    OrderNotReplaceable,
    OrderRefused,
    Reason,
    UnknownOrder,
)
from tradecore.domain.events import OrderCancelRequested
from tradecore.domain.ids import MAX_CHILDREN, AccountId, OrderId
from tradecore.domain.instruments import Instrument, OrderType, TimeInForce
from tradecore.domain.money import ZERO, Price, Quantity, multiply, require_scale, subtract, text
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.reservations import Reservation
from tradecore.domain.risk import RiskView
from tradecore.domain.venue_orders import VenueOrderStatus
from tradecore.ports.store import Footprint, StopsLock
from tradecore.ports.working_set import WorkingSet

_RESTING = frozenset({OrderType.LIMIT, OrderType.LIMIT_MAKER})
#: Self-trade prevention may need a few children more.
_MOST_CHILDREN = MAX_CHILDREN - 9


@attrs.frozen(kw_only=True)
class ReplaceOrder(Command[Order]):
    """Give an open order another limit, another total quantity, or both."""

    kind: ClassVar[str] = "replace_order"
    answer_type: ClassVar[type] = Order

    account_id: AccountId
    order_id: OrderId
    quantity: Quantity | None = None  #: the new total, what has filled included; None: as it is
    price: Price | None = None  #: None: as it is

    def footprint(self) -> Footprint:
        """Return the order, the limits it is checked against, and the freezes."""
        return Footprint(
            accounts=frozenset({self.account_id}),
            orders=frozenset({self.order_id}),
            positions=True,
            rules=True,
            stops=StopsLock.SHARE,
        )


def decide(command: ReplaceOrder, books: WorkingSet, context: Context) -> Order:
    """Return the order, PENDING_REPLACE, with the difference reserved.

    Raises:
        UnknownOrder: no such order, or not of this account.
        OrderAlreadyTerminal, OrderNotReplaceable: not now, or not this one.
        InvalidOrder, InvalidAmount: the fields make no sense together.
        OrderRefused: filters, risk, a freeze or the funds; every reason.
    """
    order = books.orders.find(command.order_id)
    if order is None or order.account_id != command.account_id:
        raise UnknownOrder(order_id=command.order_id)
    _require_replaceable(order)
    accounts.require_active(books.accounts[order.account_id])
    instrument = books.instruments[order.symbol]
    quantity, price = _wish(command, order, instrument)
    reservation = _raised(books, order, quantity, price, instrument)
    reasons = tuple(_reasons(books, context, order, quantity, price, reservation))
    if reasons:
        raise OrderRefused(reasons=reasons)
    _reserve(books, reservation)
    _count(books, context, order, quantity, price)
    pending, event = orders.request_replacement(order, quantity, price, context.now)
    save_step(books, pending, event)
    newest = books.venue_orders[order.order_id, order.children]
    if newest.status is VenueOrderStatus.ENDED:
        return replace(books, context, command.command_id, pending)
    books.record(OrderCancelRequested(order=pending))
    return pending


def _require_replaceable(order: Order) -> None:
    if order.is_terminal:
        raise OrderAlreadyTerminal(order_id=order.order_id, status=order.status)
    why = None
    if order.type not in _RESTING or order.time_in_force is not TimeInForce.GTC:
        why = f"{order.type} {order.time_in_force} orders do not rest"
    elif order.status not in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED):
        why = f"it is {order.status}; wait until that is decided"
    elif order.children >= _MOST_CHILDREN:
        why = "it was replaced too often; cancel it and place another"
    if why is not None:
        raise OrderNotReplaceable(order_id=order.order_id, why=why)


def _wish(command: ReplaceOrder, order: Order, instrument: Instrument) -> tuple[Quantity, Price]:
    """Return the total quantity and the price to come. Raises InvalidOrder, InvalidAmount."""
    shape = tuple(_shape(command, order))
    if shape:
        raise InvalidOrder(reasons=shape)
    for field, amount, scale in (
        ("quantity", command.quantity, instrument.base_scale),
        ("price", command.price, instrument.quote_scale),
    ):
        if amount is not None:
            require_scale(amount, scale, field=field)
    quantity, price = command.quantity or order.quantity, command.price or order.price
    assert quantity is not None, order
    assert price is not None, order
    return quantity, price


def _shape(command: ReplaceOrder, order: Order) -> Iterator[Reason]:
    for field, value in (("quantity", command.quantity), ("price", command.price)):
        if value is not None and not (value.is_finite() and value > ZERO):
            yield Reason(rule="fields", field=field, detail=f"{field} must be greater than zero")
    if command.quantity in (None, order.quantity) and command.price in (None, order.price):
        yield Reason(rule="fields", field="price", detail="give another price or another quantity")


def _open(order: Order, quantity: Quantity) -> Decimal:
    """Return what would be left of a total of `quantity`."""
    return max(subtract(quantity, order.filled_quantity), ZERO)


def _raised(
    books: WorkingSet, order: Order, quantity: Quantity, price: Price, instrument: Instrument
) -> Reservation:
    """Return the reservation that covers the order as it stands and as it is to be."""
    assert order.quantity is not None, order
    assert order.price is not None, order
    open_quantity = max(_open(order, order.quantity), _open(order, quantity))
    needed = reservations.needed(order.side, open_quantity, max(order.price, price), instrument)
    reservation = books.reservations[order.order_id]
    return reservations.resize(reservation, max(needed, reservation.open))


def _reasons(
    books: WorkingSet,
    context: Context,
    order: Order,
    quantity: Quantity,
    price: Price,
    reservation: Reservation,
) -> Iterator[Reason]:
    """Yield every reason against the order as it is to be, as if what is left were placed now."""
    instrument = books.instruments[order.symbol]
    quote = context.find_price(order.symbol)
    left = _open(order, quantity)
    if left:
        wished = attrs.evolve(order, quantity=Quantity(left), price=price)
        notional = multiply(price, left)
        yield from place_order.filter_reasons(wished, instrument, notional, quote)
        view = RiskView(
            order=wished,
            notional=notional,
            day_notional=max(_more(order, quantity, price), ZERO),
            account=books.accounts[order.account_id],
            instrument=instrument,
            limits=place_order.limits_of(books, order.account_id),
            freezes=tuple(books.freezes),
            quote=quote,
            recent=(),
            now=context.now,
        )
        yield from risk.check(view, risk.REPLACEMENT_RULES)
    more = reservations.excess(reservation, books.reservations[order.order_id])
    available = wallet_of(books, order.account_id, reservation.asset).available
    if more > available:
        yield Reason(
            rule="insufficient-funds",
            detail=f"{text(more)} {reservation.asset} more needed, {text(available)} available",
        )


def _reserve(books: WorkingSet, raised: Reservation) -> None:
    more = reservations.excess(raised, books.reservations[raised.order_id])
    if more:
        wallet = wallet_of(books, raised.account_id, raised.asset)
        books.wallets.save(wallets.reserve(wallet, more))
        books.reservations.save(raised)


def _count(
    books: WorkingSet, context: Context, order: Order, quantity: Quantity, price: Price
) -> None:
    """Count the message, and what the order is worth beyond what was counted before."""
    account = books.accounts[order.account_id]
    more = _more(order, quantity, price)
    books.accounts.save(accounts.count_replacement(account, more, context.now))


def _more(order: Order, quantity: Quantity, price: Price) -> Decimal:
    """Return how much more what is left is to be worth, in the quote asset; below zero: less."""
    assert order.quantity is not None, order
    assert order.price is not None, order
    return subtract(
        multiply(price, _open(order, quantity)),
        multiply(order.price, _open(order, order.quantity)),
    )
