"""Honest books pass; for each law, a corruption of each kind of row that it reads is named."""

import copy
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import attrs
import pytest

from tradecore.application import laws
from tradecore.application.command import Idempotency
from tradecore.domain.events import AlertKind
from tradecore.domain.ids import HOUSE, AccountId, CommandId, EventId, OrderId
from tradecore.domain.instruments import Side
from tradecore.domain.ledger import EntryKind, JournalEntry, Posting
from tradecore.domain.orders import OrderStatus, Trigger
from tradecore.domain.venue_orders import VenueOrderStatus, VenueOutcome
from tradecore.memory import MemoryQueries, MemoryStore, SequentialIds, VirtualClock
from tradecore.ports.queries import Books
from tradecore.ports.records import InboxRecord
from tradecore.ports.venue import ExecutionReport, OrderReport, VenueBalance, VenueHistory
from tradecore.testing.builders import id_of
from tradecore.testing.scenario import Scenario, scenario

D = Decimal
Corrupt = Callable[[Books], Books]


@pytest.fixture
async def books(clock: VirtualClock) -> Books:
    """Return books with a bit of everything: fills, a cancel, a shortfall, suspense, repayment."""
    store = MemoryStore(clock)
    async with scenario(store, clock, ids=SequentialIds()) as house:
        await _live(house)
        books = await MemoryQueries(store.tables).books()
    command = books.commands[-1].command_id
    handled = InboxRecord(consumer="gateway", event_id=EventId(id_of(1)), command_id=command)
    return attrs.evolve(books, inbox=(handled,))


async def _live(house: Scenario) -> None:
    alice = await house.customer(usdt=D(10_000), btc=D(1))
    key = Idempotency(owner=alice, key="k", request_hash=b"h")
    bought = await house.run(house.buy(alice, idempotency=key))
    child = await house.send(bought, 101)
    await house.filled(child, D("0.004"))
    fill = attrs.evolve(house.fill(child, D("0.006")), commission_asset="BNB")
    await house.run(fill)
    canceled = await house.run(house.sell(alice))
    child = await house.send(canceled, 102)
    await house.run(house.cancel(canceled))
    await house.run(house.ended(child, VenueOutcome.CANCELED, D(0)))
    resting = await house.run(house.buy(alice, D("0.1")))
    child = await house.send(resting, 103)
    await house.filled(child, D("0.05"))
    late = await house.run(house.buy(alice, D("0.01")))
    child = await house.send(late, 104)
    await house.run(house.ended(child, VenueOutcome.EXPIRED, D(0)))
    await house.run(house.sell(alice, D("0.9")))
    await house.filled(child, D("0.01"))
    await house.run(attrs.evolve(house.fill(child, D("0.02")), order_id=None))


def mirrored(books: Books) -> VenueHistory:
    """Return the venue's record that fits the books."""
    omnibus: dict[str, Decimal] = {}
    for entry in books.journal_entries:
        for posting in entry.postings:
            if posting.account == "venue:binance":
                omnibus[posting.asset] = omnibus.get(posting.asset, D(0)) - posting.amount
    return VenueHistory(
        orders=[
            OrderReport(
                symbol=child.symbol,
                venue_order_id=child.venue_order_id or 0,
                venue_client_order_id=child.venue_client_order_id,
                filled_quantity=child.filled_quantity,
                outcome=child.outcome,
            )
            for child in books.venue_orders
        ],
        executions=[
            ExecutionReport(
                venue=row.venue,
                symbol=row.symbol,
                base_asset=row.symbol.removesuffix("USDT"),
                quote_asset="USDT",
                trade_id=row.trade_id,
                venue_order_id=row.venue_order_id,
                venue_client_order_id=None,
                side=row.side,
                quantity=row.quantity,
                price=row.price,
                notional=row.notional,
                commission=row.commission,
                commission_asset=row.commission_asset,
                liquidity=row.liquidity,
                transacted_at=row.transacted_at,
            )
            for row in books.executions
        ],
        balances=[VenueBalance(asset=a, free=x - 1, locked=D(1)) for a, x in omnibus.items()],
    )


def broken(books: Books, venue: VenueHistory | None = None) -> dict[str, list[str]]:
    """Return the subjects per broken law."""
    results = laws.check(books, venue)
    return {
        one.law: [offender.subject for offender in one.violations]
        for one in results
        if one.violations
    }


def test_honest_books_keep_every_law(books: Books) -> None:
    assert broken(books, mirrored(books)) == {}


