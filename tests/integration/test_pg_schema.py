"""What the database itself refuses, whoever asks: proven as the application's role."""

from collections.abc import Iterator

import psycopg
import pytest

from pg_adapter.roles import RoleDsns

ALICE = "01900000-0000-7000-8000-00000000a11c"
HOUSE = "00000000-0000-7000-8000-000000000000"
ID = "01900000-0000-7000-8000-0000000000{:02x}"

BOOKS = f"""
INSERT INTO assets VALUES ('BTC', 8), ('USDT', 8);
INSERT INTO accounts
VALUES ('{ALICE}', 1, 'Alice', 'ACTIVE', 0, 0, NULL, 0, NULL, 0, now());
INSERT INTO wallets VALUES ('{ALICE}', 'USDT', 10, 5, 0);
INSERT INTO positions VALUES ('{ALICE}', 'BTC', 1, 100, 0);
INSERT INTO orders
VALUES ('{ID.format(1)}', '{ALICE}', 1, 'BTCUSDT', 'BTC', 'USDT', 'BUY', 'LIMIT', 'GTC', 1, NULL,
        100, NULL, 'mine', 'NEW', 0, 0, 1, 1, NULL, false, now(), now());
INSERT INTO venue_orders
VALUES ('{ID.format(1)}', 1, '{ALICE}', 'venue-name', 'BTCUSDT', 'BUY', 'LIMIT', 'GTC', 1, NULL,
        100, now(), '5 s', 'LIVE', 7, NULL, NULL, NULL, 0);
INSERT INTO reservations VALUES ('{ID.format(1)}', '{ALICE}', 'USDT', 100, 0, 0);
INSERT INTO order_events VALUES ('{ID.format(1)}', 1, 'SUBMIT', 'NEW', 0, NULL, now());
INSERT INTO executions
VALUES ('binance', 'BTCUSDT', 1, 7, '{ID.format(1)}', 1, '{ALICE}', 'BUY', 1, 100, 100, 0, 'BTC', 0,
        'BTC', 'TAKER', false, 100, 0, 0, '{ID.format(9)}', now(), now());
INSERT INTO journal_entries (journal_entry_id, kind, reference, recorded_at)
VALUES ('{ID.format(9)}', 'deposit', 'first', now());
INSERT INTO postings
VALUES ('{ID.format(9)}', 1, 'client:{ALICE}', 'USDT', 15, now()),
       ('{ID.format(9)}', 2, 'treasury', 'USDT', -15, now());
INSERT INTO commands VALUES ('{ID.format(5)}', 'place_order', '{{}}', now());
INSERT INTO idempotency_keys VALUES ('{ALICE}', 'key', '\\x00', '{ID.format(5)}', now());
INSERT INTO inbox VALUES ('gateway', '{ID.format(6)}', '{ID.format(5)}');
INSERT INTO outbox (event_id, topic, account_id, sequence, body, recorded_at)
VALUES ('{ID.format(6)}', 'orders.submitted', '{ALICE}', 1, '{{}}', now());
INSERT INTO audit_log
VALUES ('{ID.format(8)}', '{ID.format(5)}', 'ops', 'freeze', 'platform', NULL, NULL, NULL, NULL,
        'c', now());
"""


@pytest.fixture(scope="module")
def application(module_database: RoleDsns) -> Iterator[psycopg.Connection]:
    with psycopg.connect(module_database.application, autocommit=True) as connection:
        with connection.transaction():
            connection.execute(BOOKS.encode())
        yield connection


