"""Which event travels on which topic, and as what it is read."""

from collections.abc import Mapping
from typing import Final

import attrs

from tradecore.domain import events
from tradecore.messages.payloads import (
    AlertPayload,
    BalancePayload,
    ExecutionPayload,
    OrderPayload,
    Payload,
    TradingControlPayload,
)


@attrs.frozen
class Topic:
    """A named stream of one type of event, keyed by account."""

    name: str  #: the topic and the event's `type`
    payload: type[Payload]
    version: int = 1


ORDERS_SUBMITTED: Final = Topic("orders.submitted", OrderPayload)
ORDERS_CANCEL_REQUESTED: Final = Topic("orders.cancel_requested", OrderPayload)
ORDERS_UPDATED: Final = Topic("orders.updated", OrderPayload)
EXECUTIONS_RECORDED: Final = Topic("executions.recorded", ExecutionPayload)
BALANCES_UPDATED: Final = Topic("balances.updated", BalancePayload)
TRADING_CONTROL: Final = Topic("trading.control", TradingControlPayload)
ALERTS_RAISED: Final = Topic("alerts.raised", AlertPayload)

TOPIC_OF: Final[Mapping[type[events.Event], Topic]] = {
    events.OrderSubmitted: ORDERS_SUBMITTED,
    events.OrderCancelRequested: ORDERS_CANCEL_REQUESTED,
    events.OrderUpdated: ORDERS_UPDATED,
    events.ExecutionRecorded: EXECUTIONS_RECORDED,
    events.BalanceUpdated: BALANCES_UPDATED,
    events.TradingControlChanged: TRADING_CONTROL,
    events.AlertRaised: ALERTS_RAISED,
}

TOPICS: Final[Mapping[str, Topic]] = {topic.name: topic for topic in TOPIC_OF.values()}
