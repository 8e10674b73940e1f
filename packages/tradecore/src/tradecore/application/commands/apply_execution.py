"""Fill: order, reservation, ledger, wallets, position and events in one transaction, once.

The same fill may come from the stream, the answer to the order call, the catch-up and an
administrator's replay, any number of times: the first posts, the others find it.
"""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final, NamedTuple

import attrs

from tradecore.application.command import Command, NeedsMore
from tradecore.application.context import Context
from tradecore.application.settlement import (
    close_order,
    fee_policy,
    position_of,
    post,
    raise_alert,
    receive,
    save_step,
    take_back,
    wallet_of,
)
from tradecore.application.succession import end_with_child, go_on
from tradecore.domain import fees, ledger, orders, positions, reservations, venue_orders, wallets
from tradecore.domain.accounts import AccountStatus
from tradecore.domain.events import (
    AlertKind,
    ExecutionRecorded,
    OrderCancelRequested,
    TradingControlChanged,
)
from tradecore.domain.executions import Execution, ExecutionKey, Liquidity
from tradecore.domain.freezes import Freeze, FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, AccountId, OrderId
from tradecore.domain.instruments import Asset, Instrument, Side
from tradecore.domain.ledger import EntryKind, FillAmounts, JournalEntry
from tradecore.domain.money import ZERO, Price, Quantity, add, subtract
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.domain.wallets import Payment
from tradecore.ports.store import Footprint, StopsLock
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class ApplyExecution(Command[Execution]):
    """Post one fill of the venue to the order that it belongs to, or to suspense."""

    kind: ClassVar[str] = "apply_execution"
    answer_type: ClassVar[type] = Execution

    order_id: OrderId | None  #: None: the client order id is not one of ours
    child: int
    venue: str
    symbol: str
    base_asset: str
    quote_asset: str
    trade_id: int
    venue_order_id: int
    side: Side
    quantity: Quantity
    price: Price
    notional: Decimal
    commission: Decimal
    commission_asset: str
    liquidity: Liquidity
    transacted_at: datetime

    @property
    def key(self) -> ExecutionKey:
        """Return the fill's unique name."""
        return ExecutionKey(self.venue, self.symbol, self.trade_id, self.venue_order_id)

    def footprint(self) -> Footprint:
        """Return the order, both wallets, both positions and the fill's key."""
        ours = self.order_id is not None
        return Footprint(
            accounts=frozenset() if ours else frozenset({HOUSE}),
            orders=frozenset() if self.order_id is None else frozenset({self.order_id}),
            symbols=frozenset({self.symbol}),
            assets=frozenset({self.base_asset, self.quote_asset, self.commission_asset}),
            executions=frozenset({self.key}),
            positions=True,
            fees=True,
        )


VENUE_SCALE: Final = 8
"""Decimals of an asset that we never listed; the venue's own precision."""


class _Effect(NamedTuple):
    """What a fill does to money."""

    amounts: FillAmounts
    payment: Payment


def decide(command: ApplyExecution, books: WorkingSet, context: Context) -> Execution:
    """Post the fill and return it as recorded; a repeat returns the first record.

    What the venue did always posts: from the reservation, then from `available`, then as owed.
    """
    known = books.executions.find(command.key)
    if known is not None:
        return known
    _know_assets(command, books)
    order = None if command.order_id is None else books.orders.find(command.order_id)
    child = None if order is None else books.venue_orders.find((order.order_id, command.child))
    if order is None or child is None:
        return _suspend(command, books, context)
    was_terminal = order.is_terminal
    effect = _move_money(command, books, context, order)
    entry = post(
        books,
        context,
        EntryKind.FILL,
        command.key.reference,
        _postings(order.account_id, effect, context),
    )
    late = was_terminal or _exceeds(command, order) or _is_of_another(command, child)
    execution = _owned(
        _execution(command, context, entry, effect.amounts),
        order,
        child.child,
        effect.payment,
        late=late,
    )
    books.executions.save(execution)
    books.record(ExecutionRecorded(execution=execution))
    _move_order(command, books, context, order, child)
    _reopen_if_closed(books, context, order.account_id)
    if execution.late:
        _warn(books, context, execution)
    return execution


def _know_assets(command: ApplyExecution, books: WorkingSet) -> None:
    """Make assets known that only the venue knew: whatever was traded there has to be posted."""
    for asset in (command.base_asset, command.quote_asset, command.commission_asset):
        if books.assets.find(asset) is None:
            books.assets.save(Asset(asset=asset, scale=VENUE_SCALE))


