"""Hypothesis strategies for money and orders. Amounts are built from integers, so they are exact."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from hypothesis import strategies as st

from tradecore.application.commands.apply_execution import ApplyExecution
from tradecore.domain.executions import Liquidity
from tradecore.domain.fees import FeePolicy
from tradecore.domain.instruments import Instrument, LotSize, OrderType, PriceFilter, Side
from tradecore.domain.money import Price, Quantity, multiply
from tradecore.domain.orders import Order
from tradecore.testing.builders import build_apply_execution, build_instrument, build_order


def amounts(
    scale: int = 8, *, minimum: Decimal = Decimal(0), maximum: Decimal = Decimal(1000000)
) -> st.SearchStrategy[Decimal]:
    """Return amounts with at most `scale` decimals."""
    unit = Decimal(1).scaleb(-scale)
    return multiples(unit, minimum=minimum, maximum=maximum)


def multiples(
    step: Decimal, *, minimum: Decimal = Decimal(0), maximum: Decimal = Decimal(1000000)
) -> st.SearchStrategy[Decimal]:
    """Return multiples of `step` between the bounds."""
    unit = Fraction(step)
    low, high = ceil(Fraction(minimum) / unit), floor(Fraction(maximum) / unit)
    return st.integers(low, high).map(lambda count: multiply(step, Decimal(count)))


def steps() -> st.SearchStrategy[Decimal]:
    """Return tick and step sizes as the venue has them: 1, 0.5, and so on."""
    return st.builds(
        lambda digit, scale: Decimal(digit).scaleb(-scale),
        st.sampled_from((1, 5)),
        st.integers(0, 8),
    )


def prices(tick: Decimal = Decimal("0.01")) -> st.SearchStrategy[Price]:
    """Return positive prices on the tick."""
    return multiples(tick, minimum=tick, maximum=max(tick, Decimal(100000))).map(Price)


def quantities(step: Decimal = Decimal("0.00001")) -> st.SearchStrategy[Quantity]:
    """Return positive quantities on the step."""
    return multiples(step, minimum=step, maximum=max(step, Decimal(1000))).map(Quantity)


def fee_policies() -> st.SearchStrategy[FeePolicy]:
    """Return policies of 0 to 5 %, to a hundredth of a basis point."""
    rate = amounts(6, maximum=Decimal("0.05"))
    return st.builds(FeePolicy, maker=rate, taker=rate)


def instruments() -> st.SearchStrategy[Instrument]:
    """Return BTCUSDT with any tick, any step and any scale of the quote asset."""
    return st.builds(
        lambda tick, step, scale: build_instrument(
            price_filter=PriceFilter(tick_size=tick),
            lot_size=LotSize(step_size=step),
            quote_scale=scale,
        ),
        steps(),
        steps(),
        st.integers(2, 8),
    )


@st.composite
def limit_orders(draw: st.DrawFn, instrument: Instrument) -> Order:
    """Return a limit order on the instrument's tick and step."""
    return build_order(
        side=draw(st.sampled_from(Side)),
        type=OrderType.LIMIT,
        price=draw(prices(instrument.price_filter.tick_size)),
        quantity=draw(quantities(instrument.lot_size.step_size)),
    )


@st.composite
def execution_reports(draw: st.DrawFn, /, **fixed: Any) -> ApplyExecution:
    """Return a fill as the venue may report it: at any price, commission in either asset or BNB."""
    quantity, price = draw(quantities()), draw(prices())
    fields: dict[str, Any] = {
        "quantity": quantity,
        "price": price,
        "notional": multiply(quantity, price),
        "commission": draw(amounts(8, maximum=Decimal("0.00000001"))),
        "commission_asset": draw(st.sampled_from(("BTC", "USDT", "BNB"))),
        "liquidity": draw(st.sampled_from(Liquidity)),
        "trade_id": draw(st.integers(1, 1 << 40)),
    }
    return build_apply_execution(**{**fields, **fixed})
