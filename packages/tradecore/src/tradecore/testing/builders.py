"""Valid rows and commands for tests: keyword arguments replace what a test cares about."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from tradecore.application.commands.apply_execution import ApplyExecution
from tradecore.application.commands.cancel_order import CancelOrder
from tradecore.application.commands.fund_account import BookOpening, CreditAccount, DebitAccount
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.application.commands.place_order import PlaceOrder
from tradecore.application.commands.record_report import RecordReport
from tradecore.domain.accounts import Account
from tradecore.domain.executions import Execution, Liquidity
from tradecore.domain.freezes import Freeze, FreezeMode, FreezeScope
from tradecore.domain.ids import (
    AccountId,
    CommandId,
    JournalEntryId,
    OrderId,
    venue_client_order_id,
)
from tradecore.domain.instruments import (
    Asset,
    Instrument,
    LotSize,
    Notional,
    OrderType,
    PercentPriceBySide,
    PriceFilter,
    Side,
    TimeInForce,
)
from tradecore.domain.ledger import EntryKind, JournalEntry, deposit
from tradecore.domain.money import Price, Quantity
from tradecore.domain.orders import Order
from tradecore.domain.positions import Position
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.domain.reservations import Reservation
from tradecore.domain.venue_orders import VenueOrder
from tradecore.domain.wallets import Wallet

NOW: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)


def id_of(number: int) -> str:
    """Return the `number`-th test id, in the form of a UUIDv7."""
    return f"01900000-0000-7000-8000-{number:012x}"


ALICE: Final = AccountId(id_of(0xA11CE))
BOB: Final = AccountId(id_of(0xB0B))
ORDER_ID: Final = OrderId(id_of(0x0D))
COMMAND_ID: Final = CommandId(id_of(0xC0))


def build_account(**changes: Any) -> Account:
    """Return Alice's account, active and without orders."""
    return attrs.evolve(
        Account(account_id=ALICE, number=7, name="Alice", created_at=NOW), **changes
    )


def build_wallet(**changes: Any) -> Wallet:
    """Return Alice's wallet of 1,000 USDT."""
    return attrs.evolve(Wallet(account_id=ALICE, asset="USDT", available=Decimal(1000)), **changes)


def build_position(**changes: Any) -> Position:
    """Return Alice's empty position in BTC."""
    return attrs.evolve(Position(account_id=ALICE, asset="BTC"), **changes)


def build_asset(**changes: Any) -> Asset:
    """Return USDT at eight decimals."""
    return attrs.evolve(Asset(asset="USDT", scale=8), **changes)


def build_instrument(**changes: Any) -> Instrument:
    """Return BTCUSDT with the filters that the venue published for it."""
    return attrs.evolve(
        Instrument(
            symbol="BTCUSDT",
            base_asset="BTC",
            quote_asset="USDT",
            base_scale=8,
            quote_scale=8,
            price_filter=PriceFilter(
                min_price=Decimal("0.01"),
                max_price=Decimal(1000000),
                tick_size=Decimal("0.01"),
            ),
            lot_size=LotSize(
                min_quantity=Decimal("0.00001"),
                max_quantity=Decimal(9000),
                step_size=Decimal("0.00001"),
            ),
            market_lot_size=LotSize(max_quantity=Decimal(100)),
            notional=Notional(min_notional=Decimal(5), max_notional=Decimal(9000000)),
            percent_price=PercentPriceBySide(
                bid_multiplier_up=Decimal(5),
                bid_multiplier_down=Decimal("0.2"),
                ask_multiplier_up=Decimal(5),
                ask_multiplier_down=Decimal("0.2"),
            ),
        ),
        **changes,
    )


def build_reference_price(**changes: Any) -> ReferencePrice:
    """Return BTCUSDT at 99.99 / 100.00, fresh: round figures make expected sums readable."""
    return attrs.evolve(
        ReferencePrice(
            symbol="BTCUSDT", bid=Price(Decimal("99.99")), ask=Price(Decimal("100.00")), at=NOW
        ),
        **changes,
    )


def build_order(**changes: Any) -> Order:
    """Return Alice's limit buy of 1 BTC at 100 USDT, just accepted."""
    return attrs.evolve(
        Order(
            order_id=ORDER_ID,
            account_id=ALICE,
            account_number=7,
            symbol="BTCUSDT",
            base_asset="BTC",
            quote_asset="USDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=Quantity(Decimal(1)),
            quote_quantity=None,
            price=Price(Decimal(100)),
            client_order_id="alice-1",
            created_at=NOW,
            updated_at=NOW,
        ),
        **changes,
    )


def build_venue_order(**changes: Any) -> VenueOrder:
    """Return the first child of `build_order()`, attempted."""
    return attrs.evolve(
        VenueOrder(
            order_id=ORDER_ID,
            account_id=ALICE,
            child=1,
            venue_client_order_id=venue_client_order_id(ORDER_ID, 7, 1),
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=Quantity(Decimal(1)),
            quote_quantity=None,
            price=Price(Decimal(100)),
            attempted_at=NOW,
            receive_window=timedelta(seconds=5),
        ),
        **changes,
    )


