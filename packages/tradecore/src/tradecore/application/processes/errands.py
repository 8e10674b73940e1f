"""Jobs at the venue, side by side: bounded in number, one at a time per order, none fatal."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final

from tradecore.domain.ids import AccountId, OrderId

logger = logging.getLogger(__name__)

AT_ONCE: Final = 256
PER_ACCOUNT: Final = 32
"""Of all jobs at once, what one account may have: its slow orders are not the others'."""


class Errands:
    """Runs jobs in the background. Use as an asynchronous context; leaving it cancels them.

    A job that is lost (a crash, a cancel) leaves an attempt or a pending cancel behind, which
    `settle_attempts` finds.
    """

    def __init__(self) -> None:
        self._tasks = asyncio.TaskGroup()
        self._last: dict[OrderId, asyncio.Task[None]] = {}
        self._running: Counter[AccountId] = Counter()
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> "Errands":
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._last.values():
            task.cancel()
        await self._tasks.__aexit__(kind, error, trace)

    async def room(self) -> None:
        """Return when fewer jobs than `AT_ONCE` are under way or wait their turn."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._last) < AT_ONCE)

    def run(self, account_id: AccountId, order_id: OrderId, job: Coroutine[Any, Any, None]) -> None:
        """Start the job, after the order's last one and within its account's share."""
        before = self._last.get(order_id)
        task = self._tasks.create_task(self._run(account_id, order_id, before, job))
        self._last[order_id] = task

    async def _run(
        self,
        account_id: AccountId,
        order_id: OrderId,
        before: asyncio.Task[None] | None,
        job: Coroutine[Any, Any, None],
    ) -> None:
        try:
            if before is not None:
                await asyncio.wait((before,))
            async with self._changed:
                await self._changed.wait_for(lambda: self._running[account_id] < PER_ACCOUNT)
                self._running[account_id] += 1
            try:
                await job
            except Exception:
                # The attempt or the pending cancel stays in the books, and is settled from there.
                logger.exception("gateway.errand_failed", extra={"order_id": order_id})
            finally:
                self._running[account_id] -= 1
        finally:
            job.close()
            if self._last.get(order_id) is asyncio.current_task():
                del self._last[order_id]
            async with self._changed:
                self._changed.notify_all()
