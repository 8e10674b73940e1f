"""Every kind of row comes back as it was saved."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import psycopg
import pytest

from pg_adapter.connections import PgPool
from pg_adapter.roles import RoleDsns
from pg_adapter.store import PgStore
from pg_adapter.testing_tools import keep, write
from tradecore.domain.accounts import AccountStatus
from tradecore.domain.events import OrderSubmitted
from tradecore.domain.executions import ExecutionKey
from tradecore.domain.fees import FeePolicy
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, CommandId, EventId, JournalEntryId, OrderId
from tradecore.domain.instruments import InstrumentState, OrderType, TimeInForce
from tradecore.domain.ledger import EntryKind, reversal
from tradecore.domain.orders import OrderStatus, Trigger, submitted
from tradecore.domain.risk import Limits, fingerprint
from tradecore.domain.venue_orders import VenueOrderStatus, VenueOutcome
from tradecore.ports.records import (
    AccountFees,
    AccountLimits,
    AuditRecord,
    CommandRecord,
    Delivery,
    HouseBalance,
    IdempotencyRecord,
    InboxRecord,
    KeyOwner,
)
from tradecore.ports.store import ConstraintViolated, Footprint, StopsLock
from tradecore.ports.working_set import WorkingSet
from tradecore.testing.builders import (
    ALICE,
    BOB,
    COMMAND_ID,
    ORDER_ID,
    build_account,
    build_asset,
    build_execution,
    build_freeze,
    build_instrument,
    build_journal_entry,
    build_order,
    build_position,
    build_reservation,
    build_venue_order,
    build_wallet,
    id_of,
)

AT = datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC)
EXACT = Decimal("12345678901234567890.123456789012345678")

EVERYTHING = Footprint(
    accounts=frozenset({ALICE, HOUSE}),
    orders=frozenset({ORDER_ID}),
    symbols=frozenset({"BTCUSDT"}),
    assets=frozenset({"BTC", "USDT"}),
    positions=True,
    rules=True,
    fees=True,
    client_order_ids=frozenset({(ALICE, "alice-1"), (ALICE, "never")}),
    executions=frozenset({build_execution().key, ExecutionKey("binance", "BTCUSDT", 9, 9)}),
    journal_entries=frozenset({build_journal_entry().journal_entry_id}),
    funding=frozenset({"USDT"}),
    stops=StopsLock.EXCLUSIVE,
    commands=frozenset({COMMAND_ID}),
    keys=frozenset({KeyOwner("admin:ops", "key"), KeyOwner("admin:ops", "never")}),
    deliveries=frozenset({Delivery("gateway", EventId(id_of(0xE7)))}),
)


@pytest.fixture
async def store(database_dsn: str) -> AsyncIterator[PgStore]:
    async with PgPool(database_dsn, name="store") as pool:
        yield PgStore(pool)


FIRST = [
    ("assets", build_asset()),
    ("assets", build_asset(asset="BTC")),
    ("instruments", build_instrument()),
    ("accounts", build_account(name='Ä, "quoted" \\ {back}slash\nNULL')),
    ("wallets", build_wallet(available=EXACT)),
    ("positions", build_position(quantity=EXACT, cost=EXACT, realised_profit=-EXACT)),
    ("orders", build_order()),
    ("reservations", build_reservation()),
    ("venue_orders", build_venue_order()),
    ("executions", build_execution()),
    ("limits", AccountLimits(account_id=ALICE, limits=Limits(duplicate_window=timedelta(days=1)))),
    ("fees", AccountFees(account_id=ALICE, policy=FeePolicy(taker=Decimal("0.002")))),
    ("freezes", build_freeze(reason="NULL")),
    (
        "commands",
        CommandRecord(command_id=COMMAND_ID, kind="k", outcome=b'{"a":"\\"}', recorded_at=AT),
    ),
    (
        "idempotency",
        IdempotencyRecord(
            owner="admin:ops",
            key="key",
            request_hash=bytes(range(32)),
            command_id=COMMAND_ID,
            recorded_at=AT,
        ),
    ),
    (
        "inbox",
        InboxRecord(consumer="gateway", event_id=EventId(id_of(0xE7)), command_id=COMMAND_ID),
    ),
]

SECOND = [
    ("assets", build_asset(scale=18)),
    (
        "instruments",
        build_instrument(
            state=InstrumentState.HALT, percent_price=None, order_types=(OrderType.LIMIT,)
        ),
    ),
    (
        "accounts",
        build_account(
            name="",
            status=AccountStatus.CLOSED,
            sequence=1,
            open_orders=3,
            traded_on=date(2026, 2, 28),
            traded_notional=Decimal("0.000000000000000000000000000000000001"),
            rate_window=AT,
            rate_count=4,
        ),
    ),
    ("wallets", build_wallet(available=Decimal(0), reserved=Decimal("0.1"), owed=EXACT)),
    ("positions", build_position(quantity=Decimal("1E-18"))),
    (
        "orders",
        build_order(
            status=OrderStatus.REJECTED,
            price=None,
            stop_price=Decimal("1.5"),
            filled_quantity=Decimal("0.5"),
            filled_notional=Decimal("49.99"),
            version=2,
            children=1,
            reason="no, thanks",
            late_fill=True,
            updated_at=AT,
        ),
    ),
    ("reservations", build_reservation(consumed=Decimal(1), released=Decimal(99))),
    (
        "venue_orders",
        build_venue_order(
            status=VenueOrderStatus.ENDED,
            venue_order_id=2**62,
            outcome=VenueOutcome.EXPIRED_IN_MATCH,
            outcome_reason="stp",
            outcome_quantity=Decimal("0.5"),
            filled_quantity=Decimal("0.5"),
        ),
    ),
    (
        "venue_orders",
        build_venue_order(
            child=2,
            venue_client_order_id="second",
            time_in_force=None,
            quantity=None,
            quote_quantity=Decimal(5),
            price=None,
            receive_window=timedelta(microseconds=1),
        ),
    ),
    (
        "limits",
        AccountLimits(
            account_id=ALICE,
            limits=Limits(
                max_order_notional=EXACT,
                max_open_orders=1,
                max_daily_notional=EXACT,
                max_orders_per_second=2,
                price_band=None,
                allowed_symbols=(),
                duplicate_window=None,
            ),
        ),
    ),
    ("fees", AccountFees(account_id=ALICE, policy=FeePolicy(maker=Decimal("0.1")))),
    ("freezes", build_freeze(mode=FreezeMode.REDUCE_ONLY)),
]


def rows_of(books: WorkingSet, table: str) -> list[Any]:
    return list(getattr(books, table))


@pytest.mark.parametrize("how", ["load", "read"])
async def test_rows_come_back_as_they_were_saved(store: PgStore, how: str) -> None:
    for rows in (FIRST, SECOND):
        await write(store, EVERYTHING, *rows)
        if how == "read":
            books = await store.read(EVERYTHING)
        else:
            async with store.transaction() as transaction:
                books = await transaction.load(EVERYTHING)
        for table, row in rows:
            kept = getattr(books, table)
            found = kept[kept.key_of(row)]
            if table == "accounts":
                # `keep` tells of the wallet, and counts it.
                found = attrs.evolve(found, sequence=row.sequence)
            assert found == row
        assert books.order_of_client_order_id(ALICE, "alice-1") == ORDER_ID
        assert books.order_of_client_order_id(ALICE, "never") is None
        assert len(rows_of(books, "executions")) == 1
        assert len(rows_of(books, "idempotency")) == 1


async def test_what_only_grows_is_written_and_found(store: PgStore, database: RoleDsns) -> None:
    await write(store, EVERYTHING, *FIRST)
    entry, order = build_journal_entry(), build_order()
    undone = attrs.evolve(
        entry,
        journal_entry_id=JournalEntryId(id_of(0xDF)),
        kind=EntryKind.REVERSAL,
        reference=entry.journal_entry_id,
        postings=reversal(entry),
    )
    audit = AuditRecord(
        audit_id=id_of(0xAD),
        command_id=COMMAND_ID,
        actor="ops",
        action="reverse",
        subject="s",
        account_id=None,
        reason=None,
        before=b"{}",
        after=None,
        correlation_id="c",
        recorded_at=AT,
    )
    async with store.transaction() as transaction:
        books = await transaction.load(EVERYTHING)
        assert books.house_balances["USDT"] == HouseBalance(
            asset="USDT", treasury=Decimal(0), negatives=Decimal(0)
        )
        books.post(entry)
        books.append_order_event(submitted(order))
        books.record(OrderSubmitted(order=order))
        books.audit(audit)
        keep(books)
        await transaction.save(books)
        await transaction.commit()

    books = await store.read(EVERYTHING)
    assert books.past_entries == {entry.journal_entry_id: entry}
    assert not books.is_reversed(entry.journal_entry_id)
    assert books.house_balances["USDT"].treasury == Decimal(-1000)
    with psycopg.connect(database.application) as connection:
        assert connection.execute("SELECT trigger, detail FROM order_events").fetchall() == [
            (Trigger.SUBMIT, None)
        ]
        assert connection.execute("SELECT topic, sequence FROM outbox ORDER BY 2").fetchall() == [
            ("balances.updated", 1),
            ("orders.submitted", 2),
        ]
        assert connection.execute("SELECT before, after FROM audit_log").fetchall() == [
            (b"{}", None)
        ]
    async with store.transaction() as transaction:
        books = await transaction.load(EVERYTHING)
        books.post(undone)
        keep(books)
        await transaction.save(books)
        await transaction.commit()
    assert (await store.read(EVERYTHING)).is_reversed(entry.journal_entry_id)


async def test_what_a_customer_owes_weakens_the_house(store: PgStore) -> None:
    await write(store, EVERYTHING, *FIRST)
    for number, (account, amount) in enumerate(
        [(f"receivable:{ALICE}", "-5"), (f"receivable:{BOB}", "-2"), ("fees:platform", "4")]
    ):
        async with store.transaction() as transaction:
            books = await transaction.load(EVERYTHING)
            entry = build_journal_entry(
                journal_entry_id=JournalEntryId(id_of(number)), reference=str(number)
            )
            other, own = entry.postings
            books.post(
                attrs.evolve(
                    entry,
                    postings=(
                        attrs.evolve(other, account=account, amount=Decimal(amount)),
                        attrs.evolve(own, account=f"client:{ALICE}", amount=-Decimal(amount)),
                    ),
                )
            )
            keep(books)
            await transaction.save(books)
            await transaction.commit()

    assert (await store.read(EVERYTHING)).house_balances["USDT"] == HouseBalance(
        asset="USDT", treasury=Decimal(0), negatives=Decimal(-7)
    )


async def test_rows_that_may_go_go(store: PgStore) -> None:
    await write(store, EVERYTHING, *FIRST)
    async with store.transaction() as transaction:
        books = await transaction.load(EVERYTHING)
        books.freezes.remove((FreezeScope.PLATFORM, ""))
        books.limits.remove(ALICE)
        books.fees.remove(ALICE)
        keep(books)
        await transaction.save(books)
        await transaction.commit()

    books = await store.read(EVERYTHING)
    assert rows_of(books, "freezes") == []
    assert [row.account_id for row in books.limits] == [HOUSE]
    assert [row.account_id for row in books.fees] == [HOUSE]


async def test_recent_orders_are_those_within_the_window_of_the_account(store: PgStore) -> None:
    await write(store, EVERYTHING, *FIRST)
    async with store.transaction() as transaction:
        now = (await transaction.load(EVERYTHING)).recorded_at
    young = build_order(
        order_id=OrderId(id_of(0x51)),
        client_order_id="young",
        type=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        created_at=now - timedelta(hours=23),
    )
    await write(store, EVERYTHING, ("orders", young))

    recent = (await store.read(EVERYTHING)).recent_fingerprints(ALICE, now - timedelta(days=2))
    assert recent == (fingerprint(young),)

    none = AccountLimits(account_id=ALICE, limits=Limits())
    await write(store, EVERYTHING, ("limits", none))
    assert (await store.read(EVERYTHING)).recent_fingerprints(ALICE, AT) == ()


async def test_ids_and_names_that_no_row_can_have_name_none(store: PgStore) -> None:
    strange = frozenset(
        {"", "x", "a,b", '"', "{", "\x00", "\ud800", ALICE.upper(), f"{ALICE},{BOB}"}
    )
    pairs: Any = frozenset((name, name) for name in strange)
    books = await store.read(
        Footprint(
            accounts=strange,  # type: ignore[arg-type] # what a caller may send
            orders=strange,  # type: ignore[arg-type] # likewise
            symbols=strange,
            assets=strange,
            client_order_ids=pairs,
            journal_entries=strange,  # type: ignore[arg-type] # likewise
            funding=strange,
            commands=strange,  # type: ignore[arg-type] # likewise
            keys=frozenset(KeyOwner(name, name) for name in strange),
            deliveries=frozenset(Delivery(name, EventId(name)) for name in strange),
        )
    )

    assert rows_of(books, "accounts") == []


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        (("wallets", build_wallet(available=0.1)), "exact_decimal"),
        (("wallets", build_wallet(available=Decimal("NaN"))), "amount_exact"),
        (("wallets", build_wallet(available=Decimal("1E-19"))), "amount_exact"),
        (("wallets", build_wallet(available=Decimal(-1))), "wallets_available_positive"),
        (("accounts", build_account(name="a\x00b")), "text_without_nul"),
        (("accounts", build_account(rate_window=datetime(2026, 1, 1))), "aware_time"),  # noqa: DTZ001 - the point
        (("orders", build_order(client_order_id="\ud800")), "unicode_text"),
        (("orders", build_order(order_id=OrderId("order-1"))), "sqlstate_22P02"),
        (("orders", build_order(filled_notional=Decimal("1e200000"))), "sqlstate_22003"),
        (("commands", CommandRecord(command_id=CommandId("a,b"), kind="k", outcome=b"",
                                    recorded_at=AT)), "word"),
    ],
)  # fmt: skip
async def test_what_cannot_be_kept_exactly_is_refused_whole(
    store: PgStore, row: Any, constraint: str
) -> None:
    await write(store, EVERYTHING, *FIRST[:4])

    with pytest.raises(ConstraintViolated, match=constraint):
        await write(store, EVERYTHING, row, ("positions", build_position()))

    assert rows_of(await store.read(EVERYTHING), "positions") == []
