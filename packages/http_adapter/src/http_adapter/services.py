"""The parts that the routes stand on, put together by a composition root."""

from collections.abc import Awaitable, Callable, Mapping

import attrs

from tradecore.application.context import HouseRules
from tradecore.application.executor import Executor
from tradecore.application.processes.asked_catch_up import AskedCatchUps
from tradecore.ports.clock import Clock
from tradecore.ports.connector import Connector
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.market_data import MarketData
from tradecore.ports.queries import Queries
from tradecore.ports.reference_prices import ReferencePrices
from tradecore.ports.store import Store
from tradecore.ports.token_verifier import TokenVerifier

HealthCheck = Callable[[], Awaitable[None]]
"""Returns when the dependency answers, raises when it does not."""


@attrs.frozen(kw_only=True)
class Version:
    """Which build this is."""

    version: str
    commit: str = "unknown"


@attrs.frozen(kw_only=True)
class Services:
    """Everything that a request can touch."""

    executor: Executor
    queries: Queries
    store: Store  #: read by previews, which keep nothing
    prices: ReferencePrices
    market_data: MarketData
    connector: Connector
    catch_ups: AskedCatchUps
    verifier: TokenVerifier
    ids: IdFactory
    clock: Clock
    version: Version
    rules: HouseRules = attrs.field(factory=HouseRules)
    health_checks: Mapping[str, HealthCheck] = attrs.field(factory=dict)
    queue_length: Callable[[], int] | None = None  #: commands that wait for a transaction
