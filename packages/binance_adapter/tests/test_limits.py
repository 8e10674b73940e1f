"""Budgets, bans, waits: the venue's limits are kept before it has to say so."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from binance_adapter import calls
from binance_adapter.backoff import FIRST_SECONDS, STABLE_SECONDS, Backoff, ConnectionBudget
from binance_adapter.bans import FileBanStore
from binance_adapter.calls import Call, Lane
from binance_adapter.weights import Budgets, LimitKind, RateLimit, Ticket, Usage

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
S = timedelta(seconds=1)
WEIGHT = RateLimit(kind=LimitKind.REQUEST_WEIGHT, unit="MINUTE", count=1, limit=100)
ORDERS = RateLimit(kind=LimitKind.ORDERS, unit="SECOND", count=10, limit=3)
TEN = calls.ORDER.with_weight(10)


def in_lane(lane: Lane, weight: int = 10) -> Call:
    return Call(name="x", verb="GET", path="/", weight=weight, lane=lane)


def test_names_are_those_of_the_headers() -> None:
    assert (WEIGHT.name, ORDERS.name) == ("REQUEST_WEIGHT-1M", "ORDERS-10S")


@pytest.mark.parametrize(
    ("lane", "admitted"),
    [(Lane.PUBLIC, 3), (Lane.BACKGROUND, 5), (Lane.PLACE, 8), (Lane.QUERY, 9), (Lane.CANCEL, 10)],
)
def test_f36_queries_and_cancels_have_room_when_orders_have_none(lane: Lane, admitted: int) -> None:
    budgets = Budgets([WEIGHT])
    count = 0
    while budgets.blocked_until(in_lane(lane), NOON) is None:
        budgets.admit(in_lane(lane), NOON)
        count += 1

    assert count == admitted
    assert budgets.blocked_until(in_lane(Lane.CANCEL), NOON) is None or lane is Lane.CANCEL


def test_a_limit_opens_again_with_the_venues_next_window() -> None:
    budgets = Budgets([ORDERS])
    for _ in range(3):
        budgets.settle(budgets.admit(calls.PLACE, NOON + 4 * S), (), NOON + 4 * S, succeeded=True)

    assert budgets.blocked_until(calls.PLACE, NOON + 4 * S) == NOON + 10 * S
    assert budgets.blocked_until(calls.PLACE, NOON + 10 * S) is None
    assert budgets.blocked_until(calls.CANCEL, NOON + 4 * S) is None


def test_what_is_under_way_counts_in_the_next_window_too() -> None:
    budgets = Budgets([ORDERS])
    for _ in range(3):
        budgets.admit(calls.PLACE, NOON + 9 * S)

    assert budgets.blocked_until(calls.PLACE, NOON + 10 * S) == NOON + 20 * S


def test_placing_weighs_nothing_when_it_succeeds() -> None:
    budgets = Budgets([WEIGHT])
    budgets.settle(budgets.admit(calls.PLACE, NOON), (), NOON, succeeded=True)
    budgets.settle(budgets.admit(calls.PLACE, NOON), (), NOON, succeeded=False)

    assert budgets.used() == {"REQUEST_WEIGHT-1M": (1, 100)}


def test_the_venues_count_includes_what_others_sent_from_here() -> None:
    budgets = Budgets([WEIGHT])
    ticket = budgets.admit(TEN, NOON)
    budgets.settle(ticket, [Usage(name=WEIGHT.name, used=70)], NOON, succeeded=True)

    assert budgets.used()[WEIGHT.name][0] == 70


def test_an_older_answer_that_comes_later_lowers_nothing() -> None:
    budgets = Budgets([WEIGHT])
    first, second = budgets.admit(TEN, NOON), budgets.admit(TEN, NOON)
    budgets.settle(second, [Usage(name=WEIGHT.name, used=20)], NOON, succeeded=True)
    budgets.settle(first, [Usage(name=WEIGHT.name, used=10)], NOON, succeeded=True)

    assert budgets.used()[WEIGHT.name][0] == 30  # with the first still under way, then kept
    third = budgets.admit(TEN, NOON)
    budgets.settle(third, [Usage(name=WEIGHT.name, used=30)], NOON, succeeded=True)
    assert budgets.used()[WEIGHT.name][0] == 30


class Venue:
    """Counts as the venue does, and answers in any order."""

    def __init__(self) -> None:
        self.count = 0

    def process(self, weight: int) -> int:
        self.count += weight
        return self.count


@example("SSSSPPASPApPAaA")
@example("SSPPaA")
@example("SSPSPpAaA")
@example("SPSAPL")
@given(st.text("SPpAaLl", max_size=40))
def test_our_count_is_never_below_the_venues(steps: str) -> None:
    """Requests are processed, answered and lost in any order; ours is always an upper bound."""
    budgets, venue = Budgets([WEIGHT]), Venue()
    sent: list[Ticket] = []
    answered: list[tuple[Ticket, int]] = []
    for step in steps:
        which = -1 if step.islower() else 0
        if step == "S":
            sent.append(budgets.admit(in_lane(Lane.CANCEL, len(sent) % 3 + 1), NOON))
        elif step in "Pp" and sent:
            ticket = sent.pop(which)
            answered.append((ticket, venue.process(ticket.call.weight)))
        elif step in "Aa" and answered:
            ticket, count = answered.pop(which)
            budgets.settle(ticket, [Usage(name=WEIGHT.name, used=count)], NOON, succeeded=True)
        elif step in "Ll" and answered:
            budgets.settle(answered.pop(which)[0], (), NOON, succeeded=False)
        assert budgets.used()[WEIGHT.name][0] >= venue.count


def test_f36_a_limit_that_the_venue_closes_stays_closed_for_what_counts_there() -> None:
    budgets = Budgets([WEIGHT, ORDERS])
    budgets.close(LimitKind.ORDERS, None, NOON + 3 * S)

    assert budgets.blocked_until(calls.PLACE, NOON + 3 * S) == NOON + 10 * S
    assert budgets.blocked_until(calls.CANCEL, NOON + 3 * S) is None
    budgets.close(LimitKind.REQUEST_WEIGHT, NOON + 90 * S, NOON + 3 * S)
    assert budgets.blocked_until(calls.CANCEL, NOON + 3 * S) == NOON + 90 * S


def test_new_limits_take_over_what_was_counted() -> None:
    budgets = Budgets([WEIGHT])
    budgets.admit(TEN, NOON)
    budgets.replace([RateLimit(kind=WEIGHT.kind, unit="MINUTE", count=1, limit=50), ORDERS])

    assert budgets.used() == {"REQUEST_WEIGHT-1M": (10, 50), "ORDERS-10S": (0, 3)}
    budgets.replace([])
    assert budgets.used()[ORDERS.name] == (0, 3)


def test_f36_a_ban_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    file = tmp_path / "deeper" / "ban"
    assert FileBanStore(file).load() is None
    FileBanStore(file).save(NOON)
    FileBanStore(file).save(NOON + S)

    assert FileBanStore(file).load() == NOON + S
    assert [each.name for each in file.parent.iterdir()] == ["ban"]


@pytest.mark.parametrize("text", ["", "nonsense", "2026-07-01T12:00:00"])
def test_a_damaged_record_of_a_ban_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "ban").write_text(text)

    with pytest.raises(ValueError, match=r".+"):
        FileBanStore(tmp_path / "ban").load()


def test_waits_double_up_to_a_bound_and_differ() -> None:
    waits = [Backoff(random.Random(seed), longest=4.0) for seed in range(2)]
    first, second = ([each.next() for _ in range(10)] for each in waits)

    assert first != second
    for number, wait in enumerate(first):
        whole = min(FIRST_SECONDS * 2**number, 4.0)
        assert whole / 2 <= wait <= whole


def test_a_connection_that_lived_long_enough_begins_anew() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.next() for _ in range(6)]
    backoff.lived(STABLE_SECONDS - 1)
    assert backoff.next() > waits[0]
    backoff.lived(STABLE_SECONDS)
    assert backoff.next() <= FIRST_SECONDS


def test_attempts_to_connect_are_bounded_in_any_five_minutes() -> None:
    seconds = [0.0]
    budget = ConnectionBudget(lambda: seconds[0], attempts=3)
    for at in (0.0, 10.0, 20.0):
        seconds[0] = at
        assert budget.wait_seconds() == 0
        budget.spend()

    seconds[0] = 30.0
    assert (budget.used, budget.wait_seconds()) == (3, 270.0)
    seconds[0] = 300.0
    assert (budget.used, budget.wait_seconds()) == (2, 0.0)


@pytest.mark.parametrize(
    ("limit", "weight"), [(1, 5), (100, 5), (101, 25), (500, 25), (1000, 50), (5000, 250)]
)
def test_depth_weighs_by_its_limit(limit: int, weight: int) -> None:
    assert calls.depth_of(limit).weight == weight


def test_a_record_of_a_ban_that_cannot_be_replaced_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "ban").mkdir()  # a folder cannot be replaced by a file

    with pytest.raises(OSError, match="ban"):
        FileBanStore(tmp_path / "ban").save(NOON)
    assert [each.name for each in tmp_path.iterdir()] == ["ban"]
