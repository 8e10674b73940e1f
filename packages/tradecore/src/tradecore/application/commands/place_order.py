"""Reserve: the order, its money and its announcement in one transaction."""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar, Final

import attrs

from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.application.settlement import wallet_of
from tradecore.domain import accounts, instruments, orders, reservations, risk, wallets
from tradecore.domain.accounts import Account
from tradecore.domain.errors import (
    ClientOrderIdReused,
    InvalidOrder,
    OrderRefused,
    Reason,
    UnknownAccount,
    UnknownInstrument,
)
from tradecore.domain.events import OrderSubmitted
from tradecore.domain.ids import HOUSE, AccountId, OrderId
from tradecore.domain.instruments import Instrument, OrderType, Side, TimeInForce
from tradecore.domain.money import (
    ZERO,
    Price,
    Quantity,
    add,
    ceil_to_step,
    multiply,
    require_scale,
    text,
)
from tradecore.domain.orders import Order
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.domain.reservations import Reservation
from tradecore.domain.risk import Limits, RiskView
from tradecore.ports.store import Footprint, StopsLock
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class PlaceOrder(Command[Order]):
    """Trade `symbol` for the account, as asked."""

    kind: ClassVar[str] = "place_order"
    answer_type: ClassVar[type] = Order

    account_id: AccountId
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce | None = None  #: None: GTC where one is needed
    quantity: Quantity | None = None
    quote_quantity: Decimal | None = None
    price: Price | None = None
    stop_price: Price | None = None
    client_order_id: str | None = None  #: None: the order's own id

    def footprint(self) -> Footprint:
        """Return what the order can touch; it is locked before `decide` runs."""
        return Footprint(
            accounts=frozenset({self.account_id}),
            symbols=frozenset({self.symbol}),
            rules=True,
            stops=StopsLock.SHARE,
            client_order_ids=(
                frozenset()
                if self.client_order_id is None
                else frozenset({(self.account_id, self.client_order_id)})
            ),
        )


@attrs.frozen(kw_only=True)
class Assessment:
    """What an order would be and cost, and every reason against it."""

    order: Order
    reservation: Reservation | None  #: None where no price is known to reserve at
    notional: Decimal  #: in the quote asset
    reasons: tuple[Reason, ...]


def decide(command: PlaceOrder, books: WorkingSet, context: Context) -> Order:
    """Reserve, record and announce the order, or refuse and change nothing.

    Raises:
        InvalidOrder, InvalidAmount: the fields make no sense together.
        UnknownAccount, UnknownInstrument, AccountClosed, ClientOrderIdReused.
        OrderRefused: filters, risk, a freeze or the funds; every reason.
    """
    assessment = assess(command, books, context)
    if assessment.reasons:
        raise OrderRefused(reasons=assessment.reasons)
    order, reservation = assessment.order, assessment.reservation
    assert reservation is not None, order
    wallet = wallet_of(books, order.account_id, reservation.asset)
    books.wallets.save(wallets.reserve(wallet, reservation.amount))
    account = books.accounts[order.account_id]
    books.accounts.save(accounts.count_order(account, assessment.notional, context.now))
    books.orders.save(order)
    books.reservations.save(reservation)
    books.append_order_event(orders.submitted(order))
    books.record(OrderSubmitted(order=order))
    return order


def assess(command: PlaceOrder, books: WorkingSet, context: Context) -> Assessment:
    """Return what `command` would come to, changing nothing. Raises as `decide`, but no refusal."""
    account = books.accounts.find(command.account_id)
    if account is None or account.account_id == HOUSE:
        raise UnknownAccount(account_id=command.account_id)
    accounts.require_active(account)
    instrument = books.instruments.find(command.symbol)
    if instrument is None:
        raise UnknownInstrument(symbol=command.symbol)
    shape = tuple(shape_reasons(command))
    if shape:
        raise InvalidOrder(reasons=shape)
    _require_scales(command, instrument)
    _require_fresh_client_order_id(command, books)
    quote = context.find_price(command.symbol)
    order = _build(command, account, instrument, quote, context)
    notional = _notional(order, quote)
    limits = limits_of(books, command.account_id)
    reservation = _reservation(order, instrument)
    view = RiskView(
        order=order,
        notional=notional,
        day_notional=notional,
        account=account,
        instrument=instrument,
        limits=limits,
        freezes=tuple(books.freezes),
        quote=quote,
        recent=_recent(books, command.account_id, limits, context),
        now=context.now,
    )
    reasons = (
        *filter_reasons(order, instrument, notional, quote),
        *risk.check(view),
        *_funds_reasons(books, reservation),
    )
    return Assessment(order=order, reservation=reservation, notional=notional, reasons=reasons)


def shape_reasons(command: PlaceOrder) -> Iterator[Reason]:
    """Yield which fields are missing, superfluous or not positive, whatever the state."""
    required, allowed = _FIELDS[command.type]
    for field in ("quantity", "quote_quantity", "price", "stop_price"):
        value = getattr(command, field)
        if value is None and field in required:
            yield _shape(field, f"{field} is required for {command.type} orders")
        elif value is not None and field not in allowed:
            yield _shape(field, f"{field} is not allowed for {command.type} orders")
        elif value is not None and not (value.is_finite() and value > ZERO):
            yield _shape(field, f"{field} must be greater than zero")
    if command.type is OrderType.MARKET:
        if (command.quantity is None) == (command.quote_quantity is None):
            yield _shape("quantity", "give either quantity or quote_quantity")
        if command.quote_quantity is not None and command.side is Side.SELL:
            yield _shape(
                "quote_quantity", "quote_quantity is for buys: a sell has no bound in base"
            )
    if command.time_in_force is not None and command.type in (
        OrderType.MARKET,
        OrderType.LIMIT_MAKER,
    ):
        yield _shape("time_in_force", f"time_in_force is not allowed for {command.type} orders")


