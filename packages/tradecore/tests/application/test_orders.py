"""From a wish to an attempt: every reason told, funds reserved, one attempt, cancels that race."""

import asyncio
from decimal import Decimal
from typing import Any

import attrs
import pytest

from tradecore.application.commands.freeze import LiftFreeze, SetFreeze
from tradecore.application.commands.open_attempt import OpenAttempt, RenewAttempt
from tradecore.application.commands.place_order import PlaceOrder
from tradecore.application.commands.record_report import ForgetMissing, RefuseCancel, RejectAttempt
from tradecore.application.commands.set_limits import SetLimits
from tradecore.domain.errors import (
    ClientOrderIdReused,
    InvalidAmount,
    InvalidOrder,
    OrderAlreadyTerminal,
    OrderRefused,
    UnknownAccount,
    UnknownInstrument,
    UnknownOrder,
)
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, OrderId
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.risk import Limits
from tradecore.domain.venue_orders import VenueOrderStatus, VenueOutcome
from tradecore.memory import MemoryStore
from tradecore.testing.builders import ALICE, id_of
from tradecore.testing.scenario import Scenario

D = Decimal
MARKET: dict[str, Any] = {"type": OrderType.MARKET, "price": None}


def freeze(house: Scenario, **changes: Any) -> SetFreeze:
    fields: dict[str, Any] = {
        "scope": FreezeScope.PLATFORM,
        "target": "",
        "mode": FreezeMode.HALT,
        "reason": "exercise",
    }
    return SetFreeze(**{**house.head(), **fields, **changes})


def attempt(house: Scenario, order: Order) -> OpenAttempt:
    return OpenAttempt(**house.head(), order_id=order.order_id)


def current(store: MemoryStore, order: Order) -> Order:
    return store.tables.orders[order.order_id]


# -- placing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "asset", "reserved"),
    [
        ({}, "USDT", "600"),
        ({"type": OrderType.LIMIT_MAKER}, "USDT", "600"),
        ({"side": Side.SELL}, "BTC", "0.01"),
        ({**MARKET, "side": Side.SELL}, "BTC", "0.01"),
        ({**MARKET, "quantity": None, "quote_quantity": D(250)}, "USDT", "250"),
        (MARKET, "USDT", "630.0002"),  # the collar: 60,000.01 x 1.05 on the tick, 63,000.02
    ],
)
async def test_an_order_reserves_the_most_that_it_can_cost(
    house: Scenario, store: MemoryStore, changes: dict[str, Any], asset: str, reserved: str
) -> None:
    alice = await house.customer(usdt=D(1000), btc=D(1))
    order = await house.run(attrs.evolve(house.buy(alice), **changes))
    assert store.tables.wallets[alice, asset].reserved == D(reserved)
    assert store.tables.reservations[order.order_id].amount == D(reserved)
    assert order.status is OrderStatus.PENDING_NEW


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"price": None}, ["price"]),
        ({"quantity": None}, ["quantity"]),
        ({"quantity": D(0)}, ["quantity"]),
        ({"price": D(-1)}, ["price"]),
        ({"price": D("NaN")}, ["price"]),
        ({"stop_price": D(1)}, ["stop_price"]),
        ({"type": OrderType.MARKET}, ["price"]),
        ({**MARKET, "quantity": None}, ["quantity"]),
        ({**MARKET, "quote_quantity": D(5)}, ["quantity"]),
        (
            {**MARKET, "side": Side.SELL, "quantity": None, "quote_quantity": D(5)},
            ["quote_quantity"],
        ),
        ({**MARKET, "time_in_force": TimeInForce.GTC}, ["time_in_force"]),
        ({"type": OrderType.STOP_LOSS_LIMIT}, ["stop_price"]),
        (
            {"price": None, "quantity": D(0), "stop_price": D(1)},
            ["quantity", "price", "stop_price"],
        ),
    ],
)
async def test_fields_that_do_not_go_together_are_all_named(
    house: Scenario, changes: dict[str, Any], fields: list[str]
) -> None:
    alice = await house.customer(usdt=D(1000))
    with pytest.raises(InvalidOrder) as refused:
        await house.run(attrs.evolve(house.buy(alice), **changes))
    assert [reason.field for reason in refused.value.reasons] == fields


async def test_more_decimals_than_the_asset_has_are_refused(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    with pytest.raises(InvalidAmount, match="price must have at most 8 decimals"):
        await house.run(attrs.evolve(house.buy(alice), price=D("1.000000001")))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"account_id": ALICE}, UnknownAccount),
        ({"account_id": HOUSE}, UnknownAccount),
        ({"symbol": "XYZUSDT"}, UnknownInstrument),
    ],
)
async def test_an_unknown_account_or_symbol_is_refused(
    house: Scenario, changes: dict[str, Any], error: type[Exception]
) -> None:
    alice = await house.customer(usdt=D(1000))
    with pytest.raises(error):
        await house.run(attrs.evolve(house.buy(alice), **changes))


