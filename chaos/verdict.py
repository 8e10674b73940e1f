"""What must hold after a day, whatever went wrong in it."""

from collections import Counter, defaultdict
from decimal import Decimal

import attrs
from chaos.day import OMNIBUS, Day

from tradecore.application import laws
from tradecore.domain.ids import parse_venue_client_order_id
from tradecore.domain.orders import OrderStatus
from tradecore.domain.venue_orders import VenueOrderStatus
from tradecore.messages import codec


@attrs.frozen(kw_only=True)
class Verdict:
    """What came of a day."""

    seed: int
    accepted: int
    venue_orders: int
    trades: int
    put_back: int  #: children that self-trade prevention ended
    alerts: Counter[str]  #: by kind
    met: Counter[str]  #: faults, by kind
    broken: list[str]  #: what does not hold; empty when all is well


async def judge(day: Day) -> Verdict:
    """Return the verdict on a day that has come to rest."""
    tables, history = day.store.tables, day.history()
    broken = [
        f"{one.law} {violation.subject}: {violation.detail}"
        for one in laws.check(await day.queries.books(), history)
        for violation in one.violations
    ]
    broken += _trades_twice_or_never(day)
    broken += _more_than_asked(day)
    broken += [
        f"order {order.order_id} is {order.status}"
        for order in tables.orders.values()
        if not order.is_terminal
    ]
    broken += [
        f"child {child.venue_client_order_id} is {child.status}"
        for child in tables.venue_orders.values()
        if child.status is not VenueOrderStatus.ENDED
    ]
    resting = day.server.exchange.history.open_orders(OMNIBUS)
    broken += [f"{one.terms.order_id} still rests at the venue" for one in resting]
    return Verdict(
        seed=day.plan.seed,
        accepted=len(tables.orders),
        venue_orders=len(history.orders),
        trades=len(history.executions),
        put_back=sum(child.outcome == "EXPIRED_IN_MATCH" for child in tables.venue_orders.values()),
        alerts=Counter(
            codec.json_value(codec.decode_event(record.topic, record.body).payload)["kind"]
            for record in tables.outbox
            if record.topic == "alerts.raised"
        ),
        met=day.met,
        broken=broken,
    )


def _trades_twice_or_never(day: Day) -> list[str]:
    """Return the venue's trades that are not in the books exactly once."""
    theirs = Counter(report.key for report in day.history().executions)
    ours = Counter(day.store.tables.executions.keys())
    posted = Counter(
        entry.reference
        for entry in day.store.tables.journal_entries.values()
        if entry.kind == "fill"
    )
    broken = [f"trade {key.reference} is missing" for key in theirs - ours]
    broken += [f"trade {key.reference} was invented" for key in ours - theirs]
    broken += [
        f"trade {key.reference} was posted {posted[key.reference]} times"
        for key in theirs
        if posted[key.reference] != 1
    ]
    return broken


def _more_than_asked(day: Day) -> list[str]:
    """Return the orders for which the venue traded more than was asked, or than we say."""
    filled: defaultdict[str, Decimal] = defaultdict(Decimal)
    for report in day.history().orders:
        ours = parse_venue_client_order_id(report.venue_client_order_id)
        assert ours is not None, report
        filled[ours[0]] += report.filled_quantity
    broken = []
    for order in day.store.tables.orders.values():
        at_venue = filled.pop(order.order_id, Decimal(0))
        if at_venue != order.filled_quantity:
            broken.append(
                f"order {order.order_id}: {at_venue} traded, {order.filled_quantity} ours"
            )
        if order.quantity is not None and at_venue > order.quantity:
            broken.append(f"order {order.order_id}: {at_venue} of {order.quantity} traded")
        if order.status is OrderStatus.FILLED and at_venue != order.quantity:
            broken.append(f"order {order.order_id}: filled at {at_venue} of {order.quantity}")
    broken += [f"the venue traded for {order_id}, which is unknown" for order_id in filled]
    return broken
