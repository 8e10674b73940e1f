"""What is posted for each thing that can happen to money; DESIGN's table, figure by figure."""

from collections import defaultdict
from decimal import Decimal

import attrs
import pytest

from tradecore.domain import ledger
from tradecore.domain.errors import NotReversible
from tradecore.domain.instruments import Side
from tradecore.domain.ledger import EntryKind, FillAmounts, JournalEntry, Posting
from tradecore.testing.builders import ALICE, BOB, build_journal_entry

D = Decimal
ALICES, BOBS = f"client:{ALICE}", f"client:{BOB}"
VENUE, OWED = "venue:binance", f"receivable:{ALICE}"
PostingTable = list[tuple[str, str, str]]


def fill_of(side: Side, **changes: object) -> FillAmounts:
    amounts = FillAmounts(
        side=side,
        base_asset="BTC",
        quote_asset="USDT",
        quantity=D(2),
        notional=D(200),
        commission=D(0),
        commission_asset="BNB",
        fee=D(0),
    )
    return attrs.evolve(amounts, **changes)


def fill(amounts: FillAmounts, account: str = ALICES) -> tuple[Posting, ...]:
    return ledger.fill(account, amounts, "binance")


BOUGHT = [
    (ALICES, "BTC", "2"),
    (VENUE, "BTC", "-2"),
    (VENUE, "USDT", "200"),
    (ALICES, "USDT", "-200"),
]
SOLD = [
    (ALICES, "USDT", "200"),
    (VENUE, "USDT", "-200"),
    (VENUE, "BTC", "2"),
    (ALICES, "BTC", "-2"),
]
GOLDEN: dict[str, tuple[tuple[Posting, ...], PostingTable]] = {
    "opening": (
        ledger.opening("BTC", D(5), "binance"),
        [("treasury", "BTC", "5"), (VENUE, "BTC", "-5")],
    ),
    "inventory taken away": (
        ledger.opening("BTC", D(-5), "binance"),
        [("treasury", "BTC", "-5"), (VENUE, "BTC", "5")],
    ),
    "deposit": (
        ledger.deposit(ALICE, "USDT", D(10)),
        [(ALICES, "USDT", "10"), ("treasury", "USDT", "-10")],
    ),
    "withdrawal": (
        ledger.withdrawal(ALICE, "USDT", D(10)),
        [("treasury", "USDT", "10"), (ALICES, "USDT", "-10")],
    ),
    "journal": (
        ledger.journal(ALICE, BOB, "USDT", D(10)),
        [(BOBS, "USDT", "10"), (ALICES, "USDT", "-10")],
    ),
    "repayment": (
        ledger.repayment(ALICE, "USDT", D(10)),
        [(OWED, "USDT", "10"), (ALICES, "USDT", "-10")],
    ),
    "write-off": (
        ledger.write_off(ALICE, "USDT", D(10)),
        [(OWED, "USDT", "10"), ("treasury", "USDT", "-10")],
    ),
    "shortfall": (
        ledger.shortfall(ALICE, "USDT", D(10)),
        [(ALICES, "USDT", "10"), (OWED, "USDT", "-10")],
    ),
    "nothing owed": (ledger.shortfall(ALICE, "USDT", D(0)), []),
    "buy": (fill(fill_of(Side.BUY)), BOUGHT),
    "sell": (fill(fill_of(Side.SELL)), SOLD),
    "buy, commission in what is received": (
        fill(fill_of(Side.BUY, commission=D("0.002"), commission_asset="BTC")),
        [*BOUGHT, (VENUE, "BTC", "0.002"), (ALICES, "BTC", "-0.002")],
    ),
    "sell, commission in what is received": (
        fill(fill_of(Side.SELL, commission=D("0.2"), commission_asset="USDT")),
        [*SOLD, (VENUE, "USDT", "0.2"), (ALICES, "USDT", "-0.2")],
    ),
    "f27 buy, commission in BNB: the house's": (
        fill(fill_of(Side.BUY, commission=D("0.01"), commission_asset="BNB")),
        [*BOUGHT, (VENUE, "BNB", "0.01"), ("fees:venue", "BNB", "-0.01")],
    ),
    "f27 sell, commission in what is sold: the house's": (
        fill(fill_of(Side.SELL, commission=D("0.01"), commission_asset="BTC")),
        [*SOLD, (VENUE, "BTC", "0.01"), ("fees:venue", "BTC", "-0.01")],
    ),
    "buy, platform fee": (
        fill(fill_of(Side.BUY, fee=D("0.004"))),
        [*BOUGHT, ("fees:platform", "BTC", "0.004"), (ALICES, "BTC", "-0.004")],
    ),
    "sell, platform fee": (
        fill(fill_of(Side.SELL, fee=D("0.4"))),
        [*SOLD, ("fees:platform", "USDT", "0.4"), (ALICES, "USDT", "-0.4")],
    ),
    "f25 unknown order": (
        fill(fill_of(Side.BUY, commission=D("0.002"), commission_asset="BTC"), ledger.SUSPENSE),
        [
            ("suspense", "BTC", "2"),
            (VENUE, "BTC", "-2"),
            (VENUE, "USDT", "200"),
            ("suspense", "USDT", "-200"),
            (VENUE, "BTC", "0.002"),
            ("suspense", "BTC", "-0.002"),
        ],
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_postings(case: str) -> None:
    postings, table = GOLDEN[case]
    assert [(p.account, p.asset, p.amount) for p in postings] == [
        (account, asset, D(amount)) for account, asset, amount in table
    ]


@pytest.mark.parametrize("case", GOLDEN)
def test_every_entry_sums_to_zero_per_asset(case: str) -> None:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for posting in GOLDEN[case][0]:
        sums[posting.asset] += posting.amount
    assert not any(sums.values())


@pytest.mark.parametrize(
    ("side", "received", "paid"), [(Side.BUY, "BTC", "USDT"), (Side.SELL, "USDT", "BTC")]
)
def test_a_fill_names_what_is_received_and_paid(side: Side, received: str, paid: str) -> None:
    amounts = fill_of(side)
    assert (amounts.received_asset, amounts.paid_asset) == (received, paid)
    assert {amounts.received, amounts.paid} == {D(2), D(200)}


def test_what_reaches_the_customer_is_less_its_commission_and_fee() -> None:
    amounts = fill_of(Side.BUY, commission=D("0.002"), commission_asset="BTC", fee=D("0.003"))
    assert amounts.net_received == D("1.995")


def test_commission_in_another_asset_costs_the_customer_nothing() -> None:
    assert fill_of(Side.BUY, commission=D("0.002")).net_received == D(2)


@pytest.mark.parametrize(
    "postings",
    [
        (),
        (Posting(ALICES, "USDT", D(1)),),
        (Posting(ALICES, "USDT", D(1)), Posting("treasury", "BTC", D(-1))),
    ],
)
def test_an_entry_that_does_not_balance_is_a_bug(postings: tuple[Posting, ...]) -> None:
    with pytest.raises(AssertionError):
        ledger.require_balanced(build_journal_entry(postings=postings))


REVERSIBLE = [
    EntryKind.OPENING,
    EntryKind.DEPOSIT,
    EntryKind.WITHDRAWAL,
    EntryKind.JOURNAL,
    EntryKind.WRITE_OFF,
]


@pytest.mark.parametrize("kind", REVERSIBLE)
def test_a_reversal_undoes_its_entry(kind: EntryKind) -> None:
    entry = build_journal_entry(kind=kind)
    undone: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for posting in (*entry.postings, *ledger.reversal(entry)):
        undone[posting.account, posting.asset] += posting.amount
    assert not any(undone.values())


@pytest.mark.parametrize("kind", [kind for kind in EntryKind if kind not in REVERSIBLE])
def test_a_fill_a_repayment_and_a_reversal_are_final(kind: EntryKind) -> None:
    with pytest.raises(NotReversible, match=f"kind {kind} is not reversed"):
        ledger.reversal(build_journal_entry(kind=kind))


def test_entries_are_values() -> None:
    assert isinstance(hash(build_journal_entry()), int)
    assert build_journal_entry() == JournalEntry(
        **attrs.asdict(build_journal_entry(), recurse=False)
    )
