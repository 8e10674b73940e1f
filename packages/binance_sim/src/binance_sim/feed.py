"""The report stream: what one account's subscribers still have to read."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Final

from tradecore.ports.venue import VenueReport, VenueUnavailable

CAPACITY: Final = 100_000  #: reports that a slow reader may be behind


class ReportFeed:
    """Delivers every report to every subscriber in order, within bounded memory.

    A subscriber that falls too far behind loses its stream, as on a real socket, and must catch
    up by asking; the others do not notice.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._subscriptions: set[_Subscription] = set()
        self._is_read = asyncio.Event()

    def publish(self, reports: Iterable[VenueReport]) -> None:
        """Append reports for everyone who listens now; never waits."""
        batch = tuple(reports)
        if batch:
            for subscription in self._subscriptions:
                subscription.append(batch)

    def cut(self) -> None:
        """Break every stream, as a lost connection would; reports in them are lost too."""
        for subscription in self._subscriptions:
            subscription.break_off()

    async def subscribe(self) -> AsyncIterator[VenueReport]:
        """Yield reports from the first `__anext__` on. Raises VenueUnavailable when cut."""
        subscription = _Subscription(self._capacity)
        self._subscriptions.add(subscription)
        self._is_read.set()
        try:
            while True:
                yield await subscription.next()
        finally:
            self._subscriptions.discard(subscription)
            if not self._subscriptions:
                self._is_read.clear()

    async def read(self) -> None:
        """Return once somebody is subscribed."""
        await self._is_read.wait()


class _Subscription:
    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: deque[VenueReport] = deque()
        self._wake = asyncio.Event()
        self._is_broken = False

    def append(self, batch: tuple[VenueReport, ...]) -> None:
        if self._is_broken:
            return
        if len(self._waiting) + len(batch) > self._capacity:
            self.break_off()
            return
        self._waiting.extend(batch)
        self._wake.set()

    def break_off(self) -> None:
        self._is_broken = True
        self._waiting.clear()
        self._wake.set()

    async def next(self) -> VenueReport:
        while not self._waiting and not self._is_broken:
            self._wake.clear()
            await self._wake.wait()
        if self._is_broken:
            raise VenueUnavailable("the report stream was cut")
        return self._waiting.popleft()
