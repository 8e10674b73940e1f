"""A venue that does what a test says: fill at once, rest, refuse, or leave the caller in doubt."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from tradecore.domain.executions import Liquidity
from tradecore.domain.instruments import Side
from tradecore.domain.money import ZERO, Price, Quantity, add, multiply, round_down, subtract
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.memory.scheduling import Scheduler, free_running
from tradecore.ports.clock import Clock
from tradecore.ports.venue import (
    ExecutionReport,
    OrderReport,
    VenueBalance,
    VenueError,
    VenueHistory,
    VenueOutcomeUnknown,
    VenueRejected,
    VenueReport,
    VenueUnavailable,
)

RATE: Final = Decimal("0.001")
SCALE: Final = 8
PAGE: Final = 2  #: trades in a page: few, so that who takes one page for all is found out


class Answer(StrEnum):
    """What happens to an order that arrives."""

    FILL = "FILL"
    REST = "REST"
    REJECT = "REJECT"
    UNAVAILABLE = "UNAVAILABLE"  #: it is not taken
    NOBODY_KNOWS = "NOBODY_KNOWS"  #: it is not taken, but the answer does not say so
    LOST = "LOST"  #: it is taken and fills, but the answer is lost
    SPURIOUS = "SPURIOUS"  #: it is taken and rests, but the answer says that it was refused
    PART = "PART"  #: it is taken, fills by half and rests
    MET = "MET"  #: it is taken, and ends because it met an order of ours


_NOT_TAKEN: Final[Mapping[Answer, VenueError]] = {
    Answer.UNAVAILABLE: VenueUnavailable("scripted"),
    Answer.NOBODY_KNOWS: VenueOutcomeUnknown("-1006 scripted"),
    Answer.REJECT: VenueRejected("-1013 Filter failure: scripted"),
}

Script = Callable[[VenueOrder], Answer]


class ScriptedVenue:
    """One omnibus account whose orders do as the script says. It outlives a crash of the platform."""

    def __init__(
        self, clock: Clock, script: Script, *, name: str = "binance", hop: Scheduler = free_running
    ) -> None:
        self.name = name
        self.hop = hop
        self._clock = clock
        self._script = script
        self._orders: dict[str, OrderReport] = {}
        self._accepted: list[OrderReport] = []
        self._executions: list[ExecutionReport] = []
        self._balances: dict[str, Decimal] = {}
        self._listeners: list[asyncio.Queue[VenueReport | None]] = []
        self._heard = asyncio.Event()  #: set while somebody listens
        self.mute = False  #: the stream says nothing, though it is connected
        self.read_lag = timedelta()  #: how long after its acceptance an order is not found
        self._accepted_at: dict[str, datetime] = {}
        self._trades = 0
        self.said: list[VenueReport] = []  #: all that the stream said, whoever listened
        self.cut_at: int | None = None  #: the stream breaks instead of saying so many-th

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Let the account hold more (or, negative, less)."""
        self._balances[asset] = add(self._balances.get(asset, ZERO), amount)

    async def time(self) -> datetime:
        await self.hop("venue.time:begin")
        return self._clock.now()

    async def submit(self, child: VenueOrder) -> OrderReport:
        await self.hop("venue.submit:begin")
        if self._clock.now() > child.attempted_at + child.receive_window:
            raise VenueUnavailable("-1021 Timestamp for this request is outside of the recvWindow.")
        answer = self._script(child)
        if answer in _NOT_TAKEN:
            raise copy.copy(_NOT_TAKEN[answer])
        if self._is_open(child.venue_client_order_id):
            raise VenueOutcomeUnknown("-2010 Duplicate order sent.")
        report = self._accept(child)
        if answer in (Answer.FILL, Answer.LOST):
            report = self.fill(child)
        elif answer is Answer.PART:
            assert child.quantity is not None, child
            report = self.fill(child, child.quantity / 2)
        elif answer is Answer.MET:
            report = self.end(child, VenueOutcome.EXPIRED_IN_MATCH)
        await self.hop("venue.submit:end")
        if answer is Answer.LOST:
            raise VenueOutcomeUnknown("scripted")
        if answer is Answer.SPURIOUS:
            raise VenueRejected("-2010 scripted")
        return report

    async def cancel(self, child: VenueOrder) -> OrderReport:
        await self.hop("venue.cancel:begin")
        if not self._is_open(child.venue_client_order_id):
            raise VenueRejected("-2011 Unknown order sent.")
        report = self.end(child, VenueOutcome.CANCELED)
        await self.hop("venue.cancel:end")
        return report

    async def query(self, child: VenueOrder) -> OrderReport | None:
        await self.hop("venue.query:begin")
        return self._orders.get(child.venue_client_order_id) if self._is_visible(child) else None

    async def executions(self, child: VenueOrder) -> Sequence[ExecutionReport]:
        await self.hop("venue.executions:begin")
        name = child.venue_client_order_id
        if not self._is_visible(child):
            return []
        return [one for one in self._executions if one.venue_client_order_id == name]

    async def open_orders(self) -> Sequence[OrderReport]:
        await self.hop("venue.open_orders:begin")
        return [report for report in self._orders.values() if report.outcome is None]

    async def recent_orders(self, symbol: str) -> Sequence[OrderReport]:
        await self.hop("venue.recent_orders:begin")
        return [report for report in self._orders.values() if report.symbol == symbol]

    async def trades(self, symbol: str, from_id: int) -> Sequence[ExecutionReport]:
        await self.hop("venue.trades:begin")
        found = [
            attrs.evolve(one, venue_client_order_id=None)
            for one in self._executions
            if one.symbol == symbol and one.trade_id >= from_id
        ]
        size = PAGE
        while size < len(found) and found[size].trade_id == found[size - 1].trade_id:
            size += 1
        return found[:size]

    async def balances(self) -> Sequence[VenueBalance]:
        await self.hop("venue.balances:begin")
        return self.history().balances

    async def reports(self) -> AsyncIterator[VenueReport]:
        queue: asyncio.Queue[VenueReport | None] = asyncio.Queue()
        self._listeners.append(queue)
        self._heard.set()
        try:
            while (report := await queue.get()) is not None:
                yield report
            raise VenueUnavailable("the stream was cut")
        finally:
            self._listeners.remove(queue)
            if not self._listeners:
                self._heard.clear()

    async def listening(self) -> None:
        await self._heard.wait()

    def history(self) -> VenueHistory:
        """Return the venue's own complete record."""
        return VenueHistory(
            orders=list(self._accepted),
            executions=list(self._executions),
            balances=[
                VenueBalance(asset=asset, free=amount, locked=ZERO)
                for asset, amount in sorted(self._balances.items())
            ],
        )

    def cut(self) -> None:
        """Break every stream; what happens before the next connection is not told."""
        for listener in self._listeners:
            listener.put_nowait(None)

    def stranger(self, child: VenueOrder) -> None:
        """Fill an order that somebody else placed on the account, by hand or with another key."""
        self._accept(child)
        self.fill(child)

    def meet(self, one: VenueOrder, other: VenueOrder, quantity: Decimal) -> None:
        """Let two orders of the account trade with each other: one trade, two fills."""
        self.fill(one, quantity)
        self._trades -= 1
        self.fill(other, quantity)

    def fill(self, child: VenueOrder, quantity: Decimal | None = None) -> OrderReport:
        """Fill the order, by default whole, at its own price."""
        report = self._orders[child.venue_client_order_id]
        assert child.price is not None, child
        assert child.quantity is not None, child
        amount = subtract(child.quantity, report.filled_quantity) if quantity is None else quantity
        self._trade(child, report, amount, child.price)
        filled = add(report.filled_quantity, amount)
        done = filled == child.quantity
        report = attrs.evolve(
            report, filled_quantity=filled, outcome=VenueOutcome.FILLED if done else None
        )
        self._orders[child.venue_client_order_id] = report
        self._tell(report)
        return report

    def end(self, child: VenueOrder, outcome: VenueOutcome) -> OrderReport:
        """End the order with what has filled so far."""
        name = child.venue_client_order_id
        report = attrs.evolve(self._orders[name], outcome=outcome)
        self._orders[name] = report
        self._tell(report)
        return report

    def _trade(
        self, child: VenueOrder, report: OrderReport, quantity: Decimal, price: Decimal
    ) -> None:
        base, quote = child.symbol.removesuffix("USDT"), "USDT"
        notional = multiply(price, quantity)
        buys = child.side is Side.BUY
        received = quantity if buys else notional
        commission = round_down(multiply(received, RATE), SCALE)
        asset = base if buys else quote
        self.deposit(base, quantity if buys else -quantity)
        self.deposit(quote, -notional if buys else notional)
        self.deposit(asset, -commission)
        self._trades += 1
        execution = ExecutionReport(
            venue=self.name,
            symbol=child.symbol,
            base_asset=base,
            quote_asset=quote,
            trade_id=self._trades,
            venue_order_id=report.venue_order_id,
            venue_client_order_id=child.venue_client_order_id,
            side=child.side,
            quantity=Quantity(quantity),
            price=Price(price),
            notional=notional,
            commission=commission,
            commission_asset=asset,
            liquidity=Liquidity.TAKER,
            transacted_at=self._clock.now(),
        )
        self._executions.append(execution)
        self._tell(execution)

    def _accept(self, child: VenueOrder) -> OrderReport:
        report = OrderReport(
            symbol=child.symbol,
            venue_order_id=len(self._accepted) + 1,
            venue_client_order_id=child.venue_client_order_id,
            filled_quantity=ZERO,
            outcome=None,
        )
        self._accepted.append(report)
        self._accepted_at[child.venue_client_order_id] = self._clock.now()
        self._orders[child.venue_client_order_id] = report
        self._tell(report)
        return report

    def _is_visible(self, child: VenueOrder) -> bool:
        accepted_at = self._accepted_at.get(child.venue_client_order_id)
        return accepted_at is not None and self._clock.now() - accepted_at >= self.read_lag

    def _is_open(self, name: str) -> bool:
        report = self._orders.get(name)
        return report is not None and report.outcome is None

    def _tell(self, report: VenueReport) -> None:
        self.said.append(report)
        if len(self.said) == self.cut_at:
            self.cut()
        elif not self.mute:
            for listener in self._listeners:
                listener.put_nowait(report)
