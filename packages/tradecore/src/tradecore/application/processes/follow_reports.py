"""The venue's stream into the books: each report becomes a command."""

import asyncio
import logging
from typing import Final

from tradecore.application.processes.catch_up import catch_up
from tradecore.application.processes.gateway import Gateway
from tradecore.domain.events import AlertKind
from tradecore.ports.clock import Clock
from tradecore.ports.store import AWAY, StoreError
from tradecore.ports.venue import ExecutionReport, VenueReport, VenueUnavailable

logger = logging.getLogger(__name__)

IN_FLIGHT: Final = 512
RECONNECT_SECONDS: Final = 0.5
CATCH_UP_SECONDS: Final = 30
"""How soon a catch-up that left something is tried again."""


async def follow_reports(gateway: Gateway, clock: Clock) -> None:
    """Apply reports until cancelled. On every connection, catch up on what was missed before it."""
    while True:
        try:
            await _follow(gateway, clock)
        except* (VenueUnavailable, StoreError) as broken:
            # What was not applied is fetched by the next connection's catch-up.
            logger.warning("reports.stream_broken", extra={"error": repr(broken.exceptions)})
        this = asyncio.current_task()
        if this is not None and this.cancelling():
            # A task group that fails while it is being cancelled tells of the failure only.
            raise asyncio.CancelledError
        await clock.sleep(RECONNECT_SECONDS)


async def _follow(gateway: Gateway, clock: Clock) -> None:
    """Hand reports to the executor in their order, a bounded number at a time."""
    free = asyncio.Semaphore(IN_FLIGHT)

    async def apply(report: VenueReport) -> None:
        try:
            await _apply(gateway, report)
        finally:
            free.release()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_catch_up(gateway, clock))
        async for report in gateway.venue.reports():
            await free.acquire()
            tasks.create_task(apply(report))


async def _apply(gateway: Gateway, report: VenueReport) -> None:
    """Record one report. One that cannot be recorded is an operator's; the others go on.

    Raises:
        StoreUnavailable, CommitOutcomeUnknown: the store is away, for all reports alike.
    """
    command = gateway.command_of(report)
    if command is None:
        return
    try:
        await gateway.executor.follow_up(command)
    except AWAY:
        raise
    except Exception as failure:
        # The sweep of `settle_attempts` asks for it again; until then a person must know.
        logger.exception("reports.not_applied", extra={"command": command.kind})
        if isinstance(report, ExecutionReport):
            await gateway.alert(AlertKind.NOT_POSTED, report.key.reference, repr(failure))


async def _catch_up(gateway: Gateway, clock: Clock) -> None:
    """Catch up once the stream hears the venue, so that nothing falls between the two.

    Again and again while a symbol could not be read, or a fill of it not be posted.
    """
    await gateway.venue.listening()
    while True:
        caught_up = await catch_up(gateway)
        logger.info(
            "reports.caught_up",
            extra={
                "children": caught_up.children,
                "fills": caught_up.fills,
                "unread": caught_up.unread,
            },
        )
        if not caught_up.unread:
            return
        await clock.sleep(CATCH_UP_SECONDS)
