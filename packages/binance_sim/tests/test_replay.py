"""The recorded market around customers' orders."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from binance_sim.engine.amounts import from_units
from binance_sim.engine.events import Event, ExecutionReport
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.vocabulary import ExecutionType, OrderStatus, Side
from binance_sim.recording import BookTicker, Recording, packaged_recordings
from binance_sim.replay import Replay
from binance_sim.testing import build_exchange, limit, market

BUY, SELL = Side.BUY, Side.SELL
BTC, ETH = "BTCUSDT", "ETHUSDT"
D = Decimal
SECOND_US = 1_000_000
START_US = 1_700_000_000 * SECOND_US


@pytest.fixture(scope="module")
def recordings() -> Sequence[Recording]:
    return packaged_recordings()


def line(ns: int, stream: str, data: str) -> bytes:
    return f'{ns} {{"stream":"btcusdt@{stream}","data":{{"s":"BTCUSDT",{data}}}}}'.encode()


def ticker(ns: int, update_id: int, bid: tuple[str, str], ask: tuple[str, str]) -> bytes:
    return line(
        ns,
        "bookTicker",
        f'"u":{update_id},"b":"{bid[0]}","B":"{bid[1]}","a":"{ask[0]}","A":"{ask[1]}"',
    )


def depth(ns: int, first: int, last: int, bids: str = "", asks: str = "") -> bytes:
    return line(ns, "depth", f'"U":{first},"u":{last},"b":[{bids}],"a":[{asks}]')


def trade(ns: int, price: str, quantity: str, *, is_buyer_maker: bool) -> bytes:
    maker = "true" if is_buyer_maker else "false"
    return line(ns, "trade", f'"t":1,"p":"{price}","q":"{quantity}","m":{maker}')


SNAPSHOT = (
    b'2000 {"lastUpdateId":10,"bids":[["99","1"],["98","2"]],"asks":[["100","1"],["101","2"]]}'
)


def replay_of(exchange: Exchange, *lines: bytes, speed: float = 1.0) -> Replay:
    recording = Recording(b"\n".join(lines))
    return Replay(exchange, [recording], start_us=START_US, speed=speed)


def best(exchange: Exchange, symbol: str = BTC) -> tuple[Decimal | None, Decimal | None]:
    top = exchange.market(symbol).top()
    return top.bid_price, top.ask_price


def trades_of(events: Sequence[Event]) -> list[tuple[Decimal, Decimal]]:
    return [
        (event.last_price, event.last_quantity)
        for event in events
        if isinstance(event, ExecutionReport) and event.execution_type is ExecutionType.TRADE
    ]


def test_snapshot_stands_first_and_what_it_contains_is_skipped() -> None:
    exchange = build_exchange()
    replay = replay_of(
        exchange,
        depth(1000, 1, 8, bids='["99.5","5"]'),
        depth(1500, 9, 11, asks='["100","7"],["101","0"]'),
        SNAPSHOT,
        depth(3000, 12, 12, bids='["99","0"]'),
    )
    assert best(exchange) == (D(99), D(100))
    replay.step()
    assert best(exchange) == (D(99), D(100))
    replay.step()
    assert exchange.market(BTC).top().ask_quantity == D(7)
    replay.step()
    assert exchange.market(BTC).top().ask_quantity == D(7)
    replay.step()
    assert best(exchange)[0] in {D(98), D(99)}  # applied, then the loop began anew


def test_ticker_resets_its_level_and_removes_crossed_ones() -> None:
    exchange = build_exchange()
    replay = replay_of(
        exchange, SNAPSHOT, ticker(3000, 11, ("100", "4"), ("101", "9")), depth(9000, 12, 12)
    )
    replay.step()
    replay.step()
    top = exchange.market(BTC).top()
    assert (top.bid_price, top.bid_quantity) == (D(100), D(4))
    assert (top.ask_price, top.ask_quantity) == (D(101), D(9))


def test_depth_that_is_older_than_the_ticker_cannot_touch_the_top() -> None:
    exchange = build_exchange()
    replay = replay_of(
        exchange,
        SNAPSHOT,
        ticker(3000, 15, ("99", "4"), ("101", "9")),
        depth(4000, 11, 14, bids='["99.5","1"],["98","3"]', asks='["100","8"]'),
        depth(9000, 15, 15),
    )
    for _ in range(3):
        replay.step()
    assert best(exchange) == (D(99), D(101))
    assert exchange.market(BTC).book.bids.quantity_at(98 * 10**8) == 3 * 10**8


@pytest.mark.parametrize(
    ("price", "quantity", "is_buyer_maker", "filled"),
    [
        ("98.5", "3", True, [("98.6", "1"), ("98.5", "2")]),
        ("98.6", "3", True, [("98.6", "1")]),
        ("98.7", "3", True, []),
        ("98.5", "0.4", True, [("98.6", "0.4")]),
        ("98.5", "3", False, []),
    ],
)
def test_recorded_trade_fills_resting_bids_at_their_own_price(
    price: str, quantity: str, is_buyer_maker: bool, filled: list[tuple[str, str]]
) -> None:
    """Best price first, at most the trade's quantity over all orders."""
    exchange = build_exchange()
    replay = replay_of(
        exchange,
        SNAPSHOT,
        trade(3000, price, quantity, is_buyer_maker=is_buyer_maker),
        depth(9000, 11, 11),
    )
    replay.step()
    exchange.place("alice", limit(BUY, "2", "98.5"), START_US)
    exchange.place("bob", limit(BUY, "1", "98.6"), START_US)
    assert trades_of(replay.step()) == [(D(p), D(q)) for p, q in filled]
    printed = sum((t.quantity for t in exchange.market(BTC).tape), D(0))
    assert printed == D(quantity)


