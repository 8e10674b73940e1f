"""A small day on a scripted venue that has everything in it: fills, a lost answer, a cancel, a
replacement whose first child filled in part, and an order that met another of the house.
"""

import asyncio
import contextlib
from decimal import Decimal
from typing import Final

import attrs

from tradecore.domain.errors import OrderAlreadyTerminal, OrderNotReplaceable
from tradecore.domain.ids import AccountId
from tradecore.domain.orders import Order, OrderStatus
from tradecore.domain.venue_orders import VenueOrder
from tradecore.testing.contracts.executing import keyed
from tradecore.testing.scenario import Scenario
from tradecore.testing.scripted_venue import Answer
from tradecore.testing.world import World

BUY: Final = Decimal(60_000)
SELL: Final = Decimal(60_001)
RESTS: Final = Decimal(59_000)
MOVES: Final = Decimal(58_000)
MEETS: Final = Decimal(61_000)

#: What becomes of the orders, and how many fills that takes.
OUTCOME: Final = ["CANCELED", "FILLED", "FILLED", "FILLED", "FILLED"]
FILLS: Final = 5

_ANSWERS: Final = {
    BUY: Answer.FILL,
    SELL: Answer.LOST,
    RESTS: Answer.REST,
    MOVES: Answer.PART,
}


def script(child: VenueOrder) -> Answer:
    """Answer by the price; who met another order does so only the first time."""
    assert child.price is not None, child
    if child.price == MEETS:
        return Answer.MET if child.child == 1 else Answer.FILL
    return _ANSWERS[child.price]


async def trade(
    world: World, house: Scenario, account_id: AccountId, acknowledged: list[Order]
) -> None:
    """A customer's program: it repeats each request under its key until it has an answer."""
    orders = (
        keyed(house.buy(account_id, price=BUY), "buy"),
        keyed(house.sell(account_id, price=SELL), "sell"),
        keyed(house.sell(account_id, price=MEETS), "meets"),
        keyed(house.buy(account_id, price=MOVES), "moves"),
        keyed(house.buy(account_id, price=RESTS), "rests"),
    )
    outcomes = await asyncio.gather(*(house.executor.execute(one) for one in orders))
    acknowledged.extend(outcome.unwrap() for outcome in outcomes)
    *_, moves, rests = acknowledged
    # An earlier life of the program may have done either.
    with contextlib.suppress(OrderAlreadyTerminal):
        await house.run(house.cancel(rests))
    await world.come_to_rest(lambda: _stands(world, moves))
    with contextlib.suppress(OrderAlreadyTerminal, OrderNotReplaceable):
        move = house.replace(moves, price=BUY)
        await house.run(attrs.evolve(move, idempotency=keyed(orders[0], "move").idempotency))


async def _stands(world: World, order: Order) -> bool:
    """Tell whether half of the order has filled, so that it can be replaced."""
    now = world.tables.orders[order.order_id]
    return now.status is not OrderStatus.PENDING_NEW and now.filled_quantity > 0
