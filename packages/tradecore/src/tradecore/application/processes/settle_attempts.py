"""Attempts without an outcome: ask the venue, and send anew only what it provably never saw."""

import logging
from collections import Counter
from datetime import timedelta
from typing import Final

from tradecore.application.processes.gateway import Gateway
from tradecore.domain.errors import DomainError
from tradecore.domain.ids import OrderId
from tradecore.domain.venue_orders import VenueOrder
from tradecore.ports.clock import Clock
from tradecore.ports.store import StoreError
from tradecore.ports.venue import VenueError

logger = logging.getLogger(__name__)

EVERY_SECONDS: Final = 0.5
GRACE: Final = timedelta(seconds=1)
READ_LAG: Final = timedelta(seconds=3)
DENIALS: Final = 3
"""How often the venue must say that it never saw an order before we believe it."""


async def settle_attempts(gateway: Gateway, clock: Clock) -> None:
    """Settle what is open, again and again, until cancelled."""
    denials: Counter[tuple[OrderId, int]] = Counter()
    while True:
        try:
            await _settle_round(gateway, clock, denials)
        except StoreError as failure:
            logger.warning("settle.store_away", extra={"error": repr(failure)})
        await clock.sleep(EVERY_SECONDS)


async def _settle_round(
    gateway: Gateway, clock: Clock, denials: "Counter[tuple[OrderId, int]]"
) -> None:
    for child in await gateway.queries.list_open_attempts():
        if clock.now() - child.attempted_at > GRACE:
            await _settle_one(gateway, clock, child, denials)
    for child in await gateway.queries.list_pending_cancels():
        try:
            await gateway.cancel(child, str(child.order_id))
        except (VenueError, DomainError) as failure:
            logger.warning(
                "settle.cancel_open", extra={"order_id": child.order_id, "error": repr(failure)}
            )


async def _settle_one(
    gateway: Gateway,
    clock: Clock,
    child: VenueOrder,
    denials: "Counter[tuple[OrderId, int]]",
) -> None:
    key = (child.order_id, child.child)
    expired = clock.now() > child.attempted_at + child.receive_window + READ_LAG
    try:
        known = await gateway.settle(child, may_renew=expired and denials[key] >= DENIALS)
    except (VenueError, DomainError) as failure:
        logger.warning(
            "settle.still_open", extra={"order_id": child.order_id, "error": repr(failure)}
        )
        return
    if known:
        del denials[key]
    else:
        denials[key] += 1
