"""The port `Venue` over Binance Spot, for one omnibus account.

No fill is ever inferred: each comes from the stream, the answer of its order or the history, under
the key that the venue gave it.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

from binance_adapter import calls
from binance_adapter.client import Client
from binance_adapter.errors import NoSuchOrder, NoSuchSymbol, UnreadableAnswer
from binance_adapter.exchange_info import SymbolBook
from binance_adapter.mapping import (
    cancel_id_of,
    fills_of,
    order_key,
    to_balance,
    to_execution,
    to_order_report,
    to_parameters,
)
from binance_adapter.messages import Account, OrderAnswer, TradeRow
from binance_adapter.reports import Listener
from binance_adapter.stream_watch import StreamWatch
from binance_adapter.symbols import VenueSymbol
from binance_adapter.user_stream import UserStream
from tradecore.domain.venue_orders import VenueOrder
from tradecore.ports.venue import (
    ExecutionReport,
    OrderReport,
    VenueBalance,
    VenueOutcomeUnknown,
    VenueRejected,
    VenueReport,
    VenueUnavailable,
)

logger = logging.getLogger(__name__)

PAGE: Final = 1000
"""The most rows that the venue gives at once."""


class BinanceVenue:
    """Binance Spot.

    Args:
        client: asks.
        symbols: with assets and self-trade modes.
        stream: the account's events.
        watch: notices when the stream is deaf.
        name: the venue's name in execution keys and in the ledger.
    """

    def __init__(
        self,
        client: Client,
        symbols: SymbolBook,
        stream: UserStream,
        watch: StreamWatch,
        *,
        name: str = "binance",
    ) -> None:
        self.name = name
        self._client = client
        self._symbols = symbols
        self._stream = stream
        self._watch = watch
        self._listeners: set[Listener] = set()
        self._joined = asyncio.Event()

    async def time(self) -> datetime:
        """Return the venue's time. Raises VenueUnavailable."""
        return await self._client.time()

    async def submit(self, child: VenueOrder) -> OrderReport:
        """Send `child` once; see the port for what is raised.

        Signed at `attempted_at`, so that no request of this attempt is accepted once the venue's
        clock has passed `attempted_at` + `receive_window`, whoever sends it, and when.
        """
        symbol = await self._listed(child.symbol)
        await self._client.settle_clock()
        stamp = self._client.venue_clock.stamp_until(child.attempted_at, child.receive_window)
        heard = {listener for listener in self._listeners if listener.is_live.is_set()}
        answer = await self._client.write(
            calls.PLACE, to_parameters(child, symbol.self_trade_mode), OrderAnswer, stamp
        )
        report = _understood(answer, child)
        if heard:
            self._watch.expect(child.symbol, report.venue_order_id)
        self._tell_fills(child, answer, symbol, report, heard)
        return report

    async def cancel(self, child: VenueOrder) -> OrderReport:
        """Cancel `child` under an id derived from its own."""
        await self._client.settle_clock()
        parameters = order_key(child) | {
            "newClientOrderId": cancel_id_of(child.venue_client_order_id)
        }
        stamp = self._client.stamp()
        answer = await self._client.write(calls.CANCEL, parameters, OrderAnswer, stamp)
        return _understood(answer, child)

    async def query(self, child: VenueOrder) -> OrderReport | None:
        """Return the state of `child`; None if the venue says that it never saw it."""
        names = [order_key(child)]
        if child.venue_order_id is None:
            # Were it canceled by us, it would bear its cancel's id now.
            cancel_id = cancel_id_of(child.venue_client_order_id)
            names.append({"symbol": child.symbol, "origClientOrderId": cancel_id})
        for name in names:
            try:
                answer = await self._client.read(calls.ORDER, name, OrderAnswer)
            except NoSuchOrder:
                continue
            return _readable(answer, child.venue_client_order_id)
        return None

    async def executions(self, child: VenueOrder) -> Sequence[ExecutionReport]:
        """Return every fill of `child`, oldest first. Raises VenueUnavailable."""
        order_id = child.venue_order_id
        if order_id is None:
            found = await self.query(child)
            if found is None:
                return []
            order_id = found.venue_order_id
        return await self._fills(child.symbol, order_id, child.venue_client_order_id)

    async def open_orders(self) -> Sequence[OrderReport]:
        """Return what rests now, on every symbol. Raises VenueUnavailable."""
        answers = await self._client.read(calls.OPEN_ORDERS, {}, list[OrderAnswer])
        return self._readable_ones(answers)

    async def recent_orders(self, symbol: str) -> Sequence[OrderReport]:
        """Return the newest thousand orders of `symbol`, ended or not. Raises VenueUnavailable."""
        answers = await self._client.read(
            calls.ALL_ORDERS, {"symbol": symbol, "limit": str(PAGE)}, list[OrderAnswer]
        )
        return self._readable_ones(answers)

    async def trades(self, symbol: str, from_id: int) -> Sequence[ExecutionReport]:
        """Return a page of fills from trade `from_id` on; see the port."""
        named = await self._symbols.get(symbol)
        rows = await self._client.read(
            calls.TRADES,
            {"symbol": symbol, "fromId": str(from_id), "limit": str(PAGE)},
            list[TradeRow],
        )
        # Of a full page the last trade is left for the next: its other fill may be cut off.
        last = rows[-1].id if len(rows) == PAGE else None
        return [
            _execution(self.name, row, named, None)
            for row in sorted(rows, key=lambda row: (row.id, row.order_id))
            if row.id != last
        ]

    async def balances(self) -> Sequence[VenueBalance]:
        """Return what is held of each asset of which there is any. Raises VenueUnavailable."""
        account = await self._client.read(calls.ACCOUNT, {"omitZeroBalances": "true"}, Account)
        try:
            return [to_balance(row) for row in account.balances]
        except UnreadableAnswer as unreadable:
            raise VenueUnavailable(f"unreadable balances: {unreadable}") from unreadable

    async def reports(self) -> AsyncGenerator[VenueReport, None]:
        """Yield fills and state changes until the stream breaks. Raises VenueUnavailable."""
        listener = Listener(self._stream, self._watch, self._symbols, self, self.name)
        self._listeners.add(listener)
        self._joined.set()
        try:
            async with aclosing(listener.reports()) as reports:
                async for report in reports:
                    yield report
        finally:
            self._listeners.discard(listener)

    async def listening(self) -> None:
        """Return once a running `reports` hears the venue."""
        while True:
            self._joined.clear()
            waiting = [asyncio.ensure_future(self._joined.wait())]
            waiting += [
                asyncio.ensure_future(listener.is_live.wait()) for listener in self._listeners
            ]
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in waiting:
                    each.cancel()
                await asyncio.gather(*waiting, return_exceptions=True)
            if any(listener.is_live.is_set() for listener in self._listeners):
                return

    async def ask_about(self, symbol: str, order_id: int, own_id: str) -> Iterable[VenueReport]:
        """Return the fills and the state of an order, ours or not. Raises VenueUnavailable."""
        name = {"symbol": symbol, "orderId": str(order_id)}
        answer = await self._client.read(calls.ORDER, name, OrderAnswer)
        fills = await self._fills(symbol, order_id, own_id)
        return [*fills, _readable(answer, own_id)]

    async def probe(self) -> None:
        """Look whether a quiet stream has kept a trade to itself. Raises VenueUnavailable."""
        if any(listener.is_live.is_set() for listener in self._listeners):
            await self._watch.probe(self._newest_trade)

    async def _newest_trade(self, symbol: str) -> int | None:
        rows = await self._client.read(
            calls.TRADES, {"symbol": symbol, "limit": "1"}, list[TradeRow]
        )
        return rows[-1].id if rows else None

    async def _listed(self, symbol: str) -> VenueSymbol:
        try:
            return await self._symbols.get(symbol)
        except NoSuchSymbol as unknown:
            raise VenueRejected(str(unknown)) from unknown

    async def _fills(self, symbol: str, order_id: int, own_id: str) -> Sequence[ExecutionReport]:
        """Return every fill of one order: a short page is not the end, an empty one is."""
        named = await self._symbols.get(symbol)
        fills: list[ExecutionReport] = []
        from_id = 0
        while rows := await self._client.read(
            calls.TRADES_OF_ORDER,
            {
                "symbol": symbol,
                "orderId": str(order_id),
                "fromId": str(from_id),
                "limit": str(PAGE),
            },
            list[TradeRow],
        ):
            fills.extend(_execution(self.name, row, named, own_id) for row in rows)
            from_id = max(row.id for row in rows) + 1
        return fills

    def _tell_fills(
        self,
        child: VenueOrder,
        answer: OrderAnswer,
        symbol: VenueSymbol,
        report: OrderReport,
        heard: set[Listener],
    ) -> None:
        """Put the fills of an answer before those who listen.

        Whoever did not hear the venue yet when the order was sent is told of its state, too.
        """
        try:
            fills = fills_of(self.name, answer, symbol, child.venue_client_order_id)
        except UnreadableAnswer as unreadable:
            logger.error(  # noqa: TRY400 - stream and history tell the fills
                "venue.unreadable_fills", extra={"error": str(unreadable)}
            )
            return
        complete = len(fills) > 0 or not report.filled_quantity
        for listener in self._listeners:
            listener.tell(fills)
            if complete and listener not in heard:
                listener.tell([report])

    @staticmethod
    def _readable_ones(answers: Iterable[OrderAnswer]) -> Sequence[OrderReport]:
        """Return the orders that make sense; one that does not must not hide the others."""
        reports = []
        for answer in answers:
            try:
                reports.append(to_order_report(answer))
            except UnreadableAnswer as unreadable:
                logger.error(  # noqa: TRY400 - the venue's words are the fault
                    "venue.unreadable_order",
                    extra={"order_id": answer.order_id, "error": str(unreadable)},
                )
        return reports