def test_the_honest_books_have_a_bit_of_everything(books: Books) -> None:
    assert {entry.kind for entry in books.journal_entries} >= {EntryKind.FILL, EntryKind.DEPOSIT}
    assert any(execution.late for execution in books.executions)
    assert any(execution.order_id is None for execution in books.executions)
    assert {order.status for order in books.orders} >= {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.EXPIRED,
        OrderStatus.PENDING_NEW,
    }
    assert any(AlertKind.SUSPENSE.encode() in record.body for record in books.outbox)


def test_every_law_of_a_snapshot_is_checked(books: Books) -> None:
    assert [result.law for result in laws.check(books)] == [
        *(f"L{number}" for number in range(1, 14)),
        "L16",
        "L17",
    ]


# -- corruption --------------------------------------------------------------------------------


def unchecked(row: Any, **changes: object) -> Any:
    """Return the row with `changes`, as a database could hold it: past its own checks."""
    changed = copy.copy(row)
    for field, value in changes.items():
        object.__setattr__(changed, field, value)
    return changed


def edit(table: str, which: Callable[[Any], bool], **changes: Any) -> Corrupt:
    """Return a corruption of the first row that fits; a change may be a function of its value."""

    def corrupt(books: Books) -> Books:
        rows = list(getattr(books, table))
        index = next(i for i, row in enumerate(rows) if which(row))
        row = rows[index]
        rows[index] = unchecked(
            row,
            **{
                field: value(getattr(row, field)) if callable(value) else value
                for field, value in changes.items()
            },
        )
        return attrs.evolve(books, **{table: rows})

    return corrupt


def drop(table: str, which: Callable[[Any], bool]) -> Corrupt:
    """Return a corruption that loses the first row that fits."""

    def corrupt(books: Books) -> Books:
        rows = list(getattr(books, table))
        rows.remove(next(row for row in rows if which(row)))
        return attrs.evolve(books, **{table: rows})

    return corrupt


def twin(table: str, which: Callable[[Any], bool], **changes: Any) -> Corrupt:
    """Return a corruption that has the first row that fits twice, the second with `changes`."""

    def corrupt(books: Books) -> Books:
        rows: Sequence[Any] = getattr(books, table)
        found = next(row for row in rows if which(row))
        return attrs.evolve(books, **{table: [*rows, unchecked(found, **changes)]})

    return corrupt


def more(amount: Decimal) -> Decimal:
    return amount + D("0.00000001")


def less(amount: Decimal) -> Decimal:
    return amount - D("0.00000001")


def unbalanced(postings: tuple[Posting, ...]) -> tuple[Posting, ...]:
    return postings[:-1]


def customers(row: Any) -> bool:
    return bool(row.account_id != HOUSE)


def of(asset: str) -> Callable[[Any], bool]:
    return lambda row: customers(row) and row.asset == asset


def kind(wanted: EntryKind) -> Callable[[Any], bool]:
    return lambda row: bool(row.kind is wanted)


def status(wanted: OrderStatus) -> Callable[[Any], bool]:
    return lambda row: bool(row.status is wanted)


def any_row(_row: object) -> bool:
    return True


def ours(row: Any) -> bool:
    return row.order_id is not None


def prompt(row: Any) -> bool:
    return ours(row) and not row.late


def submit(row: Any) -> bool:
    return bool(row.trigger is Trigger.SUBMIT)


