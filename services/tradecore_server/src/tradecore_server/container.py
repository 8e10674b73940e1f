"""The composition root: every part of the platform, and which parts it is made of.

Nothing here awaits or connects; `modes.py` enters what has a life of its own.
"""

from collections.abc import Callable
from importlib.metadata import version

from dependency_injector import containers, providers
from prometheus_client import CollectorRegistry

from binance_adapter.connector import BinanceConnector
from http_adapter.app import create_app, create_operations_app
from http_adapter.metrics import Metrics
from http_adapter.services import Services, Version
from pg_adapter.connections import PgPool
from pg_adapter.outbox import PgEventConsumer
from pg_adapter.queries import PgQueries
from pg_adapter.store import PgStore
from tradecore.application.context import HouseRules
from tradecore.application.executor import Executor
from tradecore.application.processes import tell_operators
from tradecore.application.processes.asked_catch_up import AskedCatchUps
from tradecore.application.processes.gateway import Gateway
from tradecore.application.processes.submit_orders import CONSUMER, TOPICS
from tradecore.application.processes.tell_of_venue import VenueNews
from tradecore.application.recent_market_data import RecentMarketData
from tradecore.application.use_cases import USE_CASES
from tradecore.application.wakeup import Wakeup
from tradecore.memory import SystemClock, SystemIds
from tradecore.ports.connector import Connector
from tradecore.ports.reference_prices import ReferencePrices
from tradecore_server import identity
from tradecore_server.health import health_checks
from tradecore_server.settings import Settings


def _queue_length(executor: Executor) -> Callable[[], int]:
    """Return how to ask how many commands wait for a transaction."""
    return lambda: executor.waiting


def _prices(connector: BinanceConnector) -> ReferencePrices:
    return connector.prices


def _conversation(connector: BinanceConnector) -> Connector:
    return connector


class Container(containers.DeclarativeContainer):
    """All run modes in one process, on one database."""

    settings = providers.Dependency(instance_of=Settings)
    dsn = providers.Dependency(instance_of=str)
    connector = providers.Dependency(instance_of=BinanceConnector)
    registry = providers.Dependency(
        instance_of=CollectorRegistry, default=providers.Singleton(CollectorRegistry)
    )  #: of metrics; the connector's are in it already

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(SystemIds)
    rules = providers.Singleton(HouseRules, self_trade=settings.provided.self_trade)

    # The lane, the readers of the log and people's queries never wait for each other.
    lane_pool = providers.Singleton(PgPool, dsn, name="executor", size=4)
    log_pool = providers.Singleton(PgPool, dsn, name="outbox", size=2)
    query_pool = providers.Singleton(PgPool, dsn, name="queries", size=8, by_keys=False)
    store = providers.Singleton(PgStore, lane_pool)
    queries = providers.Singleton(PgQueries, query_pool)

    venue = connector.provided.venue
    prices = providers.Singleton(_prices, connector)
    conversation = providers.Singleton(_conversation, connector)
    market_data = providers.Singleton(RecentMarketData, connector.provided.market_data, clock)

    wakeup = providers.Singleton(Wakeup)
    executor = providers.Singleton(
        Executor,
        store,
        USE_CASES,
        clock=clock,
        ids=ids,
        prices=prices,
        rules=rules,
        on_commit=wakeup.provided.ring,
    )
    gateway = providers.Singleton(Gateway, executor=executor, queries=queries, venue=venue, ids=ids)
    news = providers.Singleton(VenueNews)
    catch_ups = providers.Singleton(AskedCatchUps, gateway)
    consumer = providers.Singleton(PgEventConsumer, log_pool, CONSUMER, TOPICS)
    alerts = providers.Singleton(
        PgEventConsumer, log_pool, tell_operators.CONSUMER, tell_operators.TOPICS
    )

    issuer = providers.Singleton(identity.load_issuer, settings.provided.data_directory, clock)
    verifier = providers.Singleton(identity.build_verifier, issuer, clock)
    queue_length = providers.Singleton(_queue_length, executor)
    services = providers.Singleton(
        Services,
        executor=executor,
        queries=queries,
        store=store,
        prices=prices,
        market_data=market_data,
        connector=conversation,
        catch_ups=catch_ups,
        verifier=verifier,
        ids=ids,
        clock=clock,
        rules=rules,
        version=providers.Factory(Version, version=version("tradecore_server")),
        health_checks=providers.Singleton(
            health_checks, queries, prices, settings.provided.symbols
        ),
        queue_length=queue_length,
    )
    metrics = providers.Singleton(Metrics, queue_length, registry)
    app = providers.Singleton(create_app, services, metrics=metrics)
    operations_app = providers.Singleton(create_operations_app, services, metrics)
