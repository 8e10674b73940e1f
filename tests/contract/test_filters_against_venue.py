"""Our filters say what the venue's engine says, for any price and quantity."""

from datetime import UTC, datetime
from decimal import Decimal

import attrs
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from binance_adapter.messages import SymbolRow, decode
from binance_adapter.symbols import to_symbol
from binance_sim.engine.errors import VenueError
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT, ETHUSDT, SymbolRules
from binance_sim.engine.vocabulary import Side as VenueSide
from binance_sim.testing import FREE_OF_COMMISSION, limit, market
from binance_sim.wire.views import symbols as views
from tradecore.application.commands.place_order import filter_reasons
from tradecore.domain.instruments import Instrument, OrderType, Side
from tradecore.domain.money import Price, Quantity, multiply
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.testing.builders import build_order

BOUNDS = st.sampled_from(
    [Decimal(text) for text in ("0.00001", "0.01", "5", "12000", "60000", "300000", "9000", "1e6")]
)
PRICES = st.one_of(
    st.decimals("0.001", "1100000", places=3), st.decimals("10000", "400000", places=2), BOUNDS
)
QUANTITIES = st.one_of(
    st.decimals("0.000001", "9100", places=6), st.decimals("0.00001", "1", places=5), BOUNDS
)
AVERAGE = Decimal(60_000)
FAILURE = "Filter failure: "


def instrument_of(rules: SymbolRules) -> Instrument:
    """Return what our adapter makes of the venue's own words on the symbol."""
    return to_symbol(decode(msgspec.json.encode(views.symbol(rules)), SymbolRow)).instrument


def exchange(rules: SymbolRules) -> Exchange:
    made = Exchange([rules])
    made.open_account("house", rates=FREE_OF_COMMISSION)
    for asset in (rules.base_asset, rules.quote_asset):
        made.deposit("house", asset, Decimal(10) ** 10, 1)
    made.set_reference_price(rules.symbol, AVERAGE)
    return made


def venue_says(rules: SymbolRules, side: Side, quantity: Decimal, price: Decimal | None) -> str:
    """Return the filter that the engine names, or nothing."""
    request = (
        market(VenueSide(side), str(quantity))
        if price is None
        else limit(VenueSide(side), f"{quantity:f}", f"{price:f}")
    )
    venue = exchange(rules)
    if price is None:
        book = Decimal(60_000)
        other = VenueSide.SELL if side is Side.BUY else VenueSide.BUY
        venue.set_liquidity(rules.symbol, other, book, Decimal(100_000), 1)
    try:
        venue.place("house", attrs.evolve(request, symbol=rules.symbol), 1)
    except VenueError as error:
        if not error.message.startswith(FAILURE):
            raise
        return error.message.removeprefix(FAILURE)
    return ""


def we_say(rules: SymbolRules, side: Side, quantity: Decimal, price: Decimal | None) -> set[str]:
    """Return every filter that we name."""
    order = build_order(
        symbol=rules.symbol,
        side=side,
        type=OrderType.LIMIT if price is not None else OrderType.MARKET,
        quantity=Quantity(quantity),
        price=None if price is None else Price(price),
    )
    quote = ReferencePrice(
        symbol=rules.symbol,
        bid=Price(AVERAGE),
        ask=Price(AVERAGE),
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    worth = multiply(AVERAGE if price is None else price, quantity)
    return {reason.rule for reason in filter_reasons(order, instrument_of(rules), worth, quote)}


@pytest.mark.parametrize("rules", [BTCUSDT, ETHUSDT])
@given(side=st.sampled_from(Side), quantity=QUANTITIES, price=PRICES)
@example(side=Side.BUY, quantity=Decimal("0.00001"), price=Decimal(500_000))
@example(side=Side.SELL, quantity=Decimal(9000), price=Decimal(1000))
@example(side=Side.BUY, quantity=Decimal(1), price=Decimal(300_000))
@example(side=Side.BUY, quantity=Decimal(1), price=Decimal("300000.01"))
@example(side=Side.SELL, quantity=Decimal(1), price=Decimal("11999.99"))
def test_limit_orders_meet_the_same_filters(
    rules: SymbolRules, side: Side, quantity: Decimal, price: Decimal
) -> None:
    theirs, ours = venue_says(rules, side, quantity, price), we_say(rules, side, quantity, price)
    assert bool(theirs) == bool(ours), (theirs, ours)
    assert not theirs or theirs in ours


@pytest.mark.parametrize("rules", [BTCUSDT, ETHUSDT])
@given(quantity=QUANTITIES)
@example(quantity=Decimal(121))
@example(quantity=Decimal("0.0001"))
@example(quantity=Decimal("0.00008"))
def test_market_sells_meet_the_same_filters(rules: SymbolRules, quantity: Decimal) -> None:
    theirs, ours = (
        venue_says(rules, Side.SELL, quantity, None),
        we_say(rules, Side.SELL, quantity, None),
    )
    assert bool(theirs) == bool(ours), (theirs, ours)
    assert not theirs or theirs in ours