NOBODY = AccountId(id_of(0))
GONE = CommandId(id_of(0))
S = OrderStatus
CORRUPTIONS: list[tuple[str, str, Corrupt]] = [
    ("L1", "journal_entry:", edit("journal_entries", any_row, postings=unbalanced)),
    ("L2", "wallet:", edit("wallets", of("USDT"), available=more)),
    ("L2", "wallet:", edit("wallets", of("USDT"), owed=more)),
    ("L2", "wallet:", drop("wallets", of("BTC"))),
    ("L2", "wallet:", drop("journal_entries", kind(EntryKind.DEPOSIT))),
    ("L2", "position:", edit("positions", of("BTC"), quantity=more)),
    ("L2", "position:", drop("positions", of("BTC"))),
    ("L3", "wallet:", edit("wallets", of("USDT"), available=D(-1))),
    ("L3", "wallet:", edit("wallets", of("USDT"), reserved=D(-1))),
    ("L3", "wallet:", edit("wallets", of("USDT"), owed=D(-1))),
    ("L3", "wallet:", edit("wallets", of("USDT"), available=D(1), owed=D(1))),
    ("L4", "wallet:", edit("wallets", of("USDT"), reserved=more)),
    ("L4", "wallet:", drop("wallets", of("USDT"))),
    ("L4", "reservation:", edit("reservations", any_row, consumed=more)),
    ("L4", "reservation:", edit("reservations", any_row, consumed=D(-1))),
    ("L4", "reservation:", edit("reservations", any_row, released=less)),
    ("L4", "reservation:", edit("orders", status(S.PARTIALLY_FILLED), status=S.CANCELED)),
    ("L4", "reservation:", drop("orders", status(S.PARTIALLY_FILLED))),
    ("L4", "order:", drop("reservations", any_row)),
    ("L5", "execution:", drop("journal_entries", kind(EntryKind.FILL))),
    ("L5", "execution:", edit("executions", any_row, journal_entry_id=id_of(0))),
    ("L5", "execution:", twin("executions", ours)),
    ("L5", "execution:", twin("journal_entries", kind(EntryKind.FILL))),
    ("L5", "execution:", edit("executions", ours, account_id=NOBODY)),
    ("L5", "execution:", edit("executions", ours, order_id=OrderId(id_of(0)))),
    ("L5", "journal_entry:", drop("executions", ours)),
    ("L5", "order:", drop("executions", ours)),
    ("L5", "order:", edit("orders", status(S.FILLED), filled_quantity=more)),
    ("L5", "order:", edit("orders", status(S.FILLED), filled_notional=more)),
    ("L5", "order:", edit("orders", status(S.FILLED), quantity=less)),
    ("L5", "order:", edit("orders", status(S.FILLED), quantity=None, quote_quantity=D(1))),
    ("L5", "venue_order:", edit("venue_orders", any_row, filled_quantity=more)),
    ("L5", "venue_order:", drop("venue_orders", any_row)),
    ("L6", "execution:", edit("executions", prompt, from_reservation=less)),
    ("L6", "execution:", edit("executions", prompt, from_reservation=less, owed=more)),
    ("L6", "execution:", edit("executions", prompt, from_reservation=less, from_available=more)),
    ("L6", "execution:", edit("executions", prompt, owed=D(-1))),
    ("L6", "execution:", edit("executions", prompt, fee=D(1))),
    ("L6", "execution:", edit("executions", prompt, fee=D(-1))),
    ("L7", "asset:USDT", edit("journal_entries", kind(EntryKind.OPENING), postings=lambda _: ())),
    ("L8", "order:", twin("venue_orders", lambda row: row.status is VenueOrderStatus.LIVE)),
    ("L8", "client_order_id:", twin("venue_orders", any_row)),
    ("L9", "order:", edit("orders", status(S.FILLED), status=S.CANCELED)),
    ("L9", "order:", edit("orders", any_row, version=9)),
    ("L9", "order:", drop("order_events", any_row)),
    ("L9", "order:", drop("orders", any_row)),
    ("L9", "order:", edit("order_events", submit, trigger=Trigger.FILL)),
    ("L9", "order:", edit("order_events", lambda row: row.version == 2, status=S.REJECTED)),
    ("L9", "account:", edit("accounts", customers, open_orders=9)),
    ("L10", "account:", edit("accounts", customers, sequence=1)),
    ("L10", "account:", drop("outbox", customers)),
    ("L10", "account:", twin("outbox", customers)),
    ("L10", "account:", edit("outbox", customers, sequence=2)),
    ("L10", "account:", drop("accounts", customers)),
    ("L11", "inbox:", twin("inbox", any_row)),
    ("L11", "inbox:", edit("inbox", any_row, command_id=GONE)),
    ("L12", "key:", twin("idempotency", any_row)),
    ("L12", "key:", edit("idempotency", any_row, command_id=GONE)),
    ("L12", "key:", edit("commands", lambda row: row.kind == "place_order", outcome=b"")),
    ("L12", "command:", twin("commands", any_row)),
    ("L13", "journal_entry:", edit("journal_entries", any_row, postings=())),
    ("L13", "journal_entry:", edit("journal_entries", any_row, reference="gone")),
    ("L13", "journal_entry:", edit("journal_entries", any_row, kind=EntryKind.REVERSAL)),
    (
        "L13",
        "journal_entry:",
        edit("journal_entries", any_row, kind=EntryKind.REPAYMENT, reference="x:y"),
    ),
    ("L13", "reference:", twin("journal_entries", any_row, journal_entry_id=id_of(0))),
    ("L13", "audit:", edit("audits", any_row, command_id=GONE)),
    ("L16", "wallet:", edit("wallets", of("USDT"), available=D("0.000000001"))),
    ("L16", "wallet:", edit("wallets", of("USDT"), available=D("NaN"))),
    ("L16", "position:", edit("positions", of("BTC"), cost=D("0.000000001"))),
    ("L16", "reservation:", edit("reservations", any_row, released=D("Infinity"))),
    ("L16", "execution:", edit("executions", ours, fee=D("0.000000001"))),
    ("L16", "order:", edit("orders", any_row, price=D("0.000000001"))),
    (
        "L16",
        "journal_entry:",
        edit(
            "journal_entries",
            any_row,
            postings=(Posting("treasury", "BTC", D("1E-9")), Posting("x", "BTC", D("-1E-9"))),
        ),
    ),
    ("L17", "asset:USDT", drop("journal_entries", kind(EntryKind.OPENING))),
]


