"""The gateway's loop: events that ask for something at the venue, in order, each handled once.

Handling an event means committing what is to be done; doing it is an errand in the background, so
that one order's slow venue call holds up nobody else's events.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from tradecore.application.processes.errands import Errands
from tradecore.application.processes.gateway import Gateway
from tradecore.application.wakeup import Wakeup
from tradecore.domain.events import AlertKind
from tradecore.domain.ids import OrderId
from tradecore.messages import codec, topics
from tradecore.messages.codec import MalformedEvent
from tradecore.messages.payloads import OrderPayload
from tradecore.ports.clock import Clock
from tradecore.ports.events import EventConsumer, EventRecord, ParkedEvent
from tradecore.ports.records import Delivery
from tradecore.ports.store import AWAY, StoreError

logger = logging.getLogger(__name__)

CONSUMER: Final = "gateway"
TOPICS: Final = (topics.ORDERS_SUBMITTED.name, topics.ORDERS_CANCEL_REQUESTED.name)
BATCH: Final = 256
ATTEMPTS: Final = 5
BACKOFF_SECONDS: Final = 0.1


async def submit_orders(
    consumer: EventConsumer, gateway: Gateway, clock: Clock, wakeup: Wakeup
) -> None:
    """Handle events until cancelled. Orders go side by side, the events of one in their order."""
    async with Errands() as errands:
        desk = _Desk(consumer, gateway, clock, errands)
        while True:
            await errands.room()
            events: Sequence[EventRecord] = ()
            try:
                events = await consumer.read(BATCH)
                if events:
                    await desk.handle(events)
                    await consumer.advance(events[-1])
            except StoreError as away:
                # Nothing was advanced over: the events come again, those done are in the inbox.
                logger.warning("gateway.store_away", extra={"error": repr(away)})
                await clock.sleep(BACKOFF_SECONDS)
            if not events:
                await wakeup.wait()


class _Desk:
    """Handles a batch of events."""

    def __init__(
        self, consumer: EventConsumer, gateway: Gateway, clock: Clock, errands: Errands
    ) -> None:
        self._consumer = consumer
        self._gateway = gateway
        self._clock = clock
        self._errands = errands

    async def handle(self, events: Sequence[EventRecord]) -> None:
        """Handle or park each event. Raises one of `AWAY` when all have had their turn."""
        by_order: defaultdict[OrderId, list[EventRecord]] = defaultdict(list)
        for event in events:
            try:
                by_order[_order_of(event)].append(event)
            except MalformedEvent as malformed:
                await self._park(event, malformed, attempts=1)
        results = await asyncio.gather(
            *(self._handle_order(order_id, of_order) for order_id, of_order in by_order.items()),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _handle_order(self, order_id: OrderId, events: Sequence[EventRecord]) -> None:
        """Handle one order's events in turn; one that keeps failing is parked with those after."""
        failure: Exception | None = None
        for event in events:
            if failure is None:
                failure = await self._try(order_id, event)
            if failure is not None:
                await self._park(event, failure, attempts=ATTEMPTS)

    async def _try(self, order_id: OrderId, event: EventRecord) -> Exception | None:
        """Handle one event, a bounded number of times; return why it cannot be handled."""
        failure: Exception | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._handle(order_id, event)
            except AWAY:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, other orders go on
                failure = error
            else:
                return None
            await self._clock.sleep(BACKOFF_SECONDS * 2**attempt)
        return failure

    async def _handle(self, order_id: OrderId, event: EventRecord) -> None:
        gateway = self._gateway
        correlation_id = codec.decode_event(event.topic, event.body).correlation_id
        if event.topic == topics.ORDERS_CANCEL_REQUESTED.name:
            cancel = gateway.cancel_order(order_id, correlation_id)
            self._errands.run(event.account_id, order_id, cancel)
            return
        child = await gateway.open_attempt(
            order_id, Delivery(CONSUMER, event.event_id), correlation_id
        )
        if child is not None:
            self._errands.run(event.account_id, order_id, gateway.send(child, correlation_id))

    async def _park(self, event: EventRecord, failure: Exception, *, attempts: int) -> None:
        logger.error("gateway.event_parked", extra={"event_id": event.event_id}, exc_info=failure)
        await self._consumer.park(
            ParkedEvent(consumer=CONSUMER, event=event, error=repr(failure), attempts=attempts)
        )
        await self._gateway.alert(AlertKind.PARKED, event.event_id, repr(failure))


def _order_of(event: EventRecord) -> OrderId:
    """Return the order that an event is about. Raises MalformedEvent."""
    payload = codec.decode_event(event.topic, event.body).payload
    assert isinstance(payload, OrderPayload), event.topic
    return OrderId(payload.order_id)
