"""What is noticed of the venue beside orders, in front of those who must act on it.

Whoever notices it must not wait: it leaves the news in a bounded queue. The process takes over new
rules of symbols, and tells people of the rest.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

import attrs

from tradecore.application.commands.put_instrument import PutInstrument
from tradecore.application.processes.gateway import Gateway
from tradecore.domain.errors import DomainError
from tradecore.domain.events import AlertKind
from tradecore.domain.ids import CommandId
from tradecore.domain.instruments import Instrument, InstrumentState
from tradecore.domain.money import text
from tradecore.ports.clock import Clock
from tradecore.ports.connector import Connector
from tradecore.ports.store import StoreError

logger = logging.getLogger(__name__)

ACTOR: Final = "venue"
MOST_WAITING: Final = 1_000
BACKOFF_SECONDS: Final = 1.0
CLOCK_SECONDS: Final = 30.0
CLOCK_LIMIT: Final = timedelta(seconds=2)
"""How far the clocks may be apart. Requests are stamped by the venue's, so they get through; what
we record by ours would not agree with what the venue records."""
QUIET: Final = timedelta(minutes=10)
"""Between two alerts of one kind about one subject: the first has called a person already."""


@attrs.frozen
class KeyRefused:
    """The venue does not take our key, for the first time since it did."""

    why: str


@attrs.frozen
class StreamStale:
    """A connected stream did not tell what it should, and begins anew."""

    why: str


@attrs.frozen
class MoneyMoved:
    """A deposit, a withdrawal or a lock at the venue."""

    asset: str
    amount: Decimal  #: signed
    moved_at: datetime


@attrs.frozen
class SymbolChanged:
    """The venue says something else of a symbol; before None: nothing was known."""

    before: Instrument | None
    after: Instrument


News = KeyRefused | StreamStale | MoneyMoved | SymbolChanged


class VenueNews:
    """Where news are left. No method raises or waits; what finds no room is logged and lost."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[News] = asyncio.Queue(MOST_WAITING)
        self._is_key_refused = False

    def key_refused(self, why: str) -> None:
        """Note a refusal; those that follow until the key is taken again are the same outage."""
        if not self._is_key_refused:
            self._is_key_refused = True
            self._put(KeyRefused(why))

    def key_taken(self) -> None:
        """Note that the venue takes our key again."""
        self._is_key_refused = False

    def stream_stale(self, why: str) -> None:
        """Note a stream that is not trusted any more."""
        self._put(StreamStale(why))

    def money_moved(self, asset: str, amount: Decimal, moved_at: datetime) -> None:
        """Note money that moved otherwise than by a trade."""
        self._put(MoneyMoved(asset, amount, moved_at))

    def symbol_changed(self, before: Instrument | None, after: Instrument) -> None:
        """Note what the venue says of a symbol now."""
        self._put(SymbolChanged(before, after))

    async def next(self) -> News:
        """Return what was left first."""
        return await self._waiting.get()

    def _put(self, news: News) -> None:
        try:
            self._waiting.put_nowait(news)
        except asyncio.QueueFull:
            logger.error(  # noqa: TRY400 - the news are the fault, not this line
                "venue.news_lost", extra={"news": repr(news)}
            )


async def tell_of_venue(
    news: VenueNews, gateway: Gateway, connector: Connector, clock: Clock
) -> None:
    """Act on news, and look at the clocks, until cancelled."""
    desk = _Desk(gateway, clock)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_take(news, desk, clock))
        tasks.create_task(_compare_clocks(connector, desk, clock))


async def _take(news: VenueNews, desk: "_Desk", clock: Clock) -> None:
    while True:
        one = await news.next()
        await _insist(partial(desk.handle, one), clock)


async def _compare_clocks(connector: Connector, desk: "_Desk", clock: Clock) -> None:
    """Tell when the clocks come apart; again only after they were together."""
    were_apart = False
    while True:
        ahead = connector.health().clock_ahead
        if ahead is not None:
            are_apart = abs(ahead) > CLOCK_LIMIT
            if are_apart and not were_apart:
                await _insist(partial(desk.clocks_apart, ahead), clock)
            were_apart = are_apart
        await clock.sleep(CLOCK_SECONDS)


