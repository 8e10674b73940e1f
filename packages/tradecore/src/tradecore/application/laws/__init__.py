"""The laws of conservation, checked on a snapshot of the books: an empty answer is a good one.

Run after every step of a simulation, every few seconds under faults, and by `tradecore verify`.
L14, L15 and L18 to L20 need a witness outside of the books and live in tests.
"""

from tradecore.application.context import HouseRules
from tradecore.application.laws import history, money, trading
from tradecore.application.laws.history import Digest, check_append_only, digest
from tradecore.application.laws.results import Law, LawResult, Snapshot, Violation
from tradecore.ports.queries import Books
from tradecore.ports.venue import VenueHistory

__all__ = [
    "LAWS",
    "Digest",
    "LawResult",
    "Violation",
    "check",
    "check_append_only",
    "digest",
]

LAWS: tuple[Law, ...] = (
    Law("L1", "zero sum", money.zero_sum),
    Law("L2", "wallet and position equal the ledger", money.wallet_equals_ledger),
    Law("L3", "no overdraft", money.no_overdraft),
    Law("L4", "reservations", trading.reservations),
    Law("L5", "one fill, one posting", trading.one_fill_one_posting),
    Law("L6", "cost bound", trading.cost_bound),
    Law("L7", "venue mirror", money.venue_mirror),
    Law("L8", "one venue order", trading.one_venue_order),
    Law("L9", "legal walk", trading.legal_walk),
    Law("L10", "no lost event", history.no_lost_event),
    Law("L11", "effect once", history.effect_once),
    Law("L12", "one answer per key", history.one_answer_per_key),
    Law("L13", "append only", history.append_only),
    Law("L16", "exact", money.exact),
    Law("L17", "solvency", money.solvency),
)


def check(
    books: Books, venue: VenueHistory | None = None, *, rules: HouseRules | None = None
) -> tuple[LawResult, ...]:
    """Return every law with what breaks it; the venue's part is left out where `venue` is None."""
    snapshot = Snapshot(books, venue, rules or HouseRules())
    return tuple(_result(law, snapshot) for law in LAWS)


def _result(law: Law, snapshot: Snapshot) -> LawResult:
    try:
        violations = tuple(law.offenders(snapshot))
    except ArithmeticError as broken:
        # A stored NaN breaks every comparison; the law that cannot be checked is not kept.
        violations = (Violation("books", f"not checkable: {broken!r}"),)
    return LawResult(law.law, law.name, violations)
