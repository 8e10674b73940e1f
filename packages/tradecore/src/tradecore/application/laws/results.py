"""What a check answers, and what it looks at."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property

import attrs

from tradecore.application.context import HouseRules
from tradecore.domain.money import ZERO, add
from tradecore.ports.queries import Books
from tradecore.ports.venue import VenueHistory


@attrs.frozen
class Violation:
    """One offender: a row's kind and key, and the figures that do not agree."""

    subject: str
    detail: str


@attrs.frozen
class LawResult:
    """One law, and everything that breaks it."""

    law: str
    name: str
    violations: tuple[Violation, ...]


@attrs.frozen(slots=False)
class Snapshot:
    """The books as of one instant, the venue's own record, and the house's rules."""

    books: Books
    venue: VenueHistory | None
    rules: HouseRules

    @cached_property
    def ledger_balances(self) -> dict[tuple[str, str], Decimal]:
        """Return the sum of the postings per (ledger account, asset)."""
        sums: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for entry in self.books.journal_entries:
            for posting in entry.postings:
                key = posting.account, posting.asset
                sums[key] = add(sums[key], posting.amount)
        return dict(sums)


@attrs.frozen
class Law:
    """A law's number in the list of faults, its name, and the function that finds offenders."""

    law: str
    name: str
    offenders: Callable[[Snapshot], Iterable[Violation]]
