"""How long to wait before trying again, and how often a connection may be tried at all."""

import random
import time
from collections import deque
from collections.abc import Callable
from typing import Final

FIRST_SECONDS: Final = 0.25
LONGEST_SECONDS: Final = 30.0
STABLE_SECONDS: Final = 60.0
"""A connection that lived as long was no failure: the next wait is the first again."""

VENUE_CONNECTIONS: Final = 300
WINDOW_SECONDS: Final = 300.0
"""The venue's own limit, per address: attempts, refused ones too, in five minutes."""
OUR_SHARE: Final = 0.5
"""Other processes connect from the same address."""


class Backoff:
    """Waits that double up to a bound, each drawn between half and whole: no two in step.

    Args:
        chance: seeded in tests.
    """

    def __init__(self, chance: random.Random, *, longest: float = LONGEST_SECONDS) -> None:
        self._chance = chance
        self._longest = longest
        self._failures = 0

    def next(self) -> float:
        """Return the seconds to wait after one more failure."""
        whole = min(FIRST_SECONDS * 2.0**self._failures, self._longest)
        self._failures = min(self._failures + 1, 32)
        return whole * self._chance.uniform(0.5, 1.0)

    def lived(self, seconds: float) -> None:
        """Take in how long what was tried has lasted."""
        if seconds >= STABLE_SECONDS:
            self._failures = 0


class ConnectionBudget:
    """Bounds the attempts to connect, of all streams together.

    Args:
        monotonic: seconds of a clock that is never set.
        attempts: at most so many within `WINDOW_SECONDS`.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        attempts: int = int(VENUE_CONNECTIONS * OUR_SHARE),
    ) -> None:
        self._monotonic = monotonic
        self.attempts = attempts
        self._made_at: deque[float] = deque()

    @property
    def used(self) -> int:
        """Return how many attempts were made within the window."""
        self._forget()
        return len(self._made_at)

    def wait_seconds(self) -> float:
        """Return how long to wait for the next attempt; zero: it may be made now."""
        self._forget()
        if len(self._made_at) < self.attempts:
            return 0.0
        return self._made_at[0] + WINDOW_SECONDS - self._monotonic()

    def spend(self) -> None:
        """Note an attempt, whatever comes of it."""
        self._made_at.append(self._monotonic())

    def _forget(self) -> None:
        earliest = self._monotonic() - WINDOW_SECONDS
        while self._made_at and self._made_at[0] <= earliest:
            self._made_at.popleft()