def _move_money(
    command: ApplyExecution, books: WorkingSet, context: Context, order: Order
) -> _Effect:
    """Pay, receive and value the fill; return what moved."""
    amounts = _amounts(command, books, order)
    reservation = books.reservations[order.order_id]
    paying = wallet_of(books, order.account_id, amounts.paid_asset)
    paying, payment = wallets.pay(paying, amounts.paid, reservation.open)
    books.wallets.save(paying)
    if payment.from_reservation:
        books.reservations.save(reservations.consume(reservation, payment.from_reservation))
    position = position_of(books, order.account_id, order.base_asset)
    if amounts.side is Side.BUY:
        position = positions.acquire(position, amounts.net_received, amounts.notional)
    else:
        # What is owed leaves the position when it is repaid.
        delivered = subtract(amounts.quantity, payment.owed)
        position = positions.dispose(
            position, delivered, amounts.net_received, context.rules.quote_scale
        )
    books.positions.save(position)
    # Last: what arrives may repay a debt, out of the position that it has just joined.
    receiving = wallet_of(books, order.account_id, amounts.received_asset)
    receive(books, context, command.command_id, receiving, amounts.net_received)
    return _Effect(attrs.evolve(amounts, shortfall=payment.owed), payment)


def _amounts(command: ApplyExecution, books: WorkingSet, order: Order) -> FillAmounts:
    instrument: Instrument = books.instruments[order.symbol]
    amounts = FillAmounts(
        side=order.side,
        base_asset=order.base_asset,
        quote_asset=order.quote_asset,
        quantity=command.quantity,
        notional=command.notional,
        commission=command.commission,
        commission_asset=command.commission_asset,
        fee=ZERO,
    )
    buys = order.side is Side.BUY
    fee = fees.platform_fee(
        fee_policy(books, order.account_id),
        command.liquidity,
        amounts.received,
        amounts.client_commission,
        instrument.base_scale if buys else instrument.quote_scale,
    )
    return attrs.evolve(amounts, fee=fee)


def _postings(
    account_id: AccountId, effect: _Effect, context: Context
) -> tuple[ledger.Posting, ...]:
    amounts = effect.amounts
    return (
        *ledger.fill(ledger.client(account_id), amounts, context.rules.venue),
        *ledger.shortfall(account_id, amounts.paid_asset, amounts.shortfall),
    )


def _move_order(
    command: ApplyExecution,
    books: WorkingSet,
    context: Context,
    order: Order,
    child: VenueOrder,
) -> None:
    """Count the fill on the order and its child; end both if it was the last one."""
    had_ended = child.status is VenueOrderStatus.ENDED
    was_held_dead = had_ended and child.venue_order_id is None
    if was_held_dead:
        child = take_back(books, child, command.venue_order_id)
    after, event = orders.record_fill(order, command.quantity, command.notional, context.now)
    save_step(books, after, event)
    child = attrs.evolve(
        venue_orders.acknowledge(child, command.venue_order_id),
        filled_quantity=add(child.filled_quantity, command.quantity),
    )
    became_filled = after.status is OrderStatus.FILLED and not order.is_terminal
    is_whole = child.quantity is not None and child.filled_quantity >= child.quantity
    if is_whole and (became_filled or was_held_dead):
        child = venue_orders.end(child, VenueOutcome.FILLED, child.filled_quantity, None)
    elif became_filled or was_held_dead:
        # What is left of it rests at the venue, and nobody wants it any more.
        books.record(OrderCancelRequested(order=after))
    if child.child == order.children:
        after = go_on(books, context, after)
    child = venue_orders.settle(child)
    books.venue_orders.save(child)
    if after.is_terminal and not order.is_terminal:
        close_order(books, context, command.command_id, after)
        if child.child != order.children:
            # A fill of a child that was held to be dead: its successor is not wanted any more.
            books.record(OrderCancelRequested(order=after))
    elif not had_ended:
        end_with_child(books, context, command.command_id, after, child)


def _is_of_another(command: ApplyExecution, child: VenueOrder) -> bool:
    """Tell whether the venue filled a second order under the child's client order id."""
    return child.venue_order_id not in (None, command.venue_order_id)


def _exceeds(command: ApplyExecution, order: Order) -> bool:
    """Tell whether the fill goes beyond what the customer asked for."""
    if order.quantity is not None:
        return add(order.filled_quantity, command.quantity) > order.quantity
    assert order.quote_quantity is not None, order
    return add(order.filled_notional, command.notional) > order.quote_quantity


