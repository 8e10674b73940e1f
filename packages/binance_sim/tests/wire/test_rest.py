"""REST on a real socket: one promise of the protocol each."""

from collections.abc import AsyncIterator

import attrs
import pytest

from binance_sim.engine.vocabulary import SymbolStatus
from binance_sim.wire.testing import World, running

D8 = "0.00000000"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as found:
        yield found


async def test_an_order_is_placed_filled_queried_and_told_in_the_venues_words(world: World) -> None:
    await world.bob.order("SELL", "0.5", "50000")

    placed = await world.alice.order("BUY", "0.2", "50100", newClientOrderId="mine-1")

    assert placed.status == 200
    assert placed.body["status"] == "FILLED"
    assert placed.body["cummulativeQuoteQty"] == "10000.00000000"
    assert placed.body["fills"] == [
        {
            "price": "50000.00000000",
            "qty": "0.20000000",
            "commission": D8,
            "commissionAsset": "BTC",
            "tradeId": 1,
        }
    ]
    queried = await world.alice.signed("GET", "order", symbol="BTCUSDT", origClientOrderId="mine-1")
    assert queried.body["executedQty"] == "0.20000000"
    assert {"time", "updateTime", "isWorking", "stopPrice", "icebergQty"} <= queried.body.keys()
    assert not {"fills", "transactTime"} & queried.body.keys()
    trades = await world.alice.signed("GET", "myTrades", symbol="BTCUSDT")
    assert [row["orderId"] for row in trades.body] == [placed.body["orderId"]]


async def test_the_query_wins_over_the_body(world: World) -> None:
    parameters = f"timestamp={world.server.time.now_us() // 1000}"
    query, body = f"symbol=BTCUSDT&{parameters}", "symbol=ETHUSDT"
    signature = world.alice.query(timestamp=0)  # a signature over something else
    refused = await world.alice.send(
        "DELETE", "/api/v3/openOrders", query, body=f"{body}&{signature.partition('&')[2]}"
    )
    assert refused.body["code"] == -1022


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v3/userDataStream", 410),
        ("/api/v1/exchangeInfo", 410),
        ("/api/v3/nothing", 404),
    ],
)
async def test_routes_that_are_not_there(world: World, path: str, code: int) -> None:
    answer = await world.alice.send("POST", path)

    assert answer.status == code
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"


async def test_two_fields_of_microseconds(world: World) -> None:
    answer = await world.session.get(
        f"{world.server.rest_url}/api/v3/time", headers={"X-MBX-TIME-UNIT": "MICROSECOND"}
    )

    assert (await answer.json())["serverTime"] > 10**15


async def test_the_firewall_refuses_what_smells_of_sql(world: World) -> None:
    answer = await world.alice.public("depth", symbol="x union select y")

    assert answer.status == 403


async def test_a_status_chooses_among_symbols(world: World) -> None:
    rules = world.exchange.market("ETHUSDT").rules
    world.exchange.replace_rules(attrs.evolve(rules, status=SymbolStatus.HALT))

    halted = await world.alice.public("ticker/price", symbolStatus="HALT")
    wrong = await world.alice.public("ticker/price", symbol="ETHUSDT", symbolStatus="TRADING")
    listed = await world.alice.public("exchangeInfo", symbolStatus="TRADING")
    mixed = await world.alice.public("exchangeInfo", symbol="BTCUSDT", symbolStatus="TRADING")

    assert [row["symbol"] for row in halted.body] == ["ETHUSDT"]
    assert wrong.body["code"] == -1220
    assert [row["symbol"] for row in listed.body["symbols"]] == ["BTCUSDT"]
    assert mixed.body["code"] == -1128


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("ping", {}, 1),
        ("exchangeInfo", {}, 20),
        ("depth", {"symbol": "BTCUSDT"}, 5),
        ("depth", {"symbol": "BTCUSDT", "limit": 500}, 25),
        ("depth", {"symbol": "BTCUSDT", "limit": 1000}, 50),
        ("depth", {"symbol": "BTCUSDT", "limit": 5000}, 250),
        ("trades", {"symbol": "BTCUSDT"}, 25),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m"}, 2),
        ("ticker/price", {"symbol": "BTCUSDT"}, 2),
        ("ticker/price", {}, 4),
        ("ticker/bookTicker", {}, 4),
        ("ticker/24hr", {"symbol": "BTCUSDT"}, 2),
        ("ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 2),
        ("ticker/24hr", {}, 80),
        ("ticker", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 8),
    ],
)
async def test_what_public_calls_weigh(
    world: World, path: str, query: dict[str, object], weight: int
) -> None:
    answer = await world.alice.public(path, **query)

    assert (answer.status, answer.headers["X-MBX-USED-WEIGHT-1M"]) == (200, str(weight))


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("account", {}, 20),
        ("order", {"symbol": "BTCUSDT", "orderId": 1}, 4),
        ("openOrders", {"symbol": "BTCUSDT"}, 6),
        ("openOrders", {}, 80),
        ("allOrders", {"symbol": "BTCUSDT"}, 20),
        ("myTrades", {"symbol": "BTCUSDT"}, 20),
        ("myTrades", {"symbol": "BTCUSDT", "orderId": 1}, 5),
        ("rateLimit/order", {}, 40),
        ("myFilters", {"symbol": "BTCUSDT"}, 40),
        ("orderList", {"orderListId": 1}, 4),
        ("allOrderList", {}, 20),
        ("openOrderList", {}, 6),
    ],
)
async def test_what_private_calls_weigh(
    world: World, path: str, query: dict[str, object], weight: int
) -> None:
    answer = await world.alice.signed("GET", path, **query)

    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)
