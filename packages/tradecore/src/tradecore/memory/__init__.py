"""Every port in memory: for tests, for simulation, and for programs that need no database."""

from tradecore.memory.clock import SystemClock, VirtualClock
from tradecore.memory.events import MemoryEventConsumer
from tradecore.memory.ids import SequentialIds, SystemIds
from tradecore.memory.market_data import FixedConnector, FixedMarket, FixedMarketData
from tradecore.memory.prices import FixedPrices
from tradecore.memory.queries import MemoryQueries
from tradecore.memory.scheduling import Scheduler, free_running
from tradecore.memory.store import MemoryStore
from tradecore.memory.tables import Tables

__all__ = [
    "FixedConnector",
    "FixedMarket",
    "FixedMarketData",
    "FixedPrices",
    "MemoryEventConsumer",
    "MemoryQueries",
    "MemoryStore",
    "Scheduler",
    "SequentialIds",
    "SystemClock",
    "SystemIds",
    "Tables",
    "VirtualClock",
    "free_running",
]