def build_reservation(**changes: Any) -> Reservation:
    """Return what `build_order()` sets aside: 100 USDT."""
    return attrs.evolve(
        Reservation(order_id=ORDER_ID, account_id=ALICE, asset="USDT", amount=Decimal(100)),
        **changes,
    )


def build_execution(**changes: Any) -> Execution:
    """Return the whole fill of `build_order()`, paid from its reservation, free of charge."""
    return attrs.evolve(
        Execution(
            venue="binance",
            symbol="BTCUSDT",
            trade_id=1,
            venue_order_id=101,
            order_id=ORDER_ID,
            child=1,
            account_id=ALICE,
            side=Side.BUY,
            quantity=Quantity(Decimal(1)),
            price=Price(Decimal(100)),
            notional=Decimal(100),
            commission=Decimal(0),
            commission_asset="BTC",
            fee=Decimal(0),
            fee_asset="BTC",
            liquidity=Liquidity.TAKER,
            late=False,
            from_reservation=Decimal(100),
            from_available=Decimal(0),
            owed=Decimal(0),
            journal_entry_id=JournalEntryId(id_of(0xE1)),
            transacted_at=NOW,
            recorded_at=NOW,
        ),
        **changes,
    )


def build_journal_entry(**changes: Any) -> JournalEntry:
    """Return the entry of a deposit of 1,000 USDT to Alice."""
    return attrs.evolve(
        JournalEntry(
            journal_entry_id=JournalEntryId(id_of(0xDE)),
            kind=EntryKind.DEPOSIT,
            reference=COMMAND_ID,
            postings=deposit(ALICE, "USDT", Decimal(1000)),
            recorded_at=NOW,
        ),
        **changes,
    )


def build_freeze(**changes: Any) -> Freeze:
    """Return a halt of the whole platform."""
    return attrs.evolve(
        Freeze(
            scope=FreezeScope.PLATFORM,
            target="",
            mode=FreezeMode.HALT,
            reason="exercise",
            frozen_by="ops",
            frozen_at=NOW,
        ),
        **changes,
    )


# -- commands ----------------------------------------------------------------------------------

_ASKED: Final = {"command_id": COMMAND_ID, "correlation_id": "conversation-1", "actor": "test"}


def build_place_order(**changes: Any) -> PlaceOrder:
    """Return Alice's wish to buy 1 BTC at 100 USDT."""
    fields: dict[str, Any] = {
        "account_id": ALICE,
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": Quantity(Decimal(1)),
        "price": Price(Decimal(100)),
    }
    return PlaceOrder(**{**_ASKED, **fields, **changes})


def build_cancel_order(**changes: Any) -> CancelOrder:
    """Return Alice's wish to cancel `build_order()`."""
    return CancelOrder(**{**_ASKED, "account_id": ALICE, "order_id": ORDER_ID, **changes})


def build_open_attempt(**changes: Any) -> OpenAttempt:
    """Return the wish to send `build_order()`."""
    return OpenAttempt(**{**_ASKED, "order_id": ORDER_ID, **changes})


def build_record_report(**changes: Any) -> RecordReport:
    """Return the venue's acknowledgement of `build_venue_order()`."""
    fields: dict[str, Any] = {
        "order_id": ORDER_ID,
        "child": 1,
        "venue_order_id": 101,
        "filled_quantity": Decimal(0),
        "outcome": None,
    }
    return RecordReport(**{**_ASKED, **fields, **changes})


def build_apply_execution(**changes: Any) -> ApplyExecution:
    """Return the whole fill of `build_order()`, as the venue reports it, free of charge."""
    fields: dict[str, Any] = {
        "order_id": ORDER_ID,
        "child": 1,
        "venue": "binance",
        "symbol": "BTCUSDT",
        "trade_id": 1,
        "venue_order_id": 101,
        "side": Side.BUY,
        "quantity": Quantity(Decimal(1)),
        "price": Price(Decimal(100)),
        "notional": Decimal(100),
        "commission": Decimal(0),
        "commission_asset": "BTC",
        "liquidity": Liquidity.TAKER,
        "transacted_at": NOW,
    }
    return ApplyExecution(**{**_ASKED, **fields, **changes})


def build_credit(**changes: Any) -> CreditAccount:
    """Return the wish to deposit 1,000 USDT to Alice."""
    return CreditAccount(**{**_ASKED, **_FUNDING, "account_id": ALICE, **changes})


def build_debit(**changes: Any) -> DebitAccount:
    """Return the wish to withdraw 1,000 USDT of Alice's."""
    return DebitAccount(**{**_ASKED, **_FUNDING, "account_id": ALICE, **changes})


def build_opening(**changes: Any) -> BookOpening:
    """Return the wish to book 1,000 USDT of the house's at the venue."""
    return BookOpening(**{**_ASKED, **_FUNDING, **changes})


_FUNDING: Final = {"asset": "USDT", "amount": Decimal(1000), "reason": "test"}
