"""The simulated venue in process: the port `Venue` over the engine, for one omnibus account."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime

import attrs

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import Event, Execution, OrderSnapshot, account_of
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.history import MAX_LIMIT
from binance_sim.engine.requests import CancelOrder
from binance_sim.engine.symbols import SymbolRules
from binance_sim.engine.vocabulary import StpMode
from binance_sim.feed import CAPACITY, ReportFeed
from binance_sim.mapping import (
    cancel_id_of,
    to_balance,
    to_execution_report,
    to_new_order,
    to_order_report,
    to_port_error,
    to_reports,
    to_us,
)
from tradecore.domain.venue_orders import VenueOrder
from tradecore.ports.clock import Clock
from tradecore.ports.venue import (
    ExecutionReport,
    OrderReport,
    VenueBalance,
    VenueHistory,
    VenueReport,
    VenueUnavailable,
)


class SimulatedVenue:
    """Trades on an exchange in this process; nothing is ever lost or late.

    Args:
        exchange: with the account `account` opened.
        account: key of the omnibus account there.
        clock: the venue's time.
        name: the venue's name in execution keys and in the ledger.
        capacity: reports that a subscriber of `reports` may be behind.
    """

    def __init__(
        self,
        exchange: Exchange,
        account: str,
        clock: Clock,
        *,
        name: str = "binance",
        capacity: int = CAPACITY,
    ) -> None:
        exchange.account(account)
        self.name = name
        self.feed = ReportFeed(capacity)
        self._exchange = exchange
        self._account = account
        self._clock = clock
        exchange.journal.listeners.append(self._publish)

    async def time(self) -> datetime:
        """Return the venue's time: its clock's."""
        return self._clock.now()

    async def submit(self, child: VenueOrder) -> OrderReport:
        """Place `child` under its own client order id; see the port for what is raised."""
        if self._clock.now() > child.attempted_at + child.receive_window:
            text = "-1021 Timestamp for this request is outside of the recvWindow."
            raise VenueUnavailable(text)
        try:
            request = to_new_order(child, self._stp_mode(child.symbol))
            step = self._exchange.place(self._account, request, self._now_us())
        except VenueError as error:
            raise to_port_error(error) from error
        assert step.order is not None
        return to_order_report(step.order)

    async def cancel(self, child: VenueOrder) -> OrderReport:
        """Cancel `child` under an id derived from its own."""
        request = CancelOrder(
            symbol=child.symbol,
            order_id=child.venue_order_id,
            orig_client_order_id=(
                child.venue_client_order_id if child.venue_order_id is None else None
            ),
            new_client_order_id=cancel_id_of(child.venue_client_order_id),
        )
        try:
            step = self._exchange.cancel(self._account, request, self._now_us())
        except VenueError as error:
            raise to_port_error(error) from error
        assert step.order is not None
        return to_order_report(step.order)

    async def query(self, child: VenueOrder) -> OrderReport | None:
        """Return the state of `child`, None if the venue never saw it."""
        found = self._find(child)
        return None if found is None else to_order_report(found)

    async def executions(self, child: VenueOrder) -> Sequence[ExecutionReport]:
        """Return every fill of `child`, oldest first."""
        found = self._find(child)
        if found is None:
            return []
        order_id, from_id, reports = found.terms.order_id, 0, list[ExecutionReport]()
        while page := self._exchange.history.my_trades(
            self._account, child.symbol, order_id=order_id, from_id=from_id, limit=MAX_LIMIT
        ):
            reports.extend(
                to_execution_report(self.name, each, self._rules(each.symbol)) for each in page
            )
            from_id = page[-1].trade_id + 1
        return reports

    async def open_orders(self) -> Sequence[OrderReport]:
        """Return what rests now, on every symbol."""
        return [to_order_report(o) for o in self._exchange.history.open_orders(self._account)]

    async def recent_orders(self, symbol: str) -> Sequence[OrderReport]:
        """Return the newest orders of `symbol` that the account placed, ended or not."""
        try:
            found = self._exchange.history.all_orders(self._account, symbol, limit=MAX_LIMIT)
        except VenueError as error:
            raise VenueUnavailable(f"{error.code} {error.message}") from error
        return [to_order_report(order) for order in found]

    async def trades(self, symbol: str, from_id: int) -> Sequence[ExecutionReport]:
        """Return a page of fills from trade `from_id` on; see the port."""
        try:
            page = self._exchange.history.my_trades(
                self._account, symbol, from_id=from_id, limit=MAX_LIMIT
            )
        except VenueError as error:
            raise VenueUnavailable(f"{error.code} {error.message}") from error
        rules = self._rules(symbol)
        return [
            attrs.evolve(to_execution_report(self.name, each, rules), venue_client_order_id=None)
            for each in whole_trades(page)
        ]

    async def balances(self) -> Sequence[VenueBalance]:
        """Return every asset that the account ever held."""
        return [to_balance(each) for each in self._exchange.account(self._account).snapshots()]

    def reports(self) -> AsyncIterator[VenueReport]:
        """Yield fills and state changes in engine order; any number may listen."""
        return self.feed.subscribe()

    async def listening(self) -> None:
        """Return once `reports` runs."""
        await self.feed.read()

    def history(self) -> VenueHistory:
        """Return the venue's own complete record of the account at this instant."""
        journal = self._exchange.journal
        return VenueHistory(
            orders=[
                to_order_report(order.snapshot())
                for order in journal.orders
                if order.account.key == self._account
            ],
            executions=[
                to_execution_report(self.name, each, self._rules(each.symbol))
                for each in journal.executions
                if each.account == self._account
            ],
            balances=[
                to_balance(each) for each in self._exchange.account(self._account).snapshots()
            ],
        )

    def _rules(self, symbol: str) -> SymbolRules:
        return self._exchange.market(symbol).rules

    def _now_us(self) -> int:
        return to_us(self._clock.now())

    def _publish(self, events: tuple[Event, ...]) -> None:
        self.feed.publish(
            report
            for event in events
            if account_of(event) == self._account
            for report in to_reports(self.name, event, self._rules)
        )

    def _stp_mode(self, symbol: str) -> StpMode | None:
        """Return NONE where the symbol allows it: customers may meet each other."""
        allowed = self._exchange.market(symbol).rules.allowed_stp_modes
        return StpMode.NONE if StpMode.NONE in allowed else None

    def _find(self, child: VenueOrder) -> OrderSnapshot | None:
        """Look for `child` by the venue's id if we have it, else among all ever accepted."""
        history, symbol = self._exchange.history, child.symbol
        if symbol not in self._exchange.markets():
            return None
        if child.venue_order_id is None:
            return history.find_accepted(self._account, symbol, child.venue_client_order_id)
        with suppress(VenueError):  # -2013, all that an id alone can meet
            return history.order(self._account, symbol, order_id=child.venue_order_id)
        return None


def whole_trades(page: Sequence[Execution]) -> Sequence[Execution]:
    """Return a page without its last trade if it is full: that trade's other fill may be cut off."""
    last = page[-1].trade_id if len(page) == MAX_LIMIT else None
    return [each for each in page if each.trade_id != last]
