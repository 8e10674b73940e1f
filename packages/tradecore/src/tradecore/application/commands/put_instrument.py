"""The curated list of what may be traded."""

from typing import ClassVar, Final

import attrs

from tradecore.application.auditing import audit
from tradecore.application.command import Command
from tradecore.application.context import Context
from tradecore.domain.errors import InvalidInstrument, UnknownInstrument
from tradecore.domain.instruments import Asset, Instrument, InstrumentState, OrderType
from tradecore.domain.money import MAX_SCALE
from tradecore.ports.store import Footprint, StopsLock
from tradecore.ports.working_set import WorkingSet

OFFERED: Final = frozenset({OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER})
"""The types that a child can carry to the venue."""


@attrs.frozen(kw_only=True)
class PutInstrument(Command[Instrument]):
    """Offer the instrument, with the venue's filters, or change what is offered."""

    kind: ClassVar[str] = "put_instrument"
    answer_type: ClassVar[type] = Instrument

    instrument: Instrument

    def footprint(self) -> Footprint:
        """Return the instrument and its assets; no attempt begins while it changes."""
        return Footprint(
            symbols=frozenset({self.instrument.symbol}),
            assets=frozenset({self.instrument.base_asset, self.instrument.quote_asset}),
            stops=StopsLock.EXCLUSIVE,
        )


@attrs.frozen(kw_only=True)
class SetInstrumentState(Command[Instrument]):
    """Open or close a symbol for trading."""

    kind: ClassVar[str] = "set_instrument_state"
    answer_type: ClassVar[type] = Instrument

    symbol: str
    state: InstrumentState

    def footprint(self) -> Footprint:
        """Return the instrument; no attempt begins while its state changes."""
        return Footprint(symbols=frozenset({self.symbol}), stops=StopsLock.EXCLUSIVE)


def decide(command: PutInstrument, books: WorkingSet, context: Context) -> Instrument:
    """Return the instrument as offered; its assets are made known at its scales.

    Raises:
        InvalidInstrument: another quote asset than the house's, or a scale that would change.
    """
    instrument = command.instrument
    _require_valid(instrument, books, context)
    before = books.instruments.find(instrument.symbol)
    books.instruments.save(instrument)
    for asset, scale in (
        (instrument.base_asset, instrument.base_scale),
        (instrument.quote_asset, instrument.quote_scale),
    ):
        if books.assets.find(asset) is None:
            books.assets.save(Asset(asset=asset, scale=scale))
    audit(
        books,
        context,
        command,
        subject=f"instrument:{instrument.symbol}",
        before=before,
        after=instrument,
    )
    return instrument


def decide_state(command: SetInstrumentState, books: WorkingSet, context: Context) -> Instrument:
    """Return the instrument in its new state. Raises UnknownInstrument."""
    before = books.instruments.find(command.symbol)
    if before is None:
        raise UnknownInstrument(symbol=command.symbol)
    after = attrs.evolve(before, state=command.state)
    books.instruments.save(after)
    audit(
        books,
        context,
        command,
        subject=f"instrument:{command.symbol}",
        before=before,
        after=after,
    )
    return after


def _require_valid(instrument: Instrument, books: WorkingSet, context: Context) -> None:
    unknown = set(instrument.order_types) - OFFERED
    if unknown:
        raise InvalidInstrument(
            field="order_types", detail=f"cannot be sent to the venue: {', '.join(sorted(unknown))}"
        )
    if instrument.quote_asset != context.rules.quote_asset:
        raise InvalidInstrument(
            field="quote_asset",
            detail=f"must be {context.rules.quote_asset}: positions are valued in it",
        )
    for field, asset, scale in (
        ("base_scale", instrument.base_asset, instrument.base_scale),
        ("quote_scale", instrument.quote_asset, instrument.quote_scale),
    ):
        known = books.assets.find(asset)
        if not 0 <= scale <= MAX_SCALE:
            raise InvalidInstrument(field=field, detail=f"must be 0 to {MAX_SCALE}")
        if known is not None and known.scale != scale:
            raise InvalidInstrument(
                field=field, detail=f"{asset} divides to {known.scale} decimals, not {scale}"
            )
    known_instrument = books.instruments.find(instrument.symbol)
    if known_instrument is not None and (
        known_instrument.base_asset,
        known_instrument.quote_asset,
    ) != (instrument.base_asset, instrument.quote_asset):
        raise InvalidInstrument(field="symbol", detail="its assets cannot change")
