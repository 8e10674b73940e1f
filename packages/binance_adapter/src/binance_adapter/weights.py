"""The venue's limits, kept before the venue has to say so.

Request weight counts per address, placed orders per account, both in windows aligned to the
venue's clock. We count what we send; what the venue reports in its answers corrects that, since
other processes use the same address. Source: Binance Spot API, "Rate limits".
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from binance_adapter.calls import Call, Lane

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class LimitKind(StrEnum):
    """`rateLimitType`."""

    REQUEST_WEIGHT = "REQUEST_WEIGHT"
    RAW_REQUESTS = "RAW_REQUESTS"
    ORDERS = "ORDERS"


UNITS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        "SECOND": timedelta(seconds=1),
        "MINUTE": timedelta(minutes=1),
        "HOUR": timedelta(hours=1),
        "DAY": timedelta(days=1),
    }
)

#: The part of a limit that each lane may fill; what is above is kept for the lanes above.
SHARES: Final[Mapping[Lane, float]] = MappingProxyType(
    {
        Lane.PUBLIC: 0.3,
        Lane.BACKGROUND: 0.5,
        Lane.PLACE: 0.8,
        Lane.QUERY: 0.95,
        Lane.CANCEL: 1.0,
    }
)


@attrs.frozen(kw_only=True)
class RateLimit:
    """One row of `rateLimits`."""

    kind: LimitKind
    unit: str  #: SECOND, MINUTE, HOUR or DAY
    count: int  #: of units in a window
    limit: int

    @property
    def window(self) -> timedelta:
        """Return its length."""
        return UNITS[self.unit] * self.count

    @property
    def name(self) -> str:
        """Return e.g. "REQUEST_WEIGHT-1M", as the venue's headers end."""
        return f"{self.kind}-{self.count}{self.unit[0]}"


DEFAULT_LIMITS: Final = (
    RateLimit(kind=LimitKind.REQUEST_WEIGHT, unit="MINUTE", count=1, limit=6000),
    RateLimit(kind=LimitKind.RAW_REQUESTS, unit="MINUTE", count=5, limit=300_000),
    RateLimit(kind=LimitKind.ORDERS, unit="SECOND", count=10, limit=100),
    RateLimit(kind=LimitKind.ORDERS, unit="DAY", count=1, limit=200_000),
)
"""What holds until `exchangeInfo` has been read."""


@attrs.frozen(kw_only=True)
class Usage:
    """What the venue says that we have used of a limit."""

    name: str  #: as `RateLimit.name`
    used: int


@attrs.frozen
class Ticket:
    """A request that was let through."""

    number: int
    call: Call


@attrs.define
class _Counter:
    """One limit's present window."""

    rule: RateLimit
    window: int = -1
    used: int = 0
    in_flight: int = 0
    settled_at: int = 0  #: number of the last ticket let through when the last one ended

    def turn(self, now: datetime) -> None:
        window = (now - _EPOCH) // self.rule.window
        if window != self.window:
            # What is still under way may be counted in the new window.
            self.window, self.used = window, self.in_flight

    def ends_at(self) -> datetime:
        return _EPOCH + (self.window + 1) * self.rule.window

    def cost(self, call: Call) -> int:
        match self.rule.kind:
            case LimitKind.REQUEST_WEIGHT:
                return call.weight
            case LimitKind.RAW_REQUESTS:
                return 1
            case LimitKind.ORDERS:
                return call.orders

    def room(self, lane: Lane) -> int:
        # Only placing counts as an order: nothing else needs a share of that limit.
        share = 1.0 if self.rule.kind is LimitKind.ORDERS else SHARES[lane]
        return int(self.rule.limit * share) - self.used


class Budgets:
    """Lets requests through while there is room for them in every limit."""

    def __init__(self, limits: Iterable[RateLimit] = DEFAULT_LIMITS) -> None:
        self._counters = {rule.name: _Counter(rule) for rule in limits}
        self._number = 0
        self._closed: dict[LimitKind, datetime] = {}

    def replace(self, limits: Sequence[RateLimit]) -> None:
        """Take over the limits of `exchangeInfo`; what was counted stays counted."""
        if not limits:
            return
        fresh = {rule.name: _Counter(rule) for rule in limits}
        for name, counter in fresh.items():
            if name in self._counters:
                fresh[name] = attrs.evolve(self._counters[name], rule=counter.rule)
        self._counters = fresh

    def blocked_until(self, call: Call, now: datetime) -> datetime | None:
        """Return when `call` may be tried again; None: now. `now` is the venue's."""
        latest: datetime | None = None
        for counter in self._counters.values():
            counter.turn(now)
            cost, closed = counter.cost(call), self._closed.get(counter.rule.kind)
            if cost and closed is not None and closed > now:
                latest = max(latest or closed, closed)
            if cost > counter.room(call.lane):
                latest = max(latest or counter.ends_at(), counter.ends_at())
        return latest

    def admit(self, call: Call, now: datetime) -> Ticket:
        """Count a request that is sent now."""
        self._number += 1
        for counter in self._counters.values():
            counter.turn(now)
            cost = counter.cost(call)
            counter.used += cost
            counter.in_flight += cost
        return Ticket(self._number, call)

    def settle(
        self, ticket: Ticket, usages: Iterable[Usage], now: datetime, *, succeeded: bool
    ) -> None:
        """Take in the end of a request, and what the venue reported with its answer.

        A report may lower a count only if no other request ended during its own: what ended
        before it was sent is in the report, what has not ended is added. Answers overtake each
        other, so of what ended in between nobody knows whether the report has it.
        """
        reported = {usage.name: usage.used for usage in usages}
        for name, counter in self._counters.items():
            counter.turn(now)
            cost = counter.cost(ticket.call)
            counter.in_flight -= cost
            if (
                succeeded
                and ticket.call.is_free_on_success
                and counter.rule.kind is LimitKind.REQUEST_WEIGHT
            ):
                counter.used = max(counter.used - cost, 0)
            if name in reported:
                known = reported[name] + counter.in_flight
                alone = ticket.number > counter.settled_at
                counter.used = known if alone else max(counter.used, reported[name])
            if cost:
                counter.settled_at = self._number

    def close(self, kind: LimitKind, until: datetime | None, now: datetime) -> datetime:
        """Stop what counts for `kind`: the venue has said so. Return until when.

        Without an instant of the venue's it is the end of the shortest window.
        """
        if until is None:
            counters = [each for each in self._counters.values() if each.rule.kind is kind]
            for counter in counters:
                counter.turn(now)
            ends = [each.ends_at() for each in counters]
            until = min(ends, default=now + timedelta(seconds=10))
        self._closed[kind] = max(until, self._closed.get(kind, until))
        return self._closed[kind]

    def used(self) -> dict[str, tuple[int, int]]:
        """Return (used, limit) of each limit in its present window."""
        return {name: (each.used, each.rule.limit) for name, each in self._counters.items()}
