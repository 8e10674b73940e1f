"""What the demo's customers do: every supported kind of order, from one seed."""

import random
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import attrs

from tradecore.domain.money import ceil_to_step, round_down, text

TICK: Final = Decimal("0.01")
STEPS: Final = {"BTCUSDT": Decimal("0.00001"), "ETHUSDT": Decimal("0.0001")}
PASSIVE_TICKS: Final = 3_000  #: how far from the touch a resting order may be: 30 dollars


class Kind(StrEnum):
    """The kinds of order, by what they are to show."""

    RESTING = "limit GTC, resting"
    MARKETABLE = "limit GTC, marketable"
    IOC = "limit IOC"
    FOK = "limit FOK"
    MAKER = "limit maker"
    MARKET = "market by quantity"
    MARKET_QUOTE = "market by quote amount"


WEIGHTS: Final = {
    Kind.RESTING: 30,
    Kind.MARKETABLE: 15,
    Kind.IOC: 12,
    Kind.FOK: 8,
    Kind.MAKER: 12,
    Kind.MARKET: 13,
    Kind.MARKET_QUOTE: 10,
}


@attrs.frozen(kw_only=True)
class Plan:
    """One order of the demo, decided before the market is looked at."""

    number: int
    account: int
    kind: Kind
    symbol: str
    side: str
    worth: Decimal  #: in USDT, about
    offset_ticks: int  #: from the touch
    preview: bool
    cancel: bool


def plans(orders: int, accounts: int, seed: int) -> list[Plan]:
    """Return the same orders for the same numbers."""
    chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
    return [
        Plan(
            number=number,
            account=chance.randrange(accounts),
            kind=chance.choices(kinds, weights)[0],
            symbol=chance.choice(list(STEPS)),
            side=chance.choice(("BUY", "SELL")),
            worth=Decimal(chance.randint(20, 3_000)),
            offset_ticks=chance.randint(1, PASSIVE_TICKS),
            preview=chance.random() < 0.2,  # noqa: PLR2004 - one in five
            cancel=chance.random() < 0.3,  # noqa: PLR2004 - three in ten of those that rest
        )
        for number in range(orders)
    ]


def body(plan: Plan, bid: Decimal, ask: Decimal) -> dict[str, Any]:
    """Return the request that carries the plan out at these prices."""
    buys = plan.side == "BUY"
    touch = ask if buys else bid
    order = {"symbol": plan.symbol, "side": plan.side, "client_order_id": f"demo-{plan.number}"}
    if plan.kind is Kind.MARKET_QUOTE and buys:
        return {**order, "type": "MARKET", "quote_quantity": text(plan.worth)}
    quantity = _quantity(plan, touch)
    if plan.kind in (Kind.MARKET, Kind.MARKET_QUOTE):
        return {**order, "type": "MARKET", "quantity": quantity}
    price = text(_price(plan, bid, ask))
    if plan.kind is Kind.MAKER:
        return {**order, "type": "LIMIT_MAKER", "quantity": quantity, "price": price}
    in_force = {Kind.IOC: "IOC", Kind.FOK: "FOK"}.get(plan.kind, "GTC")
    return {
        **order,
        "type": "LIMIT",
        "time_in_force": in_force,
        "quantity": quantity,
        "price": price,
    }


def _quantity(plan: Plan, touch: Decimal) -> str:
    """Return about the plan's worth of the base asset, on the step, above the minimum."""
    step = STEPS[plan.symbol]
    return text(ceil_to_step(round_down(plan.worth / touch, 8), step) + step)


def _price(plan: Plan, bid: Decimal, ask: Decimal) -> Decimal:
    """Return a limit: through the touch for those that should trade, behind it for the others."""
    buys = plan.side == "BUY"
    if plan.kind in (Kind.RESTING, Kind.MAKER):
        distance = TICK * plan.offset_ticks
        return bid - distance if buys else ask + distance
    through = TICK * (plan.offset_ticks % 200)
    return ask + through if buys else bid - through
