"""What the books do not know for certain: ask the venue, and send anew only what it never saw."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from tradecore.application.processes.gateway import Gateway
from tradecore.domain import sending
from tradecore.domain.events import AlertKind
from tradecore.domain.ids import OrderId
from tradecore.domain.sending import Doubt, Step, Word
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus
from tradecore.ports.clock import Clock
from tradecore.ports.store import AWAY, StoreError
from tradecore.ports.venue import VenueError, VenueUnavailable

logger = logging.getLogger(__name__)

EVERY_SECONDS: Final = 0.5
SWEEP_SECONDS: Final = 30
"""How often living children are held against the venue's open orders: a frame may have been lost."""
STUCK: Final = timedelta(seconds=60)
"""How long an order may be asked about before a person must know; its funds stay reserved."""
AT_ONCE: Final = 16


@attrs.define
class Watch:
    """What the rounds remember of the attempts that they ask about."""

    #: How often the venue denied an attempt for good, by order, child and signing time.
    denials: Counter[tuple[OrderId, int, datetime]] = attrs.field(factory=Counter)
    #: When a child was first asked about, by the venue's time; renewing it changes nothing.
    since: dict[tuple[OrderId, int], datetime] = attrs.field(factory=dict)

    def look_at(self, children: Sequence[VenueOrder], now: datetime) -> None:
        """Forget what is settled, and note what is new."""
        attempts = {_key(child) for child in children}
        self.denials = Counter({key: self.denials[key] for key in attempts})
        names = ((child.order_id, child.child) for child in children)
        self.since = {name: self.since.get(name, now) for name in names}


async def settle_attempts(gateway: Gateway, clock: Clock) -> None:
    """Settle what is open, again and again, until cancelled. Cancels go first."""
    watch = Watch()
    swept_at = clock.now()
    while True:
        try:
            await _cancel_round(gateway)
            await _attempt_round(gateway, watch)
            if clock.now() - swept_at >= timedelta(seconds=SWEEP_SECONDS):
                swept_at = clock.now()
                await sweep(gateway)
        except (StoreError, VenueUnavailable) as away:
            logger.warning("settle.away", extra={"error": repr(away)})
        await clock.sleep(EVERY_SECONDS)


async def _cancel_round(gateway: Gateway) -> None:
    pending = await gateway.queries.list_pending_cancels()
    await _side_by_side((child, gateway.cancel(child, str(child.order_id))) for child in pending)


async def _attempt_round(gateway: Gateway, watch: Watch) -> None:
    """Ask about attempts of which the outcome is not known, by the venue's own clock."""
    children = await gateway.queries.list_open_attempts()
    if not children:
        return
    now = await gateway.venue.time()
    watch.look_at(children, now)
    await _side_by_side(
        (child, _settle_attempt(gateway, child, now, watch))
        for child in children
        if sending.next_step(_doubt(child, watch), Word.NOTHING, now) is Step.ASK
    )


async def _settle_attempt(
    gateway: Gateway, child: VenueOrder, asked_at: datetime, watch: Watch
) -> None:
    """Ask about one attempt, and do what follows from the answer."""
    since = watch.since[child.order_id, child.child]
    if asked_at - since > STUCK:
        await gateway.alert(
            AlertKind.OUTCOME_UNKNOWN,
            child.venue_client_order_id,
            f"asked about since {since.isoformat()}; the venue has not said what came of it",
        )
    doubt = _doubt(child, watch)
    word = Word.KNOWN if await gateway.ask(child) else Word.DENIED
    step = sending.next_step(doubt, word, asked_at)
    if step is Step.COUNT:
        watch.denials[_key(child)] += 1
    elif step is Step.ASK_FOR_FILLS and not await gateway.has_traded(child):
        step = sending.next_step(doubt, Word.NEVER_TRADED, asked_at)
    if step is Step.RENEW:
        await gateway.renew(child)


def _doubt(child: VenueOrder, watch: Watch) -> Doubt:
    return Doubt(
        signed_at=child.attempted_at,
        receive_window=child.receive_window,
        denials=watch.denials[_key(child)],
    )


def _key(child: VenueOrder) -> tuple[OrderId, int, datetime]:
    return child.order_id, child.child, child.attempted_at


async def sweep(gateway: Gateway) -> None:
    """Hold the children that live by the books against the venue's open orders.

    One that is not open there any more, or filled further than we know, is asked about.
    """
    living = [
        child
        for child in await gateway.queries.list_living_children()
        if child.status is VenueOrderStatus.LIVE
    ]
    if not living:
        return
    resting = {
        (one.symbol, one.venue_order_id): one.filled_quantity
        for one in await gateway.venue.open_orders()
    }
    await _side_by_side(
        (child, gateway.ask(child))
        for child in living
        if resting.get((child.symbol, child.venue_order_id or 0)) != child.filled_quantity
    )


async def _side_by_side(jobs: Iterable[tuple[VenueOrder, Awaitable[object]]]) -> None:
    """Do the jobs, a few at once; only the store's being away ends the round."""
    free = asyncio.Semaphore(AT_ONCE)

    async def run(child: VenueOrder, job: Awaitable[object]) -> None:
        async with free:
            with one_of_many(child):
                await job

    results = await asyncio.gather(
        *(run(child, job) for child, job in jobs), return_exceptions=True
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result


@contextlib.contextmanager
def one_of_many(child: VenueOrder) -> Iterator[None]:
    """Let nothing that goes wrong with one child keep the others from being settled.

    Raises:
        StoreUnavailable, CommitOutcomeUnknown: the store is away, for all of them.
    """
    try:
        yield
    except AWAY:
        raise
    except VenueError as failure:
        logger.warning(
            "settle.still_open", extra={"order_id": child.order_id, "error": repr(failure)}
        )
    except Exception:
        logger.exception("settle.failed", extra={"order_id": child.order_id})
