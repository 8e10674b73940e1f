"""The venue's file, and the market out of a seed."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from binance_sim.engine.symbols import MaxNumOrders
from binance_sim.testing import build_exchange
from binance_sim.wire.venue_time import VenueTime
from binance_sim_server.synthetic import SyntheticMarket
from binance_sim_server.venue_file import VenueFile, VenueFileError, build_venue
from tradecore.memory.clock import VirtualClock

FILE = """
[limits]
orders_10_seconds = 1000
max_open_orders = 5000
[[accounts]]
name = "house"
balances = { USDT = "100.5" }
keys = [{ api_key = "k1", secret = "s1" }]
"""


def read(text: str) -> VenueFile:
    return msgspec.toml.decode(text, type=VenueFile)


def test_a_file_describes_accounts_keys_and_raised_limits() -> None:
    venue = build_venue(read(FILE), Path(), 0)

    assert venue.exchange.account("house").snapshot("USDT").free == Decimal("100.5")
    assert [(key.api_key, key.account) for key in venue.keys] == [("k1", "house")]
    assert venue.limits.orders_10_seconds == 1000
    assert not venue.has_live_limits
    filters = venue.exchange.market("BTCUSDT").rules.filters
    assert [each.limit for each in filters if isinstance(each, MaxNumOrders)] == [5000]


def test_a_file_without_limits_has_the_venues_own() -> None:
    venue = build_venue(read('[[accounts]]\nname = "house"'), Path(), 0)

    assert venue.has_live_limits
    assert venue.limits.orders_10_seconds == 100


@pytest.mark.parametrize("key", ['api_key = "k"', 'api_key = "k", secret = "a", secret_file = "b"'])
def test_a_key_has_exactly_one_secret(key: str) -> None:
    with pytest.raises(VenueFileError, match="house"):
        build_venue(read(f'[[accounts]]\nname = "house"\nkeys = [{{ {key} }}]'), Path(), 0)


def test_the_same_seed_gives_the_same_market() -> None:
    def play(seed: int) -> list[object]:
        exchange = build_exchange()
        market = SyntheticMarket(exchange, VenueTime(VirtualClock()), seed=seed, speed=1.0)
        for _ in range(20):
            market.step("BTCUSDT")
        tape = exchange.market("BTCUSDT").tape
        return [(trade.price, trade.quantity) for trade in tape]

    assert play(1) == play(1) != play(2)
