"""The venue's clock, as far as we can tell it from here.

It judges the age of requests by its own clock, so ours is never sent: the estimate starts from an
answer of `GET time` and goes on with the monotonic clock, which no step of the wall clock moves.
Source: Binance Spot API, "Timing security".
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from binance_adapter.errors import UnreadableAnswer

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
MAX_RECEIVE_WINDOW: Final = timedelta(seconds=60)
"""The venue refuses a longer `recvWindow`."""
RESYNC_SECONDS: Final = 60.0
WORST_ROUND_TRIP_SECONDS: Final = 2.0
"""A slower answer says too little; half of it could put us beyond the second that we may lead."""


def to_milliseconds(instant: datetime) -> int:
    """Return an aware instant as milliseconds since the epoch, rounded down."""
    return (instant - _EPOCH) // _MILLISECOND


def to_instant(milliseconds: int) -> datetime:
    """Return milliseconds since the epoch as an aware instant in UTC.

    Raises:
        UnreadableAnswer: no calendar has such an instant.
    """
    try:
        return _EPOCH + milliseconds * _MILLISECOND
    except OverflowError as error:
        raise UnreadableAnswer("an instant beyond all calendars") from error


@attrs.frozen(kw_only=True)
class Stamp:
    """The `timestamp` and `recvWindow` of one request, both in milliseconds."""

    timestamp: int
    receive_window: int


class VenueClock:
    """An estimate of the venue's time.

    A measurement says that, when its answer came, the venue's time lay between the time in it and
    that time plus the round trip. While the estimate lies in there it is kept, so it does not
    jitter; otherwise it moves to the middle.

    Args:
        monotonic: seconds of a clock that is never set.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._origin: datetime | None = None  #: the venue's time at monotonic zero
        self._measured_at = 0.0

    @property
    def is_known(self) -> bool:
        """Tell whether there has been a measurement."""
        return self._origin is not None

    @property
    def is_due(self) -> bool:
        """Tell whether it is time to measure again."""
        return not self.is_known or self._monotonic() - self._measured_at >= RESYNC_SECONDS

    def distrust(self) -> None:
        """Measure before the next request: the venue has called a timestamp wrong."""
        self._measured_at = self._monotonic() - RESYNC_SECONDS

    def now(self) -> datetime:
        """Return the venue's time. Only after a measurement."""
        assert self._origin is not None, "measure first"
        return self._origin + timedelta(seconds=self._monotonic())

    def ahead_of(self, local: datetime) -> timedelta:
        """Return how far the venue's clock is ahead of `local`; shown, never sent."""
        return self.now() - local

    def measure(self, venue_time: datetime, sent_at: float, received_at: float) -> bool:
        """Take in an answer of `GET time`; instants by `monotonic`. Return whether it was of use."""
        round_trip = received_at - sent_at
        if round_trip > WORST_ROUND_TRIP_SECONDS and self._origin is not None:
            return False
        self._measured_at = received_at
        earliest = venue_time - timedelta(seconds=received_at)
        latest = earliest + timedelta(seconds=round_trip) + _MILLISECOND
        if self._origin is None or not earliest <= self._origin <= latest:
            self._origin = earliest + timedelta(seconds=round_trip / 2)
        return True

    def stamp(self, receive_window: timedelta) -> Stamp:
        """Return the stamp of a request that is signed now."""
        return self.stamp_until(self.now(), receive_window)

    def stamp_until(self, attempted_at: datetime, receive_window: timedelta) -> Stamp:
        """Return the stamp of a request that the venue must refuse once its own clock has passed
        `attempted_at` + `receive_window`, however wrong our estimate or the caller's clock is.

        The signing time is `attempted_at` itself, unless the venue would call it ahead of its
        time, or the window too long; timestamp + window never goes beyond that instant.
        """
        assert receive_window >= _MILLISECOND, receive_window
        expires_at = attempted_at + receive_window
        signed_at = min(max(attempted_at, expires_at - MAX_RECEIVE_WINDOW), self.now())
        timestamp = to_milliseconds(signed_at)
        window = min(to_milliseconds(expires_at) - timestamp, MAX_RECEIVE_WINDOW // _MILLISECOND)
        return Stamp(timestamp=timestamp, receive_window=window)
