"""Telling a reader in this process that something was committed, so that it need not wait."""

import asyncio
import contextlib
from typing import Final

POLL_SECONDS: Final = 0.02


class Wakeup:
    """A bell. `wait` returns when it rang since the last wait, or after a poll interval.

    The interval covers what no bell tells of: commits of other processes, and commits that were
    not yet readable when the bell rang because an older transaction was still running.
    """

    def __init__(self, poll_seconds: float = POLL_SECONDS) -> None:
        self._poll_seconds = poll_seconds
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiting reader."""
        self._rung.set()

    async def wait(self) -> None:
        """Return at the next ring, or when it is time to look anyway."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._rung.wait()
        self._rung.clear()
