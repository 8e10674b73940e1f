"""Attempts without an outcome: ask the venue, and send anew only what it provably never saw."""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from tradecore.application.processes.gateway import Gateway
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


Denials = Counter[tuple[OrderId, int]]


async def settle_attempts(gateway: Gateway, clock: Clock) -> None:
    """Settle what is open, again and again, until cancelled."""
    denials: Denials = Counter()
    while True:
        try:
            await _settle_round(gateway, clock, denials)
        except StoreError as failure:
            logger.warning("settle.store_away", extra={"error": repr(failure)})
        await clock.sleep(EVERY_SECONDS)


async def _settle_round(gateway: Gateway, clock: Clock, denials: Denials) -> None:
    for child in await gateway.queries.list_open_attempts():
        if clock.now() - child.attempted_at > GRACE:
            with _one_of_many(child):
                await _settle_one(gateway, clock, child, denials)
    for child in await gateway.queries.list_pending_cancels():
        with _one_of_many(child):
            await gateway.cancel(child, str(child.order_id))


async def _settle_one(gateway: Gateway, clock: Clock, child: VenueOrder, denials: Denials) -> None:
    key = (child.order_id, child.child)
    expired = clock.now() > child.attempted_at + child.receive_window + READ_LAG
    if await gateway.settle(child, may_renew=expired and denials[key] >= DENIALS):
        del denials[key]
    else:
        denials[key] += 1


@contextlib.contextmanager
def _one_of_many(child: VenueOrder) -> Iterator[None]:
    """Let nothing that goes wrong with one child keep the others from being settled.

    Raises:
        StoreError: the store is away, for all of them.
    """
    try:
        yield
    except StoreError:
        raise
    except VenueError as failure:
        logger.warning(
            "settle.still_open", extra={"order_id": child.order_id, "error": repr(failure)}
        )
    except Exception:
        logger.exception("settle.failed", extra={"order_id": child.order_id})
