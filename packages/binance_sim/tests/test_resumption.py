"""A venue that was stopped goes on where the books say it stood."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs

from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import CancelOrder
from binance_sim.engine.symbols import BTCUSDT
from binance_sim.engine.vocabulary import Side as EngineSide
from binance_sim.resumption import LastIds, resume
from binance_sim.testing import limit
from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder, VenueOrderStatus

CHILD = VenueOrder(
    order_id=OrderId("01900000-0000-7000-8000-000000000001"),
    account_id=AccountId("01900000-0000-7000-8000-000000000002"),
    child=1,
    venue_client_order_id="ours",
    symbol="BTCUSDT",
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    quantity=Quantity(Decimal("0.5")),
    quote_quantity=None,
    price=Price(Decimal(60_000)),
    attempted_at=datetime(2026, 1, 1, tzinfo=UTC),
    receive_window=timedelta(seconds=5),
    status=VenueOrderStatus.LIVE,
    venue_order_id=41,
    filled_quantity=Decimal("0.2"),
)


def resumed() -> Exchange:
    exchange = Exchange([BTCUSDT])
    exchange.open_account("house")
    resume(
        exchange,
        "house",
        holdings={"USDT": Decimal(100_000), "BTC": Decimal(3)},
        living=[CHILD],
        last_ids={"BTCUSDT": LastIds(venue_order_id=57, trade_id=900)},
        now_us=1,
    )
    return exchange


def test_holdings_are_split_into_free_and_locked() -> None:
    balances = {each.asset: each for each in resumed().account("house").snapshots()}
    assert balances["USDT"].locked == Decimal(18_000)
    assert balances["USDT"].free == Decimal(82_000)
    assert balances["BTC"].free == Decimal(3)


def test_the_resting_order_is_found_and_reports_nothing() -> None:
    exchange = resumed()
    order = exchange.history.order("house", "BTCUSDT", order_id=41)
    assert order.filled_quantity == Decimal("0.2")
    assert order.client_order_id == "ours"
    assert [type(event).__name__ for event in exchange.journal.events] == [
        name for _ in range(2) for name in ("BalanceUpdate", "AccountPosition")
    ]


def test_ids_go_on_after_the_last_ones() -> None:
    exchange = resumed()
    exchange.open_account("other")
    exchange.deposit("other", "BTC", Decimal(1), 2)
    step = exchange.place("other", limit(EngineSide.SELL, "0.1", "60000"), 3)
    assert step.order is not None
    assert step.order.terms.order_id == 58
    assert [fill.trade_id for fill in step.order.fills] == [901]


def test_the_resting_order_can_be_cancelled_and_unlocks_its_rest() -> None:
    exchange = resumed()
    exchange.cancel("house", CancelOrder(symbol="BTCUSDT", order_id=41), 4)
    balances = {each.asset: each for each in exchange.account("house").snapshots()}
    assert balances["USDT"].locked == 0
    assert balances["USDT"].free == Decimal(100_000)


def test_a_sell_locks_what_is_left_of_it() -> None:
    exchange = Exchange([BTCUSDT])
    exchange.open_account("house")
    resume(
        exchange,
        "house",
        holdings={"BTC": Decimal(1)},
        living=[attrs.evolve(CHILD, side=Side.SELL)],
        last_ids={},
        now_us=1,
    )
    (btc,) = (one for one in exchange.account("house").snapshots() if one.asset == "BTC")
    assert (btc.free, btc.locked) == (Decimal("0.7"), Decimal("0.3"))


def test_an_order_that_never_rests_has_expired() -> None:
    exchange = Exchange([BTCUSDT])
    exchange.open_account("house")
    resume(
        exchange,
        "house",
        holdings={"USDT": Decimal(1_000)},
        living=[attrs.evolve(CHILD, time_in_force=TimeInForce.IOC)],
        last_ids={},
        now_us=1,
    )
    order = exchange.history.order("house", "BTCUSDT", order_id=41)
    assert (order.status, order.filled_quantity) == ("EXPIRED", Decimal("0.2"))
    assert not exchange.history.open_orders("house")
    (usdt,) = exchange.account("house").snapshots()
    assert (usdt.free, usdt.locked) == (Decimal(1_000), 0)
