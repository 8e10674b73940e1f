"""Symbols, prices and the public market: refreshed, with their age, exact."""

import asyncio
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from binance_adapter import calls
from binance_adapter.book_tickers import CONFIRM_SECONDS, SILENCE_SECONDS, BookTickers
from binance_adapter.calls import Call
from binance_adapter.errors import NoSuchSymbol
from binance_adapter.exchange_info import REFRESH_SECONDS, InstrumentChange, SymbolBook
from binance_adapter.market_data import MarketData
from binance_adapter.sockets import Rejection
from binance_adapter.testing import ScriptedNetwork, Stage, exchange_info, loop_time, refusal
from tradecore.domain.instruments import InstrumentState
from tradecore.ports.market_data import CandleInterval, CandleSpan
from tradecore.ports.reference_prices import ReferencePrices
from tradecore.ports.venue import VenueUnavailable
from tradecore.testing.contracts.sources import ReferencePricesContract
from tradecore.testing.simulation import run

D = Decimal


def tick(price: str) -> list[dict[str, str]]:
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": "0.01",
            "maxPrice": "1000000",
            "tickSize": price,
        }
    ]


def test_f40_what_changes_in_the_rules_is_told_once() -> None:
    async def story() -> None:
        said = [
            exchange_info(),
            exchange_info(),
            exchange_info(filters=tick("0.10000000")),
            exchange_info(status="BREAK", filters=tick("0.10000000")),
        ]
        stage = Stage(lambda _call, _parameters: said.pop(0))
        changes = [await stage.symbols.refresh() for _ in range(4)]
        assert [len(each) for each in changes] == [1, 0, 1, 1]
        assert changes[0][0].before is None
        assert changes[2][0].after.price_filter.tick_size == D("0.1")
        assert changes[3][0].before == changes[2][0].after
        assert changes[3][0].after.state is InstrumentState.HALT

    run(story())


def test_f40_rules_are_read_on_schedule_and_soon_after_a_filter_refused() -> None:
    async def story() -> None:
        read_at: list[float] = []

        def script(_call: Call, _parameters: Mapping[str, str]) -> Any:
            read_at.append(loop_time())
            return exchange_info()

        stage = Stage(script)
        told: list[InstrumentChange] = []
        running = asyncio.ensure_future(stage.symbols.run(stage.clock, told.append))
        await asyncio.sleep(REFRESH_SECONDS + 1)
        assert len(read_at) == 2
        for _ in range(100):
            stage.client.hooks.filter_refused()
        await asyncio.sleep(6)
        assert len(read_at) == 3
        assert len(told) == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(story())


def test_a_refresh_that_fails_is_tried_again() -> None:
    async def story() -> None:
        said: list[Any] = [refusal(503, None), exchange_info()]
        stage = Stage(lambda _call, _parameters: said.pop(0))
        told: list[InstrumentChange] = []
        running = asyncio.ensure_future(stage.symbols.run(stage.clock, told.append))
        await asyncio.sleep(REFRESH_SECONDS + 1)
        assert len(told) == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(story())


def test_a_symbol_that_is_delisted_is_halted_and_spoils_no_other() -> None:
    async def story() -> None:
        listed = {"BTCUSDT", "OLDUSDT"}

        def script(_call: Call, parameters: Mapping[str, str]) -> Any:
            asked = parameters.get("symbol")
            if asked is None:
                if listed != {"BTCUSDT", "OLDUSDT"}:
                    return refusal(400, -1121, "Invalid symbol.")
                both = exchange_info()
                both["symbols"] += exchange_info(symbol="OLDUSDT")["symbols"]
                return both
            if asked not in listed:
                return refusal(400, -1121, "Invalid symbol.")
            return exchange_info(symbol=asked)

        stage = Stage(script)
        symbols = SymbolBook(stage.client, ("BTCUSDT", "OLDUSDT"))
        await symbols.refresh()
        listed.remove("OLDUSDT")
        (change,) = await symbols.refresh()
        assert (change.after.symbol, change.after.state) == ("OLDUSDT", InstrumentState.HALT)

    run(story())


def test_the_venues_limits_are_taken_over() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: exchange_info())
        await stage.symbols.refresh()
        assert set(stage.budgets.used()) == {"REQUEST_WEIGHT-1M"}

    run(story())


