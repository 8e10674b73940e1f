"""Laws of what is only ever added: events, inbox, keys, ledger, audit. L10 to L13."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from tradecore.application.laws.results import LawResult, Snapshot, Violation
from tradecore.domain.ids import AccountId
from tradecore.domain.ledger import EntryKind
from tradecore.messages import codec
from tradecore.ports.queries import Books


def no_lost_event(snapshot: Snapshot) -> Iterator[Violation]:
    """L10: per account, events are numbered 1..n in commit order, n being the account's counter."""
    sequences: defaultdict[AccountId, list[int]] = defaultdict(list)
    for record in snapshot.books.outbox:
        sequences[record.account_id].append(record.sequence)
    for account in snapshot.books.accounts:
        found = sequences.pop(account.account_id, [])
        if len(found) != account.sequence:
            yield Violation(
                f"account:{account.account_id}",
                f"has {len(found)} events, counts {account.sequence}",
            )
        for expected, sequence in enumerate(found, 1):
            if sequence != expected:
                yield Violation(
                    f"account:{account.account_id}",
                    f"event {sequence} stands where {expected} belongs",
                )
                break
    for account_id in sequences:
        yield Violation(f"account:{account_id}", "has events but no row")


def effect_once(snapshot: Snapshot) -> Iterator[Violation]:
    """L11: a consumer handled an event once, and what it did is there."""
    commands = {row.command_id for row in snapshot.books.commands}
    counts = Counter((row.consumer, row.event_id) for row in snapshot.books.inbox)
    for row in snapshot.books.inbox:
        if row.command_id not in commands:
            yield Violation(
                f"inbox:{row.consumer}:{row.event_id}", f"command {row.command_id} is missing"
            )
    for (consumer, event_id), count in counts.items():
        if count > 1:
            yield Violation(f"inbox:{consumer}:{event_id}", f"was handled {count} times")


def one_answer_per_key(snapshot: Snapshot) -> Iterator[Violation]:
    """L12: a key has one request, one command, one stored answer."""
    books = snapshot.books
    outcomes = {row.command_id: row.outcome for row in books.commands}
    if len(outcomes) != len(books.commands):
        for command_id, count in Counter(row.command_id for row in books.commands).items():
            if count > 1:
                yield Violation(f"command:{command_id}", f"is stored {count} times")
    counts = Counter((row.owner, row.key) for row in books.idempotency)
    for (owner, key), count in counts.items():
        if count > 1:
            yield Violation(f"key:{owner}:{key}", f"is stored {count} times")
    for row in books.idempotency:
        if not outcomes.get(row.command_id):
            yield Violation(
                f"key:{row.owner}:{row.key}", f"command {row.command_id} has no stored answer"
            )


_OF_A_COMMAND: Final = (EntryKind.OPENING, EntryKind.DEPOSIT, EntryKind.WITHDRAWAL)


def append_only(snapshot: Snapshot) -> Iterator[Violation]:
    """L13, as far as one snapshot shows it: nothing that a row of the ledger refers to is gone."""
    books = snapshot.books
    commands = {row.command_id for row in books.commands}
    entries = {row.journal_entry_id for row in books.journal_entries}
    for entry in books.journal_entries:
        subject = f"journal_entry:{entry.journal_entry_id}"
        if not entry.postings:
            yield Violation(subject, "has no postings")
        if entry.kind is EntryKind.REVERSAL and entry.reference not in entries:
            yield Violation(subject, f"reverses {entry.reference}, which is missing")
        if entry.kind in _OF_A_COMMAND and entry.reference not in commands:
            yield Violation(subject, f"its command {entry.reference} is missing")
        if entry.kind is EntryKind.REPAYMENT and entry.reference.split(":")[0] not in commands:
            yield Violation(subject, f"its command {entry.reference} is missing")
    for (kind, reference), count in Counter(
        (row.kind, row.reference) for row in books.journal_entries
    ).items():
        if count > 1:
            yield Violation(f"reference:{kind}:{reference}", f"is posted {count} times")
    for audit in books.audits:
        if audit.command_id not in commands:
            yield Violation(f"audit:{audit.audit_id}", f"command {audit.command_id} is missing")


@attrs.frozen
class Digest:
    """How many rows each append-only table has, and the chained SHA-256 over them in order."""

    counts: Mapping[str, int]
    chains: Mapping[str, str]


def digest(books: Books) -> Digest:
    """Return the digest of the ledger, the order histories, the executions and the audit log."""
    tables = _append_only_tables(books)
    chains = {}
    for name, rows in tables.items():
        link = b""
        for row in rows.values():
            link = hashlib.sha256(link + row).digest()
        chains[name] = link.hex()
    return Digest({name: len(rows) for name, rows in tables.items()}, chains)


def check_append_only(before: Books, after: Books) -> LawResult:
    """Return L13 between two snapshots: what was there is still there, unchanged."""
    violations = []
    later = _append_only_tables(after)
    for name, rows in _append_only_tables(before).items():
        for key, row in rows.items():
            if key not in later[name]:
                violations.append(Violation(f"{name}:{key}", "is gone"))
            elif later[name][key] != row:
                violations.append(Violation(f"{name}:{key}", "has changed"))
    return LawResult("L13", "append only", tuple(violations))


def _append_only_tables(books: Books) -> dict[str, dict[str, bytes]]:
    """Return each table's rows by key, as bytes."""
    tables: tuple[tuple[str, Sequence[tuple[str, object]]], ...] = (
        ("journal_entry", [(row.journal_entry_id, row) for row in books.journal_entries]),
        ("order_event", [(f"{row.order_id}:{row.version}", row) for row in books.order_events]),
        ("execution", [(row.key.reference, row) for row in books.executions]),
        ("audit", [(row.audit_id, row) for row in books.audits]),
    )
    return {name: {key: codec.encode(row) for key, row in rows} for name, rows in tables}
