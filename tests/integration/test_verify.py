"""`tradecore verify` names the law that a corrupted row breaks, and exits with 1."""

import asyncio
import io
from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console

from pg_adapter.connections import PgPool
from pg_adapter.embedded import EmbeddedPostgres
from pg_adapter.roles import RoleDsns
from pg_adapter.store import PgStore
from tradecore.domain.venue_orders import VenueOutcome
from tradecore.memory import SystemClock
from tradecore.testing.contracts.executing import keyed
from tradecore.testing.scenario import scenario
from tradecore_server import verification
from tradecore_server.settings import Secret, Settings


async def trade(dsn: str) -> None:
    """Leave every kind of row behind: fills, a cancel, a reservation that is open, a key."""
    async with PgPool(dsn, name="verify") as pool, scenario(PgStore(pool), SystemClock()) as house:
        account_id = await house.customer(usdt=Decimal(10_000), btc=Decimal(1))
        bought = await house.run(keyed(house.buy(account_id), "key"))
        child = await house.send(bought, 1)
        await house.filled(child, Decimal("0.01"))
        resting = await house.send(await house.run(house.sell(account_id)), 2)
        await house.filled(resting, Decimal("0.004"))
        await house.run(house.ended(resting, VenueOutcome.CANCELED, Decimal("0.004")))
        await house.run(house.buy(account_id))


def run(database: RoleDsns) -> tuple[int, str]:
    """Run the command on the database; return its exit status and what it printed."""
    printed = io.StringIO()
    settings = Settings(
        database_url=Secret(database.application), owner_database_url=Secret(database.owner)
    )
    status = verification.run(settings, Console(file=printed, width=200))
    return status, printed.getvalue()


@pytest.fixture(scope="module")
def traded(module_database: RoleDsns) -> RoleDsns:
    asyncio.run(trade(module_database.application))
    return module_database


@pytest.fixture
def corrupt(traded: RoleDsns, postgres_server: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """Yield a superuser whom no trigger stops; what it breaks is mended afterwards."""
    name = str(conninfo_to_dict(traded.application)["dbname"])
    tables = [
        "accounts",
        "wallets",
        "positions",
        "orders",
        "venue_orders",
        "reservations",
        "order_events",
        "executions",
        "journal_entries",
        "postings",
        "outbox",
        "commands",
        "idempotency_keys",
    ]
    with psycopg.connect(postgres_server.dsn(name), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in tables:
            connection.execute(
                sql.SQL("CREATE TEMP TABLE {} AS TABLE {}").format(
                    sql.Identifier(f"kept_{table}"), sql.Identifier("public", table)
                )
            )
        yield connection
        for table in tables:
            public = sql.Identifier("public", table)
            connection.execute(sql.SQL("DELETE FROM {}").format(public))
            connection.execute(
                sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM {}").format(
                    public, sql.Identifier(f"kept_{table}")
                )
            )


def test_every_law_holds_on_honest_books(traded: RoleDsns) -> None:
    status, printed = run(traded)
    assert status == 0, printed
    assert printed.strip().endswith("verify: 15 laws hold, 0 broken")


CORRUPTIONS = [
    ("L1", "UPDATE postings SET amount = amount + 2 WHERE account = 'treasury'"),
    ("L1", "DELETE FROM postings WHERE line = 1"),
    ("L2", "UPDATE wallets SET available = available + 1 WHERE asset = 'USDT'"),
    ("L2", "UPDATE wallets SET owed = 1, available = 0 WHERE asset = 'BTC'"),
    ("L2", "UPDATE positions SET quantity = quantity + 1"),
    ("L4", "UPDATE reservations SET consumed = consumed - 1 WHERE consumed > 1"),
    ("L4", "UPDATE wallets SET reserved = reserved + 1, available = available - 1"),
    ("L4", "UPDATE orders SET status = 'CANCELED' WHERE status = 'PENDING_NEW'"),
    ("L5", "DELETE FROM executions WHERE trade_id = 1"),
    ("L5", "DELETE FROM journal_entries WHERE kind = 'fill'"),
    ("L5", "UPDATE orders SET filled_quantity = 0 WHERE status = 'FILLED'"),
    ("L5", "UPDATE venue_orders SET filled_quantity = 0"),
    ("L6", "UPDATE executions SET from_reservation = from_reservation - 0.001"),
    ("L6", "UPDATE executions SET fee = quantity * 2 WHERE side = 'BUY'"),
    ("L9", "DELETE FROM order_events WHERE version = 1"),
    ("L9", "UPDATE order_events SET status = 'EXPIRED' WHERE version = 2"),
    ("L9", "UPDATE accounts SET open_orders = open_orders + 1 WHERE number > 0"),
    ("L10", "DELETE FROM outbox WHERE sequence = 2"),
    ("L10", "UPDATE accounts SET sequence = sequence + 1 WHERE number > 0"),
    ("L12", "DELETE FROM commands WHERE kind = 'place_order'"),
    ("L12", "UPDATE commands SET outcome = '' WHERE kind = 'place_order'"),
    ("L13", "DELETE FROM postings"),
    ("L16", "UPDATE wallets SET available = available + 0.000000001 WHERE asset = 'BTC'"),
    ("L16", "UPDATE orders SET price = price + 0.000000001"),
    ("L17", "UPDATE postings SET amount = -1 WHERE account = 'venue:binance'"),
]  # fmt: skip


@pytest.mark.parametrize(("law", "statement"), CORRUPTIONS)
def test_a_corrupted_row_is_named_by_its_law(
    traded: RoleDsns, corrupt: psycopg.Connection, law: str, statement: str
) -> None:
    assert corrupt.execute(statement.encode()).rowcount > 0, "nothing was corrupted"
    status, printed = run(traded)
    assert status == 1, printed
    broken = [line.split()[0] for line in printed.splitlines() if " broken " in line]
    assert law in broken, printed