def test_f41_a_symbol_that_makes_no_sense_is_not_traded_and_hides_no_other() -> None:
    async def story() -> None:
        info = exchange_info(symbol="BADUSDT", filters=tick("1e-05"))
        info["symbols"] += exchange_info()["symbols"]
        stage = Stage(lambda _call, _parameters: info)
        await stage.symbols.refresh()
        assert stage.symbols.find("BTCUSDT") is not None
        with pytest.raises(NoSuchSymbol):
            await stage.symbols.get("BADUSDT")

    run(story())


def nothing(_message: dict[str, Any]) -> Iterable[Any]:
    return ()


class Prices:
    """Book tickers over a scripted market."""

    def __init__(self, rows: list[Any] | None = None) -> None:
        self.rows = rows or []
        self.stage = Stage(lambda _call, _parameters: self.rows)
        self.network = ScriptedNetwork(nothing)
        self.tickers = BookTickers(
            self.network.connect,
            "wss://stream.venue",
            ("BTCUSDT", "ETHUSDT"),
            self.stage.client,
            self.stage.clock,
            self.stage.connections,
            self.stage.health,
            random.Random(5),
            loop_time,
        )
        self.task = asyncio.ensure_future(self.tickers.run())

    def push(self, **ticker: Any) -> None:
        data = {"u": 1, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"} | ticker
        self.network.sockets[-1].push({"stream": "btcusdt@bookTicker", "data": data})

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def row(symbol: str, bid: str, ask: str) -> dict[str, str]:
    return {
        "symbol": symbol,
        "bidPrice": bid,
        "bidQty": "1",
        "askPrice": ask,
        "askQty": "1",
    }


def test_prices_come_from_the_stream_with_their_age() -> None:
    async def story() -> None:
        prices = Prices()
        await asyncio.sleep(1)
        prices.push(b="60000.01000000", a="60000.02000000")
        await asyncio.sleep(2)
        found = prices.tickers.find("BTCUSDT")
        assert found is not None
        assert (found.bid, found.ask) == (D("60000.01"), D("60000.02"))
        assert prices.stage.now() - found.at == timedelta(seconds=2)
        assert prices.tickers.find("ETHUSDT") is None
        await prices.end()

    run(story())


def test_a_quiet_book_is_confirmed_by_asking() -> None:
    async def story() -> None:
        prices = Prices([row("BTCUSDT", "10", "11"), row("OTHER", "1", "2")])
        await asyncio.sleep(10 * CONFIRM_SECONDS + 1)
        found = prices.tickers.find("BTCUSDT")
        assert found is not None
        assert prices.stage.now() - found.at <= timedelta(seconds=CONFIRM_SECONDS + 1)
        assert prices.tickers.find("OTHER") is None
        await prices.end()

    run(story())


def test_an_answer_does_not_undo_what_the_stream_told_meanwhile() -> None:
    async def story() -> None:
        prices = Prices([row("BTCUSDT", "10", "11")])
        await asyncio.sleep(1)
        prices.stage.transport.latency_seconds = 2.0
        asking = asyncio.ensure_future(prices.tickers.confirm())
        await asyncio.sleep(1)
        prices.push(b="20", a="21")
        await asking
        found = prices.tickers.find("BTCUSDT")
        assert found is not None
        assert found.bid == 20
        await prices.end()

    run(story())


@pytest.mark.parametrize(("bid", "ask"), [("0.00000000", "2"), ("1", "0"), ("0", "0")])
def test_a_book_with_an_empty_side_is_no_reference(bid: str, ask: str) -> None:
    async def story() -> None:
        prices = Prices()
        await asyncio.sleep(1)
        prices.push()
        prices.push(b=bid, a=ask)
        await asyncio.sleep(1)
        assert prices.tickers.find("BTCUSDT") is None
        await prices.end()

    run(story())


def test_f41_a_price_that_makes_no_sense_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        prices = Prices()
        await asyncio.sleep(1)
        prices.push()
        prices.push(b="NaN")
        prices.push(b=5)
        prices.network.sockets[-1].push(b"{")
        await asyncio.sleep(1)
        found = prices.tickers.find("BTCUSDT")
        assert found is not None
        assert found.bid == 1
        await prices.end()

    run(story())
    assert {"venue.unreadable", "venue.unreadable_price"} <= set(caplog.messages)


def test_f30_prices_come_back_after_a_cut_a_shutdown_and_silence() -> None:
    async def story() -> None:
        prices = Prices()
        await asyncio.sleep(1)
        prices.network.sockets[0].cut()
        await asyncio.sleep(2)
        assert len(prices.network.sockets) == 2
        prices.network.sockets[1].push({"stream": "!serverShutdown", "data": {}})
        await asyncio.sleep(2)
        assert len(prices.network.sockets) == 3
        await asyncio.sleep(SILENCE_SECONDS + 5)
        assert len(prices.network.sockets) == 4
        assert all(socket.is_closed for socket in prices.network.sockets[:3])
        await prices.end()

    run(story())


def test_f36_prices_wait_for_room_in_the_connections_and_for_the_end_of_a_ban() -> None:
    async def story() -> None:
        prices = Prices()
        prices.network.is_down = True
        prices.network.rejection = Rejection(418, 120.0)
        await asyncio.sleep(100)
        assert len(prices.network.attempts_at) == 1
        prices.network.is_down = False
        await asyncio.sleep(30)
        assert len(prices.network.sockets) == 1
        await prices.end()

    run(story())


def test_prices_of_no_symbol_are_not_followed() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: [])
        network = ScriptedNetwork(nothing)
        tickers = BookTickers(
            network.connect,
            "wss://stream.venue",
            (),
            stage.client,
            stage.clock,
            stage.connections,
            stage.health,
            random.Random(5),
            loop_time,
        )
        await tickers.run()
        assert network.attempts_at == []

    run(story())


