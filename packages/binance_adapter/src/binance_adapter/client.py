"""One request, done properly: limits before it, a fixed deadline, and an error that says what
became of it. Nothing is sent twice here, except a read whose timestamp was refused.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

import attrs

from binance_adapter import calls, messages
from binance_adapter.bans import LONGEST, BanStore
from binance_adapter.calls import Call
from binance_adapter.clock_offset import Stamp, VenueClock, to_instant
from binance_adapter.errors import (
    INVALID_MESSAGE,
    LIMITS,
    TOO_MANY_ORDERS,
    Refused,
    UnreadableAnswer,
    VenueClockRefused,
    VenueThrottled,
    Verdict,
    port_error,
    read_error,
)
from binance_adapter.metrics import HealthRecord
from binance_adapter.transport import Answer, AnswerLost, NotSent, Transport
from binance_adapter.weights import Budgets, LimitKind, Ticket, Usage
from tradecore.ports.clock import Clock
from tradecore.ports.venue import VenueError, VenueOutcomeUnknown, VenueUnavailable

logger = logging.getLogger(__name__)

Message = TypeVar("Message")

DEADLINE_SECONDS: Final = 9.0
"""Shorter than the gateway's patience, so that it is told which kind of doubt it is in."""
PATIENCE_SECONDS: Final = 4.0
"""How long a request waits for room in a limit before it is given up."""
RECEIVE_WINDOW: Final = timedelta(seconds=5)
BACK_OFF: Final = timedelta(seconds=30)
"""How long we stay away when the venue limits us and does not say for how long."""


@attrs.define(kw_only=True)
class Hooks:
    """Whom to tell of what concerns more than the one request. None may raise or wait."""

    filter_refused: Callable[[], None] = lambda: None  #: -1013: the rules may have changed
    authentication_failed: Callable[[str], None] = lambda _: None
    authenticated: Callable[[], None] = lambda: None  #: for the first time after it had failed
    stream_stale: Callable[[str], None] = lambda _: None  #: why a connected stream is not trusted
    #: Asset, signed amount and instant of a deposit, a withdrawal or a lock from outside.
    balance_moved: Callable[[str, Decimal, datetime], None] = lambda _asset, _delta, _at: None


@attrs.frozen
class _Exchanged:
    answer: Answer
    sent_at: float
    received_at: float


