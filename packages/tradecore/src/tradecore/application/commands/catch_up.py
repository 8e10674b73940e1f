"""A catch-up that an administrator asks for: the wish before it begins, and what it did."""

from collections.abc import Mapping
from typing import ClassVar

import attrs

from tradecore.application.auditing import audit
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.domain.errors import IdempotencyKeyInFlight, UnknownInstrument
from tradecore.ports.store import Footprint
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class CaughtUp:
    """What a catch-up did."""

    children: int  #: asked about
    fills: int  #: read at the venue, known or not
    cursors: Mapping[str, int]  #: by symbol, the trade id up to which everything is posted
    unread: tuple[
        str, ...
    ] = ()  #: symbols of which the venue gave no fills, or some are not posted


@attrs.frozen(kw_only=True)
class CatchUpRequest:
    """A wish that was noted."""

    request_id: str
    symbol: str | None
    from_trade_id: int | None


@attrs.frozen(kw_only=True)
class RequestCatchUp(Command[CatchUpRequest]):
    """Catch up with the venue: everything, or one symbol, perhaps from an earlier trade on."""

    kind: ClassVar[str] = "request_catch_up"
    answer_type: ClassVar[type] = CatchUpRequest

    symbol: str | None
    from_trade_id: int | None

    def footprint(self) -> Footprint:
        """Return the instrument, if one is named."""
        return Footprint(symbols=frozenset({self.symbol} if self.symbol else ()))


@attrs.frozen(kw_only=True)
class RecordCatchUp(Command[CaughtUp]):
    """Note what a catch-up did. Without `caught_up` only look for what was noted before."""

    kind: ClassVar[str] = "record_catch_up"
    answer_type: ClassVar[type] = CaughtUp

    request: CatchUpRequest
    caught_up: CaughtUp | None

    def footprint(self) -> Footprint:
        """Return nothing: what it did is in the books already."""
        return Footprint()


def decide_request(command: RequestCatchUp, books: WorkingSet, context: Context) -> CatchUpRequest:
    """Note who wants it, before anything is done. Raises UnknownInstrument."""
    if command.symbol is not None and books.instruments.find(command.symbol) is None:
        raise UnknownInstrument(symbol=command.symbol)
    request = CatchUpRequest(
        request_id=command.command_id, symbol=command.symbol, from_trade_id=command.from_trade_id
    )
    audit(books, context, command, subject=f"connector:{context.rules.venue}", after=request)
    return request


def decide_record(command: RecordCatchUp, books: WorkingSet, context: Context) -> CaughtUp:
    """Note what it did. Raises IdempotencyKeyInFlight: nothing was noted before, nor is now."""
    if command.caught_up is None:
        raise IdempotencyKeyInFlight(key=command.request.request_id)
    audit(
        books,
        context,
        command,
        subject=f"connector:{context.rules.venue}",
        before=command.request,
        after=command.caught_up,
    )
    return command.caught_up
