"""What the connector tells of itself: named metrics for a collector, a value for a person."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from tradecore.ports.clock import Clock

REQUESTS: Final = "venue_requests"  #: labels call, outcome
ERRORS: Final = "venue_errors"  #: labels code
LATENCY: Final = "venue_request_seconds"  #: label call
BUDGET_USED: Final = "venue_budget_used_ratio"  #: label limit
CONNECTIONS: Final = "venue_connections"  #: labels stream, outcome
STREAM_AGE: Final = "venue_stream_age_seconds"  #: label stream
UNREADABLE: Final = "venue_unreadable"  #: label what

METRICS: Final[Mapping[str, str]] = {
    REQUESTS: "requests to the venue, by call and outcome",
    ERRORS: "refusals of the venue, by code",
    LATENCY: "seconds from a request to its answer",
    BUDGET_USED: "the used part of a limit of the venue",
    CONNECTIONS: "connections to the venue's streams, by outcome",
    STREAM_AGE: "seconds since a stream was last heard",
    UNREADABLE: "frames and answers that made no sense",
}


class Observer(Protocol):
    """Takes in figures; must neither raise nor wait."""

    def count(self, metric: str, labels: Mapping[str, str]) -> None:
        """Add one to a counter."""

    def measure(self, metric: str, labels: Mapping[str, str], value: float) -> None:
        """Note a duration in seconds, or the present value of a gauge."""


class Unobserved:
    """Nobody looks."""

    def count(self, metric: str, labels: Mapping[str, str]) -> None:
        """Forget it."""

    def measure(self, metric: str, labels: Mapping[str, str], value: float) -> None:
        """Forget it."""


class HealthRecord:
    """Gathers what `ConnectorHealth` shows, and hands the figures on to an observer."""

    def __init__(self, clock: Clock, observer: Observer | None = None) -> None:
        self.observer = observer or Unobserved()
        self.last_success_at: datetime | None = None
        self.last_error_at: datetime | None = None
        self.last_error: str | None = None
        self.heard_at: dict[str, datetime] = {}
        self.reconnects: Counter[str] = Counter()  #: attempts to connect, the first one too
        self.stale = 0  #: times that a connected stream was found deaf
        self._clock = clock

    def succeeded(self, call: str, seconds: float) -> None:
        """Note a request that was answered."""
        self.last_success_at = self._clock.now()
        self.observer.count(REQUESTS, {"call": call, "outcome": "ok"})
        self.observer.measure(LATENCY, {"call": call}, seconds)

    def failed(self, call: str, outcome: str, text: str, code: int | None = None) -> None:
        """Note a request that was refused, or whose answer did not come."""
        self.last_error_at = self._clock.now()
        self.last_error = f"{call}: {text}"
        self.observer.count(REQUESTS, {"call": call, "outcome": outcome})
        if code is not None:
            self.observer.count(ERRORS, {"code": str(code)})

    def budget(self, limit: str, ratio: float) -> None:
        """Note how much of a limit is used."""
        self.observer.measure(BUDGET_USED, {"limit": limit}, ratio)

    def connected(self, stream: str, outcome: str) -> None:
        """Note an attempt to connect a stream."""
        self.observer.count(CONNECTIONS, {"stream": stream, "outcome": outcome})
        self.reconnects[stream] += 1

    def heard(self, stream: str) -> None:
        """Note a sign of life of a stream."""
        self.heard_at[stream] = self._clock.now()
        self.observer.measure(STREAM_AGE, {"stream": stream}, 0.0)

    def unreadable(self, what: str) -> None:
        """Note bytes that made no sense."""
        self.observer.count(UNREADABLE, {"what": what})

    def stream_ages(self) -> dict[str, timedelta]:
        """Return for how long each stream has been silent, and tell the observer."""
        now = self._clock.now()
        ages = {stream: now - at for stream, at in self.heard_at.items()}
        for stream, age in ages.items():
            self.observer.measure(STREAM_AGE, {"stream": stream}, age.total_seconds())
        return ages
