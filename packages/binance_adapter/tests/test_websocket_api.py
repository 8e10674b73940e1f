"""Requests over one kept connection: each answer finds its request, none is sent twice."""

import asyncio
import itertools
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from binance_adapter import calls
from binance_adapter.backoff import Backoff, ConnectionBudget
from binance_adapter.metrics import HealthRecord
from binance_adapter.sockets import Rejection
from binance_adapter.testing import CREDENTIALS, ScriptedNetwork, loop_time
from binance_adapter.transport import AnswerLost, NotSent
from binance_adapter.websocket_api import LIFE_SECONDS, WebSocketApiTransport
from binance_adapter.weights import Usage
from tradecore.memory.clock import VirtualClock
from tradecore.testing.simulation import run


def answering(message: dict[str, Any]) -> Iterable[Any]:
    yield {"id": message["id"], "status": 200, "result": {"echo": message["method"]}}


def silent(_message: dict[str, Any]) -> Iterable[Any]:
    return ()


def transport(network: ScriptedNetwork) -> WebSocketApiTransport:
    return WebSocketApiTransport(
        network.connect,
        "wss://venue/ws-api/v3",
        CREDENTIALS,
        ConnectionBudget(loop_time, attempts=5),
        Backoff(random.Random(3)),
        HealthRecord(VirtualClock()),
        loop_time,
    )


def test_a_signed_request_carries_key_and_signature_and_numbers_as_numbers() -> None:
    async def story() -> None:
        network = ScriptedNetwork(answering)
        api = transport(network)
        answer = await api.send(
            calls.ORDER, {"symbol": "BTCUSDT", "timestamp": "1", "orderId": "2"}
        )
        (sent,) = network.sockets[0].sent
        assert answer.body == b'{"echo":"order.status"}'
        assert sent["method"] == "order.status"
        assert {"apiKey", "signature"} < set(sent["params"])
        assert (sent["params"]["timestamp"], sent["params"]["orderId"]) == (1, 2)
        await api.close()

    run(story())


def test_a_public_request_names_symbols_as_an_array() -> None:
    async def story() -> None:
        network = ScriptedNetwork(answering)
        api = transport(network)
        await api.send(calls.EXCHANGE_INFO, {"symbols": '["BTCUSDT"]'})
        assert network.sockets[0].sent[0]["params"] == {"symbols": ["BTCUSDT"]}
        await api.close()

    run(story())


def test_answers_find_their_requests_in_any_order() -> None:
    async def story() -> None:
        network = ScriptedNetwork(silent)
        api = transport(network)
        first = asyncio.ensure_future(api.send(calls.TIME, {}))
        second = asyncio.ensure_future(api.send(calls.DEPTH, {}))
        await asyncio.sleep(1)
        (socket,) = network.sockets
        for each in reversed(socket.sent):
            socket.push({"id": each["id"], "status": 200, "result": each["method"]})
        assert ((await first).body, (await second).body) == (b'"time"', b'"depth"')
        await api.close()

    run(story())


def test_a_refusal_brings_code_limits_and_the_instant_to_wait_for() -> None:
    async def story() -> None:
        network = ScriptedNetwork(silent)
        api = transport(network)
        waiting = asyncio.ensure_future(api.send(calls.TIME, {}))
        await asyncio.sleep(1)
        network.sockets[0].push(
            {
                "id": 1,
                "status": 418,
                "error": {
                    "code": -1003,
                    "msg": "banned",
                    "data": {"serverTime": 1, "retryAfter": 1_700_000_000_000},
                },
                "rateLimits": [
                    {
                        "rateLimitType": "REQUEST_WEIGHT",
                        "interval": "MINUTE",
                        "intervalNum": 1,
                        "limit": 6000,
                        "count": 70,
                    },
                    {
                        "rateLimitType": "NEW_KIND",
                        "interval": "MINUTE",
                        "intervalNum": 1,
                        "limit": 1,
                    },
                ],
            }
        )
        answer = await waiting
        assert answer.refusal is not None
        assert (answer.status, answer.refusal.code) == (418, -1003)
        assert answer.retry_at == datetime.fromtimestamp(1_700_000_000, UTC)
        assert answer.usages == (Usage(name="REQUEST_WEIGHT-1M", used=70),)
        await api.close()

    run(story())


