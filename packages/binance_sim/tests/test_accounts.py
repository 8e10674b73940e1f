"""Money from outside, and who may ask."""

from decimal import Decimal

import pytest

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import AccountPosition, BalanceUpdate
from binance_sim.engine.vocabulary import Side
from binance_sim.testing import build_exchange, limit

BUY, SELL = Side.BUY, Side.SELL
D = Decimal


def test_deposit_and_withdrawal_are_balance_updates() -> None:
    exchange = build_exchange()
    step = exchange.withdraw("alice", "BTC", D(100), 5)
    update, position = step.events
    assert isinstance(update, BalanceUpdate)
    assert (update.asset, update.delta, update.cleared_us) == ("BTC", D(-100), 5)
    assert isinstance(position, AccountPosition)
    assert position.balances[0].free == 0
    with pytest.raises(VenueError, match="insufficient"):
        exchange.withdraw("alice", "BTC", D("0.00000001"), 6)


def test_locked_money_cannot_be_withdrawn() -> None:
    exchange = build_exchange()
    exchange.place("alice", limit(SELL, "60", "100"), 1)
    with pytest.raises(VenueError, match="insufficient"):
        exchange.withdraw("alice", "BTC", D(41), 2)


def test_unknown_account_is_a_bad_key() -> None:
    with pytest.raises(VenueError) as caught:
        build_exchange().place("mallory", limit(BUY, "1", "90"), 1)
    assert caught.value.code == -2015
