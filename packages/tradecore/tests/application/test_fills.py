"""Fills: posted once, whatever the order of reports; what the venue did always posts."""

import asyncio
from decimal import Decimal

import attrs
import pytest

from tradecore.application.commands.freeze import SetFreeze
from tradecore.application.commands.fund_account import CreditAccount
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.application.commands.record_report import RejectAttempt
from tradecore.application.commands.set_limits import SetFees
from tradecore.domain.fees import FeePolicy
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, AccountId, OrderId
from tradecore.domain.ledger import EntryKind
from tradecore.domain.orders import OrderStatus
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.domain.wallets import Wallet
from tradecore.memory import MemoryStore
from tradecore.testing.builders import id_of
from tradecore.testing.scenario import Scenario

D = Decimal


def wallet(store: MemoryStore, account_id: AccountId, asset: str) -> Wallet:
    return store.tables.wallets[account_id, asset]


def postings(store: MemoryStore, kind: EntryKind) -> list[list[tuple[str, str, Decimal]]]:
    return [
        [(line.account, line.asset, line.amount) for line in entry.postings]
        for entry in store.tables.journal_entries.values()
        if entry.kind is kind
    ]


def alerts(store: MemoryStore) -> list[str]:
    return [
        record.body.decode().split('"kind":"')[1].split('"')[0]
        for record in store.tables.outbox
        if record.topic == "alerts.raised"
    ]


async def credit(house: Scenario, account_id: AccountId, asset: str, amount: Decimal) -> None:
    await house.run(
        CreditAccount(
            **house.head(), account_id=account_id, asset=asset, amount=amount, reason="test"
        )
    )


async def test_a_buy_fill_posts_base_quote_commission_and_fee(
    house: Scenario, store: MemoryStore
) -> None:
    await house.run(SetFees(**house.head(), account_id=HOUSE, policy=FeePolicy(taker=D("0.002"))))
    alice = await house.customer(usdt=D(1000))
    child = await house.send(await house.run(house.buy(alice)), 101)
    fill = attrs.evolve(house.fill(child, D("0.01")), commission=D("0.00001"))
    await house.run(fill)
    client, venue = f"client:{alice}", "venue:binance"
    assert postings(store, EntryKind.FILL) == [
        [
            (client, "BTC", D("0.01")),
            (venue, "BTC", D("-0.01")),
            (venue, "USDT", D(600)),
            (client, "USDT", D(-600)),
            (venue, "BTC", D("0.00001")),
            (client, "BTC", D("-0.00001")),
            ("fees:platform", "BTC", D("0.00001")),
            (client, "BTC", D("-0.00001")),
        ]
    ]
    assert wallet(store, alice, "BTC").available == D("0.00998")
    position = store.tables.positions[alice, "BTC"]
    assert (position.quantity, position.cost) == (D("0.00998"), D(600))


