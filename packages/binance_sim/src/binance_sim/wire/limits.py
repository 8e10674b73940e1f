"""How much one may ask: request weight and raw requests per IP, unfilled orders per account.

Intervals are aligned to the clock, days to UTC. Who goes on after 429 is banned (418), each time
for longer. Source: Binance Spot API, "LIMITS".
"""

from typing import Final

import attrs

from binance_sim.engine.unfilled import DAY_US, TEN_SECONDS_US, UnfilledOrders
from binance_sim.wire.failures import TOO_MANY_ORDERS, TOO_MANY_REQUESTS, Failure

_SECOND_US: Final = 1_000_000
_MINUTE_US: Final = 60 * _SECOND_US
_BANNED_STATUS: Final = 418
_FIRST_BAN_US: Final = 2 * _MINUTE_US
_LONGEST_BAN_US: Final = 3 * DAY_US


@attrs.frozen(kw_only=True)
class Limits:
    """The venue's own numbers, unless told otherwise."""

    request_weight: int = 6000  #: per minute and IP
    raw_requests: int = 300_000  #: per five minutes and IP
    orders_10_seconds: int = 100  #: per account
    orders_day: int = 200_000
    connections: int = 300  #: per five minutes and IP
    violations_before_ban: int = 20  #: refused with 429 in one minute
    stream_messages_second: int = 5  #: incoming, per connection to the market streams
    streams_connection: int = 1024


LIVE: Final = Limits()
UNLIMITED: Final = Limits(
    request_weight=10**9,
    raw_requests=10**9,
    orders_10_seconds=10**9,
    orders_day=10**9,
    connections=10**9,
)