_LIMIT = frozenset({"quantity", "price"})
_STOP = _LIMIT | {"stop_price"}
_FIELDS = {
    OrderType.LIMIT: (_LIMIT, _LIMIT),
    OrderType.LIMIT_MAKER: (_LIMIT, _LIMIT),
    OrderType.MARKET: (frozenset[str](), frozenset({"quantity", "quote_quantity"})),
    OrderType.STOP_LOSS_LIMIT: (_STOP, _STOP),
    OrderType.TAKE_PROFIT_LIMIT: (_STOP, _STOP),
}


def _shape(field: str, detail: str) -> Reason:
    return Reason(rule="fields", field=field, detail=detail)


def _require_scales(command: PlaceOrder, instrument: Instrument) -> None:
    for field, amount, scale in (
        ("quantity", command.quantity, instrument.base_scale),
        ("quote_quantity", command.quote_quantity, instrument.quote_scale),
        ("price", command.price, instrument.quote_scale),
        ("stop_price", command.stop_price, instrument.quote_scale),
    ):
        if amount is not None:
            require_scale(amount, scale, field=field)


def _require_fresh_client_order_id(command: PlaceOrder, books: WorkingSet) -> None:
    name = command.client_order_id
    if name is not None and books.order_of_client_order_id(command.account_id, name) is not None:
        raise ClientOrderIdReused(client_order_id=name)


def _build(
    command: PlaceOrder,
    account: Account,
    instrument: Instrument,
    quote: ReferencePrice | None,
    context: Context,
) -> Order:
    order_id = OrderId(context.new_id())
    price = command.price
    if command.type is OrderType.MARKET and command.side is Side.BUY and command.quantity:
        price = _collar(instrument, quote, context)
    return Order(
        order_id=order_id,
        account_id=account.account_id,
        account_number=account.number,
        symbol=instrument.symbol,
        base_asset=instrument.base_asset,
        quote_asset=instrument.quote_asset,
        side=command.side,
        type=command.type,
        time_in_force=_time_in_force(command),
        quantity=command.quantity,
        quote_quantity=command.quote_quantity,
        price=price,
        stop_price=command.stop_price,
        client_order_id=command.client_order_id or order_id,
        created_at=context.now,
        updated_at=context.now,
    )


def _time_in_force(command: PlaceOrder) -> TimeInForce:
    if command.type is OrderType.MARKET:
        return TimeInForce.IOC
    return command.time_in_force or TimeInForce.GTC


def _collar(instrument: Instrument, quote: ReferencePrice | None, context: Context) -> Price | None:
    """Return the most that a market buy by quantity may pay: the ask and a bit, on the tick."""
    if quote is None:
        return None
    above = multiply(quote.ask, add(Decimal(1), context.rules.collar))
    tick = instrument.price_filter.tick_size or Decimal(1).scaleb(-instrument.quote_scale)
    return Price(ceil_to_step(above, tick))


def _notional(order: Order, quote: ReferencePrice | None) -> Decimal:
    """Return the order's worth in quote: at its limit, or at the market for market orders."""
    if order.quote_quantity is not None:
        return order.quote_quantity
    assert order.quantity is not None, order
    if order.type is not OrderType.MARKET:
        assert order.price is not None, order
        return multiply(order.price, order.quantity)
    return ZERO if quote is None else multiply(quote.toward(order.side), order.quantity)


def _reservation(order: Order, instrument: Instrument) -> Reservation | None:
    if order.side is Side.BUY and order.quote_quantity is None and order.price is None:
        return None
    return reservations.reservation_for(order, instrument)


def filter_reasons(
    order: Order, instrument: Instrument, notional: Decimal, quote: ReferencePrice | None
) -> Iterator[Reason]:
    """Yield every filter of the venue that refuses the order."""
    market = order.type is OrderType.MARKET
    if order.price is not None:
        yield from instruments.price_reasons(instrument, order.price, "price")
        if quote is not None:
            yield from instruments.percent_price_reasons(
                instrument, order.side, order.price, quote.toward(order.side)
            )
    if order.stop_price is not None:
        yield from instruments.price_reasons(instrument, order.stop_price, "stop_price")
    if order.quantity is not None:
        yield from instruments.lot_reasons(instrument, order.quantity, market=market)
    if market and order.price is not None and order.quantity is not None:
        # It goes out as a limit at its collar, and the venue will look at it as one.
        notional, market = multiply(order.price, order.quantity), False
    if notional or not market:
        field = "quote_quantity" if order.quote_quantity is not None else "quantity"
        yield from instruments.notional_reasons(instrument, notional, market=market, field=field)


def limits_of(books: WorkingSet, account_id: AccountId) -> Limits:
    """Return the account's own limits, or the house's default."""
    row = books.limits.find(account_id) or books.limits.find(HOUSE)
    return _DEFAULT_LIMITS if row is None else row.limits


_DEFAULT_LIMITS: Final = Limits()


def _recent(
    books: WorkingSet, account_id: AccountId, limits: Limits, context: Context
) -> tuple[risk.OrderFingerprint, ...]:
    window = limits.duplicate_window
    if window is None:
        return ()
    return books.recent_fingerprints(account_id, context.now - window)


def _funds_reasons(books: WorkingSet, reservation: Reservation | None) -> Iterator[Reason]:
    if reservation is None:
        return
    wallet = wallet_of(books, reservation.account_id, reservation.asset)
    if reservation.amount > wallet.available:
        yield Reason(
            rule="insufficient-funds",
            detail=f"{text(reservation.amount)} {reservation.asset} needed,"
            f" {text(wallet.available)} available",
        )
