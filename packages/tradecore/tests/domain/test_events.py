"""An event belongs to the account that it happened to; control and alerts to the house."""

import pytest

from tradecore.domain import events
from tradecore.domain.executions import Liquidity
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.testing.builders import (
    ALICE,
    build_execution,
    build_freeze,
    build_order,
    build_wallet,
)


@pytest.mark.parametrize(
    ("event", "owner"),
    [
        (events.OrderSubmitted(order=build_order()), ALICE),
        (events.OrderCancelRequested(order=build_order()), ALICE),
        (events.OrderUpdated(order=build_order()), ALICE),
        (events.ExecutionRecorded(execution=build_execution()), ALICE),
        (events.BalanceUpdated(wallet=build_wallet()), ALICE),
        (events.TradingControlChanged(freeze=build_freeze(), lifted=False), HOUSE),
        (
            events.AlertRaised(kind=events.AlertKind.SUSPENSE, subject="x", detail="y"),
            HOUSE,
        ),
    ],
)
def test_an_event_names_its_account(event: events.Event, owner: AccountId) -> None:
    assert event.account_id == owner


def test_f22_two_fills_of_one_trade_have_two_names() -> None:
    one, other = build_execution(venue_order_id=101), build_execution(venue_order_id=102)
    assert one.key != other.key
    assert one.key.reference == "binance:BTCUSDT:1:101"
    assert one.liquidity is Liquidity.TAKER
