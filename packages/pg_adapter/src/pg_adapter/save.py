"""From what a batch has decided to statements: one per table and kind of change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pg_adapter import columns, prepared, statements
from pg_adapter.columns import Unstorable
from pg_adapter.pipeline import Call
from pg_adapter.prepared import Statement
from tradecore.domain.instruments import Instrument
from tradecore.domain.ledger import JournalEntry, Posting
from tradecore.ports.records import AccountLimits
from tradecore.ports.store import ConstraintViolated
from tradecore.ports.working_set import Rows, WorkingSet

Column = Callable[[Sequence[Any]], bytes]


def _statement(name: str, sql: str) -> Statement:
    """Return `sql`, failing unless it meets as many rows as it names; inserts cannot miss.

    COMMIT is on its way in the same round trip, so the count is the server's to check: a row that
    is gone since it was loaded divides by zero, which `errors` calls ConcurrentUpdate.
    """
    full_name = f"save.{name}"
    if name.startswith("insert_"):
        return prepared.number(full_name, sql)
    key = prepared.number(full_name, sql).parameters[0]
    return prepared.number(
        full_name,
        f"WITH changed AS (\n{sql}\nRETURNING 1\n)\n"
        f"SELECT 1 / (count(*) = cardinality(%({key})s))::integer FROM changed",
    )


SQL: Final[Mapping[str, Statement]] = MappingProxyType(
    {name: _statement(name, sql) for name, sql in statements.load("save.sql").items()}
)


def plan(books: WorkingSet) -> list[Call]:
    """Return the writes of everything that `books` has kept; empty tables send nothing.

    Raises:
        ConstraintViolated: a value that no column can hold.
    """
    try:
        return list(_writes(books))
    except Unstorable as reason:
        raise ConstraintViolated(*reason.args) from reason


def _writes(books: WorkingSet) -> Iterator[Call]:
    yield from _changes("assets", _ASSETS, books.assets)
    yield from _changes("instruments", _INSTRUMENTS, books.instruments)
    yield from _changes("accounts", _ACCOUNTS, books.accounts)
    yield from _changes("wallets", _WALLETS, books.wallets)
    yield from _changes("positions", _POSITIONS, books.positions)
    yield from _changes("orders", _ORDERS, books.orders)
    yield from _changes("reservations", _RESERVATIONS, books.reservations)
    yield from _changes("venue_orders", _VENUE_ORDERS, books.venue_orders)
    yield from _additions("order_events", _ORDER_EVENTS, books.appended.order_events)
    yield from _additions("executions", _EXECUTIONS, books.executions.inserted())
    entries = books.appended.journal_entries
    yield from _additions("journal_entries", _JOURNAL_ENTRIES, entries)
    yield from _additions("postings", _POSTINGS, list(_lines(entries)))
    yield from _changes("limits", _LIMITS, books.limits)
    yield from _changes("fees", _FEES, books.fees)
    yield from _changes("freezes", _FREEZES, books.freezes)
    yield from _additions("commands", _COMMANDS, books.commands.inserted())
    yield from _additions("idempotency_keys", _IDEMPOTENCY, books.idempotency.inserted())
    yield from _additions("inbox", _INBOX, books.inbox.inserted())
    yield from _changes("trade_cursors", _TRADE_CURSORS, books.trade_cursors)
    yield from _additions("outbox", _OUTBOX, books.outbox)
    yield from _additions("audit_log", _AUDIT, books.appended.audits)


def _changes(table: str, cells: Mapping[str, Column], rows: Rows[Any, Any]) -> Iterator[Call]:
    """Yield what goes before what comes: a new child is alive only once the former has ended."""
    removed = rows.removed()
    if removed:
        yield _write(SQL[f"delete_{table}"], _REMOVED[table], removed)
    updated = rows.updated()
    if updated:
        yield _write(SQL[f"update_{table}"], cells, updated)
    yield from _additions(table, cells, rows.inserted())


def _additions(table: str, cells: Mapping[str, Column], rows: Sequence[Any]) -> Iterator[Call]:
    if rows:
        yield _write(SQL[f"insert_{table}"], cells, rows)


def _write(statement: Statement, cells: Mapping[str, Column], rows: Sequence[Any]) -> Call:
    return Call(statement, [cells[name](rows) for name in statement.parameters])


class _Line(NamedTuple):
    entry: JournalEntry
    line: int
    posting: Posting


def _lines(entries: Sequence[JournalEntry]) -> Iterator[_Line]:
    for entry in entries:
        for line, posting in enumerate(entry.postings, start=1):
            yield _Line(entry, line, posting)


def _column(write: Callable[[list[Any]], bytes], get: Callable[[Any], Any]) -> Column:
    return lambda rows: write(list(map(get, rows)))


def _columns(**names: str) -> dict[str, Column]:
    """Return columns by name; each keyword is a function of `columns`, then what it writes.

    `price=price_filter.min_price` is a column that comes from elsewhere in the row.
    """
    found: dict[str, Column] = {}
    for write, of_kind in names.items():
        for name in of_kind.split():
            column, _, attribute = name.partition("=")
            found[column] = _column(getattr(columns, write), attrgetter(attribute or column))
    return found


def _multiplier(name: str) -> Column:
    def get(instrument: Instrument) -> Any:
        rule = instrument.percent_price
        return None if rule is None else getattr(rule, name)

    return _column(columns.optional_decimals, get)


def _allowed_symbols(row: AccountLimits) -> str | None:
    allowed = row.limits.allowed_symbols
    return None if allowed is None else ",".join(allowed)


_ASSETS: Final = _columns(texts="asset", integers="scale")

_INSTRUMENTS: Final = _columns(
    texts="symbol base_asset quote_asset",
    words="state",
    integers="base_scale quote_scale",
    decimals="min_price=price_filter.min_price max_price=price_filter.max_price"
    " tick_size=price_filter.tick_size"
    " min_quantity=lot_size.min_quantity max_quantity=lot_size.max_quantity"
    " step_size=lot_size.step_size"
    " market_min_quantity=market_lot_size.min_quantity"
    " market_max_quantity=market_lot_size.max_quantity"
    " market_step_size=market_lot_size.step_size"
    " min_notional=notional.min_notional max_notional=notional.max_notional",
    booleans="apply_min_to_market=notional.apply_min_to_market"
    " apply_max_to_market=notional.apply_max_to_market",
) | {
    "bid_multiplier_up": _multiplier("bid_multiplier_up"),
    "bid_multiplier_down": _multiplier("bid_multiplier_down"),
    "ask_multiplier_up": _multiplier("ask_multiplier_up"),
    "ask_multiplier_down": _multiplier("ask_multiplier_down"),
    "order_types": _column(columns.texts, lambda row: ",".join(row.order_types)),
}

_ACCOUNTS: Final = _columns(
    words="account_id status",
    texts="name",
    integers="number sequence open_orders rate_count",
    decimals="traded_notional",
    optional_dates="traded_on",
    optional_instants="rate_window",
    instants="created_at",
)

_WALLETS: Final = _columns(words="account_id", texts="asset", decimals="available reserved owed")

_POSITIONS: Final = _columns(
    words="account_id", texts="asset", decimals="quantity cost realised_profit"
)

_ORDERS: Final = _columns(
    words="order_id account_id side type time_in_force status",
    texts="symbol base_asset quote_asset client_order_id",
    optional_texts="reason",
    integers="account_number version children",
    decimals="filled_quantity filled_notional",
    optional_decimals="quantity quote_quantity price stop_price replace_quantity replace_price",
    booleans="late_fill",
    instants="created_at updated_at",
)

_RESERVATIONS: Final = _columns(
    words="order_id account_id", texts="asset", decimals="amount consumed released"
)

_VENUE_ORDERS: Final = _columns(
    words="order_id account_id side type status",
    optional_words="time_in_force outcome",
    texts="venue_client_order_id symbol",
    optional_texts="outcome_reason",
    integers="child",
    optional_integers="venue_order_id",
    decimals="filled_quantity",
    optional_decimals="quantity quote_quantity price outcome_quantity",
    instants="attempted_at",
    optional_intervals="receive_window",
)

_ORDER_EVENTS: Final = _columns(
    words="order_id trigger status",
    integers="version",
    decimals="filled_quantity",
    optional_texts="detail",
    instants="recorded_at",
)

_EXECUTIONS: Final = _columns(
    words="account_id journal_entry_id side liquidity",
    optional_words="order_id",
    texts="venue symbol commission_asset fee_asset",
    integers="trade_id venue_order_id child",
    decimals="quantity price notional commission fee from_reservation from_available owed",
    booleans="late",
    instants="transacted_at recorded_at",
)

_JOURNAL_ENTRIES: Final = _columns(
    words="journal_entry_id kind", texts="reference", instants="recorded_at"
)

_POSTINGS: Final = _columns(
    words="journal_entry_id=entry.journal_entry_id",
    integers="line",
    texts="account=posting.account asset=posting.asset",
    decimals="amount=posting.amount",
    instants="recorded_at=entry.recorded_at",
)

_LIMITS: Final = _columns(
    words="account_id",
    optional_decimals="max_order_notional=limits.max_order_notional"
    " max_daily_notional=limits.max_daily_notional price_band=limits.price_band",
    optional_integers="max_open_orders=limits.max_open_orders"
    " max_orders_per_second=limits.max_orders_per_second",
    optional_intervals="duplicate_window=limits.duplicate_window",
) | {"allowed_symbols": _column(columns.optional_texts, _allowed_symbols)}

_FEES: Final = _columns(words="account_id", decimals="maker=policy.maker taker=policy.taker")

_FREEZES: Final = _columns(
    words="scope mode", texts="target reason frozen_by", instants="frozen_at"
)

_COMMANDS: Final = _columns(
    words="command_id", texts="kind", byte_strings="outcome", instants="recorded_at"
)

_IDEMPOTENCY: Final = _columns(
    words="command_id", texts="owner key", byte_strings="request_hash", instants="recorded_at"
)

_INBOX: Final = _columns(words="event_id command_id", texts="consumer")

_TRADE_CURSORS: Final = _columns(texts="venue symbol", integers="trade_id")

_OUTBOX: Final = _columns(
    words="event_id account_id",
    texts="topic",
    integers="sequence",
    byte_strings="body",
    instants="recorded_at",
)

_AUDIT: Final = _columns(
    words="audit_id command_id",
    optional_words="account_id",
    texts="actor action subject correlation_id",
    optional_texts="reason",
    optional_byte_strings="before after",
    instants="recorded_at",
)

#: Rows that may go; what is handed over is their keys.
_REMOVED: Final[Mapping[str, Mapping[str, Column]]] = {
    "limits": {"account_id": columns.words},
    "fees": {"account_id": columns.words},
    "freezes": {
        "scope": _column(columns.words, itemgetter(0)),
        "target": _column(columns.texts, itemgetter(1)),
    },
}
