"""Replacing an order: the difference first, then the old child's proved end, then the next child."""

from decimal import Decimal

import pytest

from tradecore.application.commands.freeze import SetFreeze
from tradecore.application.commands.open_attempt import Attempt, OpenAttempt
from tradecore.application.commands.record_report import RefuseCancel, RejectAttempt
from tradecore.application.commands.set_limits import SetLimits
from tradecore.domain.errors import (
    InvalidAmount,
    InvalidOrder,
    OrderAlreadyTerminal,
    OrderNotReplaceable,
    OrderRefused,
    UnknownOrder,
)
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import AccountId
from tradecore.domain.instruments import TimeInForce
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.risk import Limits
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus, VenueOutcome
from tradecore.domain.wallets import Wallet
from tradecore.memory import MemoryStore
from tradecore.testing.builders import id_of
from tradecore.testing.scenario import Scenario

D = Decimal


def usdt(store: MemoryStore, account_id: AccountId) -> Wallet:
    return store.tables.wallets[account_id, "USDT"]


def stored(store: MemoryStore, order: Order) -> Order:
    return store.tables.orders[order.order_id]


def told(store: MemoryStore, topic: str) -> int:
    return sum(record.topic == topic for record in store.tables.outbox)


async def next_attempt(house: Scenario, order: Order) -> Attempt:
    attempt: Attempt = await house.run(OpenAttempt(**house.head(), order_id=order.order_id))
    return attempt


async def resting(house: Scenario) -> tuple[Order, VenueOrder]:
    """Return a buy of 0.01 at 60,000 of which 0.004 have filled at 59,990, and its child."""
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    await house.run(house.fill(child, D("0.004"), D(59_990)))
    return order, child


async def proved_dead(house: Scenario, child: VenueOrder, filled: str = "0.004") -> None:
    await house.run(house.ended(child, VenueOutcome.CANCELED, D(filled)))


async def test_the_difference_is_reserved_before_anything_is_asked_of_the_venue(
    house: Scenario, store: MemoryStore
) -> None:
    order, _ = await resting(house)
    before = usdt(store, order.account_id)

    pending = await house.run(house.replace(order, price=D(61_000)))

    assert pending.status is OrderStatus.PENDING_REPLACE
    assert (pending.price, pending.replace_price) == (D(60_000), D(61_000))
    after = usdt(store, order.account_id)
    # Consumed 239.96, and 0.006 more at 61,000: 605.96 where 600 were set aside.
    assert before.available - after.available == D("5.96")
    assert store.tables.reservations[order.order_id].amount == D("605.96")
    assert told(store, "orders.cancel_requested") == 1


async def test_f14_the_next_child_waits_for_the_proof_and_asks_for_what_is_left_by_then(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, quantity=D("0.015"), price=D(59_000)))
    assert await next_attempt(house, order) == Attempt(child=None)

    # A fill lands inside, and the report of the end comes ahead of it.
    await house.run(house.ended(child, VenueOutcome.CANCELED, D("0.005")))
    assert await next_attempt(house, order) == Attempt(child=None, ask_first=False)
    await house.run(house.fill(child, D("0.001")))

    now = stored(store, order)
    assert (now.quantity, now.price, now.awaits_replacement) == (D("0.015"), D(59_000), False)
    following = (await next_attempt(house, order)).child
    assert following is not None
    assert (following.child, following.quantity, following.price) == (2, D("0.010"), D(59_000))
    assert told(store, "orders.submitted") == 2


async def test_f14_what_is_told_twice_of_the_old_child_leaves_its_successor_alone(
    house: Scenario, store: MemoryStore
) -> None:
    """The cancel's answer and the stream say the same, before the next child has been sent."""
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(59_000)))
    await proved_dead(house, child)
    await proved_dead(house, child)

    assert stored(store, order).status is OrderStatus.PENDING_REPLACE
    assert told(store, "orders.submitted") == 2
    attempt = await next_attempt(house, order)
    assert attempt.child is not None
    assert attempt.child.quantity == D("0.006")


async def test_f14_a_late_fill_of_the_old_child_leaves_its_successor_alone(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(59_000)))
    await proved_dead(house, child)
    await house.run(house.fill(child, D("0.001")))

    assert not stored(store, order).is_terminal
    attempt = await next_attempt(house, order)
    assert attempt.child is not None
    assert attempt.child.quantity == D("0.005")


async def test_the_reservation_falls_once_the_old_child_is_dead(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(59_000)))
    assert usdt(store, order.account_id).reserved == D("360.04")  # as before: the dearer rules

    await proved_dead(house, child)

    assert usdt(store, order.account_id).reserved == D("0.006") * 59_000
    assert usdt(store, order.account_id).available == D("406.04")


