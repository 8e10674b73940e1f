"""The gateway's loop: events that ask for something at the venue, in order, each handled once."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from tradecore.application.processes.gateway import Gateway
from tradecore.application.wakeup import Wakeup
from tradecore.domain.ids import OrderId
from tradecore.messages import codec, topics
from tradecore.messages.codec import MalformedEvent
from tradecore.messages.payloads import OrderPayload
from tradecore.ports.clock import Clock
from tradecore.ports.events import EventConsumer, EventRecord, ParkedEvent
from tradecore.ports.records import Delivery
from tradecore.ports.store import ConstraintViolated, StoreError

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
    while True:
        events: Sequence[EventRecord] = ()
        try:
            events = await consumer.read(BATCH)
            if events:
                await _handle_all(events, consumer, gateway, clock)
                await consumer.advance(events[-1])
        except* StoreError as away:
            # Nothing was advanced over: the events come again, and those done are in the inbox.
            logger.warning("gateway.store_away", extra={"error": repr(away.exceptions)})
            await clock.sleep(BACKOFF_SECONDS)
        if not events:
            await wakeup.wait()


async def _handle_all(
    events: Sequence[EventRecord], consumer: EventConsumer, gateway: Gateway, clock: Clock
) -> None:
    by_order: defaultdict[OrderId, list[EventRecord]] = defaultdict(list)
    for event in events:
        try:
            by_order[_order_of(event)].append(event)
        except MalformedEvent as malformed:
            await _park(event, malformed, consumer, attempts=1)
    async with asyncio.TaskGroup() as orders:
        for order_id, of_order in by_order.items():
            orders.create_task(_handle_order(order_id, of_order, consumer, gateway, clock))


def _order_of(event: EventRecord) -> OrderId:
    """Return the order that an event is about. Raises MalformedEvent."""
    payload = codec.decode_event(event.topic, event.body).payload
    assert isinstance(payload, OrderPayload), event.topic
    return OrderId(payload.order_id)


async def _handle_order(
    order_id: OrderId,
    events: Sequence[EventRecord],
    consumer: EventConsumer,
    gateway: Gateway,
    clock: Clock,
) -> None:
    """Handle one order's events in turn; one that keeps failing is parked with those after it.

    Raises:
        StoreError: the store is away, which is no fault of the event.
    """
    failure: Exception | None = None
    for event in events:
        if failure is None:
            failure = await _try(order_id, event, gateway, clock)
        if failure is not None:
            await _park(event, failure, consumer, attempts=ATTEMPTS)


async def _park(
    event: EventRecord, failure: Exception, consumer: EventConsumer, *, attempts: int
) -> None:
    logger.error("gateway.event_parked", extra={"event_id": event.event_id}, exc_info=failure)
    await consumer.park(
        ParkedEvent(consumer=CONSUMER, event=event, error=repr(failure), attempts=attempts)
    )


async def _try(
    order_id: OrderId, event: EventRecord, gateway: Gateway, clock: Clock
) -> Exception | None:
    """Handle one event, a bounded number of times; return why it cannot be handled."""
    failure: Exception | None = None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await _handle(order_id, event, gateway)
        except ConstraintViolated as refused:
            failure = refused
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, other orders go on
            failure = error
        else:
            return None
        await clock.sleep(BACKOFF_SECONDS * 2**attempt)
    return failure


async def _handle(order_id: OrderId, event: EventRecord, gateway: Gateway) -> None:
    correlation_id = codec.decode_event(event.topic, event.body).correlation_id
    if event.topic == topics.ORDERS_SUBMITTED.name:
        await gateway.submit_order(order_id, Delivery(CONSUMER, event.event_id), correlation_id)
    else:
        await gateway.cancel_order(order_id, correlation_id)
