"""What happened at the venue while nobody listened: ask, and put it into the books.

First every child that is not proved dead is asked about, so that each child that the venue knows
has its number there. Then each symbol's fills are read by trade id, from a cursor that moves only
after all before it are posted. Everything may be repeated: what is known changes nothing.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

import attrs

from tradecore.application.commands.catch_up import CaughtUp
from tradecore.application.processes.gateway import Gateway
from tradecore.application.processes.settle_attempts import one_of_many
from tradecore.domain.events import AlertKind
from tradecore.domain.ids import parse_venue_client_order_id
from tradecore.ports.store import AWAY
from tradecore.ports.venue import ExecutionReport, OrderReport, VenueUnavailable

logger = logging.getLogger(__name__)

FROM_THE_FIRST: Final = 0


async def catch_up(gateway: Gateway) -> CaughtUp:
    """Bring the books to where the venue is. Raises VenueUnavailable, StoreError."""
    children = await catch_up_children(gateway)
    fills, cursors, unread = 0, dict[str, int](), []
    for instrument in await gateway.queries.list_instruments():
        symbol = instrument.symbol
        try:
            read, cursors[symbol], whole = await catch_up_trades(gateway, symbol)
        except VenueUnavailable as away:
            logger.warning("catch_up.symbol_left", extra={"symbol": symbol, "error": repr(away)})
            unread.append(symbol)
            continue
        fills += read
        if not whole:
            unread.append(symbol)
    return CaughtUp(children=children, fills=fills, cursors=cursors, unread=tuple(unread))


async def catch_up_symbol(
    gateway: Gateway, symbol: str, from_trade_id: int | None = None
) -> CaughtUp:
    """Bring one symbol to where the venue is, its fills at the latest from `from_trade_id` on.

    Raises:
        VenueUnavailable, StoreError: what is done so far is kept.
    """
    children = await catch_up_children(gateway, symbol)
    fills, cursor, whole = await catch_up_trades(gateway, symbol, from_trade_id)
    return CaughtUp(
        children=children,
        fills=fills,
        cursors={symbol: cursor},
        unread=() if whole else (symbol,),
    )


async def catch_up_trades(
    gateway: Gateway, symbol: str, from_trade_id: int | None = None
) -> tuple[int, int, bool]:
    """Post the fills of `symbol` from its cursor on, or from before it.

    Nothing is passed over: a `from_trade_id` beyond the cursor begins at the cursor. Return how
    many were read, the trade id up to which everything is posted now, and whether that is all.

    Raises:
        VenueUnavailable, StoreError: what is done so far is kept, and the cursor with it.
    """
    cursor = await gateway.queries.find_trade_cursor(gateway.venue.name, symbol)
    following = FROM_THE_FIRST if cursor is None else cursor.trade_id + 1
    since = following if from_trade_id is None else min(from_trade_id, following)
    # Before the first cursor lies the account's life without us: what is not ours stays out. What
    # lies before a later one was posted when the cursor moved over it.
    strangers_since = None if cursor is None else following
    read, whole = await replay_trades(gateway, symbol, since, strangers_since=strangers_since)
    stands = await gateway.queries.find_trade_cursor(gateway.venue.name, symbol)
    return read, FROM_THE_FIRST if stands is None else stands.trade_id, whole


async def catch_up_children(gateway: Gateway, symbol: str | None = None) -> int:
    """Ask the venue about every child that is not proved dead; return how many those are."""
    living = [
        child
        for child in await gateway.queries.list_living_children()
        if symbol in {None, child.symbol}
    ]
    for child in living:
        with one_of_many(child):
            await gateway.ask(child)
    return len(living)


async def replay_trades(
    gateway: Gateway, symbol: str, since: int, *, strangers_since: int | None
) -> tuple[int, bool]:
    """Post every fill of `symbol` from trade `since` on; return how many, and whether all are.

    Fills of orders that are not ours are posted to suspense from trade `strangers_since` on and
    passed over before; None: all are passed over, and the cursor is set at the end, since whoever
    finds one takes all strangers after it for news. A fill that cannot be posted keeps the cursor
    in front of its page, and a person is told.

    Raises:
        VenueUnavailable, StoreError: what is done so far is kept, and the cursor with it.
    """
    read, last, whole = 0, FROM_THE_FIRST, True
    while page := await gateway.trades(symbol, since):
        fills, nameless = await _named(gateway, symbol, page)
        for fill in fills:
            is_strange = fill.venue_client_order_id is None
            if is_strange and (strangers_since is None or fill.trade_id < strangers_since):
                continue
            if fill.venue_order_id in nameless:
                await _hold(gateway, fill)
                whole = False
            else:
                whole = await _posted(gateway, fill) and whole
        read, last = read + len(page), page[-1].trade_id
        if whole and strangers_since is not None:
            await gateway.advance_cursor(symbol, last)
        since = last + 1
    if whole and strangers_since is None:
        await gateway.advance_cursor(symbol, last)
    return read, whole


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


async def _hold(gateway: Gateway, fill: ExecutionReport) -> None:
    """Leave a fill whose order nobody can name yet: in suspense it would be lost to its owner."""
    reference = fill.key.reference
    logger.warning("catch_up.nameless", extra={"fill": reference})
    await gateway.alert(
        AlertKind.NOT_POSTED, reference, "the venue does not say yet whose order this is"
    )


async def _named(
    gateway: Gateway, symbol: str, page: Sequence[ExecutionReport]
) -> tuple[Iterable[ExecutionReport], Set[int]]:
    """Return the fills with the client order ids of their orders; None where the order is not ours.

    The books know most orders by the venue's number. One that they do not know may still be ours:
    a child that was held never to have arrived, or one sent this very moment. The venue's list of
    newest orders tells. It may lag; numbers that it does not tell are returned beside the fills.
    """
    names: dict[int, str | None] = {}
    for number in {fill.venue_order_id for fill in page}:
        child = await gateway.queries.find_child(symbol, number)
        names[number] = None if child is None else child.venue_client_order_id
    nameless: set[int] = set()
    if None in names.values():
        orders: Mapping[int, OrderReport] = {
            one.venue_order_id: one for one in await gateway.recent_orders(symbol)
        }
        for number, name in names.items():
            if name is not None:
                continue
            if number in orders:
                found = orders[number].venue_client_order_id
                names[number] = None if parse_venue_client_order_id(found) is None else found
            else:
                nameless.add(number)
    fills = [attrs.evolve(fill, venue_client_order_id=names[fill.venue_order_id]) for fill in page]
    return fills, nameless
