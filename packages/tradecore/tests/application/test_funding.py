"""Simulated deposits and withdrawals never exceed what the house holds; mistakes are mirrored."""

import asyncio
from decimal import Decimal

import attrs
import pytest

from tradecore.application.commands.fund_account import BookOpening, CreditAccount, DebitAccount
from tradecore.application.commands.reverse_entry import ReverseEntry
from tradecore.domain.errors import (
    AlreadyReversed,
    InsufficientFunds,
    InvalidAmount,
    NoReferencePrice,
    NotReversible,
    TreasuryExceeded,
    UnknownAccount,
    UnknownAsset,
    UnknownJournalEntry,
)
from tradecore.domain.ids import HOUSE, AccountId, JournalEntryId
from tradecore.domain.ledger import EntryKind
from tradecore.domain.venue_orders import VenueOutcome
from tradecore.memory import MemoryStore, SequentialIds, VirtualClock
from tradecore.testing.builders import ALICE, id_of
from tradecore.testing.scenario import Scenario, scenario

D = Decimal


def credit(
    house: Scenario, account_id: AccountId, amount: Decimal, asset: str = "USDT"
) -> CreditAccount:
    return CreditAccount(
        **house.head(), account_id=account_id, asset=asset, amount=amount, reason="test"
    )


def debit(
    house: Scenario, account_id: AccountId, amount: Decimal, asset: str = "USDT"
) -> DebitAccount:
    return DebitAccount(
        **house.head(), account_id=account_id, asset=asset, amount=amount, reason="test"
    )


def reverse(
    house: Scenario, entry: str, account_id: AccountId, asset: str = "USDT"
) -> ReverseEntry:
    return ReverseEntry(
        **house.head(),
        journal_entry_id=JournalEntryId(entry),
        account_id=account_id,
        asset=asset,
        reason="slip",
    )


def last(store: MemoryStore, kind: EntryKind) -> str:
    return [
        entry.journal_entry_id
        for entry in store.tables.journal_entries.values()
        if entry.kind is kind
    ][-1]


