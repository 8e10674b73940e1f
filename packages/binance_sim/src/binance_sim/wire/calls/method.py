"""A method of the venue, under its REST route and its WebSocket API name, and one call of it."""

from collections.abc import Callable, Mapping

import attrs

from binance_sim.engine.balances import Account
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.market import Market
from binance_sim.engine.vocabulary import SymbolStatus
from binance_sim.faults.lags import Lags
from binance_sim.market_data.feed import MarketData
from binance_sim.wire import failures
from binance_sim.wire.keys import Security
from binance_sim.wire.limits import Meter, OrderCount
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.streams.trades import Tapes
from binance_sim.wire.venue_time import VenueTime
from binance_sim.wire.views.values import Json, Time, milliseconds


@attrs.define(kw_only=True, eq=False)
class Desk:
    """What every call is answered from."""

    exchange: Exchange
    meter: Meter
    time: VenueTime
    data: MarketData
    tapes: Tapes
    lags: Lags = attrs.Factory(Lags)

    def orders(self, account_key: str) -> OrderCount:
        """Return how many orders an account may still place. Raises VenueError -2015."""
        return OrderCount(self.meter.limits, self.exchange.account(account_key).unfilled)


@attrs.define(kw_only=True, eq=False)
class Call:
    """One request that has passed its checks of key, signature and time."""

    desk: Desk
    parameters: Parameters
    now_us: int
    account_key: str = ""  #: empty for a public method
    time: Time = milliseconds

    @property
    def exchange(self) -> Exchange:
        """The engine."""
        return self.desk.exchange

    @property
    def account(self) -> Account:
        """The account that calls."""
        return self.desk.exchange.account(self.account_key)

    def market(self) -> Market:
        """Return the market of `symbol`. Raises VenueError -1102, -1100, -1121, Failure -1220."""
        found = self.exchange.market(self.parameters.symbol())
        if self._status() not in {None, found.rules.status}:
            text = "The symbol's status does not match the requested symbolStatus."
            raise failures.Failure(failures.WRONG_STATUS, text)
        return found

    def markets(self) -> list[Market]:
        """Return the market of `symbol`, of `symbols`, or all, less those of another status.

        Raises VenueError, Failure.
        """
        if "symbol" in self.parameters:
            return [self.market()]
        status, symbols = self._status(), self.parameters.symbols()
        found = [self.exchange.market(name) for name in symbols or self.exchange.markets()]
        return [market for market in found if status in {None, market.rules.status}]

    def _status(self) -> SymbolStatus | None:
        return self.parameters.choice("symbolStatus", SymbolStatus)


Handler = Callable[[Call], object]
Weight = Callable[[Parameters], int]


@attrs.frozen(kw_only=True)
class Method:
    """One row of the catalogue."""

    handler: Handler
    route: tuple[str, str] | None = None  #: REST verb and path below `/api/v3/`
    name: str | None = None  #: on the WebSocket API
    security: Security = Security.NONE
    parameters: frozenset[str] = frozenset()
    weight: int | Weight = 1
    orders: int = 0  #: unfilled orders that it counts
    checks_orders: bool = True  #: False: the handler looks at the count itself
    is_free_on_success: bool = False

    def weight_of(self, parameters: Parameters) -> int:
        """Return what the call weighs."""
        return self.weight if isinstance(self.weight, int) else self.weight(parameters)

    @property
    def label(self) -> str:
        """What the method is called in faults: its WebSocket API name or its route."""
        return self.name or " ".join(self.route or ())


def by_symbol(one: int, many: int) -> Weight:
    """Return a weight that depends on whether `symbol` is given."""
    return lambda parameters: one if "symbol" in parameters else many


def steps(parameter: str, default: int, table: Mapping[int, int]) -> Weight:
    """Return a weight that grows with a number: the first bound that holds it decides."""

    def weight(parameters: Parameters) -> int:
        text = parameters.values.get(parameter, "")
        number = int(text) if text.isdecimal() else default
        return next((cost for bound, cost in table.items() if number <= bound), max(table.values()))

    return weight


def empty_answer(_call: Call) -> Json:
    """Return `{}`."""
    return {}