def _execution(
    command: ApplyExecution, context: Context, entry: JournalEntry, amounts: FillAmounts
) -> Execution:
    """Return the record of the fill, nobody's as yet but the house's."""
    return Execution(
        venue=command.venue,
        symbol=command.symbol,
        trade_id=command.trade_id,
        venue_order_id=command.venue_order_id,
        order_id=None,
        child=0,
        account_id=HOUSE,
        side=amounts.side,
        quantity=command.quantity,
        price=command.price,
        notional=command.notional,
        commission=command.commission,
        commission_asset=command.commission_asset,
        fee=amounts.fee,
        fee_asset=amounts.received_asset,
        liquidity=command.liquidity,
        late=False,
        from_reservation=ZERO,
        from_available=ZERO,
        owed=ZERO,
        journal_entry_id=entry.journal_entry_id,
        transacted_at=command.transacted_at,
        recorded_at=context.now,
    )


def _owned(
    execution: Execution, order: Order, child: int, payment: Payment, *, late: bool
) -> Execution:
    """Return the record as a fill of `order`, with where its cost came from."""
    return attrs.evolve(
        execution,
        order_id=order.order_id,
        child=child,
        account_id=order.account_id,
        late=late or bool(payment.from_available or payment.owed),
        from_reservation=payment.from_reservation,
        from_available=payment.from_available,
        owed=payment.owed,
    )


def _suspend(command: ApplyExecution, books: WorkingSet, context: Context) -> Execution:
    """Post a fill of an order that is not ours to suspense, and call an operator."""
    if books.accounts.find(HOUSE) is None:
        raise NeedsMore(Footprint(accounts=frozenset({HOUSE})))
    amounts = FillAmounts(
        side=command.side,
        base_asset=command.base_asset,
        quote_asset=command.quote_asset,
        quantity=command.quantity,
        notional=command.notional,
        commission=command.commission,
        commission_asset=command.commission_asset,
        fee=ZERO,
    )
    entry = post(
        books,
        context,
        EntryKind.FILL,
        command.key.reference,
        ledger.fill(ledger.SUSPENSE, amounts, context.rules.venue),
    )
    execution = _execution(command, context, entry, amounts)
    books.executions.save(execution)
    books.record(ExecutionRecorded(execution=execution))
    raise_alert(
        books,
        AlertKind.SUSPENSE,
        command.key.reference,
        "a fill of an order that is not ours was posted to suspense",
        command.notional,
    )
    return execution


def _reopen_if_closed(books: WorkingSet, context: Context, account_id: AccountId) -> None:
    """Reopen a closed account, frozen: the fill's money has to be somewhere."""
    account = books.accounts[account_id]
    if account.status is AccountStatus.CLOSED:
        books.accounts.save(attrs.evolve(account, status=AccountStatus.ACTIVE))
        _freeze(books, context, account_id, "a fill arrived after the account was closed")


def _warn(books: WorkingSet, context: Context, execution: Execution) -> None:
    """Call an operator for a late fill; freeze the account if the customer could not cover it."""
    reference = execution.key.reference
    raise_alert(
        books, AlertKind.LATE_FILL, reference, "a fill was posted beyond its order's reservation"
    )
    if execution.owed > context.rules.shortfall_freeze:
        _freeze(books, context, execution.account_id, f"shortfall of fill {reference}")
    if execution.owed:
        raise_alert(
            books,
            AlertKind.SHORTFALL,
            reference,
            "the customer owes what its money could not cover",
            execution.owed,
        )


def _freeze(books: WorkingSet, context: Context, account_id: AccountId, reason: str) -> None:
    if not books.stops_exclusive or books.accounts.find(HOUSE) is None:
        raise NeedsMore(Footprint(accounts=frozenset({HOUSE}), stops=StopsLock.EXCLUSIVE))
    if books.freezes.find((FreezeScope.ACCOUNT, account_id)) is not None:
        return  # somebody froze it before, for a reason of their own
    freeze = Freeze(
        scope=FreezeScope.ACCOUNT,
        target=account_id,
        mode=FreezeMode.HALT,
        reason=reason,
        frozen_by="platform",
        frozen_at=context.now,
    )
    books.freezes.save(freeze)
    books.record(TradingControlChanged(freeze=freeze, lifted=False))
