"""Amending keeps the place, lowers the lock, and is remembered."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import ExecutionReport
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import AmendOrder
from binance_sim.engine.symbols import BTCUSDT, complete
from binance_sim.engine.vocabulary import ExecutionType, OrderStatus, Side, SymbolStatus
from binance_sim.testing import build_exchange, limit, market

BUY, SELL = Side.BUY, Side.SELL
S, D = OrderStatus, Decimal
BTC = "BTCUSDT"


@pytest.fixture
def exchange() -> Exchange:
    return build_exchange(symbols=[complete(BTCUSDT)])


def amendment(quantity: str, **changes: Any) -> AmendOrder:
    request = AmendOrder(symbol=BTC, order_id=1, new_quantity=D(quantity))
    return attrs.evolve(request, **changes)


def test_an_amended_order_keeps_its_place_and_locks_less(exchange: Exchange) -> None:
    exchange.place("alice", limit(BUY, "5", "100", client_order_id="first"), 1)
    exchange.place("bob", limit(BUY, "5", "100"), 2)
    step = exchange.amend("alice", amendment("2", new_client_order_id="second"), 3)

    assert step.order is not None
    assert step.order.terms.quantity == D(2)
    assert (step.order.client_order_id, step.order.original_client_order_id) == (
        "second",
        "first",
    )
    [report, position] = step.events
    assert isinstance(report, ExecutionReport)
    assert (report.execution_type, report.status) == (ExecutionType.REPLACED, S.NEW)
    assert (report.client_order_id, report.original_client_order_id) == ("second", "first")
    assert report.terms.quantity == D(2)
    assert not isinstance(position, ExecutionReport)
    assert exchange.account("alice").snapshot("USDT").locked == D(200)

    exchange.place("bob", market(SELL, "2"), 4)
    assert exchange.history.order("alice", BTC, order_id=1).status is S.FILLED
    found = exchange.history.order("alice", BTC, orig_client_order_id="second")
    assert found.terms.order_id == 1


def test_amendments_are_listed(exchange: Exchange) -> None:
    exchange.place("alice", limit(BUY, "5", "100", client_order_id="a"), 1)
    first = exchange.amend("alice", amendment("4", new_client_order_id="b"), 2).amendment
    second = exchange.amend("alice", amendment("3", new_client_order_id="b"), 3).amendment
    assert first is not None
    assert second is not None
    assert exchange.history.amendments("alice", BTC, 1) == [first, second]
    assert (first.original_client_order_id, first.new_client_order_id) == ("a", "b")
    assert (first.original_quantity, first.new_quantity) == (D(5), D(4))
    later = exchange.history.amendments(
        "alice", BTC, 1, from_execution_id=second.execution_id, limit=5
    )
    assert later == [second]


def test_an_amendment_without_an_id_gets_one(exchange: Exchange) -> None:
    exchange.place("alice", limit(BUY, "5", "100", client_order_id="a"), 1)
    step = exchange.amend("alice", amendment("4"), 2)
    assert step.order is not None
    assert step.order.client_order_id not in ("", "a")


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (amendment("5"), -2038, "The requested action would change no state; rejecting."),
        (amendment("6"), -2038, "Order amend (quantity increase) is not supported."),
        (amendment("2"), -2038, "Order amend (quantity below executed) is not supported."),
        (amendment("4", order_id=9), -2038, "Unknown order sent."),
        (amendment("4", order_id=None), -1102, "Param 'origClientOrderId' or 'orderId'"),
        (amendment("4.000001"), -1013, "Filter failure: LOT_SIZE"),
        (amendment("4.000000001"), -1111, "Parameter 'newQty' has too much precision."),
        (amendment("4", new_client_order_id="other"), -2038, "Duplicate order sent."),
        (amendment("4", new_client_order_id="?"), -1100, "Illegal characters"),
    ],
)
def test_what_is_refused_changes_nothing(
    exchange: Exchange, request_: AmendOrder, code: int, text: str
) -> None:
    exchange.place("alice", limit(BUY, "5", "100"), 1)
    exchange.place("alice", limit(BUY, "1", "50", client_order_id="other"), 1)
    exchange.place("bob", limit(SELL, "2", "100"), 1)
    before = len(exchange.journal.events)
    with pytest.raises(VenueError) as caught:
        exchange.amend("alice", request_, 2)
    assert (caught.value.code, caught.value.message[: len(text)]) == (code, text)
    assert len(exchange.journal.events) == before
    assert exchange.account("alice").snapshot("USDT").locked == D(350)


def test_amendments_of_one_order_are_limited(exchange: Exchange) -> None:
    exchange.place("alice", limit(BUY, "20", "100"), 1)
    for quantity in range(19, 9, -1):
        exchange.amend("alice", amendment(str(quantity)), 2)
    with pytest.raises(VenueError, match="Filter failure: MAX_NUM_ORDER_AMENDS") as caught:
        exchange.amend("alice", amendment("9"), 3)
    assert caught.value.code == -2038


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"amend_allowed": False}, "Order amend is not supported for this symbol."),
        ({"status": SymbolStatus.HALT}, "Market is closed."),
    ],
)
def test_the_symbol_may_not_allow_it(exchange: Exchange, change: dict[str, Any], text: str) -> None:
    exchange.place("alice", limit(BUY, "5", "100"), 1)
    exchange.replace_rules(attrs.evolve(complete(BTCUSDT), **change))
    with pytest.raises(VenueError, match=text):
        exchange.amend("alice", amendment("4"), 2)
