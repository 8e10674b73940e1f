"""The venue's own record: every accepted order, every execution, every event, in order.

It is what the platform's laws are checked against, so nothing is ever removed from orders and
executions; the log of events may be bounded.
"""

from collections import defaultdict, deque
from collections.abc import Callable

from binance_sim.engine.balances import Account
from binance_sim.engine.events import AccountPosition, Event, Execution
from binance_sim.engine.orders import Order


class Journal:
    """Append-only record of the whole exchange.

    `listeners` hear the events of each step as it ends, in order; they must not call back.
    """

    def __init__(self, *, event_limit: int | None = None) -> None:
        self.orders: list[Order] = []
        self.executions: list[Execution] = []
        self.events: deque[Event] = deque(maxlen=event_limit)
        self.commissions: defaultdict[str, int] = defaultdict(int)  #: units taken, by asset
        self.market_flow: defaultdict[str, int] = defaultdict(int)  #: units given to the market
        self.transfers: defaultdict[str, int] = defaultdict(int)  #: deposits less withdrawals
        self.listeners: list[Callable[[tuple[Event, ...]], None]] = []
        self.last_order_list_id = 0  #: dense over all symbols
        self._execution_id = 0

    def next_execution_id(self) -> int:
        """Return the next `I`, dense over all symbols."""
        self._execution_id += 1
        return self._execution_id


class Draft:
    """Collects what one engine step does, and ends it with the balances it changed."""

    def __init__(self, journal: Journal, now_us: int) -> None:
        self.journal = journal
        self.now_us = now_us
        self.ended: list[Order] = []  #: members of order lists, not yet followed up
        self._events: list[Event] = []
        self._touched: dict[Account, dict[str, None]] = {}

    def add(self, event: Event) -> None:
        """Append an event."""
        self._events.append(event)

    def touch(self, account: Account, *assets: str) -> None:
        """Note assets whose balance may have changed."""
        touched = self._touched.setdefault(account, {})
        for asset in assets:
            touched[asset] = None

    def finish(self) -> tuple[Event, ...]:
        """Append one `outboundAccountPosition` per touched account; journal and return all."""
        for account, assets in self._touched.items():
            account.updated_us = self.now_us
            balances = tuple(account.snapshot(asset) for asset in assets)
            self._events.append(
                AccountPosition(account=account.key, updated_us=self.now_us, balances=balances)
            )
        events = tuple(self._events)
        if events:
            self.journal.events.extend(events)
            for listener in self.journal.listeners:
                listener(events)
        return events