async def _insist(job: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Do the job, again while the store is away; what else goes wrong costs this job only."""
    while True:
        try:
            await job()
        except StoreError as away:
            logger.warning("venue.news_wait", extra={"error": repr(away)})
            await clock.sleep(BACKOFF_SECONDS)
        except Exception:
            logger.exception("venue.news_failed")
            return
        else:
            return


class _Desk:
    """Acts on one piece of news. Everything may be repeated."""

    def __init__(self, gateway: Gateway, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock
        self._told_at: dict[tuple[AlertKind, str], datetime] = {}

    async def handle(self, news: News) -> None:
        venue = self._gateway.venue.name
        match news:
            case KeyRefused(why):
                detail = f"the venue refuses our key: {why}"
                await self._tell_seldom(AlertKind.VENUE_AUTH, venue, detail)
            case StreamStale(why):
                detail = f"a connected stream was not trusted and began anew: {why}"
                await self._tell_seldom(AlertKind.STREAM_STALE, venue, detail)
            case MoneyMoved():
                await self._money_moved(news)
            case SymbolChanged():
                await self._symbol_changed(news)

    async def clocks_apart(self, ahead: timedelta) -> None:
        """Tell by how much."""
        way = "ahead of" if ahead > timedelta() else "behind"
        detail = f"the venue's clock is {abs(ahead).total_seconds():.3f} s {way} ours"
        await self._tell_seldom(AlertKind.CLOCK_OFFSET, self._gateway.venue.name, detail)

    async def _money_moved(self, news: MoneyMoved) -> None:
        way = "came in" if news.amount > 0 else "went out"
        amount = text(abs(news.amount))
        await self._gateway.alert(
            AlertKind.VENUE_TRANSFER,
            news.asset,
            f"{amount} {news.asset} {way} at the venue otherwise than by a trade;"
            " book it against the treasury",
            occasion=f"{text(news.amount)}:{news.moved_at.isoformat()}",
            amount=news.amount,
        )

    async def _symbol_changed(self, news: SymbolChanged) -> None:
        """Take over new rules, and tell of a new status: the house's own state stays."""
        after = news.after
        offered = await self._gateway.queries.find_instrument(after.symbol)
        if offered is None:
            return
        if (status := _new_status(news, offered)) is not None:
            detail = f"{status} at the venue; the house says {offered.state}"
            await self._tell_of_symbol(after.symbol, detail)
        wanted = attrs.evolve(
            after,
            state=offered.state,
            # The house may offer fewer; what the venue adds is its own decision.
            order_types=tuple(one for one in offered.order_types if one in after.order_types),
        )
        if wanted == offered:
            return
        command = PutInstrument(
            command_id=CommandId(self._gateway.ids.new_id()),
            correlation_id=after.symbol,
            actor=ACTOR,
            instrument=wanted,
        )
        try:
            await self._gateway.executor.follow_up(command)
        except DomainError as refusal:
            detail = f"the venue's new rules cannot be taken over: {refusal.message}"
            await self._tell_of_symbol(after.symbol, detail)

    async def _tell_of_symbol(self, symbol: str, detail: str) -> None:
        occasion = f"{self._clock.now().isoformat()}:{detail}"
        await self._gateway.alert(AlertKind.VENUE_SYMBOL, symbol, detail, occasion=occasion)

    async def _tell_seldom(self, kind: AlertKind, subject: str, detail: str) -> None:
        now = self._clock.now()
        told_at = self._told_at.get((kind, subject))
        if told_at is not None and now - told_at < QUIET:
            logger.warning("venue.alert_repeated", extra={"kind": kind, "detail": detail})
            return
        await self._gateway.alert(kind, subject, detail, occasion=now.isoformat())
        self._told_at[kind, subject] = now


def _new_status(news: SymbolChanged, offered: Instrument) -> str | None:
    """Return what is to be told of the symbol's status; None: nothing."""
    now = news.after.state
    if news.before is not None:
        return None if news.before.state is now else f"was {news.before.state}, is {now}"
    # At the start nobody knows what it was; what the house offers must be traded there.
    halted = now is not InstrumentState.TRADING and offered.state is InstrumentState.TRADING
    return f"is {now}" if halted else None
