"""What a frame of the account's stream says. Pure, apart from what has been seen."""

from collections import OrderedDict
from enum import Enum, auto
from typing import Final

import attrs

from binance_adapter.errors import HTTP_OK, UnreadableAnswer
from binance_adapter.messages import (
    BALANCE_UPDATES,
    EXECUTION_REPORT,
    SERVER_SHUTDOWN,
    STREAM_TERMINATED,
    BalanceEvent,
    EventHead,
    ExecutionEvent,
    OrderHint,
    Raw,
    SocketAnswer,
    Subscribed,
    decode,
)
from binance_adapter.sockets import SocketClosed

SUBSCRIPTIONS: Final = "session.subscriptions"
"""The method, and the id of our question, whether we are subscribed at all."""
REMEMBERED: Final = 10_000


@attrs.frozen
class Unreadable:
    """Bytes that make no sense, with what is needed to ask about their order if it can be told."""

    hint: OrderHint | None
    why: str


UserEvent = ExecutionEvent | BalanceEvent | Unreadable


class Signal(Enum):
    """What concerns the connection."""

    RENEW = auto()  #: the venue asks us to connect anew


def meaning_of(frame: bytes) -> UserEvent | Signal | SocketAnswer | None:
    """Return what a frame says: an event, a signal, or an answer if it refuses something.

    None: nothing of an order, or of a kind that we do not know.

    Raises:
        SocketClosed: nothing more will come of the subscription.
    """
    try:
        message = decode(frame, SocketAnswer)
        if not message.is_event:
            return _answer(message)
        kind = decode(message.event, EventHead).kind
    except UnreadableAnswer as unreadable:
        return Unreadable(None, str(unreadable))
    if kind == STREAM_TERMINATED:
        raise SocketClosed("the venue ended the subscription")
    if kind == SERVER_SHUTDOWN:
        return Signal.RENEW
    if kind in BALANCE_UPDATES:
        return _balance(message.event)
    return _report(message.event) if kind == EXECUTION_REPORT else None


def _answer(answer: SocketAnswer) -> SocketAnswer | None:
    """Return an answer that refuses. Raises SocketClosed if one says that nothing is subscribed."""
    if answer.error is not None or answer.status != HTTP_OK:
        return answer
    if answer.id == SUBSCRIPTIONS and not decode(answer.result, list[Subscribed]):
        raise SocketClosed("the venue does not know of our subscription")
    return None


def _balance(event: Raw) -> UserEvent:
    try:
        return decode(event, BalanceEvent)
    except UnreadableAnswer as unreadable:
        return Unreadable(None, str(unreadable))


def _report(event: Raw) -> UserEvent:
    try:
        return decode(event, ExecutionEvent)
    except UnreadableAnswer as unreadable:
        try:
            return Unreadable(decode(event, OrderHint), str(unreadable))
        except UnreadableAnswer:
            return Unreadable(None, str(unreadable))


def _key_of(event: ExecutionEvent | BalanceEvent) -> tuple[object, ...]:
    if isinstance(event, BalanceEvent):
        return event.asset, event.delta, event.moved_at
    return (
        event.symbol,
        event.order_id,
        event.execution_id,
        event.execution_type,
        event.status,
        event.trade_id,
        event.filled_quantity,
    )


class SeenEvents:
    """The last events, so that what two sockets tell is told once."""

    def __init__(self) -> None:
        self._keys: OrderedDict[tuple[object, ...], None] = OrderedDict()

    def is_new(self, event: UserEvent) -> bool:
        """Tell whether an event comes for the first time, and remember it."""
        if isinstance(event, Unreadable):
            return True
        key = _key_of(event)
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)
        return True