async def test_a_sell_fill_realises_net_proceeds_less_cost(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(btc=D(1))
    child = await house.send(await house.run(house.sell(alice, D("0.5"), D(61_000))), 101)
    await house.filled(child, D("0.5"))
    position = store.tables.positions[alice, "BTC"]
    assert (position.quantity, position.cost) == (D("0.5"), D(30_000))
    assert position.realised_profit == D("499.999")
    assert wallet(store, alice, "USDT").available == D("30499.999")


async def test_f27_commission_in_bnb_is_the_houses(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer(usdt=D(1000))
    child = await house.send(await house.run(house.buy(alice)), 101)
    fill = attrs.evolve(house.fill(child, D("0.01")), commission_asset="BNB", commission=D("0.1"))
    await house.run(fill)
    assert ("fees:venue", "BNB", D("-0.1")) in postings(store, EntryKind.FILL)[0]
    assert wallet(store, alice, "BTC").available == D("0.01")


async def test_price_improvement_is_released_when_the_order_ends(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    child = await house.send(await house.run(house.buy(alice)), 101)
    await house.run(house.fill(child, D("0.01"), D(59_000)))
    after = wallet(store, alice, "USDT")
    assert (after.available, after.reserved) == (D(410), D(0))
    reservation = store.tables.reservations[child.order_id]
    assert (reservation.consumed, reservation.released) == (D(590), D(10))


async def test_f17_the_same_fill_from_four_sources_posts_once(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    child = await house.send(await house.run(house.buy(alice)), 101)
    fill = house.fill(child, D("0.004"))
    again = [attrs.evolve(fill, command_id=house.head()["command_id"]) for _ in range(3)]
    answers = await asyncio.gather(*(house.run(one) for one in (fill, *again)))
    assert len({answer.journal_entry_id for answer in answers}) == 1
    assert len(postings(store, EntryKind.FILL)) == 1


async def test_f16_a_fill_before_the_acknowledgement_posts_and_the_ack_is_a_no_op(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    store.tables.venue_orders[order.order_id, 1] = attrs.evolve(
        child, venue_order_id=None, status=VenueOrderStatus.ATTEMPTED
    )
    await house.run(attrs.evolve(house.fill(child, D("0.004")), venue_order_id=101))
    before = store.tables.orders[order.order_id]
    report = house.ended(child, VenueOutcome.CANCELED, D(0))
    await house.run(attrs.evolve(report, outcome=None))
    assert store.tables.orders[order.order_id] == before
    assert before.status is OrderStatus.PARTIALLY_FILLED


async def test_f18_a_terminal_report_waits_for_the_missing_execution(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    waiting = await house.run(house.ended(child, VenueOutcome.CANCELED, D("0.004")))
    assert waiting.status is VenueOrderStatus.LIVE
    assert store.tables.orders[order.order_id].status is OrderStatus.NEW
    assert wallet(store, alice, "USDT").reserved == D(600)
    await house.filled(child, D("0.004"))
    assert store.tables.orders[order.order_id].status is OrderStatus.CANCELED
    assert wallet(store, alice, "USDT").reserved == D(0)
    assert wallet(store, alice, "USDT").available == D(760)


async def test_f13_an_ioc_order_that_fills_in_part_expires_and_releases_the_rest(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    await house.filled(child, D("0.004"))
    await house.run(house.ended(child, VenueOutcome.EXPIRED, D("0.004")))
    assert store.tables.orders[order.order_id].status is OrderStatus.EXPIRED
    assert wallet(store, alice, "USDT").available == D(760)


async def ended_early(house: Scenario, account_id: AccountId, *, sells: bool = False) -> VenueOrder:
    """Return a child that we believe to be canceled, its funds released."""
    order = await house.run((house.sell if sells else house.buy)(account_id))
    child = await house.send(order, 101)
    return await _ended(house, child)


async def _ended(house: Scenario, child: VenueOrder) -> VenueOrder:
    ended: VenueOrder = await house.run(house.ended(child, VenueOutcome.CANCELED, D(0)))
    return ended


async def test_f20_a_late_fill_posts_flagged_and_the_status_stays(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    child = await ended_early(house, alice)
    execution = await house.filled(child, D("0.01"))
    order = store.tables.orders[child.order_id]
    assert (order.status, order.late_fill) == (OrderStatus.CANCELED, True)
    assert (execution.late, execution.from_available, execution.owed) == (True, D(600), D(0))
    assert alerts(store) == ["late_fill"]
    assert not store.tables.freezes


async def test_f19_a_report_that_counts_fills_invents_none(
    house: Scenario, store: MemoryStore
) -> None:
    """Only executions count: not a counter ahead of them, nor one that goes back."""
    child = await house.send(await house.run(house.buy(await house.customer(usdt=D(1000)))), 101)
    expected = [D(0), D(0), D("0.004"), D("0.004"), D("0.006")]
    told = attrs.evolve(house.ended(child, VenueOutcome.CANCELED, D("0.006")), outcome=None)
    older = attrs.evolve(told, **house.head(), filled_quantity=D("0.001"))
    commands = (
        told,
        older,
        house.fill(child, D("0.004")),
        attrs.evolve(older, **house.head()),
        house.fill(child, D("0.002")),
    )
    for command, filled in zip(commands, expected, strict=True):
        await house.run(command)
        order = store.tables.orders[child.order_id]
        assert order.filled_quantity == filled
        assert store.tables.venue_orders[child.order_id, 1].filled_quantity == filled
    assert len(postings(store, EntryKind.FILL)) == 2


async def held_dead(house: Scenario, alice: AccountId) -> VenueOrder:
    """Return a child that the venue said it refused."""
    order = await house.run(house.buy(alice))
    attempt = await house.run(OpenAttempt(**house.head(), order_id=order.order_id))
    child: VenueOrder = attempt.child
    refusal = RejectAttempt(
        **house.head(),
        order_id=order.order_id,
        child=1,
        attempted_at=child.attempted_at,
        reason="spurious",
    )
    await house.run(refusal)
    return child


@pytest.mark.parametrize(
    ("filled", "status", "outcome", "cancels"),
    [
        (D("0.004"), VenueOrderStatus.LIVE, None, 1),
        (D("0.01"), VenueOrderStatus.ENDED, VenueOutcome.FILLED, 0),
    ],
)
async def test_f10_f20_a_fill_of_a_child_held_dead_takes_it_back_and_cancels_the_rest(
    house: Scenario,
    store: MemoryStore,
    filled: Decimal,
    status: VenueOrderStatus,
    outcome: VenueOutcome | None,
    cancels: int,
) -> None:
    """The fill may come before any word of the venue that it took the order."""
    child = await held_dead(house, await house.customer(usdt=D(1000)))
    await house.filled(child, filled)
    after = store.tables.venue_orders[child.order_id, 1]
    assert (after.status, after.outcome) == (status, outcome)
    assert store.tables.orders[child.order_id].status is OrderStatus.REJECTED
    topics = [record.topic for record in store.tables.outbox]
    assert topics.count("orders.cancel_requested") == cancels
    assert alerts(store) == ["orphan", "late_fill"]


async def test_f21_a_late_fill_beyond_the_money_is_owed_and_freezes_the_account(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(600))
    child = await ended_early(house, alice)
    await house.run(house.buy(alice, D("0.008")))
    execution = await house.filled(child, D("0.01"))
    assert (execution.from_available, execution.owed) == (D(120), D(480))
    after = wallet(store, alice, "USDT")
    assert (after.available, after.reserved, after.owed) == (D(0), D(480), D(480))
    assert alerts(store) == ["late_fill", "shortfall"]
    (freeze,) = store.tables.freezes.values()
    assert (freeze.target, freeze.mode) == (alice, FreezeMode.HALT)


async def test_f21_the_next_credit_repays_first(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer(usdt=D(600))
    child = await ended_early(house, alice)
    await house.run(house.buy(alice, D("0.008")))
    await house.filled(child, D("0.01"))
    await credit(house, alice, "USDT", D(500))
    after = wallet(store, alice, "USDT")
    assert (after.available, after.owed) == (D(20), D(0))
    assert postings(store, EntryKind.REPAYMENT) == [
        [(f"receivable:{alice}", "USDT", D(480)), (f"client:{alice}", "USDT", D(-480))]
    ]


async def test_f21_a_release_repays_first(house: Scenario, store: MemoryStore) -> None:
    alice = await house.customer(usdt=D(600))
    child = await ended_early(house, alice)
    other = await house.run(house.buy(alice, D("0.009")))
    await house.filled(child, D("0.01"))
    await house.run(house.cancel(other))
    after = wallet(store, alice, "USDT")
    assert (after.available, after.reserved, after.owed) == (D(0), D(0), D(0))


async def short_of_coins(house: Scenario) -> tuple[AccountId, OrderId]:
    """Return an account that owes 0.01 BTC, and its open sell of all the BTC that it has."""
    alice = await house.customer(usdt=D(6000), btc=D("0.01"))
    child = await ended_early(house, alice, sells=True)
    resting = await house.run(house.sell(alice))
    await house.filled(child, D("0.01"))
    return alice, resting.order_id


async def test_f21_selling_coins_that_another_order_has_reserved_leaves_them_in_the_position(
    house: Scenario, store: MemoryStore
) -> None:
    alice, _ = await short_of_coins(house)
    assert wallet(store, alice, "BTC").owed == D("0.01")
    assert store.tables.positions[alice, "BTC"].quantity == D("0.01")


async def test_f21_a_cancel_that_releases_owed_coins_repays_them_from_wallet_and_position(
    house: Scenario, store: MemoryStore
) -> None:
    alice, resting = await short_of_coins(house)
    await house.run(house.cancel(store.tables.orders[resting]))
    assert wallet(store, alice, "BTC") == Wallet(account_id=alice, asset="BTC")
    position = store.tables.positions[alice, "BTC"]
    assert (position.quantity, position.cost) == (D(0), D(0))


async def test_f21_a_buy_that_brings_owed_coins_repays_them_from_wallet_and_position(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(6000), btc=D("0.01"))
    late = await ended_early(house, alice, sells=True)
    buying = await house.send(await house.run(house.buy(alice, D("0.03"))), 102)
    sold = await house.send(await house.run(house.sell(alice)), 103)
    await house.filled(sold, D("0.01"))
    await house.filled(late, D("0.01"))
    await house.filled(buying, D("0.03"))
    assert wallet(store, alice, "BTC").available == D("0.01999999")
    assert store.tables.positions[alice, "BTC"].quantity == D("0.01999999")


async def test_f22_two_customers_who_meet_are_two_fills_of_one_trade(
    house: Scenario, store: MemoryStore
) -> None:
    alice, bob = await house.customer(usdt=D(1000)), await house.customer(btc=D(1))
    buying = await house.send(await house.run(house.buy(alice)), 101)
    selling = await house.send(await house.run(house.sell(bob)), 102)
    bought = house.fill(buying, D("0.01"), trade_id=7)
    sold = house.fill(selling, D("0.01"), trade_id=7)
    await asyncio.gather(house.run(bought), house.run(sold))
    assert len(postings(store, EntryKind.FILL)) == 2
    assert wallet(store, alice, "BTC").available == D("0.00999999")
    assert wallet(store, bob, "USDT").available == D("599.999")


async def test_f25_a_fill_of_an_unknown_order_goes_to_suspense_with_an_alert(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    child = await house.send(await house.run(house.buy(alice)), 101)
    fill = attrs.evolve(house.fill(child, D("0.01")), order_id=OrderId(id_of(404)))
    execution = await house.run(fill)
    assert (execution.order_id, execution.account_id) == (None, HOUSE)
    assert ("suspense", "BTC", D("0.01")) in postings(store, EntryKind.FILL)[0]
    assert alerts(store) == ["suspense"]
    assert wallet(store, alice, "USDT").reserved == D(600)


async def test_f25_a_fill_in_an_instrument_that_is_unknown_here_is_not_dropped(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    child = await house.send(await house.run(house.buy(alice)), 101)
    fill = attrs.evolve(
        house.fill(child, D("0.01")), order_id=None, symbol="XYZUSDT", base_asset="XYZ"
    )
    await house.run(fill)
    assert len(postings(store, EntryKind.FILL)) == 1


async def test_a_fill_beyond_what_was_asked_for_is_flagged_though_it_was_cheap(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    child = await house.send(await house.run(house.buy(alice)), 101)
    await house.run(house.fill(child, D("0.009"), D(50_000)))
    execution = await house.run(house.fill(child, D("0.002"), D(50_000)))
    assert execution.late
    assert alerts(store) == ["late_fill"]


async def test_a_shortfall_leaves_an_operators_own_freeze_as_it_is(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(600))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    await house.run(house.ended(child, VenueOutcome.CANCELED, D(0)))
    freeze = SetFreeze(
        **house.head(),
        scope=FreezeScope.ACCOUNT,
        target=alice,
        mode=FreezeMode.REDUCE_ONLY,
        reason="an operator's",
    )
    await house.run(freeze)
    await house.run(house.fill(child, D("0.02")))
    assert [one.reason for one in store.tables.freezes.values()] == ["an operator's"]