@pytest.mark.parametrize("partly", [True, False])
async def test_the_order_goes_on_when_the_venue_has_taken_the_next_child(
    house: Scenario, store: MemoryStore, partly: bool
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    if partly:
        await house.run(house.fill(child, D("0.004")))
    await house.run(house.replace(order, price=D(59_000)))
    await proved_dead(house, child, "0.004" if partly else "0")
    assert stored(store, order).status is OrderStatus.PENDING_REPLACE

    following = await house.send(order, 102)

    expected = OrderStatus.PARTIALLY_FILLED if partly else OrderStatus.NEW
    assert stored(store, order).status is expected
    await house.run(house.fill(following, following.quantity or D(0)))
    assert stored(store, order).status is OrderStatus.FILLED
    assert usdt(store, alice).reserved == 0


async def test_a_fill_of_the_next_child_ahead_of_its_acknowledgement_keeps_the_order_moving(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(59_000)))
    await proved_dead(house, child)
    following = (await next_attempt(house, order)).child
    assert following is not None
    await house.run(house.fill(following, D("0.001")))

    await house.run(house.ended(following, VenueOutcome.CANCELED, D("0.001")))

    now = stored(store, order)
    assert (now.status, now.filled_quantity) == (OrderStatus.CANCELED, D("0.005"))
    assert usdt(store, order.account_id).reserved == 0


async def test_a_total_that_has_filled_already_ends_the_order_filled(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, quantity=D("0.003")))
    await proved_dead(house, child)

    now = stored(store, order)
    assert (now.status, now.quantity) == (OrderStatus.FILLED, D("0.004"))
    assert usdt(store, order.account_id).reserved == 0
    assert await next_attempt(house, order) == Attempt(child=None)


async def test_an_order_that_fills_whole_meanwhile_is_not_replaced(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, quantity=D("0.012")))
    await house.run(house.fill(child, D("0.006")))

    assert stored(store, order).status is OrderStatus.FILLED
    assert usdt(store, order.account_id).reserved == 0
    assert await next_attempt(house, order) == Attempt(child=None)


async def test_a_refused_cancel_leaves_the_order_as_it_was_and_gives_the_difference_back(
    house: Scenario, store: MemoryStore
) -> None:
    order, _ = await resting(house)
    before = usdt(store, order.account_id)
    await house.run(house.replace(order, price=D(61_000)))

    await house.run(
        RefuseCancel(**house.head(), order_id=order.order_id, child=1, reason="restricted")
    )

    now = stored(store, order)
    assert (now.status, now.price) == (OrderStatus.PARTIALLY_FILLED, D(60_000))
    assert not now.awaits_replacement
    assert usdt(store, order.account_id).available >= before.available
    assert usdt(store, order.account_id).reserved == D("0.006") * 60_000


async def test_a_next_child_that_the_venue_refuses_ends_the_order_canceled_with_its_fills(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(61_000)))
    await proved_dead(house, child)
    following = (await next_attempt(house, order)).child
    assert following is not None
    await house.run(
        RejectAttempt(
            **house.head(),
            order_id=order.order_id,
            child=2,
            attempted_at=following.attempted_at,
            reason="Filter failure: NOTIONAL",
        )
    )

    now = stored(store, order)
    assert (now.status, now.filled_quantity) == (OrderStatus.CANCELED, D("0.004"))
    assert usdt(store, order.account_id).reserved == 0


async def test_a_freeze_before_the_next_child_ends_the_order_canceled(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(61_000)))
    await house.run(
        SetFreeze(
            **house.head(),
            scope=FreezeScope.PLATFORM,
            target="",
            mode=FreezeMode.HALT,
            reason="test",
        )
    )
    await proved_dead(house, child)
    assert await next_attempt(house, order) == Attempt(child=None)

    assert stored(store, order).status is OrderStatus.CANCELED
    assert usdt(store, order.account_id).reserved == 0


async def test_a_cancel_overtakes_the_replacement(house: Scenario, store: MemoryStore) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(61_000)))
    await house.run(house.cancel(order))
    await proved_dead(house, child)

    assert stored(store, order).status is OrderStatus.CANCELED
    assert usdt(store, order.account_id).reserved == 0


async def test_a_cancel_between_two_children_ends_the_order_at_once(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(61_000)))
    await proved_dead(house, child)

    canceled = await house.run(house.cancel(order))

    assert canceled.status is OrderStatus.CANCELED
    assert await next_attempt(house, order) == Attempt(child=None)
    assert usdt(store, order.account_id).reserved == 0


async def test_a_fill_of_the_dead_child_that_completes_the_order_takes_the_next_one_back(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(60_001)))
    await proved_dead(house, child)
    await house.send(order, 102)
    cancels = told(store, "orders.cancel_requested")

    await house.run(house.fill(child, D("0.006")))

    assert stored(store, order).status is OrderStatus.FILLED
    assert told(store, "orders.cancel_requested") == cancels + 1