def test_f01_a_lost_connection_leaves_what_was_sent_in_doubt() -> None:
    async def story() -> None:
        network = ScriptedNetwork(silent)
        api = transport(network)
        waiting = [asyncio.ensure_future(api.send(calls.PLACE, {})) for _ in range(3)]
        await asyncio.sleep(1)
        network.sockets[0].cut()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in outcomes] == [AnswerLost] * 3
        assert len(network.sockets[0].sent) == 3
        await api.close()

    run(story())


def test_without_a_connection_nothing_leaves_and_attempts_are_spread() -> None:
    async def story() -> None:
        network = ScriptedNetwork(answering)
        network.is_down = True
        api = transport(network)
        for _ in range(50):
            with pytest.raises(NotSent):
                await api.send(calls.PLACE, {})
            await asyncio.sleep(0.02)
        assert len(network.attempts_at) <= 5  # the budget
        waits = [later - earlier for earlier, later in itertools.pairwise(network.attempts_at)]
        assert waits == sorted(waits)
        network.is_down = False
        await asyncio.sleep(300)
        assert (await api.send(calls.TIME, {})).is_success
        await api.close()

    run(story())


@pytest.mark.parametrize("how", ["age", "shutdown"])
def test_f30_a_new_connection_takes_over_and_the_old_one_ends_its_work(how: str) -> None:
    async def story() -> None:
        network = ScriptedNetwork(silent)
        api = transport(network)
        slow = asyncio.ensure_future(api.send(calls.PLACE, {}))
        await asyncio.sleep(1)
        old = network.sockets[0]
        if how == "age":
            await asyncio.sleep(LIFE_SECONDS)
        else:
            old.push({"event": {"e": "serverShutdown", "E": 1}})
            await asyncio.sleep(1)
        network.answer = answering
        await api.send(calls.TIME, {})
        assert len(network.sockets) == 2
        old.push({"id": 1, "status": 200, "result": {}})
        assert (await slow).is_success
        await asyncio.sleep(1)
        assert old.is_closed
        await api.close()
        assert network.sockets[1].is_closed

    run(story())


def test_f41_a_frame_that_makes_no_sense_disturbs_nobody_whose_it_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        network = ScriptedNetwork(silent)
        api = transport(network)
        waiting = [asyncio.ensure_future(api.send(calls.TIME, {})) for _ in range(2)]
        await asyncio.sleep(1)
        for frame in (b"<html>", b"[]", b'{"id":{}}', b'{"id":99,"status":200}'):
            network.sockets[0].push(frame)
        network.sockets[0].push({"id": 1, "status": 200, "result": {}})
        assert (await waiting[0]).is_success
        await asyncio.sleep(1)
        assert not waiting[1].done()
        network.sockets[0].push(b"<html>")
        with pytest.raises(AnswerLost):
            await waiting[1]
        await api.close()

    run(story())
    assert "venue.unreadable" in caplog.messages


def test_closing_tells_those_who_wait() -> None:
    async def story() -> None:
        network = ScriptedNetwork(silent)
        api = transport(network)
        waiting = asyncio.ensure_future(api.send(calls.TIME, {}))
        await asyncio.sleep(1)
        await api.close()
        with pytest.raises(AnswerLost):
            await waiting

    run(story())


def test_f36_a_ban_that_is_told_when_connecting_is_an_answer() -> None:
    async def story() -> None:
        network = ScriptedNetwork(answering)
        network.is_down, network.rejection = True, Rejection(429, 7.0)
        answer = await transport(network).send(calls.TIME, {})
        assert (answer.status, answer.retry_after_seconds) == (429, 7.0)
        assert not answer.is_success

    run(story())


def test_parameters_have_the_types_that_json_wants() -> None:
    async def story() -> None:
        network = ScriptedNetwork(answering)
        api = transport(network)
        await api.send(calls.ACCOUNT, {"omitZeroBalances": "true", "recvWindow": "5000"})
        params = network.sockets[0].sent[0]["params"]
        assert (params["omitZeroBalances"], params["recvWindow"]) == (True, 5000)
        await api.close()

    run(story())
