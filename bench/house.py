"""The house that is measured: one server, and two databases with the same accounts and orders."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs
import psycopg
from psycopg import sql

from pg_adapter import migrate
from pg_adapter.connections import PgPool
from pg_adapter.embedded import EmbeddedPostgres
from pg_adapter.roles import OWNER, RoleDsns, bootstrap_roles, dsns, restrict_database
from pg_adapter.store import PgStore
from tradecore.application.commands.fund_account import BookOpening
from tradecore.domain.ids import AccountId
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.domain.venue_orders import VenueOrder
from tradecore.memory import SystemClock
from tradecore.ports.clock import Clock
from tradecore.ports.store import Store
from tradecore.testing.scenario import ASK, BID, Scenario, scenario

OURS: Final = "bench_ours"
BASELINE: Final = "bench_baseline"
STANDING: Final = "standing"
"""The client order id of the order that each account's fills belong to."""

#: A database larger than its cache would measure the cache.
_ROOMY: Final = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
_DEPOSIT: Final = Decimal(100_000_000)
_TREASURY: Final = Decimal(1_000_000_000_000)
_AT_ONCE: Final = 256


@attrs.frozen(kw_only=True)
class House:
    """Accounts with money, and one standing order each."""

    accounts: list[AccountId]
    children: list[VenueOrder]


def fresh_price(clock: Clock) -> ReferencePrice:
    """Return a price of BTCUSDT that does not grow old while we measure."""
    return ReferencePrice(symbol="BTCUSDT", bid=BID, ask=ASK, at=clock.now() + timedelta(hours=1))


@contextmanager
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    """Yield a server on an empty folder, durable as in production."""
    with EmbeddedPostgres(folder, settings=_ROOMY) as running:
        yield running


def migrated(running: EmbeddedPostgres) -> RoleDsns:
    """Return how to connect to our database, empty and up to date."""
    roles = bootstrap_roles(running.dsn(), OURS)
    with psycopg.connect(roles.owner, autocommit=True) as connection:
        migrate.migrate(connection)
    return roles


def copy_for_baseline(running: EmbeddedPostgres) -> RoleDsns:
    """Return how to connect to a copy of our database, made while nobody is connected to it."""
    roles = dsns(running.dsn(), OURS)
    with psycopg.connect(roles.owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    with psycopg.connect(running.dsn(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                *map(sql.Identifier, (BASELINE, OURS, OWNER))
            )
        )
        restrict_database(connection, BASELINE)
        connection.execute("CHECKPOINT")
    return dsns(running.dsn(), BASELINE)


@asynccontextmanager
async def on_postgres(roles: RoleDsns) -> AsyncIterator[Scenario]:
    """Yield an executor on our database, as the server has one."""
    async with (
        PgPool(roles.application, name="bench", size=4) as pool,
        on_store(PgStore(pool)) as ready,
    ):
        yield ready


@asynccontextmanager
async def on_store(store: Store) -> AsyncIterator[Scenario]:
    """Yield an executor on `store`, unfurnished, with a price that stays fresh."""
    clock = SystemClock()
    async with scenario(store, clock, furnished=False) as ready:
        ready.prices.put(fresh_price(clock))
        yield ready


async def furnish(ready: Scenario, accounts: int) -> House:
    """Open and fund accounts through the executor, and let each have a live order at the venue."""
    await ready.furnish()
    for asset in ("USDT", "BTC"):
        opening = BookOpening(**ready.head(), asset=asset, amount=_TREASURY, reason="bench")
        await ready.run(opening)
    limit = asyncio.Semaphore(_AT_ONCE)
    numbers = itertools.count(1)

    async def one() -> tuple[AccountId, VenueOrder]:
        async with limit:
            account_id = await ready.customer(usdt=_DEPOSIT, btc=Decimal(1))
            order = await ready.run(
                ready.buy(account_id, quantity=Decimal(100), client_order_id=STANDING)
            )
            return account_id, await ready.send(order, next(numbers))

    made = await asyncio.gather(*(one() for _ in range(accounts)))
    return House(accounts=[one[0] for one in made], children=[one[1] for one in made])