async def test_filters_risk_and_funds_are_told_at_once(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1))
    await house.run(freeze(house))
    limits = Limits(max_open_orders=0)
    await house.run(SetLimits(**house.head(), account_id=alice, limits=limits))
    with pytest.raises(OrderRefused) as refused:
        await house.run(house.buy(alice, D("0.000015"), D("70000.001")))
    assert [reason.rule for reason in refused.value.reasons] == [
        "PRICE_FILTER",
        "LOT_SIZE",
        "NOTIONAL",
        "freeze",
        "price-band",
        "max-open-orders",
        "insufficient-funds",
    ]


@pytest.mark.parametrize("changes", [{}, MARKET, {**MARKET, "side": Side.SELL}])
async def test_without_a_reference_price_no_order_is_accepted(
    house: Scenario, changes: dict[str, Any]
) -> None:
    alice = await house.customer(usdt=D(1000), btc=D(1))
    house.prices.drop("BTCUSDT")
    with pytest.raises(OrderRefused, match="there is no reference price of BTCUSDT"):
        await house.run(attrs.evolve(house.buy(alice), **changes))


async def test_a_refusal_reserves_nothing_and_leaves_the_client_order_id_free(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(600))
    with pytest.raises(OrderRefused, match="needed"):
        await house.run(house.buy(alice, D(1), client_order_id="mine"))
    assert store.tables.wallets[alice, "USDT"].reserved == D(0)
    await house.run(house.buy(alice, client_order_id="mine"))


async def test_a_client_order_id_names_one_order_for_ever(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice, client_order_id="mine"))
    await house.run(house.cancel(order))
    with pytest.raises(ClientOrderIdReused):
        await house.run(house.buy(alice, client_order_id="mine"))


async def test_a_client_order_id_twice_in_one_batch_names_the_first(house: Scenario) -> None:
    alice = await house.customer(usdt=D(10_000))
    both = [house.run(house.buy(alice, client_order_id="mine")) for _ in range(2)]
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(first, Order)
    assert isinstance(second, ClientOrderIdReused)


async def test_f59_fifty_orders_at_once_reserve_no_more_than_there_is(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(6000))
    wishes = (house.executor.execute(house.buy(alice)) for _ in range(50))
    outcomes = await asyncio.gather(*wishes)
    assert sum(outcome.refusal is None for outcome in outcomes) == 10
    assert store.tables.wallets[alice, "USDT"].available == D(0)


# -- canceling ---------------------------------------------------------------------------------


