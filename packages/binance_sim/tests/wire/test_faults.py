"""What goes wrong on purpose: by rule, by deed, by scenario."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from binance_sim.faults.rules import FaultBoard, Rule
from binance_sim.faults.scenario import read_scenario
from binance_sim.wire import performing
from binance_sim.wire.deeds import play
from binance_sim.wire.testing import ALICE, ALICE_ED25519, World, running

LIMIT = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC"}
ORDER: dict[str, Any] = {"side": "BUY", "quantity": "0.1", "price": "50000", **LIMIT}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as found:
        yield found


async def control(world: World, verb: str, path: str, body: object = None) -> Any:
    address = f"{world.server.rest_url}/sim/{path}"
    async with world.session.request(verb, address, json=body) as answer:
        return await answer.json()


def placed(world: World) -> int:
    return len(world.exchange.journal.orders)


@pytest.mark.parametrize(
    ("rule", "status", "code", "executed"),
    [
        ({"kind": "fail", "code": -1007}, 504, -1007, True),
        ({"kind": "fail", "code": -1006}, 500, -1006, True),
        ({"kind": "fail", "code": -1007, "executed": False}, 504, -1007, False),
        ({"kind": "fail", "code": -1000, "status": 500}, 500, -1000, True),
    ],
)
async def test_an_answer_that_says_nothing_of_what_happened(
    world: World, rule: dict[str, Any], status: int, code: int, executed: bool
) -> None:
    await control(world, "POST", "faults", {"method": "order.place", "times": 1, **rule})

    refused = await world.alice.order("BUY", "0.1", "50000")

    assert (refused.status, refused.body["code"]) == (status, code)
    assert placed(world) == int(executed)
    assert (await world.alice.order("BUY", "0.1", "50000")).status == 200


async def test_a_gateway_error_is_no_json(world: World) -> None:
    world.server.faults.add(Rule(kind="fail", status=502, times=1))

    answer = await world.session.get(f"{world.server.rest_url}/api/v3/ping")

    assert answer.status == 502
    assert answer.content_type == "text/html"


async def test_silence_after_executing(world: World) -> None:
    world.server.faults.add(Rule(kind="silence", cut=True, times=1))

    with pytest.raises(aiohttp.ClientError):
        await world.alice.order("BUY", "0.1", "50000")

    assert placed(world) == 1


async def test_a_request_that_is_delivered_too_late_is_refused_by_the_clock(world: World) -> None:
    world.server.faults.add(Rule(kind="delay_request", seconds=0.05, times=1))

    late = await world.alice.order("BUY", "0.1", "50000", recvWindow=10)

    assert (late.body["code"], placed(world)) == (-1021, 0)


async def test_a_request_is_delivered_although_its_sender_has_hung_up(world: World) -> None:
    world.server.faults.add(Rule(kind="delay_request", seconds=0.1, times=1))
    query = world.alice.query(**ORDER)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(world.alice.send("POST", "/api/v3/order", query), 0.03)

    assert placed(world) == 0
    await asyncio.sleep(0.2)
    assert placed(world) == 1


async def test_the_server_gives_up_after_ten_seconds_but_the_engine_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performing, "SERVER_TIMEOUT_SECONDS", 0.05)
    world.server.faults.add(Rule(kind="delay_engine", seconds=0.1, times=1))

    told = await world.alice.order("BUY", "0.1", "50000")

    assert (told.status, told.body["code"], placed(world)) == (504, -1007, 0)
    await asyncio.sleep(0.1)
    assert placed(world) == 1


async def test_silence_lasts_until_the_sender_hangs_up(world: World) -> None:
    world.server.faults.add(Rule(kind="silence", times=1))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(world.alice.order("BUY", "0.1", "50000"), 0.1)

    assert placed(world) == 1


async def test_a_revoked_key_ends_its_session_and_its_stream(world: World) -> None:
    async with world.socket(ALICE_ED25519) as socket:
        await socket.signed("session.logon")
        await socket.call("userDataStream.subscribe")
        deed = {"action": "revoke_key", "api_key": ALICE_ED25519}
        await control(world, "POST", "actions", deed)
        assert (await socket.next_event())["event"]["e"] == "eventStreamTerminated"

        await socket.send({"id": 5, "method": "account.status", "params": {"timestamp": 1}})
        told = await socket.receive()

        assert (told["id"], told["status"], told["error"]["code"]) == (None, 401, -2015)


async def test_a_ban_on_the_socket_says_until_when_in_milliseconds(world: World) -> None:
    async with world.socket() as socket:
        await socket.call("ping")
        await control(world, "POST", "actions", {"action": "ban", "seconds": 60})

        told = await socket.call("ping")

        now_ms = world.server.time.now_us() // 1000
        assert told["status"] == 418
        assert 50_000 < told["error"]["data"]["retryAfter"] - now_ms <= 61_000


async def test_a_request_that_ages_before_the_engine_counts_all_the_same(world: World) -> None:
    world.server.faults.add(Rule(kind="delay_engine", seconds=0.05, times=1))

    late = await world.alice.order("BUY", "0.1", "50000", recvWindow=10)

    assert (late.body["code"], placed(world)) == (-1021, 0)
    counts = await world.alice.signed("GET", "rateLimit/order")
    assert [limit["count"] for limit in counts.body] == [1, 1]


async def test_a_request_that_is_delivered_twice_places_two_orders(world: World) -> None:
    world.server.faults.add(Rule(kind="duplicate_request", times=1))

    await world.alice.order("BUY", "0.1", "50000")

    assert placed(world) == 2


async def test_an_answer_twice_and_a_broken_one(world: World) -> None:
    world.server.faults.add(Rule(kind="duplicate_answer", times=1))
    async with world.socket() as socket:
        await socket.send({"id": 1, "method": "ping"})
        assert await socket.receive() == await socket.receive()

        world.server.faults.add(Rule(kind="garble_answer", times=1))
        await socket.send({"id": 2, "method": "ping"})
        assert not (await socket.socket.receive_str()).endswith("}")


async def test_fields_and_statuses_of_tomorrow(world: World) -> None:
    world.server.faults.add(Rule(kind="unknown_field"))
    world.server.faults.add(Rule(kind="unknown_status"))

    answer = await world.alice.order("BUY", "0.1", "50000")

    assert answer.body["fieldOfTomorrow"] == {"nested": [1, None]}
    assert answer.body["status"] not in {"NEW", "FILLED"}


@pytest.mark.parametrize(
    ("rule", "events"),
    [
        (Rule(kind="mute"), []),
        (Rule(kind="drop_event", event="NEW"), ["outboundAccountPosition"]),
        (
            Rule(kind="duplicate_event", event="executionReport"),
            ["executionReport", "executionReport", "outboundAccountPosition"],
        ),
        (
            Rule(kind="reorder_events", event="executionReport", times=1),
            ["outboundAccountPosition", "executionReport"],
        ),
        (
            Rule(kind="unknown_event", times=1),
            ["eventOfTomorrow", "executionReport", "outboundAccountPosition"],
        ),
        (
            Rule(kind="delay_event", event="executionReport", seconds=0.05),
            ["outboundAccountPosition", "executionReport"],
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Rule) else "",
)
async def test_user_stream_faults(world: World, rule: Rule, events: list[str]) -> None:
    world.server.faults.add(rule)
    async with world.socket() as socket:
        await socket.signed("userDataStream.subscribe.signature")
        await socket.signed("order.place", **ORDER)
        await asyncio.sleep(0.1)
        await socket.call("ping")

        assert [each["event"]["e"] for each in socket.events] == events


async def test_a_stream_is_cut_and_its_events_are_lost(world: World) -> None:
    world.server.faults.add(Rule(kind="cut_stream", times=1))
    async with world.socket() as socket:
        await socket.signed("userDataStream.subscribe.signature")
        await world.alice.order("BUY", "0.1", "50000")

        message = await socket.socket.receive(timeout=2)

        assert message.type.name in {"CLOSED", "CLOSE", "ERROR"}


async def test_deeds_on_the_account_are_told_on_its_stream(world: World) -> None:
    async with world.socket() as socket:
        await socket.signed("userDataStream.subscribe.signature")
        for deed in (
            {"action": "deposit", "account": "alice", "asset": "BTC", "amount": "1.5"},
            {"action": "withdraw", "account": "alice", "asset": "BTC", "amount": "0.5"},
            {"action": "lock", "account": "alice", "asset": "BTC", "amount": "1"},
            {"action": "place", "account": "alice", "parameters": ORDER},
        ):
            assert await control(world, "POST", "actions", deed) == {}
        await socket.call("ping")

        told = [each["event"] for each in socket.events]
        assert [each["e"] for each in told if each["e"] != "outboundAccountPosition"] == [
            "balanceUpdate",
            "balanceUpdate",
            "externalLockUpdate",
            "executionReport",
        ]
        assert [each["d"] for each in told if each["e"] == "balanceUpdate"] == [
            "1.50000000",
            "-0.50000000",
        ]


async def test_reads_lag_behind_the_engine(world: World) -> None:
    await control(
        world,
        "POST",
        "actions",
        {
            "action": "lags",
            "new_order_seconds": 60,
            "open_orders_seconds": 60,
            "database_seconds": 60,
        },
    )
    order = await world.alice.order("BUY", "0.1", "50000")
    order_id = order.body["orderId"]

    missing = await world.alice.signed("GET", "order", symbol="BTCUSDT", orderId=order_id)
    assert missing.body["code"] == -2013
    await world.alice.signed("DELETE", "order", symbol="BTCUSDT", orderId=order_id)
    assert len((await world.alice.signed("GET", "openOrders", symbol="BTCUSDT")).body) == 1
    assert (await world.alice.signed("GET", "allOrders", symbol="BTCUSDT")).body == []


@pytest.mark.parametrize(
    ("deed", "status", "code"),
    [
        ({"action": "symbol_status", "symbol": "BTCUSDT", "status": "HALT"}, 400, -2010),
        ({"action": "clock", "seconds": 30}, 400, -1021),
        ({"action": "clock", "seconds": -30}, 400, -1021),
        ({"action": "revoke_key", "api_key": ALICE}, 401, -2015),
        ({"action": "maintenance"}, 503, -1016),
        ({"action": "trading", "account": "alice", "is_allowed": False}, 400, -2010),
        (
            {
                "action": "filters",
                "symbol": "BTCUSDT",
                "filters": [
                    {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "9", "stepSize": "1"}
                ],
            },
            400,
            -1013,
        ),
    ],
    ids=lambda value: value.get("action", "") if isinstance(value, dict) else "",
)
async def test_states_of_the_venue(
    world: World, deed: dict[str, Any], status: int, code: int
) -> None:
    timestamp = world.server.time.now_us() // 1000
    await control(world, "POST", "actions", deed)

    refused = await world.alice.order("BUY", "0.1", "50000", timestamp=timestamp)

    assert (refused.status, refused.body["code"]) == (status, code)


async def test_a_skewed_clock_keeps_connections_and_streams_alive(world: World) -> None:
    async with world.socket() as socket, world.stream("/ws/btcusdt@bookTicker") as stream:
        await socket.call("ping")
        await stream.receive()
        for seconds, price in ((7 * 24 * 3600, "50000"), (-7 * 24 * 3600, "49000")):
            await control(world, "POST", "actions", {"action": "clock", "seconds": seconds})
            await asyncio.sleep(0.05)
            await world.bob.order("SELL", "0.1", price)

            assert "b" in await stream.receive()
            assert (await socket.call("time"))["result"]["serverTime"] > 0


async def test_a_ban_is_obeyed_and_says_how_long(world: World) -> None:
    await world.alice.public("ping")
    await control(world, "POST", "actions", {"action": "ban", "seconds": 90})

    banned = await world.alice.public("ping")

    assert (banned.status, banned.body["code"]) == (418, -1003)
    assert 80 <= int(banned.headers["Retry-After"]) <= 90


async def test_a_wrong_control_request_is_told_in_words(world: World) -> None:
    answer = await control(world, "POST", "faults", {"kind": "earthquake"})

    assert "earthquake" in answer["error"]


async def test_a_scenario_file_plays_on_its_time_table(world: World, tmp_path: Path) -> None:
    path = tmp_path / "half_hour.toml"
    path.write_text(
        """
name = "half hour"
seed = 7
[[moments]]
fault = { kind = "fail", code = -1007, method = "order.place" }
for_seconds = 0.01
[[moments]]
at = 0.02
deed = { action = "deposit", account = "bob", asset = "BTC", amount = "5" }
""",
        encoding="utf-8",
    )

    playing = asyncio.create_task(play(world.server, read_scenario(path)))
    await asyncio.sleep(0)
    refused = await world.alice.order("BUY", "0.1", "50000")
    await playing

    assert refused.body["code"] == -1007
    assert str(world.exchange.account("bob").snapshot("BTC").free) == "105.00000000"


def test_the_same_seed_gives_the_same_faults() -> None:
    def draw() -> list[bool]:
        board = FaultBoard(seed=5)
        board.add(Rule(kind="silence", probability=0.3))
        return [bool(board.plan_request("order.place", "BTCUSDT", "rest")) for _ in range(200)]

    first = draw()

    assert first == draw()
    assert 30 < sum(first) < 90
