"""What an account may ask, and in which combinations."""

from decimal import Decimal
from typing import Any

import pytest

from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.engine.errors import VenueError
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.history import MAX_LIMIT
from binance_sim.engine.unfilled import DAY_US, TEN_SECONDS_US
from binance_sim.engine.vocabulary import Side
from binance_sim.testing import build_exchange, limit

BUY, SELL = Side.BUY, Side.SELL
D = Decimal
BTC = "BTCUSDT"


@pytest.fixture
def exchange() -> Exchange:
    """Alice's orders 1, 3, 5, ... at times 10, 30, 50, ...; each fills at once, trade 1, 2, ..."""
    exchange = build_exchange()
    for number in range(5):
        exchange.place("alice", limit(SELL, "1", "100"), number * 20 + 10)
        exchange.place("bob", limit(BUY, "1", "100"), number * 20 + 10)
    return exchange


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 3, 5, 7, 9]),
        ({"limit": 2}, [7, 9]),
        ({"order_id": 4, "limit": 2}, [5, 7]),
        ({"order_id": 5}, [5, 7, 9]),
        ({"start_us": 30, "limit": 2}, [3, 5]),
        ({"end_us": 50, "limit": 2}, [3, 5]),
        ({"start_us": 30, "end_us": 70}, [3, 5, 7]),
        ({"start_us": 31, "end_us": 69}, [5]),
        ({"order_id": 3, "end_us": 50}, [3, 5]),
        ({"start_us": 0, "end_us": DAY_US}, [1, 3, 5, 7, 9]),
    ],
)
def test_all_orders(exchange: Exchange, query: dict[str, Any], found: list[int]) -> None:
    rows = exchange.history.all_orders("alice", BTC, **query)
    assert [row.terms.order_id for row in rows] == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"limit": 2}, [4, 5]),
        ({"from_id": 2, "limit": 2}, [2, 3]),
        ({"from_id": 6}, []),
        ({"start_us": 30, "limit": 2}, [2, 3]),
        ({"end_us": 50, "limit": 2}, [2, 3]),
        ({"start_us": 30, "end_us": 70}, [2, 3, 4]),
        ({"order_id": 3}, [2]),
        ({"order_id": 3, "from_id": 2}, [2]),
        ({"order_id": 3, "from_id": 3}, []),
        ({"order_id": 99}, []),
    ],
)
def test_my_trades(exchange: Exchange, query: dict[str, Any], found: list[int]) -> None:
    rows = exchange.history.my_trades("alice", BTC, **query)
    assert [row.trade_id for row in rows] == found


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from_id": 1, "start_us": 1}, -1128),
        ({"order_id": 1, "end_us": 1}, -1128),
        ({"start_us": 0, "end_us": DAY_US + 1}, -1127),
    ],
)
def test_combinations_that_the_venue_refuses(
    exchange: Exchange, query: dict[str, Any], code: int
) -> None:
    with pytest.raises(VenueError) as caught:
        exchange.history.my_trades("alice", BTC, **query)
    assert caught.value.code == code


def test_paging_by_the_last_id_and_one_meets_every_trade_once(exchange: Exchange) -> None:
    met: list[int] = []
    from_id = 0
    while page := exchange.history.my_trades("alice", BTC, from_id=from_id, limit=2):
        met.extend(row.trade_id for row in page)
        from_id = page[-1].trade_id + 1
    assert met == [1, 2, 3, 4, 5]


def test_no_page_is_longer_than_the_venues(exchange: Exchange) -> None:
    for number in range(MAX_LIMIT):
        exchange.place("alice", limit(SELL, "0.1", "200"), 1000 + number)
        exchange.cancel_all("alice", BTC, 1000 + number)
    assert len(exchange.history.all_orders("alice", BTC, limit=9999)) == MAX_LIMIT


def test_commission_is_the_symbols_own_if_there_is_one(exchange: Exchange) -> None:
    rates = CommissionRates(standard=Rate(maker=D("0.5")))
    exchange.set_commission("alice", rates, symbol=BTC)
    assert exchange.history.commission("alice", BTC) == rates
    assert exchange.history.commission("alice", "ETHUSDT") != rates
    with pytest.raises(VenueError, match="-1121"):
        exchange.history.commission("alice", "NOPE")


def test_checking_an_order_places_none(exchange: Exchange) -> None:
    exchange.check_order("alice", limit(BUY, "1", "100"), 1)
    with pytest.raises(VenueError, match="PRICE_FILTER"):
        exchange.check_order("alice", limit(BUY, "1", "100.001"), 1)
    assert exchange.account("alice").open_orders == 0


def counts(exchange: Exchange, key: str, now_us: int) -> tuple[int, int]:
    unfilled = exchange.account(key).unfilled
    return unfilled.count(TEN_SECONDS_US, now_us), unfilled.count(DAY_US, now_us)


def test_a_first_fill_takes_an_order_out_of_the_count() -> None:
    exchange = build_exchange()
    for number in range(7):
        exchange.place("alice", limit(SELL, "1", str(100 + number)), 1)
    assert counts(exchange, "alice", 1) == (7, 7)
    exchange.place("bob", limit(BUY, "0.5", "100"), 2)
    assert counts(exchange, "bob", 2) == (0, 0)
    assert counts(exchange, "alice", 2) == (2, 2)
    exchange.place("bob", limit(BUY, "0.5", "100"), 3)
    assert counts(exchange, "alice", 3) == (2, 2)
    exchange.place("bob", limit(BUY, "1", "101"), 4)
    assert counts(exchange, "alice", 4) == (0, 0)


def test_cancelling_does_not_change_the_count_and_intervals_end() -> None:
    exchange = build_exchange()
    exchange.place("alice", limit(SELL, "1", "100"), 9_999_999)
    exchange.cancel_all("alice", BTC, 9_999_999)
    assert counts(exchange, "alice", 9_999_999) == (1, 1)
    assert counts(exchange, "alice", 10_000_000) == (0, 1)
    exchange.place("alice", limit(SELL, "1", "100"), 10_000_001)
    assert counts(exchange, "alice", 10_000_001) == (1, 2)
    assert counts(exchange, "alice", DAY_US) == (0, 0)


def test_a_fill_lowers_the_interval_in_which_it_happens() -> None:
    exchange = build_exchange()
    exchange.place("alice", limit(SELL, "1", "100"), 1)
    exchange.place("alice", limit(SELL, "1", "200"), TEN_SECONDS_US)
    exchange.place("bob", limit(BUY, "1", "100"), TEN_SECONDS_US + 1)
    assert counts(exchange, "alice", TEN_SECONDS_US + 1) == (0, 0)
