"""Note how far the venue's fills of a symbol are posted, so that a catch-up goes on from there."""

from typing import ClassVar

import attrs

from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.ports.records import TradeCursor
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class AdvanceCursor(Command[TradeCursor]):
    """Every fill of the symbol up to `trade_id` is in the books: say so after they are."""

    kind: ClassVar[str] = "advance_cursor"
    answer_type: ClassVar[type] = TradeCursor

    venue: str
    symbol: str
    trade_id: int

    def footprint(self) -> Footprint:
        """Return the cursor."""
        return Footprint(trade_cursors=frozenset({(self.venue, self.symbol)}))


def decide(command: AdvanceCursor, books: WorkingSet, _context: Context) -> TradeCursor:
    """Return the cursor where it stands now; it never goes back."""
    known = books.trade_cursors.find((command.venue, command.symbol))
    if known is not None and known.trade_id >= command.trade_id:
        return known
    cursor = TradeCursor(venue=command.venue, symbol=command.symbol, trade_id=command.trade_id)
    books.trade_cursors.save(cursor)
    return cursor
