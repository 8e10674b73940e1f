"""What the venue takes from a fill, and in which asset."""

from decimal import Decimal

import pytest

from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.vocabulary import Side
from binance_sim.testing import build_exchange, limit

BUY, SELL = Side.BUY, Side.SELL
D = Decimal
BTC = "BTCUSDT"

STANDARD = CommissionRates(standard=Rate(maker=D("0.001"), taker=D("0.002")))
LAYERED = CommissionRates(
    standard=Rate(maker=D("0.001"), taker=D("0.002")),
    special=Rate(taker=D("0.0001")),
    tax=Rate(buyer=D("0.0002"), seller=D("0.0003")),
)
IN_BNB = CommissionRates(
    standard=Rate(maker=D("0.001"), taker=D("0.002")),
    special=Rate(taker=D("0.0001")),
    discount=D("0.75"),
    pays_in_bnb=True,
)


@pytest.mark.parametrize(
    ("rates", "side", "is_maker", "commission", "asset"),
    [
        (STANDARD, BUY, False, "0.002", "BTC"),
        (STANDARD, BUY, True, "0.001", "BTC"),
        (STANDARD, SELL, False, "0.2", "USDT"),
        (STANDARD, SELL, True, "0.1", "USDT"),
        (LAYERED, BUY, False, "0.0023", "BTC"),
        (LAYERED, SELL, True, "0.13", "USDT"),
        (IN_BNB, SELL, False, "0.00032", "BNB"),  # 100 x (0.002 x 0.75 + 0.0001) / 500
        (IN_BNB, BUY, False, "0.002100", "BTC"),  # no price of BNB in BTC: the received asset
    ],
)
def test_commission(  # a table of cases
    rates: CommissionRates, side: Side, is_maker: bool, commission: str, asset: str
) -> None:
    """Received amount x all rates; in BNB the standard part is discounted."""
    exchange = build_exchange(rates=rates)
    exchange.deposit("alice", "BNB", D(1), 0)
    exchange.set_bnb_price("USDT", D(500))
    ours, theirs = limit(side, "1", "100"), limit(side.opposite, "1", "100")
    order = (("alice", ours), ("bob", theirs)) if is_maker else (("bob", theirs), ("alice", ours))
    for key, request in order:
        exchange.place(key, request, 1)

    [fill] = exchange.history.my_trades("alice", BTC)
    assert (fill.commission, fill.commission_asset) == (D(commission), asset)
    received = "BTC" if side is BUY else "USDT"
    before = {"BTC": D(100), "USDT": D(10000000), "BNB": D(1)}
    gained = {"BTC": D(1), "USDT": D(100)}[received]
    expected = before[received] + gained - (D(commission) if asset == received else 0)
    assert exchange.account("alice").snapshot(received).free == expected
    if asset == "BNB":
        assert exchange.account("alice").snapshot("BNB").free == 1 - D(commission)


def test_bnb_falls_back_fill_by_fill() -> None:
    """One order may pay in two assets."""
    exchange = build_exchange(rates=IN_BNB)
    exchange.set_bnb_price("USDT", D(500))
    exchange.deposit("alice", "BNB", D("0.0004"), 0)
    exchange.place("alice", limit(SELL, "2", "100"), 1)
    for _ in range(2):
        exchange.place("bob", limit(BUY, "1", "100"), 2)
    fills = exchange.history.my_trades("alice", BTC)
    assert [(f.commission_asset, f.commission) for f in fills] == [
        ("BNB", D("0.00015")),
        ("BNB", D("0.00015")),
    ]
    exchange.place("alice", limit(SELL, "2", "100"), 3)
    exchange.place("bob", limit(BUY, "1", "100"), 4)
    assert exchange.history.my_trades("alice", BTC)[-1].commission_asset == "USDT"


def test_commission_is_rounded_down_and_never_exceeds_what_came() -> None:
    rates = CommissionRates(standard=Rate(taker=D("0.33333333")))
    assert rates.in_received(2, is_maker=False, is_buyer=True) == 0
    assert rates.in_received(4, is_maker=False, is_buyer=True) == 1
    everything = CommissionRates(standard=Rate(taker=D(1)))
    assert everything.in_received(7, is_maker=False, is_buyer=True) == 7
    with pytest.raises(ValueError, match="between 0 and 1"):
        CommissionRates(standard=Rate(taker=D("0.6"), seller=D("0.6")))


def test_a_symbol_may_have_its_own_rates() -> None:
    exchange: Exchange = build_exchange(rates=STANDARD)
    exchange.set_commission("alice", CommissionRates(standard=Rate()), symbol=BTC)
    exchange.set_liquidity(BTC, SELL, D(100), D(1), 0)
    exchange.place("alice", limit(BUY, "1", "100"), 1)
    assert exchange.history.my_trades("alice", BTC)[0].commission == 0
    exchange.set_commission("alice", STANDARD, symbol=BTC)
    exchange.set_commission("alice", CommissionRates(standard=Rate()))
    exchange.set_bnb_price("USDT", None)
    exchange.set_liquidity(BTC, SELL, D(100), D(1), 0)
    exchange.place("alice", limit(BUY, "1", "100"), 1)
    assert exchange.history.my_trades("alice", BTC)[1].commission == D("0.002")
