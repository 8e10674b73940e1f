"""Where accepted orders trade."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import attrs

from tradecore.domain.executions import ExecutionKey, Liquidity
from tradecore.domain.instruments import Side
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome


class VenueError(Exception):
    """The root of what a venue can answer instead of a result."""


class VenueRejected(VenueError):
    """A definite no: nothing of this request rests or traded. `args[0]` is the venue's reason."""


class VenueUnavailable(VenueError):
    """The request never left or was not executed; sending it again is safe."""


class VenueOutcomeUnknown(VenueError):
    """The request may have been executed. Ask the venue before anything else."""


@attrs.frozen(kw_only=True)
class ExecutionReport:
    """One fill, as the venue tells it, from whichever source."""

    venue: str
    symbol: str
    base_asset: str
    quote_asset: str
    trade_id: int
    venue_order_id: int
    venue_client_order_id: str | None  #: of the order; None where the source does not say
    side: Side
    quantity: Quantity
    price: Price
    notional: Decimal  #: quote amount that moved
    commission: Decimal
    commission_asset: str
    liquidity: Liquidity
    transacted_at: datetime

    @property
    def key(self) -> ExecutionKey:
        """Return the fill's unique name."""
        return ExecutionKey(self.venue, self.symbol, self.trade_id, self.venue_order_id)


@attrs.frozen(kw_only=True)
class OrderReport:
    """The state of one venue order, as the venue tells it."""

    symbol: str
    venue_order_id: int
    venue_client_order_id: str  #: the order's own, not a cancel's
    filled_quantity: Decimal  #: cumulative
    outcome: VenueOutcome | None  #: None while it is alive
    reason: str | None = None  #: why it ended, in the venue's words


VenueReport = ExecutionReport | OrderReport


@attrs.frozen(kw_only=True)
class VenueBalance:
    """What the omnibus account holds of one asset."""

    asset: str
    free: Decimal
    locked: Decimal


class Venue(Protocol):
    """An exchange, seen through one omnibus account."""

    name: str  #: as in `venue:{name}` and in execution keys, e.g. "binance"

    async def time(self) -> datetime:
        """Return the venue's own time: what it judges the age of requests by.

        Raises:
            VenueUnavailable: no answer.
        """

    async def submit(self, child: VenueOrder) -> OrderReport:
        """Send one child of an order once, under its own client order id.

        The report may already be terminal (filled or expired at once); executions are not in it,
        they come by `reports` and `executions`. A request that the venue gets later than
        `attempted_at` + `receive_window` of its own time is refused there (VenueUnavailable).

        Raises:
            VenueRejected: a definite no; nothing rests there.
            VenueUnavailable: the request never left; sending again is safe.
            VenueOutcomeUnknown: it may rest or have traded; `query` before anything else.
                The answer "duplicate order" belongs here: an earlier send arrived.
        """

    async def cancel(self, child: VenueOrder) -> OrderReport:
        """Cancel one child; return its last state, with what had been filled.

        Raises:
            VenueRejected: it has ended already, or never was: `query` decides, never assume.
            VenueUnavailable, VenueOutcomeUnknown: as for `submit`.
        """

    async def query(self, child: VenueOrder) -> OrderReport | None:
        """Return what the venue knows; None only when it says that it never saw the order.

        Raises:
            VenueUnavailable: no answer; ask again.
        """

    async def executions(self, child: VenueOrder) -> Sequence[ExecutionReport]:
        """Return every fill of `child` so far, oldest first. Raises VenueUnavailable."""

    async def open_orders(self) -> Sequence[OrderReport]:
        """Return the orders that rest at the venue now. Raises VenueUnavailable."""

    async def recent_orders(self, symbol: str) -> Sequence[OrderReport]:
        """Return the newest orders of `symbol`, those that have ended too, oldest first.

        As many as the venue tells at once. It may lag behind `query` and `open_orders`.

        Raises:
            VenueUnavailable: no answer, or no such symbol.
        """

    async def trades(self, symbol: str, from_id: int) -> Sequence[ExecutionReport]:
        """Return a page of the account's fills of `symbol`, ascending, from trade `from_id` on.

        The fill with that id is in it. Go on from the last id + 1: two of our orders that met are
        two fills of one id, and both are in one page. Only an empty page is the end: a short one
        is not. The source does not say client order ids.

        Raises:
            VenueUnavailable: no answer, or no such symbol.
        """

    async def balances(self) -> Sequence[VenueBalance]:
        """Return the omnibus account's holdings. Raises VenueUnavailable."""

    def reports(self) -> AsyncIterator[VenueReport]:
        """Yield fills and state changes in venue order, at least once each, until it breaks.

        Only what happens after the first `__anext__` began is promised: catch up by asking. It
        may take a while until the venue is heard: what others do at the venue before `listening`
        returns is not promised either.
        """

    async def listening(self) -> None:
        """Return once a running `reports` hears the venue; catch up then, and nothing is missed.

        Waits for as long as none does: cancel it when `reports` has ended.
        """


@attrs.frozen(kw_only=True)
class VenueHistory:
    """The venue's own record, complete, for the laws L7 and L8."""

    orders: Sequence[OrderReport]  #: every order ever accepted
    executions: Sequence[ExecutionReport]  #: every trade of the omnibus account
    balances: Sequence[VenueBalance]
