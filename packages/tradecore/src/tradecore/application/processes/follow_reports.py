"""The venue's stream into the books: each report becomes a command."""

import asyncio
import logging
from typing import Any, Final

from tradecore.application.command import Command
from tradecore.application.processes.gateway import Gateway
from tradecore.domain.errors import DomainError
from tradecore.ports.clock import Clock
from tradecore.ports.store import StoreError
from tradecore.ports.venue import VenueUnavailable

logger = logging.getLogger(__name__)

IN_FLIGHT: Final = 512
RECONNECT_SECONDS: Final = 0.5


async def follow_reports(gateway: Gateway, clock: Clock) -> None:
    """Apply reports until cancelled. On every connection, catch up on what was missed before it."""
    while True:
        try:
            await _follow(gateway)
        except* (VenueUnavailable, StoreError) as broken:
            # What was not applied is fetched by the next connection's catch-up.
            logger.warning("reports.stream_broken", extra={"error": repr(broken.exceptions)})
        await clock.sleep(RECONNECT_SECONDS)


async def _follow(gateway: Gateway) -> None:
    """Hand reports to the executor in their order, a bounded number at a time."""
    free = asyncio.Semaphore(IN_FLIGHT)

    async def apply(command: Command[Any]) -> None:
        try:
            await gateway.executor.follow_up(command)
        except DomainError:
            logger.exception("reports.not_applied", extra={"command": command.kind})
        finally:
            free.release()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(catch_up_open(gateway))
        async for report in gateway.venue.reports():
            command = gateway.command_of(report)
            if command is not None:
                await free.acquire()
                tasks.create_task(apply(command))


async def catch_up_open(gateway: Gateway) -> None:
    """Ask the venue about every child that is not proved dead."""
    for child in await gateway.queries.list_living_children():
        await gateway.settle(child, may_renew=False)