@pytest.mark.parametrize(("law", "subject", "corrupt"), CORRUPTIONS)
def test_a_corruption_is_named_by_its_law(
    books: Books, law: str, subject: str, corrupt: Corrupt
) -> None:
    offenders = broken(corrupt(books), mirrored(books)).get(law, [])
    assert any(offender.startswith(subject) for offender in offenders), offenders


def test_a_number_that_cannot_be_compared_does_not_stop_the_check(books: Books) -> None:
    corrupt = edit("wallets", of("USDT"), available=D("NaN"))(books)
    assert broken(corrupt)["L3"] == ["books"]


# -- the venue's own record --------------------------------------------------------------------


def test_l7_a_trade_that_is_not_posted_yet_explains_the_difference(books: Books) -> None:
    venue = mirrored(books)
    trade = attrs.evolve(
        venue.executions[0],
        trade_id=999,
        side=Side.SELL,
        quantity=D(2),
        notional=D(50),
        commission=D("0.5"),
        commission_asset="USDT",
    )
    moved = {"BTC": D(-2), "USDT": D("49.5")}
    balances = [
        attrs.evolve(row, free=row.free + moved.get(row.asset, D(0))) for row in venue.balances
    ]
    ahead = attrs.evolve(venue, executions=[*venue.executions, trade], balances=balances)
    assert broken(books, ahead) == {}
    assert broken(books, attrs.evolve(ahead, executions=venue.executions))["L7"] == [
        "asset:BTC",
        "asset:USDT",
    ]


def test_l7_a_posted_fill_that_the_venue_does_not_know_is_named(books: Books) -> None:
    venue = mirrored(books)
    vanished = attrs.evolve(venue, executions=venue.executions[1:])
    assert broken(books, vanished)["L7"] == [f"execution:{venue.executions[0].key.reference}"]


def test_l7_a_balance_that_nothing_explains_is_named(books: Books) -> None:
    venue = mirrored(books)
    extra = [*venue.balances, VenueBalance(asset="DOGE", free=D(0), locked=D(1))]
    assert broken(books, attrs.evolve(venue, balances=extra))["L7"] == ["asset:DOGE"]


def test_l8_a_client_order_id_that_the_venue_accepted_twice_is_named(books: Books) -> None:
    venue = mirrored(books)
    again = attrs.evolve(venue.orders[0], venue_order_id=999)
    twice = attrs.evolve(venue, orders=[*venue.orders, again])
    assert broken(books, twice)["L8"] == [f"client_order_id:{again.venue_client_order_id}"]


# -- two snapshots -----------------------------------------------------------------------------


def test_l13_rows_that_were_added_break_nothing(books: Books) -> None:
    before = attrs.evolve(books, journal_entries=books.journal_entries[:-1])
    assert laws.check_append_only(before, books).violations == ()


@pytest.mark.parametrize("table", ["journal_entries", "order_events", "executions", "audits"])
def test_l13_a_row_that_is_gone_is_named(books: Books, table: str) -> None:
    after = attrs.evolve(books, **{table: getattr(books, table)[1:]})
    (violation,) = laws.check_append_only(books, after).violations
    assert violation.detail == "is gone"


def test_l13_a_row_that_has_changed_is_named(books: Books) -> None:
    first = books.journal_entries[0]
    changed = JournalEntry(**{**attrs.asdict(first, recurse=False), "reference": "other"})
    after = attrs.evolve(books, journal_entries=[changed, *books.journal_entries[1:]])
    (violation,) = laws.check_append_only(books, after).violations
    assert violation.subject == f"journal_entry:{first.journal_entry_id}"
    assert violation.detail == "has changed"


def test_l13_a_digest_counts_and_chains_every_row(books: Books) -> None:
    before, again = laws.digest(books), laws.digest(books)
    assert before == again
    shorter = laws.digest(attrs.evolve(books, audits=books.audits[1:]))
    assert shorter.counts["audit"] == before.counts["audit"] - 1
    assert shorter.chains["audit"] != before.chains["audit"]
    assert shorter.chains["execution"] == before.chains["execution"]
