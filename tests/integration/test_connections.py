"""Clients that are slow, greedy or too many, on a real socket."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from http_adapter.testing import ORDER, Platform, platform_in_memory
from tradecore_server import connections, modes

Port = int
Serve = Callable[..., AbstractAsyncContextManager[Port]]
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with platform_in_memory() as running:
        yield running


@pytest.fixture
def serve(platform: Platform) -> Serve:
    @asynccontextmanager
    async def started(max_connections: int = 1000) -> AsyncIterator[Port]:
        async with (
            asyncio.TaskGroup() as tasks,
            modes.serving(
                platform.app, modes.bound("127.0.0.1", 0), tasks, max_connections
            ) as address,
        ):
            yield int(address.rpartition(":")[2])

    return started


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server hangs up."""
    async with asyncio.timeout(3):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
    """Return status and JSON of one answer."""
    async with asyncio.timeout(3):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), json.loads(await reader.readexactly(size))


async def say_nothing(writer: asyncio.StreamWriter) -> None:
    pass


async def say_half(writer: asyncio.StreamWriter) -> None:
    writer.write(LIVE[:-2])


async def trickle(writer: asyncio.StreamWriter) -> None:
    for byte in LIVE[:-2]:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.02)


async def send_empty_lines(writer: asyncio.StreamWriter) -> None:
    writer.write(LIVE)
    await asyncio.sleep(0.1)
    for _ in range(40):
        writer.write(b"\r\n")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("say", [say_nothing, say_half, trickle, send_empty_lines])
async def test_a_head_that_does_not_come_whole_ends_the_connection(
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    say: Callable[[asyncio.StreamWriter], Awaitable[None]],
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    async with serve() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        saying = asyncio.ensure_future(say(writer))
        await ended(reader)
        saying.cancel()
        writer.close()


async def test_a_connection_is_kept_between_requests(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    async with serve() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(LIVE)
            assert (await answered(reader))[0] == 200
            await asyncio.sleep(0.3)
        writer.close()


async def test_one_connection_too_many_is_told_so(serve: Serve) -> None:
    async with serve(max_connections=2) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        reader, writer = opened[-1]
        writer.write(LIVE)
        status, problem = await answered(reader)
        assert (status, problem["type"]) == (503, "/problems/too-many-connections")
        assert await ended(reader) == b""
        for _, other in opened[2:]:
            other.close()
        await asyncio.sleep(0.1)
        reader, writer = opened[0]
        writer.write(LIVE)
        assert (await answered(reader))[0] == 200
        for _, other in opened[:2]:
            other.close()


async def test_far_too_many_connections_are_not_even_answered(serve: Serve) -> None:
    async with serve(max_connections=1) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert await ended(opened[-1][0]) == b""
        for _, writer in opened:
            writer.close()


def push(port: int, head: bytes, megabytes: int, sent: list[int]) -> bytes:
    """Send a chunked body as fast as it is taken; return what was answered meanwhile."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port)) as client:

        def listen() -> None:
            nonlocal heard
            try:
                while data := client.recv(65536):
                    heard += data
            except OSError:
                pass

        listening = threading.Thread(target=listen)
        listening.start()
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        try:
            client.sendall(head)
            for _ in range(megabytes * 16):
                client.sendall(chunk)
                sent[0] += len(chunk)
        except OSError:
            pass
        listening.join(5)
    return heard


async def test_f67_a_body_of_100_megabytes_is_answered_and_not_read(
    serve: Serve, platform: Platform
) -> None:
    await platform.offer()
    token = platform.trader_token(await platform.open_account())
    head = (
        "POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: k\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    sent, begun = [0], time.monotonic()
    async with serve() as port:
        heard = await asyncio.to_thread(push, port, head.encode(), 100, sent)

    assert heard.startswith(b"HTTP/1.1 413")
    assert b"/problems/body-too-large" in heard
    # What the sockets of both sides hold, and a little.
    assert sent[0] < 16_000_000
    assert time.monotonic() - begun < 6


class Stuck:
    """An executor that never answers."""

    async def execute(self, command: Any) -> Any:
        await asyncio.Event().wait()


async def test_a_request_under_way_at_the_stop_is_answered_with_a_problem(
    serve: Serve, platform: Platform
) -> None:
    token = platform.trader_token(await platform.open_account(usdt=None))
    body = json.dumps(ORDER)
    head = (
        "POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: k\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    executor = platform.services.executor
    object.__setattr__(platform.services, "executor", Stuck())
    async with serve() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((head + body).encode())
        await asyncio.sleep(0.2)
    object.__setattr__(platform.services, "executor", executor)

    status, problem = await answered(reader)
    assert (status, problem["type"]) == (503, "/problems/outcome-unknown")
    writer.close()