async def test_f08_a_cancel_that_overtakes_the_submit_ends_the_order_unsent(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    canceled = await house.run(house.cancel(order))
    assert canceled.status is OrderStatus.CANCELED
    assert store.tables.wallets[alice, "USDT"].available == D(1000)
    assert (await house.run(attempt(house, order))).child is None


async def test_a_cancel_of_what_may_stand_at_the_venue_pends_and_twice_is_once(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.send(order, 101)
    first = await house.run(house.cancel(order))
    assert first.status is OrderStatus.PENDING_CANCEL
    assert await house.run(house.cancel(order)) == first
    assert store.tables.wallets[alice, "USDT"].reserved == D(600)
    asked = [row for row in store.tables.outbox if row.topic == "orders.cancel_requested"]
    assert len(asked) == 1


async def test_a_cancel_of_an_ended_order_is_a_conflict(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.run(house.cancel(order))
    with pytest.raises(OrderAlreadyTerminal, match="has ended: CANCELED"):
        await house.run(house.cancel(order))


async def test_f68_another_tenants_order_is_unknown(house: Scenario) -> None:
    alice, bob = await house.customer(usdt=D(1000)), await house.customer()
    order = await house.run(house.buy(alice))
    with pytest.raises(UnknownOrder):
        await house.run(attrs.evolve(house.cancel(order), account_id=bob))


async def test_f09_a_refused_cancel_goes_back_to_what_the_fills_say(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    await house.filled(child, D("0.004"))
    await house.run(house.cancel(order))
    refusal = RefuseCancel(
        **house.head(), order_id=order.order_id, child=1, reason="unknown order sent"
    )
    await house.run(refusal)
    assert current(store, order).status is OrderStatus.PARTIALLY_FILLED
    again = RefuseCancel(**house.head(), order_id=order.order_id, child=1, reason="again")
    assert (await house.run(again)).version == current(store, order).version


# -- attempts ----------------------------------------------------------------------------------


async def test_f07_the_second_attempt_asks_the_venue_first(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    first, second = await asyncio.gather(
        house.run(attempt(house, order)), house.run(attempt(house, order))
    )
    assert (first.ask_first, second.ask_first) == (False, True)
    assert first.child == second.child


async def test_an_acknowledged_order_is_not_attempted_again(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.send(order, 101)
    again = await house.run(attempt(house, order))
    assert (again.child, again.ask_first) == (None, False)


@pytest.mark.parametrize(
    "changes",
    [{}, {"mode": FreezeMode.REDUCE_ONLY}, {"scope": FreezeScope.SYMBOL, "target": "BTCUSDT"}],
)
async def test_f73_a_freeze_between_accept_and_send_rejects_and_releases(
    house: Scenario, store: MemoryStore, changes: dict[str, Any]
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.run(freeze(house, **changes))
    assert (await house.run(attempt(house, order))).child is None
    after = current(store, order)
    assert (after.status, after.children) == (OrderStatus.REJECTED, 0)
    assert after.reason == f"frozen ({changes.get('mode', FreezeMode.HALT)}): exercise"
    assert store.tables.wallets[alice, "USDT"].available == D(1000)


async def test_a_lifted_freeze_lets_orders_through_again(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    await house.run(freeze(house))
    lift = LiftFreeze(**house.head(), scope=FreezeScope.PLATFORM, target="", reason="over")
    await house.run(lift)
    order = await house.run(house.buy(alice))
    assert (await house.run(attempt(house, order))).child is not None


async def test_f11_a_definite_rejection_ends_the_order_and_releases_once(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.run(attempt(house, order))
    for _ in range(2):
        command = RejectAttempt(
            **house.head(),
            order_id=order.order_id,
            child=1,
            attempted_at=store.tables.venue_orders[order.order_id, 1].attempted_at,
            reason="Filter failure: LOT_SIZE",
        )
        after = await house.run(command)
    assert (after.status, after.reason) == (OrderStatus.REJECTED, "Filter failure: LOT_SIZE")
    assert store.tables.wallets[alice, "USDT"].available == D(1000)


async def test_f10_a_rejection_of_an_order_that_is_known_to_live_changes_nothing(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.send(order, 101)
    command = RejectAttempt(
        **house.head(),
        order_id=order.order_id,
        child=1,
        attempted_at=store.tables.venue_orders[order.order_id, 1].attempted_at,
        reason="spurious",
    )
    assert (await house.run(command)).status is OrderStatus.NEW
    assert store.tables.wallets[alice, "USDT"].reserved == D(600)


def renewal(house: Scenario, store: MemoryStore, order: Order) -> RenewAttempt:
    child = store.tables.venue_orders[order.order_id, 1]
    return RenewAttempt(
        **house.head(), order_id=order.order_id, child=1, attempted_at=child.attempted_at
    )


async def test_a_renewal_signs_anew_and_an_older_one_is_left_alone(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.run(attempt(house, order))
    first = renewal(house, store, order)
    stale = attrs.evolve(renewal(house, store, order))
    renewed = await house.run(first)
    assert renewed.child.attempted_at > first.attempted_at
    assert (await house.run(stale)).child is None


async def test_a_cancel_that_waited_ends_an_attempt_that_never_arrived(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.run(attempt(house, order))
    await house.run(house.cancel(order))
    assert (await house.run(renewal(house, store, order))).child is None
    assert current(store, order).status is OrderStatus.CANCELED
    child = store.tables.venue_orders[order.order_id, 1]
    assert (child.status, child.outcome) == (VenueOrderStatus.ENDED, VenueOutcome.CANCELED)


async def test_f73_a_freeze_ends_an_attempt_that_never_arrived(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    await house.run(attempt(house, order))
    await house.run(freeze(house))
    assert (await house.run(renewal(house, store, order))).child is None
    assert current(store, order).status is OrderStatus.REJECTED


async def test_an_attempt_of_an_unknown_order_is_refused(house: Scenario) -> None:
    with pytest.raises(UnknownOrder):
        await house.run(OpenAttempt(**house.head(), order_id=OrderId(id_of(404))))


def test_the_client_order_id_is_in_the_footprint_only_where_one_is_given() -> None:
    wish = PlaceOrder(
        command_id=id_of(1),
        correlation_id="c",
        actor="a",
        account_id=ALICE,
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
    )
    assert wish.footprint().client_order_ids == frozenset()
    named = attrs.evolve(wish, client_order_id="mine")
    assert named.footprint().client_order_ids == {(ALICE, "mine")}


async def test_a_child_of_a_venue_that_was_furnished_anew_ends_at_what_we_have(
    house: Scenario, store: MemoryStore
) -> None:
    alice = await house.customer(usdt=D(1000))
    order = await house.run(house.buy(alice))
    child = await house.send(order, 101)
    await house.filled(child, D("0.004"))
    await house.run(house.ended(child, VenueOutcome.FILLED, D("0.01")))
    assert not store.tables.orders[order.order_id].is_terminal
    await house.run(ForgetMissing(**house.head(), order_id=order.order_id, child=1))
    ended = store.tables.orders[order.order_id]
    assert (ended.status, ended.filled_quantity) == (OrderStatus.EXPIRED, D("0.004"))
    assert store.tables.wallets[alice, "USDT"].reserved == 0