async def test_a_deposit_comes_out_of_the_treasury(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer()
    wallet = await house.run(credit(house, alice, D(100)))
    assert wallet.available == D(100)
    entry = store.tables.journal_entries[JournalEntryId(last(store, EntryKind.DEPOSIT))]
    assert [(line.account, line.amount) for line in entry.postings] == [
        (f"client:{alice}", D(100)),
        ("treasury", D(-100)),
    ]


async def test_f12_a_credit_beyond_the_treasury_is_refused(house: Scenario) -> None:
    alice = await house.customer()
    with pytest.raises(TreasuryExceeded) as refused:
        await house.run(credit(house, alice, D(10_000_001)))
    assert refused.value.headroom == D(10_000_000)


async def test_f12_two_credits_at_once_cannot_both_pass(house: Scenario) -> None:
    alice, bob = await house.customer(), await house.customer()
    outcomes = await asyncio.gather(
        house.executor.execute(credit(house, alice, D(6_000_000))),
        house.executor.execute(credit(house, bob, D(6_000_000))),
    )
    assert [type(outcome.refusal) for outcome in outcomes] == [type(None), TreasuryExceeded]


async def test_f12_what_the_house_owes_elsewhere_is_not_lent(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    child = await house.send(await house.run(house.buy(alice)), 101)
    fill = attrs.evolve(house.fill(child, D("0.01")), commission_asset="USDT", commission=D(5))
    await house.run(fill)
    with pytest.raises(TreasuryExceeded) as refused:
        await house.run(credit(house, alice, D(9_999_000)))
    assert refused.value.headroom == D(9_998_995)


async def test_a_deposit_of_coins_enters_the_position_at_the_market(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(btc=D(2))
    assert store.tables.positions[alice, "BTC"].cost == D(120_000)


async def test_a_deposit_of_coins_without_a_price_is_refused(house: Scenario) -> None:
    alice = await house.customer()
    house.prices.drop("BTCUSDT")
    with pytest.raises(NoReferencePrice):
        await house.run(credit(house, alice, D(1), "BTC"))


async def test_a_withdrawal_beyond_what_is_available_is_refused(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    await house.run(house.buy(alice))
    with pytest.raises(InsufficientFunds):
        await house.run(debit(house, alice, D("400.01")))
    wallet = await house.run(debit(house, alice, D(400)))
    assert (wallet.available, wallet.reserved) == (D(0), D(600))


async def test_a_withdrawal_of_coins_leaves_at_cost(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer(btc=D(2))
    await house.run(debit(house, alice, D(1), "BTC"))
    position = store.tables.positions[alice, "BTC"]
    assert (position.quantity, position.cost, position.realised_profit) == (1, 60_000, 0)


@pytest.mark.parametrize("amount", [D(0), D(-1), D("0.000000001"), D("NaN")])
async def test_an_amount_that_is_no_amount_is_refused(house: Scenario, amount: Decimal) -> None:
    alice = await house.customer()
    with pytest.raises(InvalidAmount):
        await house.run(credit(house, alice, amount))


@pytest.mark.parametrize("account_id", [ALICE, HOUSE])
async def test_only_a_customer_is_funded(house: Scenario, account_id: AccountId) -> None:
    with pytest.raises(UnknownAccount):
        await house.run(credit(house, account_id, D(1)))


async def test_an_asset_that_is_not_listed_is_unknown(house: Scenario) -> None:
    with pytest.raises(UnknownAsset):
        await house.run(BookOpening(**house.head(), asset="DOGE", amount=D(1), reason="test"))


async def test_a_reversal_mirrors_a_deposit(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer(usdt=D(100))
    await house.run(reverse(house, last(store, EntryKind.DEPOSIT), alice))
    assert store.tables.wallets[alice, "USDT"].available == D(0)


async def test_an_entry_is_reversed_at_most_once(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer(usdt=D(100))
    entry = last(store, EntryKind.DEPOSIT)
    both = reverse(house, entry, alice), reverse(house, entry, alice)
    results = await asyncio.gather(*map(house.run, both), return_exceptions=True)
    assert isinstance(results[1], AlreadyReversed)
    with pytest.raises(AlreadyReversed):
        await house.run(reverse(house, entry, alice))


async def test_a_reversal_of_what_was_spent_is_refused(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer(usdt=D(600))
    entry = last(store, EntryKind.DEPOSIT)
    await house.run(house.buy(alice))
    with pytest.raises(InsufficientFunds):
        await house.run(reverse(house, entry, alice))


async def test_a_fill_and_a_reversal_are_final(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer(usdt=D(1000))
    await house.filled(await house.send(await house.run(house.buy(alice)), 101), D("0.01"))
    with pytest.raises(NotReversible):
        await house.run(reverse(house, last(store, EntryKind.FILL), alice))


@pytest.mark.parametrize("account_id", [ALICE, HOUSE])
async def test_an_entry_of_another_account_is_unknown(
    house: Scenario, store: MemoryStore, account_id: AccountId
) -> None:
    await house.customer(usdt=D(100))
    with pytest.raises(UnknownJournalEntry):
        await house.run(reverse(house, last(store, EntryKind.DEPOSIT), account_id))
    with pytest.raises(UnknownJournalEntry):
        await house.run(reverse(house, id_of(404), account_id))


async def test_a_reversed_withdrawal_of_owed_coins_repays_them(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(6000), btc=D("0.03"))
    await house.run(debit(house, alice, D("0.02"), "BTC"))
    entry = last(store, EntryKind.WITHDRAWAL)
    late = await house.send(await house.run(house.sell(alice)), 101)
    await house.run(house.ended(late, VenueOutcome.CANCELED, D(0)))
    await house.run(house.sell(alice))
    await house.filled(late, D("0.01"))
    await house.run(reverse(house, entry, alice, "BTC"))
    assert store.tables.wallets[alice, "BTC"].available == D("0.01")
    assert store.tables.positions[alice, "BTC"].quantity == D("0.02")


async def test_f12_a_reversed_withdrawal_beyond_the_treasury_is_refused(
    store: MemoryStore, clock: VirtualClock
) -> None:
    async with scenario(store, clock, ids=SequentialIds()) as house:
        alice = await house.customer(usdt=D(10_000_000))
        await house.run(debit(house, alice, D(10_000_000)))
        bob = await house.customer(usdt=D(10_000_000))
        entry = last(store, EntryKind.WITHDRAWAL)
        assert bob != alice
        with pytest.raises(TreasuryExceeded):
            await house.run(reverse(house, entry, alice))


async def test_a_reversed_withdrawal_comes_back_at_the_cost_that_left(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(btc=D(2))
    await house.run(debit(house, alice, D(1), "BTC"))
    await house.run(reverse(house, last(store, EntryKind.WITHDRAWAL), alice, "BTC"))
    assert store.tables.positions[alice, "BTC"].cost == D(120_000)
