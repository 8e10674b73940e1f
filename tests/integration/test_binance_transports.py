"""The adapter's transports over real sockets: each request is sent once, and no secret is told."""

import asyncio
import logging
import random
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer, unused_port

from binance_adapter import calls
from binance_adapter.backoff import Backoff, ConnectionBudget
from binance_adapter.metrics import HealthRecord
from binance_adapter.rest import RestTransport, open_session
from binance_adapter.signing import Credentials, HmacSigner
from binance_adapter.sockets import SocketClosed, aiohttp_connector
from binance_adapter.transport import AnswerLost, NotSent
from binance_adapter.websocket_api import WebSocketApiTransport
from binance_adapter.weights import Usage
from tradecore.memory import SystemClock

API_KEY, SECRET = "the-api-key-of-this-test", "the-hmac-word-of-this-test"
CREDENTIALS = Credentials(api_key=API_KEY, signer=HmacSigner(SECRET.encode()))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Yield the address of a server that gives every request to `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session() as opened:
        yield opened


def closing_after(answered: int, seen: list[web.Request]) -> Handler:
    """Answer so many requests, then close the kept connection after reading the next one."""

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        if len(seen) > answered:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({})

    return handler


@pytest.mark.parametrize(
    "call", [calls.PLACE, calls.CANCEL, calls.ORDER], ids=lambda each: each.name
)
async def test_f01_a_request_on_a_dying_connection_is_never_repeated(
    session: ClientSession, call: calls.Call
) -> None:
    seen: list[web.Request] = []
    async with serving(closing_after(1, seen)) as address:
        transport = RestTransport(session, address, CREDENTIALS)
        await transport.send(calls.TIME, {})
        with pytest.raises(AnswerLost):
            await transport.send(call, {"symbol": "BTCUSDT"})
        await asyncio.sleep(0.1)

    assert [request.method for request in seen] == ["GET", call.verb]


async def test_what_is_signed_is_what_is_sent(session: ClientSession) -> None:
    seen: list[tuple[str, str]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append((request.raw_path, request.headers["X-MBX-APIKEY"]))
        return web.json_response({})

    async with serving(handler) as address:
        transport = RestTransport(session, address, CREDENTIALS)
        await transport.send(calls.ORDER, {"symbol": "币安 & 1/2", "timestamp": "1"})

    ((path, key),) = seen
    query, _, signature = path.partition("?")[2].partition("&signature=")
    assert query == "symbol=%E5%B8%81%E5%AE%89%20%26%201%2F2&timestamp=1"
    assert signature == CREDENTIALS.signer.sign(query.encode())
    assert key == API_KEY


async def test_an_answer_brings_limits_refusal_and_patience(session: ClientSession) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"code": -1003, "msg": "banned"},
            status=418,
            headers={
                "Retry-After": "120",
                "X-MBX-USED-WEIGHT-1M": "6001",
                "x-mbx-order-count-10s": "7",
                "X-MBX-ORDER-COUNT-1D": "not a number",
            },
        )

    async with serving(handler) as address:
        answer = await RestTransport(session, address, CREDENTIALS).send(calls.PLACE, {})

    assert answer.refusal is not None
    assert (answer.status, answer.refusal.code, answer.retry_after_seconds) == (418, -1003, 120.0)
    assert set(answer.usages) == {
        Usage(name="REQUEST_WEIGHT-1M", used=6001),
        Usage(name="ORDERS-10S", used=7),
    }


async def test_f02_a_gateways_page_is_a_refusal_without_a_code(session: ClientSession) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>bad gateway</html>", status=502, content_type="text/html")

    async with serving(handler) as address:
        answer = await RestTransport(session, address, CREDENTIALS).send(calls.PLACE, {})

    assert answer.refusal is not None
    assert (answer.status, answer.refusal.code) == (502, None)


async def test_a_redirect_is_not_followed_with_a_signed_request(session: ClientSession) -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    async with serving(handler) as address:
        answer = await RestTransport(session, address, CREDENTIALS).send(calls.PLACE, {})

    assert (answer.status, len(seen)) == (307, 1)
    assert not answer.is_success


async def test_what_could_not_leave_is_told_from_what_may_have(session: ClientSession) -> None:
    address = f"http://127.0.0.1:{unused_port()}"
    with pytest.raises(NotSent):
        await RestTransport(session, address, CREDENTIALS).send(calls.PLACE, {})


async def test_no_error_and_no_log_tells_a_secret(
    session: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[web.Request] = []
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        async with serving(closing_after(0, seen)) as address:
            for target in (address, f"http://127.0.0.1:{unused_port()}"):
                transport = RestTransport(session, target, CREDENTIALS)
                with pytest.raises((AnswerLost, NotSent)) as raised:
                    await transport.send(calls.PLACE, {"symbol": "BTCUSDT"})
                told += traceback.format_exception(raised.value)
    signature = seen[0].query["signature"]
    # What the test's own server writes about its visitors is not ours.
    ours = [each.getMessage() for each in caplog.records if each.name != "aiohttp.access"]
    said = "".join([*told, *ours])
    assert not [word for word in (API_KEY, SECRET, signature) if word in said]


async def echo(request: web.Request) -> web.StreamResponse:
    """Answer requests of the WebSocket API with their method; "order.cancel" cuts."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            asked: dict[str, Any] = message.json()
            if asked["method"] == calls.CANCEL.name:
                break
            await socket.send_json({"id": asked["id"], "status": 200, "result": asked["method"]})
    await socket.close()
    return socket


async def test_the_websocket_api_answers_many_and_loses_only_what_was_under_way(
    session: ClientSession,
) -> None:
    health = HealthRecord(SystemClock())
    async with serving(echo) as address:
        transport = WebSocketApiTransport(
            aiohttp_connector(session),
            f"{address}/ws-api/v3",
            CREDENTIALS,
            ConnectionBudget(),
            Backoff(random.Random(1)),
            health,
        )
        answers = await asyncio.gather(*(transport.send(calls.ORDER, {}) for _ in range(20)))
        assert {answer.body for answer in answers} == {b'"order.status"'}
        with pytest.raises(AnswerLost):
            await transport.send(calls.CANCEL, {})
        await asyncio.sleep(0.3)
        assert (await transport.send(calls.ORDER, {})).is_success
        await transport.close()
    assert health.reconnects["websocket_api"] == 2


async def test_a_socket_that_cannot_be_opened_says_so(session: ClientSession) -> None:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    connect = aiohttp_connector(session)
    async with serving(refuse) as address:
        for target in (f"{address}/ws", f"http://127.0.0.1:{unused_port()}/ws"):
            with pytest.raises(SocketClosed):
                await connect(target)
