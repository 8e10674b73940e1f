"""Rows of the statements in `sql/load.sql`, as the values of the domain."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from tradecore.domain.accounts import Account, AccountStatus
from tradecore.domain.executions import Execution, Liquidity
from tradecore.domain.fees import FeePolicy
from tradecore.domain.freezes import Freeze, FreezeMode, FreezeScope
from tradecore.domain.ids import AccountId, JournalEntryId, OrderId
from tradecore.domain.instruments import (
    Asset,
    Instrument,
    InstrumentState,
    LotSize,
    Notional,
    OrderType,
    PercentPriceBySide,
    PriceFilter,
    Side,
    TimeInForce,
)
from tradecore.domain.ledger import EntryKind, JournalEntry, Posting
from tradecore.domain.orders import Order, OrderEvent, OrderStatus, Trigger
from tradecore.domain.positions import Position
from tradecore.domain.reservations import Reservation
from tradecore.domain.risk import Limits, OrderFingerprint
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.domain.wallets import Wallet
from tradecore.ports.records import (
    AccountFees,
    AccountLimits,
    AuditRecord,
    CommandRecord,
    HouseBalance,
    IdempotencyRecord,
    InboxRecord,
    OutboxRecord,
    RecentOrder,
    TradeCursor,
)

Row = tuple[Any, ...]

# A look-up of a dict is a third of what calling the enumeration costs.
_SIDE: Final = {member.value: member for member in Side}
_TYPE: Final = {member.value: member for member in OrderType}
_TIME_IN_FORCE: Final = {member.value: member for member in TimeInForce}
_ORDER_STATUS: Final = {member.value: member for member in OrderStatus}
_ACCOUNT_STATUS: Final = {member.value: member for member in AccountStatus}


def account(row: Row) -> Account:
    """Return the account of a row of `accounts`."""
    return Account(
        account_id=row[0],
        number=row[1],
        name=row[2],
        status=_ACCOUNT_STATUS[row[3]],
        sequence=row[4],
        open_orders=row[5],
        traded_on=row[6],
        traded_notional=row[7],
        rate_window=row[8],
        rate_count=row[9],
        created_at=row[10],
    )


def order(row: Row) -> Order:
    """Return the order of a row of `orders`."""
    return Order(
        order_id=row[0],
        account_id=row[1],
        account_number=row[2],
        symbol=row[3],
        base_asset=row[4],
        quote_asset=row[5],
        side=_SIDE[row[6]],
        type=_TYPE[row[7]],
        time_in_force=_TIME_IN_FORCE[row[8]],
        quantity=row[9],
        quote_quantity=row[10],
        price=row[11],
        stop_price=row[12],
        client_order_id=row[13],
        status=_ORDER_STATUS[row[14]],
        filled_quantity=row[15],
        filled_notional=row[16],
        version=row[17],
        children=row[18],
        reason=row[19],
        late_fill=row[20],
        replace_quantity=row[21],
        replace_price=row[22],
        created_at=row[23],
        updated_at=row[24],
    )


def order_event(row: Row) -> OrderEvent:
    """Return the step of a row of `order_events`."""
    return OrderEvent(
        order_id=row[0],
        version=row[1],
        trigger=Trigger(row[2]),
        status=_ORDER_STATUS[row[3]],
        filled_quantity=row[4],
        detail=row[5],
        recorded_at=row[6],
    )


def reservation(row: Row) -> Reservation:
    """Return the reservation of a row of `reservations`."""
    return Reservation(
        order_id=row[0],
        account_id=row[1],
        asset=row[2],
        amount=row[3],
        consumed=row[4],
        released=row[5],
    )


def venue_order(row: Row) -> VenueOrder:
    """Return the child of a row of `venue_orders`."""
    return VenueOrder(
        order_id=row[0],
        account_id=row[1],
        child=row[2],
        venue_client_order_id=row[3],
        symbol=row[4],
        side=_SIDE[row[5]],
        type=_TYPE[row[6]],
        time_in_force=None if row[7] is None else _TIME_IN_FORCE[row[7]],
        quantity=row[8],
        quote_quantity=row[9],
        price=row[10],
        attempted_at=row[11],
        receive_window=row[12],
        status=VenueOrderStatus(row[13]),
        venue_order_id=row[14],
        outcome=None if row[15] is None else VenueOutcome(row[15]),
        outcome_reason=row[16],
        outcome_quantity=row[17],
        filled_quantity=row[18],
    )


def wallet(row: Row) -> Wallet:
    """Return the wallet of a row of `wallets`."""
    return Wallet(account_id=row[0], asset=row[1], available=row[2], reserved=row[3], owed=row[4])


def position(row: Row) -> Position:
    """Return the position of a row of `positions`."""
    return Position(
        account_id=row[0], asset=row[1], quantity=row[2], cost=row[3], realised_profit=row[4]
    )


def asset(row: Row) -> Asset:
    """Return the asset of a row of `assets`."""
    return Asset(asset=row[0], scale=row[1])


def instrument(row: Row) -> Instrument:
    """Return the instrument of a row of `instruments`."""
    return Instrument(
        symbol=row[0],
        base_asset=row[1],
        quote_asset=row[2],
        base_scale=row[3],
        quote_scale=row[4],
        state=InstrumentState(row[5]),
        price_filter=PriceFilter(min_price=row[6], max_price=row[7], tick_size=row[8]),
        lot_size=_lot_size(row[9:12]),
        market_lot_size=_lot_size(row[12:15]),
        notional=Notional(
            min_notional=row[15],
            max_notional=row[16],
            apply_min_to_market=row[17],
            apply_max_to_market=row[18],
        ),
        percent_price=None if row[19] is None else _percent_price(row[19:23]),
        order_types=tuple(_TYPE[kind] for kind in row[23]),
    )


def _lot_size(row: Row) -> LotSize:
    return LotSize(min_quantity=row[0], max_quantity=row[1], step_size=row[2])


def _percent_price(row: Row) -> PercentPriceBySide:
    return PercentPriceBySide(
        bid_multiplier_up=row[0],
        bid_multiplier_down=row[1],
        ask_multiplier_up=row[2],
        ask_multiplier_down=row[3],
    )


def limits(row: Row) -> AccountLimits:
    """Return the limits of a row of `limits`."""
    return AccountLimits(
        account_id=row[0],
        limits=Limits(
            max_order_notional=row[1],
            max_open_orders=row[2],
            max_daily_notional=row[3],
            max_orders_per_second=row[4],
            price_band=row[5],
            allowed_symbols=None if row[6] is None else tuple(row[6]),
            duplicate_window=row[7],
        ),
    )


def fees(row: Row) -> AccountFees:
    """Return the fee policy of a row of `fee_policies`."""
    return AccountFees(account_id=row[0], policy=FeePolicy(maker=row[1], taker=row[2]))


def freeze(row: Row) -> Freeze:
    """Return the freeze of a row of `freezes`."""
    return Freeze(
        scope=FreezeScope(row[0]),
        target=row[1],
        mode=FreezeMode(row[2]),
        reason=row[3],
        frozen_by=row[4],
        frozen_at=row[5],
    )


def execution(row: Row) -> Execution:
    """Return the fill of a row of `executions`."""
    return Execution(
        venue=row[0],
        symbol=row[1],
        trade_id=row[2],
        venue_order_id=row[3],
        order_id=row[4],
        child=row[5],
        account_id=row[6],
        side=_SIDE[row[7]],
        quantity=row[8],
        price=row[9],
        notional=row[10],
        commission=row[11],
        commission_asset=row[12],
        fee=row[13],
        fee_asset=row[14],
        liquidity=Liquidity(row[15]),
        late=row[16],
        from_reservation=row[17],
        from_available=row[18],
        owed=row[19],
        journal_entry_id=row[20],
        transacted_at=row[21],
        recorded_at=row[22],
    )


def journal_entries(lines: Iterable[Row]) -> Iterator[JournalEntry]:
    """Yield the entries of lines that are ordered by entry: entry, then its posting (or nulls)."""
    for entry, of_entry in groupby(lines, key=_entry_of):
        yield JournalEntry(
            journal_entry_id=entry[0],
            kind=EntryKind(entry[1]),
            reference=entry[2],
            postings=tuple(
                Posting(line[4], line[5], line[6]) for line in of_entry if line[4] is not None
            ),
            recorded_at=entry[3],
        )


def _entry_of(line: Row) -> tuple[JournalEntryId, str, str, datetime]:
    return line[0], line[1], line[2], line[3]


def command(row: Row) -> CommandRecord:
    """Return the record of a row of `commands`."""
    return CommandRecord(command_id=row[0], kind=row[1], outcome=row[2], recorded_at=row[3])


def idempotency(row: Row) -> IdempotencyRecord:
    """Return the record of a row of `idempotency_keys`."""
    return IdempotencyRecord(
        owner=row[0], key=row[1], request_hash=row[2], command_id=row[3], recorded_at=row[4]
    )


def trade_cursor(row: Row) -> TradeCursor:
    """Return the cursor of a row of `trade_cursors`."""
    return TradeCursor(venue=row[0], symbol=row[1], trade_id=row[2])


def delivery(row: Row) -> InboxRecord:
    """Return the record of a row of `inbox`."""
    return InboxRecord(consumer=row[0], event_id=row[1], command_id=row[2])


def client_order_id(row: Row) -> tuple[tuple[AccountId, str], OrderId]:
    """Return whose order has which name."""
    return (row[0], row[1]), row[2]


def recent_order(row: Row) -> RecentOrder:
    """Return an order's likeness; as in `risk.fingerprint`, a market order's collar is left out."""
    kind = _TYPE[row[3]]
    return RecentOrder(
        account_id=row[0],
        fingerprint=OrderFingerprint(
            symbol=row[1],
            side=_SIDE[row[2]],
            type=kind,
            quantity=row[4],
            quote_quantity=row[5],
            price=None if kind is OrderType.MARKET else row[6],
        ),
        created_at=row[7],
    )


def outbox_record(row: Row) -> OutboxRecord:
    """Return the event of a row of `outbox`."""
    return OutboxRecord(
        event_id=row[0],
        topic=row[1],
        account_id=row[2],
        sequence=row[3],
        body=row[4],
        recorded_at=row[5],
    )


def audit(row: Row) -> AuditRecord:
    """Return the line of a row of `audit_log`."""
    return AuditRecord(
        audit_id=row[0],
        command_id=row[1],
        actor=row[2],
        action=row[3],
        subject=row[4],
        account_id=row[5],
        reason=row[6],
        before=row[7],
        after=row[8],
        correlation_id=row[9],
        recorded_at=row[10],
    )


def house_balance(row: Row) -> HouseBalance:
    """Return what the house holds of an asset."""
    return HouseBalance(asset=row[0], treasury=row[1], negatives=row[2])
