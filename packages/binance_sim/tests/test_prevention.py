"""Self-trade prevention: the taker's mode decides."""

from decimal import Decimal

import attrs
import pytest

from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.engine.events import ExecutionReport
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT, complete
from binance_sim.engine.vocabulary import ExecutionType, OrderStatus, Side, StpMode, TimeInForce
from binance_sim.testing import FREE_OF_COMMISSION, build_exchange, limit, with_stp_none

BUY, SELL = Side.BUY, Side.SELL
D, S, M = Decimal, OrderStatus, StpMode
BTC = "BTCUSDT"


@pytest.fixture
def exchange() -> Exchange:
    rules = with_stp_none(BTCUSDT)
    modes = (*rules.allowed_stp_modes, StpMode.TRANSFER)
    return build_exchange(symbols=[attrs.evolve(rules, allowed_stp_modes=modes)])


@pytest.mark.parametrize(
    ("mode", "quantity", "maker", "taker"),
    [
        (M.NONE, "2", (S.PARTIALLY_FILLED, 2, 0), (S.FILLED, 2, 0)),
        (M.EXPIRE_TAKER, "2", (S.NEW, 0, 0), (S.EXPIRED_IN_MATCH, 0, 2)),
        (M.EXPIRE_MAKER, "2", (S.EXPIRED_IN_MATCH, 0, 3), (S.NEW, 0, 0)),
        (M.EXPIRE_BOTH, "2", (S.EXPIRED_IN_MATCH, 0, 3), (S.EXPIRED_IN_MATCH, 0, 2)),
        (M.DECREMENT, "2", (S.NEW, 0, 2), (S.EXPIRED_IN_MATCH, 0, 2)),
        (M.DECREMENT, "3", (S.EXPIRED_IN_MATCH, 0, 3), (S.EXPIRED_IN_MATCH, 0, 3)),
        (M.DECREMENT, "5", (S.EXPIRED_IN_MATCH, 0, 3), (S.NEW, 0, 3)),
        (M.TRANSFER, "2", (S.NEW, 0, 2), (S.EXPIRED_IN_MATCH, 0, 2)),
    ],
)
def test_mode(
    exchange: Exchange,
    mode: StpMode,
    quantity: str,
    maker: tuple[OrderStatus, int, int],
    taker: tuple[OrderStatus, int, int],
) -> None:
    """(status, filled, prevented) of a resting order of 3 and of the order that meets it."""
    exchange.place("alice", limit(SELL, "3", "100", stp_mode=M.EXPIRE_TAKER), 1)
    exchange.place("alice", limit(BUY, quantity, "100", stp_mode=mode), 2)

    outcomes = [
        (order.status, int(order.filled_quantity), int(order.prevented_quantity))
        for order in exchange.history.all_orders("alice", BTC)
    ]
    assert outcomes == [maker, taker]
    locked = sum(
        (order.terms.quantity - order.filled_quantity - order.prevented_quantity)
        for order in exchange.history.open_orders("alice")
        if order.terms.side is SELL
    )
    assert exchange.account("alice").snapshot("BTC").locked == locked


def test_none_gives_both_fills_one_trade_id(exchange: Exchange) -> None:
    exchange.place("alice", limit(SELL, "1", "100"), 1)
    exchange.place("alice", limit(BUY, "1", "100"), 2)
    fills = exchange.history.my_trades("alice", BTC)
    assert [(f.trade_id, f.order_id, f.is_maker) for f in fills] == [
        (1, 2, False),
        (1, 1, True),
    ]


def test_live_default_expires_the_resting_order_and_says_so() -> None:
    exchange = build_exchange()
    exchange.place("alice", limit(SELL, "3", "100", client_order_id="rest"), 1)
    step = exchange.place("alice", limit(BUY, "2", "101", client_order_id="take"), 2)

    new, prevention, _position = step.events
    assert isinstance(new, ExecutionReport)
    assert isinstance(prevention, ExecutionReport)
    assert prevention.execution_type is ExecutionType.TRADE_PREVENTION
    assert (prevention.client_order_id, prevention.status) == ("rest", S.EXPIRED_IN_MATCH)
    assert prevention.trade_id == -1
    detail = prevention.prevention
    assert detail is not None
    assert (detail.last_prevented_quantity, detail.counter_order_id) == (D(3), 2)
    assert (detail.execution_quantity, detail.execution_price) == (D(2), D(100))
    assert step.order is not None
    assert step.order.status is S.NEW
    [match] = step.order.prevented_matches
    assert (match.maker_prevented_quantity, match.taker_prevented_quantity) == (D(3), None)
    assert exchange.history.prevented_matches("alice", BTC) == [match]
    assert exchange.history.prevented_matches("alice", BTC, order_id=1) == [match]
    assert exchange.history.prevented_matches("bob", BTC) == []


def test_prevention_follows_the_fills_with_others(exchange: Exchange) -> None:
    exchange.place("bob", limit(SELL, "1", "99"), 1)
    exchange.place("alice", limit(SELL, "1", "100"), 2)
    step = exchange.place("alice", limit(BUY, "5", "100", stp_mode=M.EXPIRE_TAKER), 3)
    assert step.order is not None
    assert (step.order.status, step.order.filled_quantity) == (S.EXPIRED_IN_MATCH, D(1))
    assert step.order.prevented_quantity == D(4)


