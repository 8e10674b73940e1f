"""The venue's time is estimated once and kept, and a stamp never outlives its attempt."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binance_adapter.clock_offset import RESYNC_SECONDS, VenueClock, to_instant, to_milliseconds

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
S = timedelta(seconds=1)
MS = timedelta(milliseconds=1)


class Monotonic:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture
def clock(monotonic: Monotonic) -> VenueClock:
    """A clock for which it is noon at the venue now."""
    clock = VenueClock(monotonic)
    clock.measure(NOON, sent_at=100.0, received_at=100.0)
    return clock


def test_the_answer_was_right_half_a_round_trip_ago(monotonic: Monotonic) -> None:
    clock = VenueClock(monotonic)
    clock.measure(NOON, sent_at=99.6, received_at=100.0)

    assert clock.now() == NOON + 0.2 * S


def test_time_goes_on_with_the_monotonic_clock(clock: VenueClock, monotonic: Monotonic) -> None:
    monotonic.seconds += 3600

    assert clock.now() == NOON + 3600 * S


@pytest.mark.parametrize(
    ("told", "expected"),
    [(-0.35, 0.0), (0.0, 0.0), (-0.41, -0.21), (0.5, 0.7), (-3600.0, -3599.8)],
    ids=["within the round trip", "at its edge", "behind", "ahead", "a step of the venue's clock"],
)
def test_an_estimate_is_kept_while_a_measurement_allows_it(
    clock: VenueClock, told: float, expected: float
) -> None:
    clock.measure(NOON + told * S, sent_at=99.6, received_at=100.0)

    assert clock.now() == NOON + expected * S


def test_a_slow_answer_changes_nothing_that_is_known(clock: VenueClock) -> None:
    assert not clock.measure(NOON + 60 * S, sent_at=97.0, received_at=100.0)
    assert clock.now() == NOON


def test_a_slow_answer_is_better_than_none(monotonic: Monotonic) -> None:
    clock = VenueClock(monotonic)

    assert clock.measure(NOON, sent_at=96.0, received_at=100.0)
    assert clock.is_known


def test_it_is_measured_on_schedule_and_when_it_is_distrusted(
    clock: VenueClock, monotonic: Monotonic
) -> None:
    assert not clock.is_due
    clock.distrust()
    assert clock.is_due
    clock.measure(NOON, sent_at=100.0, received_at=100.0)
    assert not clock.is_due
    monotonic.seconds += RESYNC_SECONDS
    assert clock.is_due


def test_f38_a_stamp_is_the_signing_time_where_the_venue_takes_it(clock: VenueClock) -> None:
    stamp = clock.stamp_until(NOON - 2 * S, 5 * S)

    assert (to_instant(stamp.timestamp), stamp.receive_window) == (NOON - 2 * S, 5000)


def test_f38_a_caller_whose_clock_is_ahead_gets_through_and_not_for_longer(
    clock: VenueClock,
) -> None:
    stamp = clock.stamp_until(NOON + 30 * S, 5 * S)

    assert to_instant(stamp.timestamp) == NOON
    assert to_instant(stamp.timestamp + stamp.receive_window) == NOON + 35 * S


def test_f38_a_window_beyond_the_venues_is_cut_from_its_beginning(clock: VenueClock) -> None:
    stamp = clock.stamp_until(NOON - 600 * S, 3600 * S)

    assert (to_instant(stamp.timestamp), stamp.receive_window) == (NOON, 60_000)


@given(
    st.timedeltas(timedelta(days=-2), timedelta(days=2)),
    st.timedeltas(timedelta(milliseconds=1), timedelta(hours=2)),
    st.timedeltas(timedelta(days=-2), timedelta(days=2)),
)
def test_f04_no_request_of_an_attempt_outlives_its_window(
    attempted: timedelta, window: timedelta, wrong_by: timedelta
) -> None:
    clock = VenueClock(lambda: 0.0)
    clock.measure(NOON + wrong_by, 0.0, 0.0)

    stamp = clock.stamp_until(NOON + attempted, window)

    dies_at = stamp.timestamp + stamp.receive_window
    assert dies_at <= to_milliseconds(NOON + attempted + window)
    assert 0 < stamp.receive_window <= 60_000
    assert stamp.timestamp <= to_milliseconds(NOON + wrong_by)
