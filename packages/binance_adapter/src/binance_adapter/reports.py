"""The reports of one listener: what the stream tells and what answers told before it, in one queue."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Final, Protocol

from binance_adapter.clock_offset import to_instant
from binance_adapter.errors import NoSuchOrder, UnreadableAnswer
from binance_adapter.exchange_info import SymbolBook
from binance_adapter.mapping import REJECTED, TRADE, delta_of, own_id_of, reports_of
from binance_adapter.messages import BalanceEvent, ExecutionEvent
from binance_adapter.stream_watch import StreamWatch
from binance_adapter.user_events import Unreadable
from binance_adapter.user_stream import UserStream
from tradecore.ports.venue import OrderReport, VenueReport, VenueUnavailable

logger = logging.getLogger(__name__)

MOST_WAITING: Final = 100_000
"""Reports that a listener may be behind; who is slower loses the stream and catches up."""
QUESTIONS_AT_ONCE: Final = 16
DENIALS: Final = 3
BETWEEN_DENIALS_SECONDS: Final = 2.0
"""An order that the venue still denies after all of them was rejected, if its event says so."""


class Questioner(Protocol):
    """Finds out about an order what its report did not make clear."""

    async def ask_about(self, symbol: str, order_id: int, own_id: str) -> Iterable[VenueReport]:
        """Return its fills and its state. Raises VenueUnavailable."""


class Listener:
    """One running `reports`.

    Args:
        stream: the account's.
        watch: is told what the stream says.
        symbols: to name assets.
        questioner: is asked where a report makes no sense.
        venue: the venue's name in execution keys.
    """

    def __init__(
        self,
        stream: UserStream,
        watch: StreamWatch,
        symbols: SymbolBook,
        questioner: Questioner,
        venue: str,
    ) -> None:
        self.is_live = asyncio.Event()  #: set while the stream hears the venue
        self._stream = stream
        self._watch = watch
        self._symbols = symbols
        self._questioner = questioner
        self._venue = venue
        self._queue: asyncio.Queue[VenueReport | VenueUnavailable] = asyncio.Queue()
        self._free = asyncio.Semaphore(QUESTIONS_AT_ONCE)

    def tell(self, reports: Iterable[VenueReport]) -> None:
        """Put reports before the listener."""
        for report in reports:
            self._queue.put_nowait(report)

    async def reports(self) -> AsyncGenerator[VenueReport, None]:
        """Yield reports until the stream breaks. Raises VenueUnavailable."""
        pump = asyncio.create_task(self._pump())
        try:
            while True:
                report = await self._queue.get()
                if isinstance(report, VenueUnavailable):
                    raise report
                yield report
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _pump(self) -> None:
        """Move events into the queue, and at the end why there are no more."""
        try:
            async with asyncio.TaskGroup() as questions:
                await self._follow(questions)
        except* VenueUnavailable as broken:
            self._queue.put_nowait(_first(broken))
        except* Exception:
            # A fault of ours must not silence the venue for good: begin anew.
            logger.exception("venue.stream_failed")
            self._queue.put_nowait(VenueUnavailable("the user stream failed"))
        finally:
            self.is_live.clear()
            self._watch.end()

    async def _follow(self, questions: asyncio.TaskGroup) -> None:
        try:
            await self._symbols.prepare()
        except VenueUnavailable as failure:
            # Each event's symbol is asked for when it comes.
            logger.warning("venue.symbols_not_read", extra={"error": str(failure)})
        async with aclosing(self._stream.events(self._connected)) as events:
            async for event in events:
                if self._queue.qsize() >= MOST_WAITING:
                    raise VenueUnavailable("the listener is too far behind")
                if isinstance(event, BalanceEvent):
                    self._note_balance(event)
                elif not self._understood(event):
                    questions.create_task(self._ask(event))

    def _note_balance(self, event: BalanceEvent) -> None:
        """Tell of money that moved at the venue otherwise than by a trade."""
        logger.warning("venue.balance_moved", extra={"asset": event.asset})
        try:
            delta, moved_at = delta_of(event.delta), to_instant(event.moved_at)
        except UnreadableAnswer:
            logger.exception("venue.unreadable_balance", extra={"asset": event.asset})
        else:
            self._stream.parts.client.hooks.balance_moved(event.asset, delta, moved_at)

    def _connected(self) -> None:
        self._watch.begin()
        self.is_live.set()

    def _understood(self, event: ExecutionEvent | Unreadable) -> bool:
        """Put the reports of an event into the queue; return False where the venue must be asked.

        A rejection on the stream is asked about too: the order may live all the same.
        """
        if isinstance(event, Unreadable):
            return False
        trade_id = event.trade_id if event.execution_type == TRADE else None
        self._watch.reported(event.symbol, event.order_id, trade_id)
        symbol = self._symbols.find(event.symbol)
        if symbol is None or event.status == REJECTED:
            return False
        try:
            self.tell(reports_of(self._venue, event, symbol))
        except UnreadableAnswer as unreadable:
            logger.error(  # noqa: TRY400 - the venue's words are the fault
                "venue.unreadable_report",
                extra={"order_id": event.order_id, "error": str(unreadable)},
            )
            return False
        return True

    async def _ask(self, event: ExecutionEvent | Unreadable) -> None:
        """Put what the venue answers about an event's order into the queue instead.

        Its reads lag: only a denial that it repeats for longer than that is believed.
        """
        for _ in range(DENIALS):
            if await self._answered(event):
                return
            await asyncio.sleep(BETWEEN_DENIALS_SECONDS)
        self._believe(event)

    async def _answered(self, event: ExecutionEvent | Unreadable) -> bool:
        """Ask once; tell whether there is nothing more to ask."""
        symbol, order_id, own_id = _name_of(event)
        async with self._free:
            try:
                if self._symbols.find(symbol) is None:
                    await self._symbols.get(symbol)
                    if self._understood(event):
                        return True
                self.tell(await self._questioner.ask_about(symbol, order_id, own_id))
            except NoSuchOrder:
                return False
            except VenueUnavailable as failure:
                # The order stays as it is known; whoever sweeps the open ones asks again.
                logger.error(  # noqa: TRY400 - nothing of ours failed
                    "venue.report_unresolved",
                    extra={"symbol": symbol, "order_id": order_id, "error": str(failure)},
                )
        return True

    def _believe(self, event: ExecutionEvent | Unreadable) -> None:
        """Take a report as it stands: the venue knows of no such order, so it was rejected."""
        if isinstance(event, ExecutionEvent) and event.status == REJECTED:
            symbol = self._symbols.find(event.symbol)
            assert symbol is not None, "it was looked up before"
            self.tell(
                report
                for report in reports_of(self._venue, event, symbol)
                if isinstance(report, OrderReport)
            )


def _name_of(event: ExecutionEvent | Unreadable) -> tuple[str, int, str]:
    """Return symbol, the venue's order id and the order's own client order id."""
    if isinstance(event, ExecutionEvent):
        own_id = own_id_of(event.client_order_id, event.original_client_order_id)
        return event.symbol, event.order_id, own_id
    hint = event.hint
    assert hint is not None, "the stream keeps to itself what nobody can be asked about"
    own_id = own_id_of(hint.client_order_id, hint.original_client_order_id)
    return hint.symbol, hint.order_id, own_id


def _first(group: BaseExceptionGroup[VenueUnavailable]) -> VenueUnavailable:
    """Return the first exception of a group, however deep."""
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
