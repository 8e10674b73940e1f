"""The checks before an order is accepted. Each rule is a function; all reasons are told."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from tradecore.domain import accounts, freezes
from tradecore.domain.accounts import Account
from tradecore.domain.errors import Reason
from tradecore.domain.freezes import Freeze
from tradecore.domain.instruments import Instrument, InstrumentState, OrderType, Side
from tradecore.domain.money import EXACT, add, multiply, text
from tradecore.domain.orders import Order
from tradecore.domain.reference_prices import ReferencePrice


@attrs.frozen(kw_only=True)
class Limits:
    """What one account may do. None switches a rule off."""

    max_order_notional: Decimal | None = None  #: quote currency, per order
    max_open_orders: int | None = None
    max_daily_notional: Decimal | None = None  #: quote currency, per UTC day, of accepted orders
    max_orders_per_second: int | None = None
    price_band: Decimal | None = Decimal("0.10")  #: fraction of the reference price, both ways
    allowed_symbols: tuple[str, ...] | None = None
    duplicate_window: timedelta | None = None  #: an equal order within it is refused


@attrs.frozen(kw_only=True)
class OrderFingerprint:
    """What makes two orders look alike."""

    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None
    quote_quantity: Decimal | None
    price: Decimal | None


def fingerprint(order: Order) -> OrderFingerprint:
    """Return the order's likeness. A market order's collar moves with the market: left out."""
    return OrderFingerprint(
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        quantity=order.quantity,
        quote_quantity=order.quote_quantity,
        price=None if order.type is OrderType.MARKET else order.price,
    )


@attrs.frozen(kw_only=True)
class RiskView:
    """Everything that a rule may look at."""

    order: Order
    notional: Decimal  #: the order's worth in the quote asset
    day_notional: Decimal  #: what it adds to the day's; of a replacement, what it is worth more
    account: Account
    instrument: Instrument
    limits: Limits
    freezes: Sequence[Freeze]
    quote: ReferencePrice | None
    recent: Sequence[OrderFingerprint]  #: accepted within the duplicate window
    now: datetime


MAX_QUOTE_AGE: Final = timedelta(seconds=10)

Rule = Callable[[RiskView], Iterator[Reason]]


def instrument_state(view: RiskView) -> Iterator[Reason]:
    """The house must offer the symbol, and this type of order in it."""
    if view.instrument.state is not InstrumentState.TRADING:
        yield Reason(
            rule="instrument-state",
            field="symbol",
            detail=f"{view.instrument.symbol} is not open for trading: {view.instrument.state}",
        )
    if view.order.type not in view.instrument.order_types:
        yield Reason(
            rule="instrument-state",
            field="type",
            detail=f"{view.order.type} orders are not offered in {view.instrument.symbol}",
        )


def frozen(view: RiskView) -> Iterator[Reason]:
    """No freeze may forbid it."""
    order = view.order
    stop = freezes.forbidding(view.freezes, order.account_id, order.symbol, order.side)
    if stop is not None:
        yield Reason(
            rule="freeze",
            detail=f"{stop.scope} {stop.target} is frozen ({stop.mode}): {stop.reason}",
        )


def allowed_symbols(view: RiskView) -> Iterator[Reason]:
    """The account may be confined to some symbols."""
    allowed = view.limits.allowed_symbols
    if allowed is not None and view.order.symbol not in allowed:
        yield Reason(
            rule="allowed-symbols",
            field="symbol",
            detail=f"this account may not trade {view.order.symbol}",
        )


def max_order_notional(view: RiskView) -> Iterator[Reason]:
    """One order may not be worth more than the limit."""
    limit = view.limits.max_order_notional
    if limit is not None and view.notional > limit:
        yield Reason(
            rule="max-order-notional",
            detail=f"the order is worth {text(view.notional)}, at most {text(limit)} is allowed",
        )


def price_band(view: RiskView) -> Iterator[Reason]:
    """The price must be near the reference price, which must be there and fresh."""
    if view.quote is None:
        yield Reason(
            rule="price-band", detail=f"there is no reference price of {view.order.symbol}"
        )
        return
    if view.now - view.quote.at > MAX_QUOTE_AGE:
        yield Reason(
            rule="price-band",
            detail=f"the reference price of {view.order.symbol} is stale:"
            f" last confirmed at {view.quote.at.isoformat()}",
        )
        return
    band, price = view.limits.price_band, view.order.price
    if band is None or price is None or view.order.type is OrderType.MARKET:
        return
    reference = view.quote.toward(view.order.side)
    reach = multiply(reference, band)
    if EXACT.abs(EXACT.subtract(price, reference)) > reach:
        yield Reason(
            rule="price-band",
            field="price",
            detail=f"price {text(price)} is more than {text(reach)} away from the market's {text(reference)}",
        )


def max_open_orders(view: RiskView) -> Iterator[Reason]:
    """The account may not have more orders open."""
    limit = view.limits.max_open_orders
    if limit is not None and view.account.open_orders >= limit:
        yield Reason(
            rule="max-open-orders",
            detail=f"{view.account.open_orders} orders are open, at most {limit} are allowed",
        )


def daily_notional(view: RiskView) -> Iterator[Reason]:
    """The day's accepted orders may not be worth more than the limit."""
    limit = view.limits.max_daily_notional
    if limit is None:
        return
    after = add(accounts.daily_notional(view.account, view.now), view.day_notional)
    if after > limit:
        yield Reason(
            rule="daily-notional",
            detail=f"the day's orders would be worth {text(after)}, at most {text(limit)} is allowed",
        )


def order_rate(view: RiskView) -> Iterator[Reason]:
    """The account may not place more orders in this second."""
    limit = view.limits.max_orders_per_second
    if limit is not None and accounts.order_rate(view.account, view.now) >= limit:
        yield Reason(rule="order-rate", detail=f"at most {limit} orders a second are allowed")


def duplicate_order(view: RiskView) -> Iterator[Reason]:
    """An equal order within the window looks like a slip."""
    window = view.limits.duplicate_window
    if window is not None and fingerprint(view.order) in view.recent:
        yield Reason(
            rule="duplicate-order",
            detail=f"an equal order was accepted within {window.total_seconds():g} s",
        )


RULES: Final[tuple[Rule, ...]] = (
    instrument_state,
    frozen,
    allowed_symbols,
    max_order_notional,
    price_band,
    max_open_orders,
    daily_notional,
    order_rate,
    duplicate_order,
)


#: A replacement opens no further order, and looks like the one that it replaces.
REPLACEMENT_RULES: Final[tuple[Rule, ...]] = tuple(
    rule for rule in RULES if rule not in (max_open_orders, duplicate_order)
)


def check(view: RiskView, rules: Sequence[Rule] = RULES) -> tuple[Reason, ...]:
    """Return every reason against the order; empty means that it may go on."""
    return tuple(reason for rule in rules for reason in rule(view))