def test_trade_group_counts_as_one_trader() -> None:
    exchange = build_exchange(accounts=())
    for key in ("alice", "bob"):
        exchange.open_account(key, rates=FREE_OF_COMMISSION, trade_group_id=7)
        exchange.deposit(key, "BTC", D(10), 0)
        exchange.deposit(key, "USDT", D(1000), 0)
    exchange.place("alice", limit(SELL, "1", "100"), 1)
    step = exchange.place("bob", limit(BUY, "1", "100"), 2)
    assert step.order is not None
    assert step.order.status is S.NEW
    assert exchange.history.order("alice", BTC, order_id=1).status is S.EXPIRED_IN_MATCH


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        (M.NONE, S.FILLED),
        (M.EXPIRE_MAKER, S.EXPIRED),
        (M.EXPIRE_TAKER, S.EXPIRED),
        (M.EXPIRE_BOTH, S.EXPIRED),
        (M.DECREMENT, S.EXPIRED),
    ],
)
def test_fok_does_not_count_what_it_may_not_trade_with(
    exchange: Exchange, mode: StpMode, status: OrderStatus
) -> None:
    """All or nothing: a FOK that fails touches no resting order."""
    exchange.place("alice", limit(SELL, "1", "100"), 1)
    exchange.place("bob", limit(SELL, "1", "100"), 1)
    request = limit(BUY, "2", "100", time_in_force=TimeInForce.FOK, stp_mode=mode)
    step = exchange.place("alice", request, 2)
    assert step.order is not None
    assert step.order.status is status
    resting = exchange.history.order("alice", BTC, order_id=1).status
    assert resting is (S.FILLED if status is S.FILLED else S.NEW)


def test_fok_passes_its_own_orders_when_others_suffice(exchange: Exchange) -> None:
    exchange.place("alice", limit(SELL, "1", "100"), 1)
    exchange.place("bob", limit(SELL, "2", "100"), 1)
    request = limit(BUY, "2", "100", time_in_force=TimeInForce.FOK, stp_mode=M.EXPIRE_MAKER)
    step = exchange.place("alice", request, 2)
    assert step.order is not None
    assert step.order.status is S.FILLED
    assert exchange.history.order("alice", BTC, order_id=1).status is S.EXPIRED_IN_MATCH


def group() -> Exchange:
    """Two accounts of one trade group, with money each."""
    rules = complete(BTCUSDT)
    exchange = build_exchange(symbols=[rules], base="10", quote="1000")
    for key in ("alice", "bob"):
        exchange.account(key).trade_group_id = 7
    return exchange


@pytest.mark.parametrize("taker_side", [BUY, SELL])
def test_transfer_moves_the_overlap_between_accounts_without_a_trade(taker_side: Side) -> None:
    exchange = group()
    exchange.set_commission("alice", CommissionRates(standard=Rate(maker=D("0.1"))))
    exchange.place("alice", limit(taker_side.opposite, "3", "100", stp_mode=M.TRANSFER), 1)
    price = "101" if taker_side is BUY else "99"
    step = exchange.place("bob", limit(taker_side, "2", price, stp_mode=M.TRANSFER), 2)

    sign = 1 if taker_side is BUY else -1
    for key, direction in (("bob", sign), ("alice", -sign)):
        account = exchange.account(key)
        btc, usdt = account.snapshot("BTC"), account.snapshot("USDT")
        assert btc.free + btc.locked == D(10) + 2 * direction
        assert usdt.free + usdt.locked == D(1000) - 200 * direction
    assert step.order is not None
    assert (step.order.status, step.order.fills) == (S.EXPIRED_IN_MATCH, ())
    [match] = exchange.history.prevented_matches("alice", BTC)
    assert (match.stp_mode, match.trade_group_id) == (M.TRANSFER, 7)
    assert exchange.history.order("alice", BTC, order_id=1).prevented_quantity == D(2)
    assert not exchange.market(BTC).tape


def test_transfer_needs_both() -> None:
    exchange = group()
    exchange.place("alice", limit(SELL, "3", "100", stp_mode=M.EXPIRE_TAKER), 1)
    exchange.place("bob", limit(BUY, "2", "100", stp_mode=M.TRANSFER), 2)
    [match] = exchange.history.prevented_matches("bob", BTC)
    assert match.stp_mode is M.DECREMENT
    assert exchange.account("bob").snapshot("BTC").free == D(10)


def test_prevented_matches_are_found_by_id_and_paged(exchange: Exchange) -> None:
    for now_us in range(3):
        exchange.place("alice", limit(SELL, "1", "100"), now_us)
    exchange.place("alice", limit(BUY, "3", "100", stp_mode=M.EXPIRE_MAKER), 4)
    history = exchange.history

    def found(**query: int) -> list[int]:
        rows = history.prevented_matches("alice", BTC, **query)
        return [row.prevented_match_id for row in rows]

    assert found(order_id=4) == [0, 1, 2]
    assert found(order_id=2) == found(prevented_match_id=1) == [1]
    assert found(order_id=4, from_id=1, limit=1) == [1]
