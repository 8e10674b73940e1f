"""Every field of every row that changes, twice: what a store must be able to write over.

A field is in one of two places: it differs between `before` and `after`, or `NEVER_CHANGES` says
why it stays. A new field that is in neither fails the contract.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from tradecore.domain.accounts import AccountStatus
from tradecore.domain.fees import FeePolicy
from tradecore.domain.freezes import FreezeMode
from tradecore.domain.instruments import (
    InstrumentState,
    LotSize,
    Notional,
    OrderType,
    PercentPriceBySide,
    PriceFilter,
)
from tradecore.domain.money import Price, Quantity
from tradecore.domain.orders import OrderStatus
from tradecore.domain.risk import Limits
from tradecore.domain.venue_orders import VenueOrderStatus, VenueOutcome
from tradecore.ports.records import AccountFees, AccountLimits, TradeCursor
from tradecore.ports.store import Footprint, StopsLock
from tradecore.testing.builders import (
    ALICE,
    NOW,
    ORDER_ID,
    build_account,
    build_asset,
    build_freeze,
    build_instrument,
    build_order,
    build_position,
    build_reservation,
    build_venue_order,
    build_wallet,
)

LATER: Final = NOW + timedelta(microseconds=1)


@attrs.frozen
class Change:
    """One row before and after a change of everything that can change."""

    before: Any
    after: Any


EVERYTHING: Final = Footprint(
    accounts=frozenset({ALICE}),
    orders=frozenset({ORDER_ID}),
    symbols=frozenset({"BTCUSDT"}),
    assets=frozenset({"BTC", "USDT"}),
    positions=True,
    rules=True,
    fees=True,
    stops=StopsLock.EXCLUSIVE,
    trade_cursors=frozenset({("binance", "BTCUSDT")}),
)

_KEY: Final = "the row's key"
_ASKED: Final = "what was asked; another wish is another row"
_WHOSE: Final = "a row never changes hands"

NEVER_CHANGES: Final[Mapping[str, Mapping[str, str]]] = {
    "assets": {"asset": _KEY},
    "instruments": {"symbol": _KEY},
    "accounts": {
        "account_id": _KEY,
        "number": "it is in client order ids at the venue",
        "created_at": "it happened then",
    },
    "wallets": {"account_id": _KEY, "asset": _KEY},
    "positions": {"account_id": _KEY, "asset": _KEY},
    "orders": {
        "order_id": _KEY,
        "account_id": _WHOSE,
        "account_number": _WHOSE,
        "symbol": _ASKED,
        "base_asset": _ASKED,
        "quote_asset": _ASKED,
        "side": _ASKED,
        "type": _ASKED,
        "time_in_force": _ASKED,
        "client_order_id": "it names one order for ever",
        "created_at": "it happened then",
    },
    "reservations": {
        "order_id": _KEY,
        "account_id": _WHOSE,
        "asset": "it follows from the order's side and symbol",
    },
    "venue_orders": {
        "order_id": _KEY,
        "child": _KEY,
        "account_id": _WHOSE,
        "venue_client_order_id": "the venue knows it by this name",
        "symbol": _ASKED,
        "side": _ASKED,
        "type": _ASKED,
        "time_in_force": _ASKED,
        "quantity": _ASKED,
        "quote_quantity": _ASKED,
        "price": _ASKED,
    },
    "limits": {"account_id": _KEY},
    "fees": {"account_id": _KEY},
    "trade_cursors": {"venue": _KEY, "symbol": _KEY},
    "freezes": {"scope": _KEY, "target": _KEY},
}

CHANGES: Final[Mapping[str, Change]] = {
    "assets": Change(build_asset(), build_asset(scale=18)),
    "instruments": Change(
        build_instrument(),
        build_instrument(
            base_asset="USDT",
            quote_asset="BTC",
            base_scale=7,
            quote_scale=6,
            state=InstrumentState.HALT,
            price_filter=PriceFilter(
                min_price=Decimal(1), max_price=Decimal(2), tick_size=Decimal(3)
            ),
            lot_size=LotSize(
                min_quantity=Decimal(4), max_quantity=Decimal(5), step_size=Decimal(6)
            ),
            market_lot_size=LotSize(
                min_quantity=Decimal(7), max_quantity=Decimal(8), step_size=Decimal(9)
            ),
            notional=Notional(
                min_notional=Decimal(10),
                max_notional=Decimal(11),
                apply_min_to_market=False,
                apply_max_to_market=True,
            ),
            percent_price=PercentPriceBySide(
                bid_multiplier_up=Decimal(12),
                bid_multiplier_down=Decimal("0.13"),
                ask_multiplier_up=Decimal(14),
                ask_multiplier_down=Decimal("0.15"),
            ),
            order_types=(OrderType.LIMIT,),
        ),
    ),
    "accounts": Change(
        build_account(),
        build_account(
            name="Alicia",
            status=AccountStatus.CLOSED,
            sequence=1,
            open_orders=2,
            traded_on=date(2026, 1, 5),
            traded_notional=Decimal("3.5"),
            rate_window=LATER,
            rate_count=4,
        ),
    ),
    "wallets": Change(
        build_wallet(),
        build_wallet(available=Decimal(0), reserved=Decimal("0.1"), owed=Decimal("0.2")),
    ),
    "positions": Change(
        build_position(),
        build_position(quantity=Decimal(1), cost=Decimal(2), realised_profit=Decimal(-3)),
    ),
    "orders": Change(
        build_order(children=1),
        build_order(
            quantity=None,
            quote_quantity=Decimal(2),
            price=Price(Decimal(3)),
            stop_price=Price(Decimal(4)),
            status=OrderStatus.REJECTED,
            filled_quantity=Decimal("0.5"),
            filled_notional=Decimal("49.5"),
            version=2,
            children=0,
            reason="because",
            late_fill=True,
            replace_quantity=Quantity(Decimal(5)),
            replace_price=Price(Decimal(6)),
            updated_at=LATER,
        ),
    ),
    "reservations": Change(
        build_reservation(),
        build_reservation(amount=Decimal(200), consumed=Decimal(1), released=Decimal(2)),
    ),
    "venue_orders": Change(
        build_venue_order(),
        build_venue_order(
            attempted_at=LATER,
            receive_window=timedelta(seconds=6),
            status=VenueOrderStatus.ENDED,
            venue_order_id=101,
            outcome=VenueOutcome.EXPIRED,
            outcome_reason="because",
            outcome_quantity=Decimal("0.5"),
            filled_quantity=Decimal("0.5"),
        ),
    ),
    "limits": Change(
        AccountLimits(account_id=ALICE, limits=Limits()),
        AccountLimits(
            account_id=ALICE,
            limits=Limits(
                max_order_notional=Decimal(1),
                max_open_orders=2,
                max_daily_notional=Decimal(3),
                max_orders_per_second=4,
                price_band=Decimal("0.5"),
                allowed_symbols=("BTCUSDT", "ETHUSDT"),
                duplicate_window=timedelta(seconds=6),
            ),
        ),
    ),
    "fees": Change(
        AccountFees(account_id=ALICE, policy=FeePolicy()),
        AccountFees(
            account_id=ALICE, policy=FeePolicy(maker=Decimal("0.001"), taker=Decimal("0.002"))
        ),
    ),
    "trade_cursors": Change(
        TradeCursor(venue="binance", symbol="BTCUSDT", trade_id=1),
        TradeCursor(venue="binance", symbol="BTCUSDT", trade_id=2),
    ),
    "freezes": Change(
        build_freeze(),
        build_freeze(
            mode=FreezeMode.REDUCE_ONLY, reason="another", frozen_by="desk", frozen_at=LATER
        ),
    ),
}

#: What the rows above stand on, in the order in which it must be there.
GROUND: Final = (
    ("assets", build_asset(asset="BTC")),
    *((table, change.before) for table, change in CHANGES.items()),
)


def unchanged(before: Any, after: Any, prefix: str = "") -> Iterator[str]:
    """Yield the fields, also those of values within, that are the same in both rows."""
    for field in attrs.fields(type(before)):
        was, now = getattr(before, field.name), getattr(after, field.name)
        name = prefix + field.name
        if attrs.has(type(was)) and attrs.has(type(now)):
            yield from unchanged(was, now, f"{name}.")
        elif was == now:
            yield name
