"""Laws of the ledger, the wallets and the omnibus account: L1 to L3, L7, L16, L17."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from tradecore.application.laws.results import Snapshot, Violation
from tradecore.domain import ledger
from tradecore.domain.executions import Execution
from tradecore.domain.ids import AccountId
from tradecore.domain.instruments import Instrument, Side
from tradecore.domain.money import MAX_SCALE, ZERO, add, negate, scale_of, subtract, total
from tradecore.domain.orders import Order
from tradecore.ports.queries import Books
from tradecore.ports.venue import ExecutionReport

_Amount = tuple[str, Decimal | None, int]  #: where it stands, the amount, the decimals allowed


def zero_sum(snapshot: Snapshot) -> Iterator[Violation]:
    """L1: the postings of an entry sum to zero per asset, hence all postings do."""
    for entry in snapshot.books.journal_entries:
        sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for posting in entry.postings:
            sums[posting.asset] = add(sums[posting.asset], posting.amount)
        for asset, amount in sums.items():
            if amount != ZERO:
                yield Violation(
                    f"journal_entry:{entry.journal_entry_id}", f"{asset} sums to {amount:f}"
                )


def wallet_equals_ledger(snapshot: Snapshot) -> Iterator[Violation]:
    """L2: a wallet is the sum of its postings, a debt its receivable, a position its wallet."""
    books, balances = snapshot.books, snapshot.ledger_balances
    wallets = {(row.account_id, row.asset): row for row in books.wallets}
    positions = {(row.account_id, row.asset): row.quantity for row in books.positions}
    keys = [*wallets, *positions]
    for account, asset in balances:
        kind, _, account_id = account.partition(":")
        if kind in ("client", "receivable"):
            keys.append((AccountId(account_id), asset))
    for account_id, asset in dict.fromkeys(keys):
        wallet = wallets.get((account_id, asset))
        held, owed = (ZERO, ZERO) if wallet is None else (wallet.total, wallet.owed)
        subject = f"wallet:{account_id}:{asset}"
        posted = balances.get((ledger.client(account_id), asset), ZERO)
        if held != posted:
            yield Violation(subject, f"holds {held:f}, the ledger says {posted:f}")
        receivable = balances.get((ledger.receivable(account_id), asset), ZERO)
        if owed != negate(receivable):
            yield Violation(subject, f"owes {owed:f}, the receivable is {receivable:f}")
        quantity = positions.get((account_id, asset), ZERO)
        if asset != snapshot.rules.quote_asset and quantity != held:
            yield Violation(
                f"position:{account_id}:{asset}", f"is {quantity:f}, the wallet holds {held:f}"
            )


def no_overdraft(snapshot: Snapshot) -> Iterator[Violation]:
    """L3: no part of a wallet is negative, and nothing is available while something is owed."""
    for wallet in snapshot.books.wallets:
        subject = f"wallet:{wallet.account_id}:{wallet.asset}"
        for field in ("available", "reserved", "owed"):
            amount: Decimal = getattr(wallet, field)
            if amount < ZERO:
                yield Violation(subject, f"{field} is {amount:f}")
        if wallet.available > ZERO and wallet.owed > ZERO:
            yield Violation(
                subject, f"{wallet.available:f} is available while {wallet.owed:f} is owed"
            )


def venue_mirror(snapshot: Snapshot) -> Iterator[Violation]:
    """L7: omnibus + ledger(venue) = what the venue's trades that are not posted yet moved."""
    venue, books = snapshot.venue, snapshot.books
    if venue is None:
        return
    posted = {execution.key for execution in books.executions}
    traded = {report.key for report in venue.executions}
    for key in sorted(posted - traded):
        yield Violation(f"execution:{key.reference}", "is posted, the venue knows no such trade")
    expected: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for report in venue.executions:
        if report.key in posted:
            continue
        for asset, amount in _effect(report):
            expected[asset] = add(expected[asset], amount)
    account = ledger.venue(snapshot.rules.venue)
    held = {row.asset: add(row.free, row.locked) for row in venue.balances}
    booked = {
        asset: sum_ for (name, asset), sum_ in snapshot.ledger_balances.items() if name == account
    }
    for asset in sorted({*held, *booked, *expected}):
        omnibus, contra = held.get(asset, ZERO), booked.get(asset, ZERO)
        if add(omnibus, contra) != expected[asset]:
            yield Violation(
                f"asset:{asset}",
                f"omnibus {omnibus:f} and ledger {contra:f} differ by"
                f" {add(omnibus, contra):f}, trades not posted by {expected[asset]:f}",
            )


