"""A child asks the venue for what is left, and ends only when its fills are all here."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from tradecore.domain import venue_orders
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.orders import Order
from tradecore.domain.venue_orders import VenueOrderStatus, VenueOutcome
from tradecore.testing.builders import NOW, build_order, build_venue_order

D = Decimal
LIMIT, MARKET, MAKER = OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER
GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
WINDOW = timedelta(seconds=5)


def by_amount(**changes: object) -> Order:
    fields = {"type": MARKET, "time_in_force": IOC, "quantity": None, "price": None}
    return build_order(**{**fields, "quote_quantity": D(50), **changes})


@pytest.mark.parametrize(
    ("order", "kind", "time_in_force", "quantity", "quote_quantity", "price"),
    [
        (build_order(), LIMIT, GTC, D(1), None, D(100)),
        (build_order(time_in_force=FOK), LIMIT, FOK, D(1), None, D(100)),
        (build_order(side=Side.SELL), LIMIT, GTC, D(1), None, D(100)),
        (build_order(type=MAKER), MAKER, None, D(1), None, D(100)),
        (
            build_order(type=MARKET, time_in_force=IOC, price=D(105)),
            LIMIT,
            IOC,
            D(1),
            None,
            D(105),
        ),
        (
            build_order(type=MARKET, side=Side.SELL, time_in_force=IOC, price=None),
            MARKET,
            None,
            D(1),
            None,
            None,
        ),
        (by_amount(), MARKET, None, None, D(50), None),
        (by_amount(filled_notional=D(20)), MARKET, None, None, D(30), None),
        (build_order(filled_quantity=D("0.4")), LIMIT, GTC, D("0.6"), None, D(100)),
    ],
)
def test_a_child_asks_for_what_is_left_in_the_venues_terms(
    order: Order,
    kind: OrderType,
    time_in_force: TimeInForce | None,
    quantity: Decimal | None,
    quote_quantity: Decimal | None,
    price: Decimal | None,
) -> None:
    child = venue_orders.open_child(order, NOW, WINDOW)
    assert (child.type, child.time_in_force) == (kind, time_in_force)
    assert (child.quantity, child.quote_quantity, child.price) == (quantity, quote_quantity, price)


def test_an_attempt_carries_its_signing_time_and_the_next_number() -> None:
    child = venue_orders.open_child(build_order(children=1), NOW, WINDOW)
    assert (child.child, child.attempted_at, child.receive_window) == (2, NOW, WINDOW)
    assert child.venue_client_order_id.endswith("-2")
    assert child.status is VenueOrderStatus.ATTEMPTED


def test_an_acknowledged_child_lives_and_a_repeat_changes_nothing() -> None:
    live = venue_orders.acknowledge(build_venue_order(), 101)
    assert (live.status, live.venue_order_id) == (VenueOrderStatus.LIVE, 101)
    assert venue_orders.acknowledge(live, 101) == live


def test_an_ended_child_is_not_revived_by_an_acknowledgement() -> None:
    ended = venue_orders.acknowledge(build_venue_order(status=VenueOrderStatus.ENDED), 101)
    assert (ended.status, ended.venue_order_id) == (VenueOrderStatus.ENDED, 101)


@pytest.mark.parametrize(
    ("here", "told", "status"),
    [
        ("0", "0", VenueOrderStatus.ENDED),
        ("0.4", "0.4", VenueOrderStatus.ENDED),
        ("0.5", "0.4", VenueOrderStatus.ENDED),
        ("0.3", "0.4", VenueOrderStatus.LIVE),
    ],
)
def test_f18_a_child_ends_once_all_executions_are_here(
    here: str, told: str, status: VenueOrderStatus
) -> None:
    child = build_venue_order(status=VenueOrderStatus.LIVE, filled_quantity=D(here))
    ended = venue_orders.end(child, VenueOutcome.CANCELED, D(told), "user")
    assert ended.status is status
    assert (ended.outcome, ended.outcome_reason) == (VenueOutcome.CANCELED, "user")


def test_the_first_outcome_stays() -> None:
    child = venue_orders.end(build_venue_order(), VenueOutcome.CANCELED, D(1), None)
    assert venue_orders.end(child, VenueOutcome.EXPIRED, D(0), "again") == child


def test_the_missing_execution_ends_a_waiting_child() -> None:
    waiting = venue_orders.end(build_venue_order(), VenueOutcome.CANCELED, D(1), None)
    assert venue_orders.settle(waiting) == waiting
    complete = attrs.evolve(waiting, filled_quantity=D(1))
    assert venue_orders.settle(complete).status is VenueOrderStatus.ENDED


def test_a_child_without_an_outcome_does_not_settle() -> None:
    child = build_venue_order(filled_quantity=D(1))
    assert venue_orders.settle(child) == child


def test_the_greater_quantity_of_two_last_words_counts() -> None:
    child = venue_orders.end(build_venue_order(), VenueOutcome.CANCELED, D(1), None)
    assert venue_orders.end(child, VenueOutcome.CANCELED, D(2), None).outcome_quantity == D(2)


def test_the_first_id_of_the_venue_stays() -> None:
    child = venue_orders.acknowledge(build_venue_order(), 41)
    assert venue_orders.acknowledge(child, 42) == child


def test_a_child_that_lives_after_all_is_followed_again() -> None:
    dead = venue_orders.end(build_venue_order(), VenueOutcome.REJECTED, D(0), "no")
    alive = venue_orders.reopen(dead, 41)
    assert (alive.status, alive.venue_order_id, alive.outcome) == (
        VenueOrderStatus.LIVE,
        41,
        None,
    )


def test_a_dead_child_that_is_named_late_stays_dead() -> None:
    dead = venue_orders.end(build_venue_order(), VenueOutcome.CANCELED, D(0), None)
    named = venue_orders.acknowledge(dead, 41)
    assert (named.status, named.venue_order_id) == (VenueOrderStatus.ENDED, 41)


def test_a_dead_child_has_no_second_end() -> None:
    dead = venue_orders.end(build_venue_order(), VenueOutcome.CANCELED, D(0), None)
    assert venue_orders.end(dead, VenueOutcome.FILLED, D(5), "late") == dead
