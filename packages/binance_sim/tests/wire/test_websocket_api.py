"""The WebSocket API on a real socket."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from binance_sim.wire.testing import ALICE_ED25519, World, running

LIMIT = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as found:
        yield found


async def test_an_order_over_the_socket_and_its_events_before_the_answer(world: World) -> None:
    async with world.socket() as socket:
        assert (await socket.signed("userDataStream.subscribe.signature"))["result"] == {
            "subscriptionId": 0
        }

        answer = await socket.signed(
            "order.place", side="BUY", quantity="0.1", price="50000", **LIMIT
        )

        assert answer["status"] == 200
        assert answer["result"]["status"] == "NEW"
        assert [limit["rateLimitType"] for limit in answer["rateLimits"]] == [
            "ORDERS",
            "ORDERS",
            "REQUEST_WEIGHT",
        ]
        kinds = [event["event"]["e"] for event in socket.events]
        assert kinds == ["executionReport", "outboundAccountPosition"]


async def test_a_session_needs_no_signatures_after_its_logon(world: World) -> None:
    async with world.socket(ALICE_ED25519) as socket:
        logged_on = await socket.signed("session.logon")
        assert logged_on["result"]["apiKey"] == ALICE_ED25519
        now = world.server.time.now_us() // 1000

        placed = await socket.call(
            "order.place", side="BUY", quantity="0.1", price="50000", timestamp=now, **LIMIT
        )
        assert placed["status"] == 200
        assert (await socket.call("userDataStream.subscribe"))["result"] == {"subscriptionId": 0}
        assert (await socket.call("session.subscriptions"))["result"] == [{"subscriptionId": 0}]
        await socket.call("session.logout")
        assert (await socket.next_event())["event"]["e"] == "eventStreamTerminated"
        refused = await socket.call("account.status", timestamp=now)
        assert refused["status"] == 401


@pytest.mark.parametrize("request_id", [7, "seven", None])
async def test_the_id_comes_back_in_its_type(world: World, request_id: object) -> None:
    async with world.socket() as socket:
        await socket.send({"id": request_id, "method": "ping"})

        assert (await socket.receive())["id"] == request_id


async def test_a_connection_ends_after_a_day(world: World) -> None:
    async with world.socket() as socket:
        world.clock.advance(timedelta(hours=24))

        message = await socket.socket.receive(timeout=2)

        assert message.type.name in {"CLOSE", "CLOSING", "CLOSED"}