class Client:
    """Asks the venue.

    Args:
        transport: REST or the WebSocket API.
        clock: ours, for bans that outlive the process.
        venue_clock: shared with whoever else talks to the venue.
        budgets: likewise: limits are per address and per account.
        bans: where the end of a ban is kept.
        health: takes in what happens.
        monotonic: seconds of a clock that is never set.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts are made in one place, `connector`
        self,
        transport: Transport,
        clock: Clock,
        venue_clock: VenueClock,
        budgets: Budgets,
        bans: BanStore,
        health: HealthRecord,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hooks = Hooks()
        self.venue_clock = venue_clock
        self.budgets = budgets
        self.health = health
        self._transport = transport
        self._clock = clock
        self._bans = bans
        self._monotonic = monotonic
        self._banned_until = bans.load()
        self._measuring = asyncio.Lock()
        self._is_key_refused = False

    @property
    def banned_until(self) -> datetime | None:
        """Return until when, by our clock, nothing at all may be sent; None: there is no ban."""
        until, now = self._banned_until, self._clock.now()
        return until if until is not None and now < until <= now + LONGEST else None

    async def time(self) -> datetime:
        """Return the venue's time, and correct our estimate of it. Raises VenueUnavailable."""
        exchanged = await self._exchange(calls.TIME, {}, lost=VenueUnavailable)
        answer = self._understood(calls.TIME, exchanged.answer, messages.ServerTime)
        try:
            venue_time = to_instant(answer.server_time)
        except UnreadableAnswer as unreadable:
            raise VenueUnavailable(str(unreadable)) from unreadable
        self.venue_clock.measure(venue_time, exchanged.sent_at, exchanged.received_at)
        return venue_time

    async def read(self, call: Call, parameters: Mapping[str, str], kind: type[Message]) -> Message:
        """Return the answer to a question; one whose timestamp is refused is asked once more.

        Raises:
            VenueUnavailable: no answer, or one that makes no sense.
        """
        if not call.is_signed:
            return await self._read(call, parameters, kind)
        try:
            return await self._read(call, await self._stamped(parameters), kind)
        except VenueClockRefused:
            return await self._read(call, await self._stamped(parameters), kind)

    async def write(
        self, call: Call, parameters: Mapping[str, str], kind: type[Message], stamp: Stamp
    ) -> Message:
        """Send a request that changes something, once, with the stamp that it was given.

        Raises:
            VenueRejected: a definite no.
            VenueUnavailable: it never left, or was not executed.
            VenueOutcomeUnknown: anything else.
        """
        stamped = {**parameters, **_written(stamp)}
        answer = (await self._exchange(call, stamped, lost=VenueOutcomeUnknown)).answer
        if answer.refusal is not None:
            raise port_error(self.refused(call, answer))
        try:
            return messages.decode(answer.body, kind)
        except UnreadableAnswer as unreadable:
            self._unreadable(call, unreadable)
            raise VenueOutcomeUnknown(f"unreadable answer to {call.name}") from unreadable

    def stamp(self) -> Stamp:
        """Return the stamp of a request that is signed now; the clock must have been measured."""
        return self.venue_clock.stamp(RECEIVE_WINDOW)

    async def ready(self) -> None:
        """Return when something signed may be sent. Raises VenueUnavailable: not now."""
        if (ban := self.banned_until) is not None:
            raise VenueThrottled(f"banned until {ban.isoformat()}", ban)
        await self.settle_clock()

    async def settle_clock(self) -> None:
        """Measure the venue's clock if it is time to. Raises VenueUnavailable: it is unknown."""
        if not self.venue_clock.is_due:
            return
        async with self._measuring:
            if not self.venue_clock.is_due:
                return
            try:
                await self.time()
            except VenueUnavailable:
                if not self.venue_clock.is_known:
                    raise
                logger.warning("venue.clock_not_measured")

    def refused(self, call: Call, answer: Answer) -> Refused:
        """Return a refusal, having done what it asks of us: whoever else met it tells it here."""
        assert answer.refusal is not None
        refused = Refused.of(answer.status, answer.refusal.code, answer.refusal.message)
        self.health.failed(call.name, refused.verdict.name.lower(), refused.text, refused.code)
        match refused.verdict:
            case Verdict.THROTTLED:
                return attrs.evolve(refused, until=self._obey(answer, refused.code))
            case Verdict.CLOCK:
                self.venue_clock.distrust()
            case Verdict.AUTH:
                logger.error("venue.auth_failed", extra={"call": call.name, "code": refused.code})
                self._is_key_refused = True
                self.hooks.authentication_failed(refused.text)
            case Verdict.REJECTED if refused.code == INVALID_MESSAGE:
                self.hooks.filter_refused()
            case _:
                pass
        return refused

    def spent(self, call: Call, usages: tuple[Usage, ...] = ()) -> None:
        """Count what went another way than by our transport: connecting, subscribing."""
        now = self._limit_time()
        self.budgets.settle(self.budgets.admit(call, now), usages, now, succeeded=True)

    async def _stamped(self, parameters: Mapping[str, str]) -> dict[str, str]:
        await self.settle_clock()
        return {**parameters, **_written(self.venue_clock.stamp(RECEIVE_WINDOW))}

    async def _read(
        self, call: Call, parameters: Mapping[str, str], kind: type[Message]
    ) -> Message:
        exchanged = await self._exchange(call, parameters, lost=VenueUnavailable)
        return self._understood(call, exchanged.answer, kind)

    def _understood(self, call: Call, answer: Answer, kind: type[Message]) -> Message:
        if answer.refusal is not None:
            raise read_error(self.refused(call, answer))
        try:
            return messages.decode(answer.body, kind)
        except UnreadableAnswer as unreadable:
            self._unreadable(call, unreadable)
            raise VenueUnavailable(f"unreadable answer to {call.name}") from unreadable

    async def _exchange(
        self, call: Call, parameters: Mapping[str, str], lost: type[VenueError]
    ) -> "_Exchanged":
        """Send once. Raises `lost`: no answer; VenueUnavailable: it never left."""
        give_up_at = self._monotonic() + DEADLINE_SECONDS
        ticket = await self._admit(call)
        answer: Answer | None = None
        sent_at = self._monotonic()
        try:
            async with asyncio.timeout(give_up_at - sent_at):
                answer = await self._transport.send(call, parameters)
        except NotSent as error:
            self.health.failed(call.name, "not_sent", str(error))
            raise VenueUnavailable(f"{call.name}: not sent ({error})") from error
        except (AnswerLost, TimeoutError) as error:
            how = str(error) or type(error).__name__
            self.health.failed(call.name, "lost", how)
            raise lost(f"{call.name}: no answer ({how})") from error
        finally:
            usages = () if answer is None else answer.usages
            succeeded = answer is not None and answer.is_success
            self.budgets.settle(ticket, usages, self._limit_time(), succeeded=succeeded)
        received_at = self._monotonic()
        if answer.is_success:
            self.health.succeeded(call.name, received_at - sent_at)
            if self._is_key_refused and call.is_signed:
                self._is_key_refused = False
                self.hooks.authenticated()
        for name, (used, limit) in self.budgets.used().items():
            self.health.budget(name, used / limit)
        return _Exchanged(answer, sent_at, received_at)

    async def _admit(self, call: Call) -> Ticket:
        """Wait for room in the limits. Raises VenueThrottled: there is none soon enough."""
        give_up_at = self._monotonic() + PATIENCE_SECONDS
        while True:
            if (ban := self.banned_until) is not None:
                raise VenueThrottled(f"{call.name}: banned until {ban.isoformat()}", ban)
            now = self._limit_time()
            until = self.budgets.blocked_until(call, now)
            if until is None:
                return self.budgets.admit(call, now)
            wait = (until - now).total_seconds()
            if self._monotonic() + wait > give_up_at:
                self.health.failed(call.name, "throttled", f"a limit is used up until {until}")
                raise VenueThrottled(f"{call.name}: a limit is used up", until)
            await self._clock.sleep(max(wait, 0.001))

    def _obey(self, answer: Answer, code: int | None) -> datetime:
        """Stop sending as the venue demands, across a restart too; return until when."""
        now, until = self._limit_time(), answer.retry_at
        if until is None and answer.retry_after_seconds is not None:
            until = now + timedelta(seconds=answer.retry_after_seconds)
        if code == TOO_MANY_ORDERS:
            return self.budgets.close(LimitKind.ORDERS, until, now)
        until = self.budgets.close(LimitKind.REQUEST_WEIGHT, until or now + BACK_OFF, now)
        if answer.status in LIMITS:
            # By our own clock: the next process does not know the venue's yet.
            self._banned_until = self._clock.now() + min(until - now, LONGEST)
            logger.error("venue.banned", extra={"until": self._banned_until.isoformat()})
            self._remember(self._banned_until)
        return until

    def _remember(self, until: datetime) -> None:
        try:
            self._bans.save(until)
        except OSError:
            # This process obeys all the same.
            logger.exception("venue.ban_not_kept")

    def _limit_time(self) -> datetime:
        """Return the venue's time, or ours until it is known; windows of limits need no more."""
        return self.venue_clock.now() if self.venue_clock.is_known else self._clock.now()

    def _unreadable(self, call: Call, unreadable: UnreadableAnswer) -> None:
        self.health.unreadable(call.name)
        logger.error("venue.unreadable", extra={"call": call.name, "error": str(unreadable)})


def _written(stamp: Stamp) -> dict[str, str]:
    return {"timestamp": str(stamp.timestamp), "recvWindow": str(stamp.receive_window)}