@pytest.mark.parametrize(
    ("wish", "rules"),
    [
        ({"quantity": D("0.1")}, {"insufficient-funds"}),
        ({"price": D(66_001)}, {"price-band"}),
        ({"price": D("60000.001")}, {"PRICE_FILTER"}),
        ({"quantity": D("0.0100001")}, {"LOT_SIZE"}),
        ({"quantity": D("0.00405")}, {"NOTIONAL"}),
        ({"quantity": D("0.1"), "price": D(70_000)}, {"insufficient-funds", "price-band"}),
    ],
)
async def test_a_replacement_is_refused_with_every_reason_and_changes_nothing(
    house: Scenario, store: MemoryStore, wish: dict[str, Decimal], rules: set[str]
) -> None:
    order, _ = await resting(house)
    before = stored(store, order), usdt(store, order.account_id)

    with pytest.raises(OrderRefused) as refused:
        await house.run(house.replace(order, **wish))

    assert {reason.rule for reason in refused.value.reasons} == rules
    assert (stored(store, order), usdt(store, order.account_id)) == before


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({}, InvalidOrder),
        ({"price": D(60_000)}, InvalidOrder),
        ({"quantity": D(0)}, InvalidOrder),
        ({"price": D(-1)}, InvalidOrder),
        ({"price": D("NaN")}, InvalidOrder),
        ({"price": D("60000.000000001")}, InvalidAmount),
    ],
)
async def test_a_wish_without_sense_is_refused(
    house: Scenario, wish: dict[str, Decimal], error: type[Exception]
) -> None:
    order, _ = await resting(house)
    with pytest.raises(error):
        await house.run(house.replace(order, **wish))


async def test_only_an_own_order_that_rests_can_be_replaced(house: Scenario) -> None:
    alice = await house.customer(usdt=D(2000))
    mallory = await house.customer()
    order = await house.run(house.buy(alice))
    with pytest.raises(OrderNotReplaceable):  # the venue has not taken it yet
        await house.run(house.replace(order, price=D(59_000)))
    child = await house.send(order, 101)
    theirs = house.replace(order, price=D(59_000))
    with pytest.raises(UnknownOrder):
        await house.run(type(theirs)(**house.head(), account_id=mallory, order_id=order.order_id))
    with pytest.raises(UnknownOrder):
        await house.run(
            type(theirs)(**house.head(), account_id=alice, order_id=id_of(999_999))  # type: ignore[arg-type] # an id of any kind
        )
    await house.run(theirs)
    with pytest.raises(OrderNotReplaceable):  # one at a time
        await house.run(house.replace(order, price=D(58_000)))
    await house.run(house.cancel(order))
    await house.run(house.ended(child, VenueOutcome.CANCELED, D(0)))
    with pytest.raises(OrderAlreadyTerminal):
        await house.run(house.replace(order, price=D(58_000)))
    immediate = await house.run(
        type(house.buy(alice))(
            **{
                **house.head(),
                "account_id": alice,
                "symbol": "BTCUSDT",
                "side": order.side,
                "type": order.type,
                "time_in_force": TimeInForce.IOC,
                "quantity": D("0.01"),
                "price": D(60_000),
            }
        )
    )
    await house.send(immediate, 103)
    with pytest.raises(OrderNotReplaceable):
        await house.run(house.replace(immediate, price=D(59_000)))


async def test_a_fill_that_tells_of_the_next_child_lets_the_order_go_on(
    house: Scenario, store: MemoryStore
) -> None:
    """Its acknowledgement may be lost for good, and nobody would ask about it again."""
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(59_000)))
    await proved_dead(house, child)
    following = (await next_attempt(house, order)).child
    assert following is not None
    await house.run(house.fill(following, D("0.001")))

    assert stored(store, order).status is OrderStatus.PARTIALLY_FILLED


async def test_a_next_child_that_still_rests_when_the_order_is_complete_is_canceled(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(60_001)))
    await proved_dead(house, child)
    following = await house.send(order, 102)
    await house.run(house.fill(child, D("0.002")))  # of the dead child, late
    cancels = told(store, "orders.cancel_requested")
    await house.run(house.fill(following, D("0.004")))

    assert stored(store, order).status is OrderStatus.FILLED
    newest = store.tables.venue_orders[order.order_id, 2]
    assert newest.status is VenueOrderStatus.LIVE  # 0.002 of it rest
    assert told(store, "orders.cancel_requested") == cancels + 1


async def test_a_refusal_of_the_former_childs_cancel_says_nothing_of_the_next_ones(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.replace(order, price=D(59_000)))
    await proved_dead(house, child)
    await house.send(order, 102)
    await house.run(house.cancel(order))
    await house.run(
        RefuseCancel(**house.head(), order_id=order.order_id, child=1, reason="unknown order")
    )

    assert stored(store, order).status is OrderStatus.PENDING_CANCEL


async def test_a_cheaper_replacement_is_not_held_against_the_days_limit(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.send(order, 101)
    limits = Limits(max_daily_notional=D(601))
    await house.run(SetLimits(**house.head(), account_id=alice, limits=limits))

    pending = await house.run(house.replace(order, price=D(59_999)))

    assert pending.status is OrderStatus.PENDING_REPLACE
    assert store.tables.accounts[alice].traded_notional == D(600)


async def test_a_rejection_of_a_child_that_stood_ends_the_order_canceled(
    house: Scenario, store: MemoryStore
) -> None:
    order, child = await resting(house)
    await house.run(house.ended(child, VenueOutcome.REJECTED, D("0.004")))

    now = stored(store, order)
    assert (now.status, now.awaits_replacement) == (OrderStatus.CANCELED, False)
