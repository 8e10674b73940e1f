"""Laws of orders, their children, reservations and fills: L4 to L6, L8, L9."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from tradecore.application.laws.results import Snapshot, Violation
from tradecore.domain.executions import Execution
from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.instruments import Side
from tradecore.domain.ledger import EntryKind
from tradecore.domain.money import ZERO, add, total
from tradecore.domain.orders import TRANSITIONS, Order, OrderEvent, OrderStatus, Trigger
from tradecore.domain.venue_orders import VenueOrderStatus


def reservations(snapshot: Snapshot) -> Iterator[Violation]:
    """L4: reserved money is that of open reservations; all of one is used up when its order ends.

    Before the end it may be spent to the last unit (an order by quote amount waits for the
    venue's word), but nothing of it is released.
    """
    books = snapshot.books
    orders = {order.order_id: order for order in books.orders}
    held: defaultdict[tuple[AccountId, str], Decimal] = defaultdict(lambda: ZERO)
    for row in books.reservations:
        subject, order = f"reservation:{row.order_id}", orders.pop(row.order_id, None)
        used = add(row.consumed, row.released)
        key = row.account_id, row.asset
        held[key] = add(held[key], row.open)
        if row.consumed < ZERO or row.released < ZERO or used > row.amount:
            yield Violation(
                subject,
                f"{row.consumed:f} consumed and {row.released:f} released of {row.amount:f}",
            )
        if order is None:
            yield Violation(subject, "its order is missing")
        elif used != row.amount if order.is_terminal else row.released > ZERO:
            yield Violation(
                subject, f"{used:f} of {row.amount:f} is used up, the order is {order.status}"
            )
    for order_id in orders:
        yield Violation(f"order:{order_id}", "has no reservation")
    for wallet in books.wallets:
        expected = held.pop((wallet.account_id, wallet.asset), ZERO)
        if wallet.reserved != expected:
            yield Violation(
                f"wallet:{wallet.account_id}:{wallet.asset}",
                f"{wallet.reserved:f} is reserved, open reservations are {expected:f}",
            )
    for (account_id, asset), amount in held.items():
        if amount != ZERO:
            yield Violation(f"wallet:{account_id}:{asset}", f"is missing, {amount:f} is reserved")


def one_fill_one_posting(snapshot: Snapshot) -> Iterator[Violation]:
    """L5: executions and fill entries pair up, and orders have filled what their executions say."""
    yield from _pairs(snapshot)
    yield from _filled(snapshot)


def _pairs(snapshot: Snapshot) -> Iterator[Violation]:
    books = snapshot.books
    entries: defaultdict[str, list[str]] = defaultdict(list)
    for entry in books.journal_entries:
        if entry.kind is EntryKind.FILL:
            entries[entry.reference].append(entry.journal_entry_id)
    seen: Counter[str] = Counter()
    for execution in books.executions:
        reference = execution.key.reference
        seen[reference] += 1
        if entries.get(reference) != [execution.journal_entry_id]:
            yield Violation(
                f"execution:{reference}",
                f"names entry {execution.journal_entry_id}, its fill entries are"
                f" {entries.get(reference, [])}",
            )
    for reference, count in seen.items():
        if count > 1:
            yield Violation(f"execution:{reference}", f"is recorded {count} times")
    for reference, ids in entries.items():
        if not seen[reference]:
            yield Violation(f"journal_entry:{ids[0]}", f"fill {reference} has no execution")


def _filled(snapshot: Snapshot) -> Iterator[Violation]:
    books = snapshot.books
    by_order: defaultdict[OrderId, list[Execution]] = defaultdict(list)
    for execution in books.executions:
        if execution.order_id is not None:
            by_order[execution.order_id].append(execution)
    for order in books.orders:
        yield from _order_filled(order, by_order.pop(order.order_id, []))
    for order_id, executions in by_order.items():
        yield Violation(f"execution:{executions[0].key.reference}", f"no order {order_id}")
    by_child: defaultdict[tuple[OrderId, int], Decimal] = defaultdict(lambda: ZERO)
    for execution in books.executions:
        if execution.order_id is not None:
            key = execution.order_id, execution.child
            by_child[key] = add(by_child[key], execution.quantity)
    for child in books.venue_orders:
        executed = by_child.pop((child.order_id, child.child), ZERO)
        if child.filled_quantity != executed:
            yield Violation(
                f"venue_order:{child.order_id}:{child.child}",
                f"has {child.filled_quantity:f} filled, its executions are {executed:f}",
            )
    for (order_id, number), executed in by_child.items():
        yield Violation(f"venue_order:{order_id}:{number}", f"is missing, executed {executed:f}")


def _order_filled(order: Order, executions: list[Execution]) -> Iterator[Violation]:
    subject = f"order:{order.order_id}"
    quantity = total(one.quantity for one in executions)
    notional = total(one.notional for one in executions)
    if (order.filled_quantity, order.filled_notional) != (quantity, notional):
        yield Violation(
            subject,
            f"has {order.filled_quantity:f} filled for {order.filled_notional:f},"
            f" its executions are {quantity:f} for {notional:f}",
        )
    for execution in executions:
        if execution.account_id != order.account_id:
            yield Violation(
                f"execution:{execution.key.reference}", f"belongs to {execution.account_id}"
            )
    if order.late_fill or any(one.late for one in executions):
        return
    if order.quantity is not None and quantity > order.quantity:
        yield Violation(subject, f"{quantity:f} of {order.quantity:f} is filled, none of it late")
    if order.quote_quantity is not None and notional > order.quote_quantity:
        yield Violation(
            subject, f"{notional:f} of {order.quote_quantity:f} is spent, none of it late"
        )


def cost_bound(snapshot: Snapshot) -> Iterator[Violation]:
    """L6: a fill is paid in full, from its reservation unless flagged; charges stay within it."""
    for execution in snapshot.books.executions:
        if execution.order_id is None:
            continue
        subject, buys = f"execution:{execution.key.reference}", execution.side is Side.BUY
        cost = execution.notional if buys else execution.quantity
        received = execution.quantity if buys else execution.notional
        beyond = add(execution.from_available, execution.owed)
        paid = add(execution.from_reservation, beyond)
        if min(execution.from_reservation, execution.from_available, execution.owed) < ZERO:
            yield Violation(subject, "a part of its payment is negative")
        if paid != cost:
            yield Violation(subject, f"cost {cost:f}, paid {paid:f}")
        if beyond and not execution.late:
            yield Violation(subject, f"{beyond:f} was paid beyond the reservation, not flagged")
        in_kind = execution.commission_asset == execution.fee_asset
        charges = add(execution.fee, execution.commission if in_kind else ZERO)
        if execution.fee < ZERO or execution.commission < ZERO or charges > received:
            yield Violation(subject, f"charges {charges:f} of {received:f} received")


def one_venue_order(snapshot: Snapshot) -> Iterator[Violation]:
    """L8: at most one child of an order is alive; the venue accepted each client order id once."""
    alive = Counter(
        child.order_id
        for child in snapshot.books.venue_orders
        if child.status is not VenueOrderStatus.ENDED
    )
    for order_id, count in alive.items():
        if count > 1:
            yield Violation(f"order:{order_id}", f"{count} children are alive")
    names = Counter(child.venue_client_order_id for child in snapshot.books.venue_orders)
    for name, count in names.items():
        if count > 1:
            yield Violation(f"client_order_id:{name}", f"names {count} children")
    if snapshot.venue is None:
        return
    accepted: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for report in snapshot.venue.orders:
        accepted[report.venue_client_order_id].add((report.symbol, report.venue_order_id))
    for name, orders in accepted.items():
        if len(orders) > 1:
            yield Violation(f"client_order_id:{name}", f"the venue accepted {len(orders)} orders")


def legal_walk(snapshot: Snapshot) -> Iterator[Violation]:
    """L9: an order's history is a path in the transition table and ends where the order stands."""
    books = snapshot.books
    histories: defaultdict[OrderId, list[OrderEvent]] = defaultdict(list)
    for event in books.order_events:
        histories[event.order_id].append(event)
    open_orders: Counter[AccountId] = Counter()
    for order in books.orders:
        open_orders[order.account_id] += not order.is_terminal
        yield from _walk(order, histories.pop(order.order_id, []))
    for order_id in histories:
        yield Violation(f"order:{order_id}", "has a history but no row")
    for account in books.accounts:
        if account.open_orders != open_orders[account.account_id]:
            yield Violation(
                f"account:{account.account_id}",
                f"counts {account.open_orders} open orders,"
                f" {open_orders[account.account_id]} are open",
            )


def _walk(order: Order, history: list[OrderEvent]) -> Iterator[Violation]:
    subject = f"order:{order.order_id}"
    history.sort(key=lambda event: event.version)
    versions = [event.version for event in history]
    if versions != list(range(1, order.version + 1)):
        yield Violation(subject, f"is at version {order.version}, its history at {versions}")
        return
    status = OrderStatus.PENDING_NEW
    for event in history:
        first = event.version == 1
        after = (
            (OrderStatus.PENDING_NEW if event.trigger is Trigger.SUBMIT else None)
            if first
            else TRANSITIONS.get((status, event.trigger))
        )
        if after is not event.status:
            start = "nothing" if first else status
            yield Violation(subject, f"{event.trigger} leads from {start} to {event.status}")
            return
        status = event.status
    if status is not order.status:
        yield Violation(subject, f"is {order.status}, its history ends {status}")