@attrs.define
class Counter:
    """What was used of one limit in the current interval."""

    interval_us: int
    limit: int
    used: int = 0
    _interval: int = -1

    def at(self, now_us: int) -> int:
        """Return what is used at an instant."""
        interval = now_us // self.interval_us
        if interval != self._interval:
            self._interval, self.used = interval, 0
        return self.used

    def add(self, amount: int, now_us: int) -> bool:
        """Count; return whether the limit still holds."""
        self.used = self.at(now_us) + amount
        return self.used <= self.limit

    def seconds_left(self, now_us: int) -> int:
        """Return the whole seconds until the next interval, at least one."""
        left_us = self.interval_us - now_us % self.interval_us
        return max(1, -(-left_us // _SECOND_US))


class Visitor:
    """One IP address: its weight, requests, connections and ban."""

    def __init__(self, limits: Limits) -> None:
        self.weight = Counter(_MINUTE_US, limits.request_weight)
        self.requests = Counter(5 * _MINUTE_US, limits.raw_requests)
        self.connections = Counter(5 * _MINUTE_US, limits.connections)
        self._violations = Counter(_MINUTE_US, limits.violations_before_ban)
        self._ban_us = _FIRST_BAN_US
        self.banned_until_us = 0

    def arrive(self, now_us: int) -> None:
        """Count a request. Raises Failure -1003 with 418 while banned, with 429 over the limit."""
        if now_us < self.banned_until_us:
            raise self._banned(now_us)
        if not self.requests.add(1, now_us):
            limit = self.requests.limit
            text = f"Too many requests; current limit is {limit} requests per 5 MINUTE."
            raise self._refuse(text, self.requests, now_us)

    def charge(self, weight: int, now_us: int) -> None:
        """Count weight. Raises Failure -1003 when it is more than the limit."""
        if self.weight.add(weight, now_us):
            return
        text = (
            f"Too much request weight used; current limit is {self.weight.limit} request weight "
            "per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."
        )
        raise self._refuse(text, self.weight, now_us)

    def ban(self, until_us: int) -> None:
        """Refuse everything until an instant."""
        self.banned_until_us = until_us

    def connect(self, now_us: int) -> bool:
        """Count a connection attempt; return whether it may be served."""
        return now_us >= self.banned_until_us and self.connections.add(1, now_us)

    def _refuse(self, text: str, counter: Counter, now_us: int) -> Failure:
        if not self._violations.add(1, now_us):
            self.ban(now_us + self._ban_us)
            self._ban_us = min(2 * self._ban_us, _LONGEST_BAN_US)
            return self._banned(now_us)
        return _slow_down(text, counter.seconds_left(now_us), now_us)

    def _banned(self, now_us: int) -> Failure:
        until_ms = self.banned_until_us // 1000
        text = (
            f"Way too much request weight used; IP banned until {until_ms}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
        seconds = -(-(self.banned_until_us - now_us) // _SECOND_US)
        return _slow_down(text, seconds, now_us, status=_BANNED_STATUS)


def _slow_down(text: str, seconds: int, now_us: int, *, status: int = 429) -> Failure:
    now_ms = now_us // 1000
    data = {"serverTime": now_ms, "retryAfter": now_ms + seconds * 1000}
    return Failure(TOO_MANY_REQUESTS, text, status=status, data=data, retry_after_seconds=seconds)


class OrderCount:
    """The limits on unfilled orders of one account; the engine counts."""

    def __init__(self, limits: Limits, unfilled: UnfilledOrders) -> None:
        self._limits = ((TEN_SECONDS_US, limits.orders_10_seconds), (DAY_US, limits.orders_day))
        self._unfilled = unfilled

    def check(self, orders: int, now_us: int) -> None:
        """Raise Failure -1015 unless so many more orders fit. Nothing is counted."""
        for (interval_us, limit), words in zip(self._limits, ("10 SECOND", "1 DAY"), strict=True):
            if self._unfilled.count(interval_us, now_us) + orders > limit:
                text = f"Too many new orders; current limit is {limit} orders per {words}."
                raise Failure(TOO_MANY_ORDERS, text)

    def add(self, orders: int, now_us: int) -> None:
        """Count orders that the engine never saw."""
        self._unfilled.add(orders, now_us)

    def used(self, now_us: int) -> tuple[int, int]:
        """Return what is used in ten seconds and in the day."""
        ten_seconds, day = (self._unfilled.count(each, now_us) for each, _ in self._limits)
        return ten_seconds, day

    def states(self, now_us: int) -> list[dict[str, object]]:
        """Return the counts as `rateLimit/order` and answers show them."""
        ten_seconds, day = self.used(now_us)
        (_, limit_10_seconds), (_, limit_day) = self._limits
        return [
            _limit("ORDERS", "SECOND", 10, limit_10_seconds, ten_seconds),
            _limit("ORDERS", "DAY", 1, limit_day, day),
        ]


class Meter:
    """Every visitor, by IP address."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._visitors: dict[str, Visitor] = {}

    def visitor(self, address: str) -> Visitor:
        """Return what is counted of one IP address."""
        found = self._visitors.get(address)
        if found is None:
            found = self._visitors[address] = Visitor(self.limits)
        return found

    def visitors(self) -> list[Visitor]:
        """Return everyone who ever came."""
        return list(self._visitors.values())


def weight_limit(visitor: Visitor, now_us: int) -> dict[str, object]:
    """Return the state of the weight as answers of the WebSocket API show it."""
    weight = visitor.weight
    return _limit("REQUEST_WEIGHT", "MINUTE", 1, weight.limit, weight.at(now_us))


def _limit(kind: str, interval: str, number: int, limit: int, count: int) -> dict[str, object]:
    return {
        "rateLimitType": kind,
        "interval": interval,
        "intervalNum": number,
        "limit": limit,
        "count": count,
    }


def exchange_limits(limits: Limits) -> list[dict[str, object]]:
    """Return `rateLimits` of `exchangeInfo`."""
    rows = (
        ("REQUEST_WEIGHT", "MINUTE", 1, limits.request_weight),
        ("ORDERS", "SECOND", 10, limits.orders_10_seconds),
        ("ORDERS", "DAY", 1, limits.orders_day),
        ("RAW_REQUESTS", "MINUTE", 5, limits.raw_requests),
    )
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
        for kind, interval, number, limit in rows
    ]