@pytest.fixture
def connection(application: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Yield a connection with valid books; what a test does to them is undone."""
    with application.transaction(force_rollback=True):
        yield application


def wallet(available: str, reserved: str = "0", owed: str = "0") -> str:
    return f"INSERT INTO wallets VALUES ('{ALICE}', 'BTC', {available}, {reserved}, {owed})"


def order(**changes: str) -> str:
    row = {
        "order_id": f"'{ID.format(2)}'",
        "account_id": f"'{ALICE}'",
        "side": "'BUY'",
        "quantity": "1",
        "quote": "NULL",
        "client_order_id": "'other'",
        "status": "'NEW'",
    } | changes
    return (
        "INSERT INTO orders VALUES ({order_id}, {account_id}, 1, 'BTCUSDT', 'BTC', 'USDT', {side},"
        " 'LIMIT', 'GTC', {quantity}, {quote}, 100, NULL, {client_order_id}, {status}, 0, 0, 1, 0,"
        " NULL, false, now(), now())"
    ).format(**row)


def child(number: int, name: str, status: str = "LIVE") -> str:
    return (
        f"INSERT INTO venue_orders VALUES ('{ID.format(1)}', {number}, '{ALICE}', '{name}',"
        f" 'BTCUSDT', 'BUY', 'LIMIT', 'GTC', 1, NULL, 100, now(), '5 s', '{status}', 7, NULL, NULL,"
        " NULL, 0)"
    )


def reservation(amount: str, consumed: str, released: str) -> str:
    return (
        f"INSERT INTO reservations VALUES ('{ID.format(2)}', '{ALICE}', 'USDT', {amount},"
        f" {consumed}, {released})"
    )


def entry(*lines: str, kind: str = "deposit", reference: str = "second") -> str:
    header = (
        "INSERT INTO journal_entries (journal_entry_id, kind, reference, recorded_at)"
        f" VALUES ('{ID.format(10)}', '{kind}', '{reference}', now())"
    )
    if not lines:
        return header
    values = ", ".join(
        f"('{ID.format(10)}', {number}, {line}, now())" for number, line in enumerate(lines, 1)
    )
    return f"{header}; INSERT INTO postings VALUES {values}"


def execution(
    *, trade_id: int = 2, order_id: str = f"'{ID.format(1)}'", account: str = ALICE
) -> str:
    return (
        f"INSERT INTO executions VALUES ('binance', 'BTCUSDT', {trade_id}, 7, {order_id}, 1,"
        f" '{account}', 'BUY', 1, 100, 100, 0, 'BTC', 0, 'BTC', 'TAKER', false, 100, 0, 0,"
        f" '{ID.format(11)}', now(), now())"
    )


REFUSED = [
    # wallets
    (wallet("-1"), "wallets_available_positive"),
    (wallet("1", "-1"), "wallets_reserved_positive"),
    (wallet("0", "0", "-1"), "wallets_owed_positive"),
    (wallet("1", "0", "1"), "wallets_debt_is_repaid_first"),
    (wallet("'NaN'"), "amount_exact"),
    (wallet("'Infinity'"), "amount_exact"),
    (wallet("0.0000000000000000001"), "amount_exact"),
    (f"INSERT INTO wallets VALUES ('{ALICE}', 'USDT', 0, 0, 0)", "wallets_pkey"),
    (f"INSERT INTO wallets VALUES ('{HOUSE}', 'BTC', 0, 0, 0)", "wallets_house_has_none"),
    (f"INSERT INTO wallets VALUES ('{ALICE}', 'DOGE', 0, 0, 0)", "wallets_asset_fkey"),
    (f"INSERT INTO wallets VALUES ('{ID.format(3)}', 'BTC', 0, 0, 0)", "wallets_account_id_fkey"),
    ("UPDATE wallets SET available = available - 11", "wallets_available_positive"),
    ("UPDATE positions SET quantity = -1", "positions_quantity_positive"),
    # accounts
    ("UPDATE accounts SET open_orders = -1", "accounts_open_orders_check"),
    ("UPDATE accounts SET status = 'FROZEN'", "accounts_status_check"),
    ("UPDATE accounts SET traded_notional = 'NaN'", "product_exact"),
    (
        (
            f"INSERT INTO accounts VALUES ('{ID.format(3)}', 1, 'B', 'ACTIVE', 0, 0, NULL, 0, NULL, 0,"
            " now())"
        ),
        "accounts_number_key",
    ),
    (
        (
            f"INSERT INTO accounts VALUES ('{ID.format(3)}', 0, 'B', 'ACTIVE', 0, 0, NULL, 0, NULL, 0,"
            " now())"
        ),
        "accounts_house_number",
    ),
    # reference data and controls
    ("INSERT INTO assets VALUES ('ETH', 19)", "assets_scale_check"),
    ("INSERT INTO assets VALUES ('eth', 8)", "assets_asset_check"),
    ("UPDATE fee_policies SET maker = 1.1", "fee_policies_maker_check"),
    ("UPDATE limits SET max_open_orders = -1", "limits_max_open_orders_check"),
    (
        "INSERT INTO freezes VALUES ('PLATFORM', 'x', 'HALT', 'r', 'ops', now())",
        "freezes_target",
    ),
    ("INSERT INTO freezes VALUES ('SYMBOL', 'x', 'STOP', 'r', 'o', now())", "freezes_mode_check"),
    # orders
    (order(client_order_id="'mine'"), "orders_client_order_id_once"),
    (order(order_id=f"'{ID.format(1)}'"), "orders_pkey"),
    (order(account_id=f"'{HOUSE}'"), "orders_house_has_none"),
    (order(side="'HOLD'"), "orders_side_check"),
    (order(status="'LOST'"), "orders_status_check"),
    (order(quantity="0"), "orders_quantity_check"),
    (order(quantity="NULL"), "orders_one_size"),
    (order(quote="5"), "orders_one_size"),
    (child(1, "b", "ENDED"), "venue_orders_pkey"),
    (child(2, "venue-name", "ENDED"), "venue_orders_client_order_id_once"),
    (child(2, "b"), "venue_orders_one_alive"),
    (child(2, "c" * 37, "ENDED"), "venue_orders_venue_client_order_id_check"),
    (reservation("-1", "0", "0"), "reservations_amount_check"),
    (reservation("1", "2", "-1"), "reservations_released_check"),
    (reservation("1", "-1", "2"), "reservations_consumed_check"),
    (reservation("1", "1", "1"), "reservations_not_overdrawn"),
    (
        f"INSERT INTO order_events VALUES ('{ID.format(1)}', 1, 'FILL', 'NEW', 0, NULL, now())",
        "order_events_version_once",
    ),
    (execution(trade_id=1), "executions_once"),
    (execution(order_id="NULL"), "executions_of_an_order"),
    (execution(account=HOUSE), "executions_of_an_order"),
    # ledger
    (entry("'treasury', 'USDT', 1"), "postings_balanced"),
    (entry("'treasury', 'USDT', 1", "'suspense', 'BTC', -1"), "postings_balanced"),
    (entry("'treasury', 'USDT', 0"), "postings_not_zero"),
    (entry("'petty cash', 'USDT', 1"), "postings_account_check"),
    (entry("'treasury', 'USDT', 'NaN'"), "amount_exact"),
    (entry(reference="first"), "journal_entries_once"),
    (entry(kind="gift"), "journal_entries_kind_check"),
    (
        (
            f"INSERT INTO postings VALUES ('{ID.format(9)}', 3, 'treasury', 'USDT', 1, now()),"
            f" ('{ID.format(9)}', 4, 'suspense', 'USDT', -1, now())"
        ),
        "postings_entry_open",
    ),
    (
        (
            f"INSERT INTO postings VALUES ('{ID.format(12)}', 1, 'treasury', 'USDT', 1, now()),"
            f" ('{ID.format(12)}', 2, 'suspense', 'USDT', -1, now())"
        ),
        "postings_entry_open",
    ),
    # commands and events
    (f"INSERT INTO commands VALUES ('{ID.format(5)}', 'k', '', now())", "commands_pkey"),
    (
        f"INSERT INTO idempotency_keys VALUES ('{ALICE}', 'key', '', '{ID.format(4)}', now())",
        "idempotency_keys_once",
    ),
    (f"INSERT INTO inbox VALUES ('gateway', '{ID.format(6)}', '{ID.format(4)}')", "inbox_once"),
    (
        (
            "INSERT INTO outbox (event_id, topic, account_id, sequence, body, recorded_at)"
            f" VALUES ('{ID.format(7)}', 't', '{ALICE}', 1, '', now())"
        ),
        "outbox_sequence_once",
    ),
]


@pytest.mark.parametrize(("statement", "constraint"), REFUSED)
def test_what_must_never_stand_is_refused(
    connection: psycopg.Connection, statement: str, constraint: str
) -> None:
    with pytest.raises(psycopg.errors.IntegrityError) as refused:
        connection.execute(statement.encode())

    assert refused.value.diag.constraint_name == constraint


def test_a_whole_entry_in_two_statements_is_balanced_statement_by_statement(
    connection: psycopg.Connection,
) -> None:
    with connection.transaction():
        connection.execute(entry().encode())
        for lines in ((1, 2), (3, 4)):
            connection.execute(
                "INSERT INTO postings SELECT %s::uuid, u.line, 'treasury', 'USDT', u.amount, now()"
                " FROM unnest(%s::int[], '{1,-1}'::numeric[]) AS u (line, amount)",
                [ID.format(10), list(lines)],
            )

    counted = connection.execute(
        "SELECT count(*) FROM postings WHERE journal_entry_id = %s", [ID.format(10)]
    ).fetchone()
    assert counted == (4,)


HISTORY = [
    "journal_entries",
    "postings",
    "executions",
    "order_events",
    "outbox",
    "audit_log",
    "commands",
    "idempotency_keys",
    "inbox",
]
COLUMN = {"inbox": "consumer"}
KEPT = [*HISTORY, "accounts", "assets", "instruments", "orders", "reservations", "venue_orders"]
KEPT += ["wallets", "positions", "controls", "consumer_cursors", "dead_letters", "trade_cursors"]


@pytest.mark.parametrize("table", HISTORY)
def test_history_is_not_changed_by_the_program_that_writes_it(
    connection: psycopg.Connection, table: str
) -> None:
    granted = connection.execute("SELECT has_any_column_privilege(%s, 'UPDATE')", [table])
    assert granted.fetchone() == (False,)
    for statement in (
        f"UPDATE {table} SET {COLUMN.get(table, 'recorded_at')} = DEFAULT",
        f"SELECT FROM {table} FOR SHARE",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(statement.encode())


@pytest.mark.parametrize("table", KEPT)
def test_nothing_is_deleted(connection: psycopg.Connection, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(statement.encode())


def test_no_table_is_left_out(connection: psycopg.Connection) -> None:
    tables = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'r'"
                                " AND relnamespace = 'public'::regnamespace").fetchall()  # fmt: skip

    assert {name for (name,) in tables} == {
        *KEPT, "limits", "fee_policies", "freezes", "schema_migrations"
    }  # fmt: skip


def test_an_identity_is_not_chosen_by_the_writer(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.GeneratedAlways):
        connection.execute(
            "INSERT INTO outbox (id, event_id, topic, account_id, sequence, body, recorded_at)"
            " VALUES (1, %s, 't', %s, 2, '', now())",
            [ID.format(7), ALICE],
        )


def test_the_house_is_there_with_its_defaults(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "SELECT a.number, l.price_band, f.maker, f.taker FROM accounts AS a"
        " JOIN limits AS l USING (account_id) JOIN fee_policies AS f USING (account_id)"
    ).fetchall()

    assert len(row) == 1
    assert row[0][0] == 0
