"""Cancel-replace: two parts, each with its own outcome."""

from decimal import Decimal

import attrs
import pytest

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import Event, ExecutionReport, OrderSnapshot
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import CancelOrder, CancelReplace, NewOrder
from binance_sim.engine.symbols import BTCUSDT, complete
from binance_sim.engine.unfilled import TEN_SECONDS_US
from binance_sim.engine.vocabulary import (
    CancelReplaceMode,
    CancelReplaceOutcome,
    CancelRestriction,
    OrderStatus,
    RejectReason,
    Side,
)
from binance_sim.testing import build_exchange, limit, limit_maker, market, with_stp_none

BUY, SELL = Side.BUY, Side.SELL
STOP, ALLOW = CancelReplaceMode.STOP_ON_FAILURE, CancelReplaceMode.ALLOW_FAILURE
O = CancelReplaceOutcome  # noqa: E741  # as the table reads
D = Decimal
BTC = "BTCUSDT"
GOOD = limit(BUY, "1", "90", client_order_id="new")
TAKES = limit_maker(BUY, "1", "130")
DEAR = limit(BUY, "1000", "9000")


@pytest.fixture
def exchange() -> Exchange:
    """One order of Alice at 100, id 1; the market asks 1 at 120."""
    exchange = build_exchange(symbols=[complete(BTCUSDT)], quote="1000")
    exchange.place("alice", limit(BUY, "5", "100", client_order_id="old"), 1)
    exchange.set_liquidity(BTC, SELL, D(120), D(1), 1)
    return exchange


def replace(
    new: NewOrder, mode: CancelReplaceMode, order_id: int = 1, **cancel: object
) -> CancelReplace:
    gone = CancelOrder(symbol=BTC, order_id=order_id, **cancel)  # type: ignore[arg-type]  # a table
    return CancelReplace(cancel=gone, new=new, mode=mode)


def types(events: tuple[Event, ...]) -> list[str]:
    return [
        f"{e.terms.order_id} {e.execution_type}" if isinstance(e, ExecutionReport) else "position"
        for e in events
    ]


@pytest.mark.parametrize(
    ("request_", "cancel", "new", "code", "events"),
    [
        (replace(GOOD, STOP), O.SUCCESS, O.SUCCESS, None, ["1 CANCELED", "2 NEW", "position"]),
        (replace(GOOD, STOP, 9), O.FAILURE, O.NOT_ATTEMPTED, -2022, []),
        (replace(GOOD, ALLOW, 9), O.FAILURE, O.SUCCESS, -2021, ["2 NEW", "position"]),
        (
            replace(TAKES, STOP),
            O.SUCCESS,
            O.FAILURE,
            -2021,
            ["1 CANCELED", "2 REJECTED", "position"],
        ),
        (replace(DEAR, ALLOW, 9), O.FAILURE, O.FAILURE, -2022, []),
        (
            replace(GOOD, STOP, restriction=CancelRestriction.ONLY_PARTIALLY_FILLED),
            O.FAILURE,
            O.NOT_ATTEMPTED,
            -2022,
            [],
        ),
    ],
)
def test_outcomes(
    exchange: Exchange,
    request_: CancelReplace,
    cancel: CancelReplaceOutcome,
    new: CancelReplaceOutcome,
    code: int | None,
    events: list[str],
) -> None:
    result = exchange.cancel_replace("alice", request_, 2)
    assert (result.cancel_result, result.new_order_result) == (cancel, new)
    assert (None if result.error is None else result.error.code) == code
    assert types(result.events) == events


def test_the_freed_money_pays_for_the_new_order(exchange: Exchange) -> None:
    request = replace(limit(BUY, "10", "100"), STOP)
    result = exchange.cancel_replace("alice", request, 2)
    assert result.error is None
    assert exchange.account("alice").snapshot("USDT").locked == D(1000)


def test_the_new_order_may_bear_the_id_of_the_old(exchange: Exchange) -> None:
    request = replace(limit(BUY, "1", "90", client_order_id="old"), STOP)
    result = exchange.cancel_replace("alice", request, 2)
    assert isinstance(result.new, OrderSnapshot)
    assert isinstance(result.cancel, OrderSnapshot)
    assert (result.new.client_order_id, result.cancel.original_client_order_id) == ("old", "old")


@pytest.mark.parametrize(
    "new", [market(BUY, "1"), market(BUY, quote_order_quantity="120")], ids=["base", "quote"]
)
def test_what_the_new_order_takes_is_counted_without_the_old(new: NewOrder) -> None:
    """The old order was the cheapest that the new one could have met."""
    exchange = build_exchange(symbols=[with_stp_none(complete(BTCUSDT))])
    exchange.place("alice", limit(SELL, "1", "100"), 1)
    exchange.set_liquidity(BTC, SELL, D(120), D(5), 1)
    result = exchange.cancel_replace("alice", replace(new, STOP), 3)
    assert isinstance(result.new, OrderSnapshot)
    assert (result.new.status, result.new.filled_notional) == (OrderStatus.FILLED, D(120))
    assert exchange.account("alice").snapshot("USDT").locked == 0


def test_a_filter_is_checked_before_anything_is_cancelled(exchange: Exchange) -> None:
    with pytest.raises(VenueError, match="PRICE_FILTER"):
        exchange.cancel_replace("alice", replace(limit(BUY, "1", "90.001"), ALLOW), 2)
    assert exchange.history.order("alice", BTC, order_id=1).status is OrderStatus.NEW


def test_the_rejected_half_says_why(exchange: Exchange) -> None:
    result = exchange.cancel_replace("alice", replace(DEAR, STOP), 2)
    rejected = result.events[1]
    assert isinstance(rejected, ExecutionReport)
    assert rejected.status is OrderStatus.REJECTED
    assert rejected.reject_reason is RejectReason.INSUFFICIENT_BALANCES
    following = exchange.place("alice", GOOD, 3).order
    assert following is not None
    assert following.terms.order_id == 3
    assert len(exchange.history.all_orders("alice", BTC)) == 2


def test_what_was_not_attempted_counts_as_unfilled(exchange: Exchange) -> None:
    exchange.cancel_replace("alice", replace(GOOD, STOP, 9), 2)
    assert exchange.account("alice").unfilled.count(TEN_SECONDS_US, 2) == 2


def test_a_symbol_may_not_allow_it(exchange: Exchange) -> None:
    exchange.replace_rules(attrs.evolve(complete(BTCUSDT), cancel_replace_allowed=False))
    with pytest.raises(VenueError, match="Order cancel-replace is not supported"):
        exchange.cancel_replace("alice", replace(GOOD, STOP), 2)