def _effect(report: ExecutionReport) -> Iterator[tuple[str, Decimal]]:
    """Yield what a trade did to the omnibus account, per asset."""
    buys = report.side is Side.BUY
    yield report.base_asset, report.quantity if buys else negate(report.quantity)
    yield report.quote_asset, negate(report.notional) if buys else report.notional
    yield report.commission_asset, negate(report.commission)


def exact(snapshot: Snapshot) -> Iterator[Violation]:
    """L16: every stored amount is finite and within the scale of its asset."""
    books = snapshot.books
    scales = {row.asset: row.scale for row in books.assets}
    for subject, amount, scale in _amounts(books, scales, snapshot.rules.quote_scale):
        if amount is None:
            continue
        if not amount.is_finite():
            yield Violation(subject, f"is {amount}")
        elif scale_of(amount) > scale:
            yield Violation(subject, f"{amount:f} has more than {scale} decimals")


def _amounts(books: Books, scales: Mapping[str, int], cost_scale: int) -> Iterator[_Amount]:
    """Yield every stored amount. An asset that is not listed (BNB as commission) may have 18."""
    for wallet in books.wallets:
        name, scale = (
            f"wallet:{wallet.account_id}:{wallet.asset}",
            scales.get(wallet.asset, MAX_SCALE),
        )
        for amount in (wallet.available, wallet.reserved, wallet.owed):
            yield name, amount, scale
    for position in books.positions:
        name = f"position:{position.account_id}:{position.asset}"
        yield name, position.quantity, scales.get(position.asset, MAX_SCALE)
        yield name, position.cost, cost_scale
        yield name, position.realised_profit, cost_scale
    for reservation in books.reservations:
        scale = scales.get(reservation.asset, MAX_SCALE)
        for amount in (reservation.amount, reservation.consumed, reservation.released):
            yield f"reservation:{reservation.order_id}", amount, scale
    for entry in books.journal_entries:
        for posting in entry.postings:
            yield (
                f"journal_entry:{entry.journal_entry_id}",
                posting.amount,
                scales.get(posting.asset, MAX_SCALE),
            )
    instruments = {row.symbol: row for row in books.instruments}
    for execution in books.executions:
        yield from _execution_amounts(execution, instruments.get(execution.symbol), scales)
    for order in books.orders:
        yield from _order_amounts(order, instruments.get(order.symbol))


def _execution_amounts(
    execution: Execution, instrument: Instrument | None, scales: Mapping[str, int]
) -> Iterable[_Amount]:
    name = f"execution:{execution.key.reference}"
    base = MAX_SCALE if instrument is None else instrument.base_scale
    quote = MAX_SCALE if instrument is None else instrument.quote_scale
    paid = quote if execution.side is Side.BUY else base
    return (
        (name, execution.quantity, base),
        (name, execution.price, quote),
        (name, execution.notional, quote),
        (name, execution.commission, scales.get(execution.commission_asset, MAX_SCALE)),
        (name, execution.fee, scales.get(execution.fee_asset, MAX_SCALE)),
        (name, execution.from_reservation, paid),
        (name, execution.from_available, paid),
        (name, execution.owed, paid),
    )


def _order_amounts(order: Order, instrument: Instrument | None) -> Iterable[_Amount]:
    name = f"order:{order.order_id}"
    base = MAX_SCALE if instrument is None else instrument.base_scale
    quote = MAX_SCALE if instrument is None else instrument.quote_scale
    return (
        (name, order.quantity, base),
        (name, order.filled_quantity, base),
        (name, order.quote_quantity, quote),
        (name, order.filled_notional, quote),
        (name, order.price, quote),
        (name, order.stop_price, quote),
    )


def solvency(snapshot: Snapshot) -> Iterator[Violation]:
    """L17: what the venue holds for the house covers what all customers have."""
    account = ledger.venue(snapshot.rules.venue)
    clients: defaultdict[str, list[Decimal]] = defaultdict(list)
    for (name, asset), amount in snapshot.ledger_balances.items():
        if name.startswith("client:"):
            clients[asset].append(amount)
    for asset, amounts in clients.items():
        held = negate(snapshot.ledger_balances.get((account, asset), ZERO))
        due = total(amounts)
        if held < due:
            yield Violation(
                f"asset:{asset}",
                f"{held:f} at the venue, customers have {due:f}: {subtract(due, held):f} short",
            )
