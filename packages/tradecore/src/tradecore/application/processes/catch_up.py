"""What happened at the venue while nobody listened: ask, and put it into the books.

First every child that is not proved dead is asked about, so that each child that the venue knows
has its number there. Then each symbol's fills are read by trade id, from a cursor that moves only
after all before it are posted. Everything may be repeated: what is known changes nothing.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from tradecore.application.processes.gateway import Gateway
from tradecore.application.processes.settle_attempts import one_of_many
from tradecore.domain.events import AlertKind
from tradecore.ports.store import AWAY
from tradecore.ports.venue import ExecutionReport, OrderReport, VenueUnavailable

logger = logging.getLogger(__name__)

FROM_THE_FIRST: Final = 0


@attrs.frozen(kw_only=True)
class CaughtUp:
    """What a catch-up did."""

    children: int  #: asked about
    fills: int  #: read at the venue, known or not
    symbols: Mapping[str, int]  #: the last trade id that is posted, by symbol


async def catch_up(gateway: Gateway) -> CaughtUp:
    """Bring the books to where the venue is. Raises VenueUnavailable, StoreError."""
    children = await catch_up_children(gateway)
    fills, last = 0, dict[str, int]()
    for instrument in await gateway.queries.list_instruments():
        symbol = instrument.symbol
        cursor = await gateway.queries.find_trade_cursor(gateway.venue.name, symbol)
        # Before the first cursor lies the account's life without us: what is not ours stays out.
        since = FROM_THE_FIRST if cursor is None else cursor.trade_id + 1
        try:
            read, until = await replay_trades(
                gateway, symbol, since, with_strangers=cursor is not None
            )
        except VenueUnavailable as away:
            logger.warning("catch_up.symbol_left", extra={"symbol": symbol, "error": repr(away)})
            continue
        fills += read
        if until is None and cursor is None:
            await gateway.advance_cursor(symbol, FROM_THE_FIRST)
        last[symbol] = until or (0 if cursor is None else cursor.trade_id)
    return CaughtUp(children=children, fills=fills, symbols=last)


async def catch_up_children(gateway: Gateway) -> int:
    """Ask the venue about every child that is not proved dead; return how many those are."""
    living = await gateway.queries.list_living_children()
    for child in living:
        with one_of_many(child):
            await gateway.ask(child)
    return len(living)


async def replay_trades(
    gateway: Gateway, symbol: str, since: int, *, with_strangers: bool
) -> tuple[int, int | None]:
    """Post every fill of `symbol` from trade `since` on; return how many, and the last one's id.

    `with_strangers` posts fills of orders that are not ours to suspense; without, they are passed
    over. A fill that cannot be posted keeps the cursor in front of its page, and a person is told.

    Raises:
        VenueUnavailable, StoreError: what is done so far is kept, and the cursor with it.
    """
    read, last, whole = 0, None, True
    while page := await gateway.trades(symbol, since):
        for fill in await _named(gateway, symbol, page):
            if fill.venue_client_order_id is None and not with_strangers:
                continue
            whole = await _posted(gateway, fill) and whole
        read, last = read + len(page), page[-1].trade_id
        if whole:
            await gateway.advance_cursor(symbol, last)
        since = last + 1
    return read, last


async def _posted(gateway: Gateway, fill: ExecutionReport) -> bool:
    """Post one fill; tell a person if it cannot be."""
    try:
        await gateway.apply(fill)
    except AWAY:
        raise
    except Exception as failure:
        logger.exception("catch_up.not_posted", extra={"fill": fill.key.reference})
        await gateway.alert(AlertKind.NOT_POSTED, fill.key.reference, repr(failure))
        return False
    return True


async def _named(
    gateway: Gateway, symbol: str, page: Sequence[ExecutionReport]
) -> Iterable[ExecutionReport]:
    """Return the fills with the client order ids of their orders; None where the order is not ours.

    The books know most orders by the venue's number. One that they do not know may still be ours:
    a child that was held never to have arrived. The venue's list of newest orders tells.
    """
    names: dict[int, str | None] = {}
    for number in {fill.venue_order_id for fill in page}:
        child = await gateway.queries.find_child(symbol, number)
        names[number] = None if child is None else child.venue_client_order_id
    if None in names.values():
        orders: Mapping[int, OrderReport] = {
            one.venue_order_id: one for one in await gateway.recent_orders(symbol)
        }
        for number, name in names.items():
            if name is None and number in orders:
                names[number] = orders[number].venue_client_order_id
    return [attrs.evolve(fill, venue_client_order_id=names[fill.venue_order_id]) for fill in page]
