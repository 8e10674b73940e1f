"""Movements that several use cases share: money that arrives, an order that ends."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from tradecore.application.command import NeedsMore
from tradecore.application.context import Context
from tradecore.domain import accounts, ledger, positions, reservations, venue_orders, wallets
from tradecore.domain.events import AlertKind, AlertRaised, OrderUpdated
from tradecore.domain.fees import FeePolicy
from tradecore.domain.ids import HOUSE, AccountId, CommandId, JournalEntryId
from tradecore.domain.ledger import EntryKind, JournalEntry, Posting
from tradecore.domain.orders import TRANSITIONS, Order, OrderEvent, Trigger, transition
from tradecore.domain.positions import Position
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.domain.wallets import Wallet
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet

TRIGGER_OF: Final[Mapping[VenueOutcome, Trigger]] = {
    VenueOutcome.FILLED: Trigger.FILL,
    VenueOutcome.CANCELED: Trigger.CANCEL,
    VenueOutcome.REJECTED: Trigger.REJECT,
    VenueOutcome.EXPIRED: Trigger.EXPIRE,
    VenueOutcome.EXPIRED_IN_MATCH: Trigger.EXPIRE,
}


def wallet_of(books: WorkingSet, account_id: AccountId, asset: str) -> Wallet:
    """Return the account's wallet of `asset`; an empty one if it never held any."""
    return books.wallets.find((account_id, asset)) or Wallet(account_id=account_id, asset=asset)


def position_of(books: WorkingSet, account_id: AccountId, asset: str) -> Position:
    """Return the account's position in `asset`; an empty one if it never held any."""
    return books.positions.find((account_id, asset)) or Position(account_id=account_id, asset=asset)


def post(
    books: WorkingSet,
    context: Context,
    kind: EntryKind,
    reference: str,
    postings: Sequence[Posting],
) -> JournalEntry:
    """Add a journal entry and return it."""
    entry = ledger.require_balanced(
        JournalEntry(
            journal_entry_id=JournalEntryId(context.new_id()),
            kind=kind,
            reference=reference,
            postings=tuple(postings),
            recorded_at=context.now,
        )
    )
    books.post(entry)
    return entry


def fee_policy(books: WorkingSet, account_id: AccountId) -> FeePolicy:
    """Return the account's fee policy, or the house's default."""
    row = books.fees.find(account_id) or books.fees.find(HOUSE)
    return FeePolicy() if row is None else row.policy


def receive(
    books: WorkingSet, context: Context, command_id: CommandId, wallet: Wallet, amount: Decimal
) -> None:
    """Add `amount` to the wallet's available balance; what is owed is repaid first."""
    _after_credit(books, context, command_id, *wallets.credit(wallet, amount))


def release(
    books: WorkingSet, context: Context, command_id: CommandId, wallet: Wallet, amount: Decimal
) -> None:
    """Free `amount` of what the wallet has reserved; what is owed is repaid first."""
    _after_credit(books, context, command_id, *wallets.release(wallet, amount))


def _after_credit(
    books: WorkingSet, context: Context, command_id: CommandId, wallet: Wallet, repaid: Decimal
) -> None:
    books.wallets.save(wallet)
    if not repaid:
        return
    post(
        books,
        context,
        EntryKind.REPAYMENT,
        f"{command_id}:{wallet.asset}",
        ledger.repayment(wallet.account_id, wallet.asset, repaid),
    )
    if wallet.asset != context.rules.quote_asset:
        position = position_of(books, wallet.account_id, wallet.asset)
        books.positions.save(positions.repay(position, repaid, context.rules.quote_scale))


def save_step(books: WorkingSet, order: Order, event: OrderEvent) -> None:
    """Write an order that moved, its history and its event."""
    books.orders.save(order)
    books.append_order_event(event)
    books.record(OrderUpdated(order=order))


def finish_order(
    books: WorkingSet,
    context: Context,
    command_id: CommandId,
    order: Order,
    trigger: Trigger,
    detail: str | None,
) -> Order:
    """End the order by `trigger` and release what it still has reserved."""
    ended, event = transition(order, trigger, context.now, detail)
    save_step(books, ended, event)
    close_order(books, context, command_id, ended)
    return ended


def close_order(books: WorkingSet, context: Context, command_id: CommandId, order: Order) -> None:
    """Release what an order that has just ended still has reserved, and count it out."""
    assert order.is_terminal, order
    closed, rest = reservations.close(books.reservations[order.order_id])
    books.reservations.save(closed)
    if rest:
        wallet = books.wallets[order.account_id, closed.asset]
        release(books, context, command_id, wallet, rest)
    account = books.accounts[order.account_id]
    books.accounts.save(accounts.count_ended_order(account))


def after_refusal(books: WorkingSet, order: Order, child: int) -> Trigger:
    """Return how the order ends whose `child` could not be sent, or was refused by the venue.

    The first child's refusal is the order's. A later one takes the place of a child that stood:
    then the order ends as that one did, with its fills.
    """
    former = books.venue_orders.find((order.order_id, child - 1))
    if former is None:
        # With fills, or a wish of its owner's pending, nothing was rejected as a whole.
        rejects = (order.status, Trigger.REJECT) in TRANSITIONS
        return Trigger.REJECT if rejects else Trigger.CANCEL
    in_match = former.outcome is VenueOutcome.EXPIRED_IN_MATCH
    return Trigger.EXPIRE if in_match else Trigger.CANCEL


def raise_alert(
    books: WorkingSet,
    kind: AlertKind,
    subject: str,
    detail: str,
    amount: Decimal | None = None,
) -> None:
    """Tell the operators. Raises NeedsMore unless the house's account is in the footprint."""
    if books.accounts.find(HOUSE) is None:
        raise NeedsMore(Footprint(accounts=frozenset({HOUSE})))
    books.record(AlertRaised(kind=kind, subject=subject, detail=detail, amount=amount))


def take_back(books: WorkingSet, child: VenueOrder, venue_order_id: int) -> VenueOrder:
    """Return a child that was held to be dead as one to follow, and call an operator."""
    raise_alert(
        books,
        AlertKind.ORPHAN,
        child.venue_client_order_id,
        f"ended here as {child.outcome}, yet the venue has it as order {venue_order_id}",
    )
    return venue_orders.reopen(child, venue_order_id)
