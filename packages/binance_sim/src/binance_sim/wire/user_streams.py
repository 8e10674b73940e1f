"""Who hears of which account: subscriptions, and events on their way to them."""

from collections import defaultdict, deque
from typing import Final

import attrs
import msgspec

from binance_sim.engine.events import Event, ExecutionReport, account_of
from binance_sim.faults.rules import FaultBoard, Plan
from binance_sim.wire.connections import Connection
from binance_sim.wire.performing import UNKNOWN_STATUS
from binance_sim.wire.tasks import Tasks
from binance_sim.wire.venue_time import VenueTime
from binance_sim.wire.views import events as views
from binance_sim.wire.views.values import Json, Time

_encode: Final = msgspec.json.Encoder().encode


@attrs.define(eq=False)
class Subscription:
    """One account's events on one connection."""

    connection: Connection
    subscription_id: int
    account: str
    api_key: str
    is_by_logon: bool
    held_back: deque[bytes] = attrs.Factory(deque)  #: by a reordering

    def send(self, body: bytes) -> None:
        """Send an event in its envelope."""
        number = str(self.subscription_id).encode()
        self.connection.send(b'{"subscriptionId":' + number + b',"event":' + body + b"}")


class UserStreams:
    """Delivers what the engine says happened, in the engine's order."""

    def __init__(self, board: FaultBoard, time: VenueTime, tasks: Tasks) -> None:
        self._board = board
        self._time = time
        self._tasks = tasks
        self._by_account: defaultdict[str, list[Subscription]] = defaultdict(list)

    def add(self, subscription: Subscription) -> None:
        """Deliver to a subscription from now on."""
        self._by_account[subscription.account].append(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Stop delivering to a subscription."""
        self._by_account[subscription.account].remove(subscription)

    def terminate(self, subscription: Subscription) -> None:
        """Stop delivering to a subscription, and say so on it."""
        self.remove(subscription)
        now = subscription.connection.time(self._time.now_us())
        subscription.send(_encode({"e": "eventStreamTerminated", "E": now}))

    def subscriptions(self, account: str | None = None) -> list[Subscription]:
        """Return the subscriptions of one account, or of all."""
        if account is not None:
            return list(self._by_account[account])
        return [each for some in self._by_account.values() for each in some]

    def publish(self, happened: tuple[Event, ...]) -> None:
        """Send events to whoever subscribed."""
        for event in happened:
            subscriptions = self._by_account.get(account_of(event))
            if not subscriptions:
                continue
            bodies: dict[Time, bytes] = {}
            for subscription in subscriptions:
                time = subscription.connection.time
                if time not in bodies:
                    bodies[time] = _encode(views.event(event, time))
                if self._board.is_stream_quiet and not subscription.held_back:
                    subscription.send(bodies[time])
                else:
                    self._disturb(subscription, event, bodies[time])

    def _disturb(self, subscription: Subscription, event: Event, body: bytes) -> None:
        symbol = event.terms.symbol if isinstance(event, ExecutionReport) else ""
        plan = self._board.plan_event(subscription.account, symbol, _names(event))
        if "cut_stream" in plan:
            subscription.connection.cut()
            return
        if "mute" in plan or "drop_event" in plan:
            return
        bodies = [_distorted(body, plan)]
        if "unknown_event" in plan:
            bodies.insert(0, _encode({"e": "eventOfTomorrow", "E": 0}))
        if "duplicate_event" in plan:
            bodies *= 2
        if "reorder_events" in plan:
            subscription.held_back.extend(bodies)
            return
        bodies.extend(subscription.held_back)
        subscription.held_back.clear()
        hit = plan.get("delay_event")
        if hit is None:
            for each in bodies:
                subscription.send(each)
        else:
            self._tasks.start(self._send_late(subscription, bodies, hit.seconds))

    async def _send_late(
        self, subscription: Subscription, bodies: list[bytes], seconds: float
    ) -> None:
        await self._time.sleep(seconds)
        for body in bodies:
            subscription.send(body)


def _names(event: Event) -> tuple[str, ...]:
    name = type(event).__name__
    first = name[0].lower() + name[1:]
    if isinstance(event, ExecutionReport):
        return first, event.execution_type
    return ("outboundAccountPosition",) if name == "AccountPosition" else (first,)


def _distorted(body: bytes, plan: Plan) -> bytes:
    if not {"unknown_event_field", "unknown_event_status"} & plan.keys():
        return body
    content: Json = msgspec.json.decode(body)
    if "unknown_event_field" in plan:
        content["zz"] = {"nested": [1, None]}
    if "unknown_event_status" in plan and "X" in content:
        content["X"] = UNKNOWN_STATUS
    return _encode(content)