def test_recorded_trade_fills_resting_asks() -> None:
    exchange = build_exchange()
    replay = replay_of(
        exchange, SNAPSHOT, trade(3000, "99.8", "3", is_buyer_maker=False), depth(9000, 11, 11)
    )
    replay.step()
    exchange.place("alice", limit(SELL, "2", "99.7"), START_US)
    assert trades_of(replay.step()) == [(D("99.7"), D(2))]


def test_book_that_moves_through_an_order_fills_it_and_is_eaten() -> None:
    exchange = build_exchange()
    replay = replay_of(
        exchange,
        SNAPSHOT,
        ticker(3000, 11, ("97", "1"), ("98", "0.5")),
        ticker(4000, 12, ("97", "1"), ("98.4", "5")),
        depth(9000, 13, 13),
    )
    replay.step()
    exchange.place("alice", limit(BUY, "2", "98.5"), START_US)
    assert trades_of(replay.step()) == [(D("98.5"), D("0.5"))]
    assert trades_of(replay.step()) == [(D("98.5"), D("1.5"))]
    assert exchange.market(BTC).top().ask_quantity == D("3.5")


def test_eaten_level_is_restored_by_the_recording() -> None:
    exchange = build_exchange()
    replay = replay_of(
        exchange, SNAPSHOT, depth(3000, 11, 12, asks='["100","6"]'), depth(9000, 13, 13)
    )
    replay.step()
    exchange.place("alice", market(BUY, "1"), START_US)
    assert best(exchange)[1] == D(101)
    replay.step()
    assert exchange.market(BTC).top().ask_quantity == D(6)


def test_loop_renews_the_market_and_keeps_customers_orders() -> None:
    exchange = build_exchange()
    replay = replay_of(
        exchange,
        SNAPSHOT,
        depth(3000, 11, 12, bids='["99","0"],["98","0"]', asks='["100","0"],["101","0"]'),
    )
    exchange.place("alice", limit(BUY, "1", "90"), START_US)
    first_due = replay.next_due_us
    replay.step()
    replay.step()
    assert replay.loops == 1
    assert replay.next_due_us > first_due
    assert best(exchange) == (D(99), D(100))
    assert len(exchange.history.open_orders("alice")) == 1


def test_speed_divides_the_offsets() -> None:
    lines = (SNAPSHOT, depth(2000 + 10**9, 11, 12), depth(2000 + 4 * 10**9, 13, 14))
    replay = replay_of(build_exchange(), *lines, speed=4)
    assert replay.advance_to(START_US) == ()
    assert replay.next_due_us == START_US + SECOND_US // 4
    replay.step()
    assert replay.next_due_us == START_US + SECOND_US


def test_best_prices_follow_the_recording(recordings: Sequence[Recording]) -> None:
    """After each recorded ticker of the first minute the book's top is that ticker."""
    exchange = build_exchange()
    replay = Replay(exchange, recordings[:1], start_us=START_US)
    compared = 0
    for event in recordings[0].events():
        replay.step()
        if event.received_ns > recordings[0].first_ns + 60 * 10**9:
            break
        if isinstance(event, BookTicker) and event.update_id > 50093239218:
            top = exchange.market(BTC).top()
            assert top.bid_price == from_units(event.bid_price)
            assert top.bid_quantity == from_units(event.bid_quantity)
            assert top.ask_price == from_units(event.ask_price)
            assert top.ask_quantity == from_units(event.ask_quantity)
            compared += 1
    assert compared > 1000


def test_recorded_market_is_never_crossed(recordings: Sequence[Recording]) -> None:
    exchange = build_exchange()
    replay = Replay(exchange, recordings, start_us=START_US)
    due = replay.next_due_us
    while replay.loops == 0:
        replay.step()
        assert replay.next_due_us >= due
        due = replay.next_due_us
        for symbol in (BTC, ETH):
            book = exchange.market(symbol).book
            bid, ask = book.bids.best(), book.asks.best()
            assert bid is not None
            assert ask is not None
            assert bid < ask


def test_resting_order_near_the_market_really_fills(recordings: Sequence[Recording]) -> None:
    exchange = build_exchange()
    replay = Replay(exchange, recordings, start_us=START_US)
    bid, _ = best(exchange)
    assert bid is not None
    exchange.place("alice", limit(BUY, "0.05", str(bid)), START_US)
    happened = replay.advance_to(START_US + 120 * SECOND_US)
    order = exchange.history.order("alice", BTC, order_id=1)
    assert order.status is OrderStatus.FILLED
    assert {price for price, _ in trades_of(happened)} == {bid}
    assert all(fill.is_maker for fill in exchange.history.my_trades("alice", BTC))


def scripted(recordings: Sequence[Recording]) -> tuple[list[object], list[object]]:
    exchange = build_exchange()
    replay = Replay(exchange, recordings, start_us=START_US, speed=10)
    for second in range(1, 20):
        now_us = START_US + second * SECOND_US
        replay.advance_to(now_us)
        bid, ask = best(exchange)
        exchange.place("alice", limit(BUY, "0.01", str(bid)), now_us)
        exchange.place("bob", limit(SELL, "0.01", str(ask)), now_us)
        exchange.place("alice", market(SELL, "0.5"), now_us)
    return list(exchange.journal.events), list(exchange.journal.executions)


def test_the_same_script_gives_the_same_history(recordings: Sequence[Recording]) -> None:
    first, second = scripted(recordings), scripted(recordings)
    assert first == second
    assert len(first[1]) > 40
