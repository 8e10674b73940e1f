"""Alerts out of the log and in front of a person."""

import logging
from typing import Final

from tradecore.application.wakeup import Wakeup
from tradecore.messages import codec, topics
from tradecore.messages.codec import MalformedEvent
from tradecore.messages.payloads import AlertPayload
from tradecore.ports.clock import Clock
from tradecore.ports.events import EventConsumer, EventRecord
from tradecore.ports.store import StoreError

logger = logging.getLogger(__name__)

CONSUMER: Final = "operators"
TOPICS: Final = (topics.ALERTS_RAISED.name,)
BATCH: Final = 100
BACKOFF_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.5


async def tell_operators(consumer: EventConsumer, clock: Clock) -> None:
    """Write every alert to the log at ERROR, at least once each, until cancelled."""
    wakeup = Wakeup(POLL_SECONDS)
    while True:
        try:
            events = await consumer.read(BATCH)
            for event in events:
                _tell(event)
            if events:
                await consumer.advance(events[-1])
                continue
        except StoreError as away:
            logger.warning("operators.store_away", extra={"error": repr(away)})
            await clock.sleep(BACKOFF_SECONDS)
        await wakeup.wait()


def _tell(event: EventRecord) -> None:
    try:
        payload = codec.decode_event(event.topic, event.body).payload
    except MalformedEvent:
        # Nobody else reads it: that it came is what can still be told.
        logger.exception("alert.unreadable", extra={"event_id": event.event_id})
        return
    assert isinstance(payload, AlertPayload), event.topic
    logger.error(
        "alert.raised",
        extra={"kind": payload.kind, "subject": payload.subject, "detail": payload.detail},
    )