def _understood(answer: OrderAnswer, child: VenueOrder) -> OrderReport:
    """Return the state that the answer of a write tells. Raises VenueOutcomeUnknown."""
    try:
        return to_order_report(answer, child.venue_client_order_id)
    except UnreadableAnswer as unreadable:
        logger.error(  # noqa: TRY400 - the venue's words are the fault
            "venue.unreadable_order",
            extra={"order_id": answer.order_id, "error": str(unreadable)},
        )
        raise VenueOutcomeUnknown(f"unreadable answer: {unreadable}") from unreadable


def _readable(answer: OrderAnswer, own_id: str) -> OrderReport:
    """Return the state that a query tells. Raises VenueUnavailable: it makes no sense."""
    try:
        return to_order_report(answer, own_id)
    except UnreadableAnswer as unreadable:
        logger.error(  # noqa: TRY400 - the venue's words are the fault
            "venue.unreadable_order",
            extra={"order_id": answer.order_id, "error": str(unreadable)},
        )
        raise VenueUnavailable(f"unreadable order: {unreadable}") from unreadable


def _execution(
    venue: str, row: TradeRow, symbol: VenueSymbol, own_id: str | None
) -> ExecutionReport:
    """Return a fill of the history. Raises VenueUnavailable: it makes no sense."""
    try:
        return to_execution(venue, row, symbol, own_id)
    except UnreadableAnswer as unreadable:
        raise VenueUnavailable(f"unreadable trade {row.id}: {unreadable}") from unreadable
