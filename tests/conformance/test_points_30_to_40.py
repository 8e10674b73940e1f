"""Points 30 to 40 of the conformance list: queries, sessions, streams, unknown outcomes."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import aiohttp
import pytest

from binance_sim.engine.vocabulary import Side
from binance_sim.faults.actions import AnnounceShutdown, SetLags
from binance_sim.faults.rules import Rule
from binance_sim.wire.deeds import perform
from binance_sim.wire.limits import UNLIMITED, Limits
from binance_sim.wire.testing import ALICE, ALICE_ED25519, BOB, SocketClient, World, running

BTC: Final = {"symbol": "BTCUSDT"}
LIMIT: Final = {**BTC, "type": "LIMIT", "timeInForce": "GTC"}
BUY: Final = {"side": "BUY", "quantity": "0.1", "price": "50000", **LIMIT}
DAY_MS: Final = 24 * 3600 * 1000
D = Decimal


def now_ms(world: World) -> int:
    return world.server.time.now_us() // 1000


def trade_at(world: World, price: str, quantity: str = "0.01") -> None:
    now_us = world.server.time.now_us()
    world.exchange.trade_market("BTCUSDT", D(price), D(quantity), now_us, is_buyer_maker=False)


async def subscribed(socket: SocketClient) -> None:
    answer = await socket.signed("userDataStream.subscribe.signature")
    assert answer["status"] == 200, answer


async def events(socket: SocketClient) -> list[dict[str, Any]]:
    """Return the events that have come since the last time."""
    await socket.call("ping")
    found = [each["event"] for each in socket.events]
    socket.events.clear()
    return found


@pytest.fixture
async def history(world: World) -> World:
    """Five orders of alice a day apart, each with one trade."""
    for _ in range(5):
        await world.bob.order("SELL", "0.1", "50000")
        await world.alice.order("BUY", "0.1", "50000")
        world.clock.advance(timedelta(hours=10))
    return world


@pytest.mark.parametrize(
    ("path", "more", "found"),
    [
        ("myTrades", {}, [1, 2, 3, 4, 5]),
        ("myTrades", {"limit": 2}, [4, 5]),
        ("myTrades", {"fromId": 2, "limit": 2}, [2, 3]),
        ("myTrades", {"fromId": 5}, [5]),
        ("myTrades", {"fromId": 6}, []),
        ("myTrades", {"orderId": 4}, [2]),
        ("myTrades", {"orderId": 4, "fromId": 3}, []),
        ("allOrders", {}, [2, 4, 6, 8, 10]),
        ("allOrders", {"limit": 2}, [8, 10]),
        ("allOrders", {"orderId": 4, "limit": 2}, [4, 6]),
    ],
)
async def test_conformance_30_pages_by_id(
    history: World, path: str, more: dict[str, int], found: list[int]
) -> None:
    rows = (await history.alice.signed("GET", path, **BTC, **more)).body

    assert [row["id" if path == "myTrades" else "orderId"] for row in rows] == found


async def test_conformance_30_pages_by_time(history: World) -> None:
    rows = (await history.alice.signed("GET", "myTrades", **BTC)).body
    second, third = rows[1]["time"], rows[2]["time"]

    async def ids(**more: int) -> list[int] | int:
        body = (await history.alice.signed("GET", "myTrades", **BTC, **more)).body
        return body["code"] if isinstance(body, dict) else [row["id"] for row in body]

    assert await ids(startTime=second, limit=2) == [2, 3]
    assert await ids(endTime=third, limit=2) == [2, 3]
    assert await ids(startTime=second, endTime=third) == [2, 3]
    assert await ids(startTime=second, endTime=second + DAY_MS) == [2, 3, 4]
    assert await ids(startTime=second, endTime=second + DAY_MS + 1) == -1127
    assert await ids(startTime=second, fromId=1) == -1128


async def test_conformance_31_reads_that_lag(world: World) -> None:
    perform(
        world.server,
        SetLags(
            new_order_seconds=2,
            open_orders_seconds=30,
            database_seconds=5,
            archive_after_seconds=99,
        ),
    )
    order_id = (await world.alice.order("BUY", "0.1", "50000")).body["orderId"]

    async def code() -> object:
        found = await world.alice.signed("GET", "order", orderId=order_id, **BTC)
        return found.body.get("code", found.body.get("status"))

    assert await code() == -2013
    assert (await world.alice.signed("GET", "allOrders", **BTC)).body == []
    world.clock.advance(timedelta(seconds=6))
    assert await code() == "NEW"
    assert len((await world.alice.signed("GET", "allOrders", **BTC)).body) == 1
    await world.alice.signed("DELETE", "order", orderId=order_id, **BTC)
    assert len((await world.alice.signed("GET", "openOrders", **BTC)).body) == 1  # stale
    world.clock.advance(timedelta(seconds=31))
    assert (await world.alice.signed("GET", "openOrders", **BTC)).body == []
    assert await code() == "CANCELED"
    world.clock.advance(timedelta(seconds=100))
    assert await code() == -2026


@pytest.mark.parametrize("request_id", [1, "a-1", None])
async def test_conformance_32_ids_and_rate_limits(world: World, request_id: object) -> None:
    async with world.socket() as socket:
        await socket.send({"id": request_id, "method": "ping", "params": {}})
        answer = await socket.receive()
        assert answer == {
            "id": request_id,
            "status": 200,
            "result": {},
            "rateLimits": answer["rateLimits"],
        }
        assert answer["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT"

        silent = await socket.call("ping", returnRateLimits=False)
        assert "rateLimits" not in silent
        refused = await socket.call("depth", symbol="NOTHING")
        assert (refused["status"], refused["error"]["code"]) == (400, -1121)

    async with world.socket(query="returnRateLimits=false") as socket:
        assert "rateLimits" not in await socket.call("ping")


async def test_conformance_33_sessions(world: World) -> None:
    async with world.socket(ALICE) as hmac_socket:
        assert "error" in await hmac_socket.signed("session.logon")  # Ed25519 only

    async with world.socket(ALICE_ED25519) as socket:
        result = (await socket.signed("session.logon"))["result"]
        assert result.keys() == {
            "apiKey",
            "authorizedSince",
            "connectedSince",
            "returnRateLimits",
            "serverTime",
            "userDataStream",
        }
        placed = await socket.call("order.place", timestamp=now_ms(world), **BUY)
        assert placed["status"] == 200
        assert (await socket.call("session.status"))["result"]["apiKey"] == ALICE_ED25519
        assert (await socket.call("session.logout"))["result"]["apiKey"] is None
        assert (await socket.call("account.status", timestamp=now_ms(world)))["status"] == 401


async def test_conformance_33_subscriptions(world: World) -> None:
    async with world.socket(ALICE_ED25519) as first, world.socket(BOB) as second:
        await first.signed("session.logon")
        by_logon = await first.call("userDataStream.subscribe")
        assert by_logon["result"] == {"subscriptionId": 0}
        again = await first.signed("userDataStream.subscribe.signature")
        assert again["error"]["code"] == -2035
        first.api_key = BOB
        assert (await first.signed("userDataStream.subscribe.signature"))["result"] == {
            "subscriptionId": 1
        }
        await subscribed(second)
        assert (await first.call("session.subscriptions"))["result"] == [
            {"subscriptionId": 0},
            {"subscriptionId": 1},
        ]

        await world.bob.order("BUY", "0.1", "50000")
        on_first = [each["subscriptionId"] for each in await_all(first, await first.call("ping"))]
        assert on_first == [1, 1]
        assert [each["e"] for each in await events(second)] == [
            "executionReport",
            "outboundAccountPosition",
        ]

        wrong = await first.call("userDataStream.unsubscribe", subscriptionId=9)
        assert wrong["error"]["code"] == -2036
        ended = await first.call("userDataStream.unsubscribe")
        assert ended["result"] == {}
        assert [each["e"] for each in await events(first)] == ["eventStreamTerminated"] * 2


def await_all(socket: SocketClient, _answer: Any) -> list[Any]:
    """Return what came before an answer."""
    found = list(socket.events)
    socket.events.clear()
    return found


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/api/v3/userDataStream"),
        ("PUT", "/api/v3/userDataStream"),
        ("DELETE", "/api/v3/userDataStream"),
        ("GET", "/api/v1/depth"),
    ],
)
async def test_conformance_34_listen_keys_are_gone(world: World, verb: str, path: str) -> None:
    assert (await world.alice.send(verb, path)).status == 410

    async with world.socket() as socket:
        assert (await socket.call("userDataStream.start"))["status"] == 410


async def test_conformance_35_events_of_one_step_in_order(world: World) -> None:
    await world.bob.order("SELL", "0.05", "50000")
    await world.bob.order("SELL", "0.02", "50010")
    async with world.socket() as socket:
        await subscribed(socket)
        terms = {**BUY, "timeInForce": "IOC", "price": "50010"}
        await world.alice.signed("POST", "order", **terms)

        told = await events(socket)

        assert [each.get("x", each["e"]) for each in told] == [
            "NEW",
            "TRADE",
            "TRADE",
            "EXPIRED",
            "outboundAccountPosition",
        ]
        assert [each["t"] for each in told[:-1]] == [-1, 1, 2, -1]
        assert told[0]["N"] is None
        assert told[0]["n"] == "0"
        executions = [each["I"] for each in told[:-1]]
        assert executions == sorted(executions)


async def test_conformance_35_refused_orders_tell_nothing(world: World) -> None:
    async with world.socket() as socket:
        await subscribed(socket)
        await world.alice.order("BUY", "0.1", "1.001")

        assert await events(socket) == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Rule(kind="drop_event", event="executionReport"), ["outboundAccountPosition"]),
        (
            Rule(kind="duplicate_event", event="executionReport"),
            ["executionReport", "executionReport", "outboundAccountPosition"],
        ),
    ],
    ids=["drop", "duplicate"],
)
async def test_conformance_35_switches(world: World, rule: Rule, told: list[str]) -> None:
    world.server.faults.add(rule)
    async with world.socket() as socket:
        await subscribed(socket)
        await socket.signed("order.place", **BUY)

        assert [each["e"] for each in await events(socket)] == told


async def test_conformance_35_answer_before_the_stream(world: World) -> None:
    world.server.faults.add(Rule(kind="delay_event", seconds=0.05))
    async with world.socket() as socket:
        await subscribed(socket)

        await socket.signed("order.place", **BUY)

        assert not socket.events
        assert (await socket.next_event())["event"]["e"] == "executionReport"


async def test_conformance_36_shutdown_is_told_everywhere(world: World) -> None:
    async with (
        world.socket() as api,
        world.stream("/ws/btcusdt@trade") as raw,
        world.stream("/stream?streams=btcusdt@trade") as combined,
    ):
        await api.call("ping")
        perform(world.server, AnnounceShutdown(seconds=0.05))

        assert (await api.receive())["event"]["e"] == "serverShutdown"
        assert (await raw.receive())["e"] == "serverShutdown"
        told = await combined.receive()
        assert (told["stream"], told["data"]["e"]) == ("!serverShutdown", "serverShutdown")
        ended = await api.socket.receive(timeout=2)
        assert ended.type is aiohttp.WSMsgType.CLOSE or ended.type is aiohttp.WSMsgType.CLOSED


async def raw_socket(world: World) -> aiohttp.ClientWebSocketResponse:
    return await world.session.ws_connect(world.server.ws_api_url, autoping=False)


async def test_conformance_36_a_ping_must_be_answered_with_its_payload(world: World) -> None:
    silent, faithful = await raw_socket(world), await raw_socket(world)
    world.clock.advance(timedelta(seconds=21))
    ping = await silent.receive(timeout=2)
    asked = await faithful.receive(timeout=2)
    assert ping.type is asked.type is aiohttp.WSMsgType.PING
    await faithful.pong(asked.data)
    await silent.pong(b"unsolicited")  # does not count
    await asyncio.sleep(0.1)
    world.clock.advance(timedelta(seconds=61))

    seen = [(await silent.receive(timeout=2)).type for _ in range(2)]
    assert {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED} & set(seen)
    assert (await faithful.receive(timeout=2)).type is aiohttp.WSMsgType.PING
    await silent.close()
    await faithful.close()


async def test_conformance_36_connections_end_after_a_day(world: World) -> None:
    async with world.socket() as api, world.stream("/ws/btcusdt@trade") as stream:
        await api.call("ping")
        world.clock.advance(timedelta(hours=24))

        for socket in (api.socket, stream.socket):
            ended = await socket.receive(timeout=2)
            assert ended.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_conformance_36_too_many_messages_close_with_1008(world: World) -> None:
    async with world.stream("/ws") as stream:
        for number in range(11):  # more than five in either of two seconds
            await stream.send({"method": "LIST_SUBSCRIPTIONS", "id": number})
        while (await stream.socket.receive(timeout=2)).type is aiohttp.WSMsgType.TEXT:
            pass

        assert stream.socket.close_code == 1008


async def test_conformance_36_connection_attempts_are_counted() -> None:
    async with running(limits=Limits(connections=1)) as world, world.socket() as socket:
        await socket.call("ping")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with world.socket():
                pass

        assert refused.value.status == 429
        assert UNLIMITED.connections > 300


async def test_conformance_37_raw_and_combined(world: World) -> None:
    async with (
        world.stream("/ws/btcusdt@trade") as raw,
        world.stream("/stream?streams=btcusdt@trade/ethusdt@trade") as combined,
    ):
        trade_at(world, "50000")

        told = await raw.receive()
        assert await combined.receive() == {"stream": "btcusdt@trade", "data": told}


async def test_conformance_37_a_copy_of_the_book_is_the_book(world: World) -> None:
    async with world.stream("/ws/btcusdt@depth@100ms") as stream:
        await stream.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        await stream.receive()
        book: dict[str, dict[str, str]] = {"b": {}, "a": {}}
        await world.bob.order("SELL", "0.5", "50000")
        snapshot = (await world.alice.public("depth", **BTC)).body
        last = snapshot["lastUpdateId"]
        book["b"], book["a"] = dict(snapshot["bids"]), dict(snapshot["asks"])
        for price in ("49000", "49100", "50000"):
            await world.alice.order("BUY", "0.1", price)
        wanted = (await world.alice.public("depth", **BTC)).body["lastUpdateId"]
        previous = None
        while last < wanted:
            update = await stream.receive()
            assert previous is None or update["U"] == previous + 1
            previous = update["u"]
            if update["u"] <= last:
                continue
            assert update["U"] <= last + 1
            last = update["u"]
            for side in "ba":
                for price, quantity in update[side]:
                    book[side][price] = quantity
                book[side] = {p: q for p, q in book[side].items() if D(q)}

        final = (await world.alice.public("depth", **BTC)).body
        assert book == {"b": dict(final["bids"]), "a": dict(final["asks"])}
        best = (await world.alice.public("ticker/bookTicker", **BTC)).body
        assert [best["bidPrice"], best["bidQty"]] == final["bids"][0]
        assert [best["askPrice"], best["askQty"]] == final["asks"][0]


async def test_conformance_37_best_prices_agree_with_the_depth(world: World) -> None:
    async with world.stream("/ws/btcusdt@bookTicker") as stream:
        now_us = world.server.time.now_us()
        world.exchange.set_liquidity("BTCUSDT", Side.BUY, D(49000), D(1), now_us)
        told = await stream.receive()
        while told["b"] != "49000.00000000":
            told = await stream.receive()

        depth = (await world.alice.public("depth", **BTC)).body
        assert told["u"] == depth["lastUpdateId"]
        assert [told["b"], told["B"]] == depth["bids"][0]
        assert not {"e", "E"} & told.keys()


async def test_conformance_38_candles_are_made_of_trades(world: World) -> None:
    world.clock.advance(timedelta(seconds=60 - now_ms(world) // 1000 % 60))
    for price in ("50000", "50100", "49900"):
        trade_at(world, price)
    world.clock.advance(timedelta(minutes=3))
    trade_at(world, "50050")

    rows = (await world.alice.public("klines", interval="1m", **BTC)).body

    assert [row[1:5] for row in rows] == [
        ["50000.00000000", "50100.00000000", "49900.00000000", "49900.00000000"],
        ["49900.00000000"] * 4,  # nothing traded
        ["49900.00000000"] * 4,
        ["50050.00000000"] * 4,
    ]
    assert [row[8] for row in rows] == [3, 0, 0, 1]
    assert all(len(row) == 12 and row[11] == "0" for row in rows)
    assert all(row[6] == row[0] + 59_999 for row in rows)


async def test_conformance_38_a_candle_closes_once(world: World) -> None:
    trade_at(world, "50000")
    async with world.stream("/ws/btcusdt@kline_1m") as stream:
        first = (await stream.receive())["k"]
        world.clock.advance(timedelta(minutes=1))
        seen = [first]
        while len(seen) < 3:
            seen.append((await stream.receive())["k"])
        world.clock.advance(timedelta(seconds=2))
        seen.append((await stream.receive())["k"])

        closed = [each["t"] for each in seen if each["x"]]
        assert closed == [first["t"]]
        assert seen[-1]["t"] == first["t"] + 60_000


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize(
    ("rule", "status"),
    [({"code": -1007}, 504), ({"status": 502}, 502), ({"code": -1006}, 500)],
    ids=["timeout", "gateway", "bus"],
)
async def test_conformance_39_unknown_outcomes(
    world: World, rule: dict[str, Any], status: int, executed: bool
) -> None:
    world.server.faults.add(Rule(kind="fail", executed=executed, times=1, **rule))
    async with world.session.post(
        f"{world.server.rest_url}/api/v3/order?{world.alice.query(**BUY)}",
        headers={"X-MBX-APIKEY": ALICE},
    ) as answer:
        assert answer.status == status

    found = (await world.alice.signed("GET", "openOrders", **BTC)).body
    assert len(found) == int(executed)


@pytest.mark.parametrize("kind", ["silence", "drop_request"])
async def test_conformance_39_silence(world: World, kind: Any) -> None:
    world.server.faults.add(Rule(kind=kind, times=1))
    async with world.socket() as socket:
        await socket.send({"id": 1, "method": "order.place", "params": socket.sign(**BUY)})
        await socket.call("ping")

        assert not socket.events  # never answered
        found = (await world.alice.signed("GET", "openOrders", **BTC)).body
        assert len(found) == int(kind == "silence")


async def test_conformance_40_what_clients_ask_when_they_start(world: World) -> None:
    """Whether they start is proven in test_clients; this is what one of them asks besides."""
    for path in ("/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs"):
        answer = await world.alice.send("GET", path, world.alice.query())
        assert (answer.status, answer.body) == (200, [])
    assert (await world.alice.public("ping")).body == {}
