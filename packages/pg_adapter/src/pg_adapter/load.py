"""From a footprint to statements, and from their answers to what was loaded."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pg_adapter import columns, prepared, rows
from pg_adapter.pipeline import Call
from pg_adapter.prepared import Statement
from tradecore.ports.store import Footprint, StopsLock
from tradecore.ports.working_set import Loaded

SQL: Final = prepared.load("load.sql")

# No key ever changes, and NO KEY lets the foreign keys of others pass: a new wallet does not wait
# for whoever holds its asset. Among each other these locks exclude like FOR UPDATE.
_LOCKS: Final = {
    "accounts": "FOR NO KEY UPDATE OF a",
    "orders": "FOR NO KEY UPDATE OF o",
    "reservations": "FOR NO KEY UPDATE OF r",
    "venue_orders": "FOR NO KEY UPDATE OF v",
    "wallets": "FOR NO KEY UPDATE OF w",
    "funding": "FOR NO KEY UPDATE OF s",
    "trade_cursors": "FOR NO KEY UPDATE OF t",
}


def _locked(name: str, clause: str, suffix: str = "locked") -> Statement:
    statement = SQL[name]
    return Statement(
        name=statement.name + f".{suffix}".encode(),
        sql=statement.sql + f"\n   {clause}".encode(),
        parameters=statement.parameters,
    )


LOCKED: Final = {name: _locked(name, clause) for name, clause in _LOCKS.items()}
STOPS: Final = {
    StopsLock.SHARE: _locked("stops", "FOR SHARE OF c", "shared"),
    StopsLock.EXCLUSIVE: _locked("stops", "FOR NO KEY UPDATE OF c", "exclusive"),
}

#: Any other text names no row: it is left out, as an id that nobody has.
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
is_uuid: Final = _UUID.fullmatch
_NUL: Final = "\x00"


def plan(footprint: Footprint, *, lock: bool) -> list[Call]:
    """Return the statements that `footprint` needs, in the order of the locks."""
    parameters = _Parameters(footprint)
    return [
        Call(statement, statement.values(parameters))
        for statement in _statements(footprint, lock=lock)
    ]


def _statements(footprint: Footprint, *, lock: bool) -> Iterator[Statement]:
    """Yield what has keys to look for; nothing that cannot find a row."""
    for name, is_needed in _ORDER:
        if not is_needed(footprint):
            continue
        if not lock:
            # A number drawn by a read would be lost; a lock needs a transaction that writes.
            if name not in ("account_numbers", "stops", "funding"):
                yield SQL[name]
        elif name == "stops":
            yield STOPS[footprint.stops]
        else:
            yield LOCKED.get(name) or SQL[name]


def _accounts(footprint: Footprint) -> bool:
    return bool(footprint.accounts or footprint.orders)


def _instruments(footprint: Footprint) -> bool:
    return bool(footprint.symbols or footprint.orders)


def _assets(footprint: Footprint) -> bool:
    return bool(footprint.assets or footprint.funding or _instruments(footprint))


#: The order of the locks, then what is read under them; each with whether a footprint needs it.
_ORDER: Final[Sequence[tuple[str, Callable[[Footprint], bool]]]] = (
    ("recorded_at", lambda _: True),
    ("accounts", _accounts),
    ("orders", lambda footprint: bool(footprint.orders)),
    ("reservations", lambda footprint: bool(footprint.orders)),
    ("venue_orders", lambda footprint: bool(footprint.orders)),
    ("wallets", lambda footprint: _accounts(footprint) and _assets(footprint)),
    ("funding", lambda footprint: bool(footprint.funding)),
    ("stops", lambda footprint: bool(footprint.stops)),
    ("freezes", lambda footprint: bool(footprint.stops)),
    (
        "positions",
        lambda footprint: footprint.positions and _accounts(footprint) and _assets(footprint),
    ),
    ("instruments", _instruments),
    ("assets", _assets),
    ("limits", lambda footprint: footprint.rules),
    ("recent_orders", lambda footprint: footprint.rules and _accounts(footprint)),
    ("fees", lambda footprint: footprint.fees),
    ("client_order_ids", lambda footprint: bool(footprint.client_order_ids)),
    ("executions", lambda footprint: bool(footprint.executions)),
    ("trade_cursors", lambda footprint: bool(footprint.trade_cursors)),
    ("journal_entries", lambda footprint: bool(footprint.journal_entries)),
    ("reversed_entries", lambda footprint: bool(footprint.journal_entries)),
    ("house_balances", lambda footprint: bool(footprint.funding)),
    ("account_numbers", lambda footprint: bool(footprint.new_accounts)),
    ("idempotency_keys", lambda footprint: bool(footprint.keys)),
    ("inbox", lambda footprint: bool(footprint.deliveries)),
    (
        "commands",
        lambda footprint: bool(footprint.commands or footprint.keys or footprint.deliveries),
    ),
)


class _Parameters(dict[str, bytes | None]):
    """The parameters of a footprint by name, each written out when it is first asked for."""

    def __init__(self, footprint: Footprint) -> None:
        super().__init__()
        self._footprint = footprint

    def __missing__(self, name: str) -> bytes | None:
        value = self[name] = _PARAMETERS[name](self._footprint)
        return value


def _ids(values: Iterable[str]) -> bytes:
    return columns.words([value for value in values if is_uuid(value)])


def _names(values: Iterable[str]) -> bytes:
    return columns.texts([value for value in values if is_storable(value)])


def is_storable(text: str) -> bool:
    """Tell whether a text column can hold it: neither NUL nor a lone surrogate."""
    if text.isascii():
        return _NUL not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return _NUL not in text


def _client_order_ids(footprint: Footprint) -> Sequence[tuple[str, str]]:
    return [
        pair for pair in footprint.client_order_ids if is_uuid(pair[0]) and is_storable(pair[1])
    ]


def _keys(footprint: Footprint) -> Sequence[tuple[str, str]]:
    return [pair for pair in footprint.keys if is_storable(pair[0]) and is_storable(pair[1])]


def _deliveries(footprint: Footprint) -> Sequence[tuple[str, str]]:
    return [pair for pair in footprint.deliveries if is_storable(pair[0]) and is_uuid(pair[1])]


# A set's order is the same each time it is walked, so columns of one set stay in step.
_PARAMETERS: Final[Mapping[str, Callable[[Footprint], bytes]]] = {
    "accounts": lambda footprint: _ids(footprint.accounts),
    "orders": lambda footprint: _ids(footprint.orders),
    "symbols": lambda footprint: _names(footprint.symbols),
    "assets": lambda footprint: _names(footprint.assets | footprint.funding),
    "funding": lambda footprint: _names(footprint.funding),
    "client_accounts": lambda footprint: columns.words(
        [account for account, _ in _client_order_ids(footprint)]
    ),
    "client_order_ids": lambda footprint: columns.texts(
        [name for _, name in _client_order_ids(footprint)]
    ),
    "venues": lambda footprint: columns.texts([key.venue for key in footprint.executions]),
    "execution_symbols": lambda footprint: columns.texts(
        [key.symbol for key in footprint.executions]
    ),
    "trade_ids": lambda footprint: columns.integers([key.trade_id for key in footprint.executions]),
    "venue_order_ids": lambda footprint: columns.integers(
        [key.venue_order_id for key in footprint.executions]
    ),
    "cursor_venues": lambda footprint: columns.texts(
        [venue for venue, _ in footprint.trade_cursors]
    ),
    "cursor_symbols": lambda footprint: columns.texts(
        [symbol for _, symbol in footprint.trade_cursors]
    ),
    "journal_entries": lambda footprint: _ids(footprint.journal_entries),
    "new_accounts": lambda footprint: b"%d" % footprint.new_accounts,
    "owners": lambda footprint: columns.texts([owner for owner, _ in _keys(footprint)]),
    "keys": lambda footprint: columns.texts([key for _, key in _keys(footprint)]),
    "consumers": lambda footprint: columns.texts(
        [consumer for consumer, _ in _deliveries(footprint)]
    ),
    "event_ids": lambda footprint: columns.words(
        [event_id for _, event_id in _deliveries(footprint)]
    ),
    "commands": lambda footprint: _ids(footprint.commands),
}


def loaded(
    footprint: Footprint, calls: Sequence[Call], answers: Sequence[Sequence[rows.Row]]
) -> Loaded:
    """Return what the answers to `calls` hold."""
    found = {call.statement.name: answer for call, answer in zip(calls, answers, strict=True)}

    def of(name: str) -> Sequence[rows.Row]:
        plain = found.get(SQL[name].name)
        return plain if plain is not None else found.get(SQL[name].name + b".locked", ())

    def each(name: str, build: Callable[[rows.Row], Any]) -> list[Any]:
        return [build(row) for row in of(name)]

    return Loaded(
        recorded_at=of("recorded_at")[0][0],
        accounts=each("accounts", rows.account),
        wallets=each("wallets", rows.wallet),
        positions=each("positions", rows.position),
        orders=each("orders", rows.order),
        venue_orders=each("venue_orders", rows.venue_order),
        reservations=each("reservations", rows.reservation),
        executions=each("executions", rows.execution),
        instruments=each("instruments", rows.instrument),
        assets=each("assets", rows.asset),
        limits=each("limits", rows.limits),
        fees=each("fees", rows.fees),
        freezes=each("freezes", rows.freeze),
        journal_entries=tuple(rows.journal_entries(of("journal_entries"))),
        commands=each("commands", rows.command),
        idempotency=each("idempotency_keys", rows.idempotency),
        inbox=each("inbox", rows.delivery),
        trade_cursors=each("trade_cursors", rows.trade_cursor),
        client_order_ids=dict(each("client_order_ids", rows.client_order_id)),
        recent_orders=each("recent_orders", rows.recent_order),
        house_balances=each("house_balances", rows.house_balance),
        reversed_entries=frozenset(row[0] for row in of("reversed_entries")),
        stops_exclusive=footprint.stops is StopsLock.EXCLUSIVE,
        account_numbers=[row[0] for row in of("account_numbers")],
    )