class TestBookTickers(ReferencePricesContract):
    @pytest.fixture
    def prices(self) -> ReferencePrices:
        async def story() -> BookTickers:
            prices = Prices([row("BTCUSDT", "10", "11")])
            await prices.tickers.confirm()
            await prices.end()
            return prices.tickers

        return run(story())


def test_the_public_market_is_passed_through_exactly() -> None:
    answers: dict[str, Any] = {
        "depth": {"lastUpdateId": 7, "bids": [["1.10", "2.0"]], "asks": [["1.20", "3"]]},
        "trades.recent": [
            {
                "id": 9,
                "price": "1.15",
                "qty": "2",
                "quoteQty": "2.30",
                "time": 1_700_000_000_000,
                "isBuyerMaker": True,
                "isBestMatch": True,
            }
        ],
        "klines": [
            [0, "1", "4", "0.5", "2", "10", 59_999, "20.5", 3, "1", "1", "0"],
        ],
    }

    async def story() -> None:
        stage = Stage(lambda call, _parameters: answers[call.name])
        market = MarketData(stage.client, stage.clock)
        book = await market.book("BTCUSDT", 5)
        assert (book.last_update_id, book.bids[0].price, book.asks[0].quantity) == (
            7,
            D("1.1"),
            D(3),
        )
        (trade,) = (await market.trades("BTCUSDT")).trades
        assert (trade.trade_id, trade.notional, trade.is_buyer_maker) == (9, D("2.3"), True)
        start = datetime(2026, 1, 1, tzinfo=UTC)
        span = CandleSpan(interval=CandleInterval.MINUTE_1, start=start)
        found = await market.candles("BTCUSDT", span)
        (candle,) = found.candles
        assert book.as_of == found.as_of == stage.now()
        assert (candle.high, candle.low, candle.notional, candle.trades) == (
            4,
            D("0.5"),
            D("20.5"),
            3,
        )
        assert stage.transport.of("klines")[0]["startTime"] == "1767225600000"

    run(story())


@pytest.mark.parametrize("method", ["book", "trades", "candles"])
def test_f41_a_market_that_makes_no_sense_is_not_there(method: str) -> None:
    broken: dict[str, Any] = {
        "depth": {"lastUpdateId": 7, "bids": [["1e5", "2.0"]], "asks": []},
        "trades.recent": [
            {"id": 9, "price": "-", "qty": "2", "quoteQty": "1", "time": 0, "isBuyerMaker": True}
        ],
        "klines": [[0, "x", "4", "0.5", "2", "10", 59_999, "20.5", 3, "1", "1", "0"]],
    }

    async def story() -> None:
        stage = Stage(lambda call, _parameters: broken[call.name])
        market = MarketData(stage.client, stage.clock)
        ask = {
            "book": lambda: market.book("BTCUSDT"),
            "trades": lambda: market.trades("BTCUSDT"),
            "candles": lambda: market.candles("BTCUSDT", CandleSpan(interval=CandleInterval.DAY_1)),
        }
        with pytest.raises(VenueUnavailable):
            await ask[method]()

    run(story())


def test_the_public_gets_the_least_of_a_scarce_limit() -> None:
    assert (
        calls.DEPTH.lane
        < calls.EXCHANGE_INFO.lane
        < calls.PLACE.lane
        < calls.ORDER.lane
        < calls.CANCEL.lane
    )
