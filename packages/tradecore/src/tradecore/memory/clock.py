"""Clocks: the system's, and one that only moves when everything waits."""

import asyncio
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The operating system's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock of its own: `now` follows the running loop's time from `epoch` on.

    On a `VirtualLoop` (`tradecore.testing.simulation`) a day costs nothing. Outside of any loop,
    and on an ordinary one, `advance` moves it by hand.
    """

    def __init__(self, epoch: datetime = datetime(2026, 1, 5, 12, tzinfo=UTC)) -> None:
        self._epoch = epoch
        self._advanced = timedelta()

    def now(self) -> datetime:
        try:
            loop_time = asyncio.get_running_loop().time()
        except RuntimeError:
            loop_time = 0.0
        return self._epoch + self._advanced + timedelta(microseconds=round(loop_time * 1e6))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def advance(self, step: timedelta) -> None:
        """Move the clock forward (or, for a fault, back) by `step`."""
        self._advanced += step
