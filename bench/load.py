"""A cheap client: orders over keep-alive connections, each waiting for its answer.

A process of its own: `python -m bench.load` reads what to do as JSON, and writes what came of it.
"""

import asyncio
import itertools
import json
import sys
import time
from functools import partial
from typing import Any, Final

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_BODY: Final = json.dumps(
    {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "time_in_force": "GTC",
        "quantity": "0.001",
        "price": "60000",
    }
).encode()


class Customer(asyncio.Protocol):
    """One connection. Sends an order, waits for the answer, sends the next until time is up."""

    def __init__(self, number: int, task: dict[str, Any], end: float) -> None:
        tokens = task["tokens"][number :: task["connections"]]
        self._heads = itertools.cycle([_head(task["host"], token) for token in tokens])
        self._keys = (f"bench-{task['run']}-{number}-{count}" for count in itertools.count())
        self._end = end
        self._buffer = b""
        self._sent = 0.0
        self.done = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.refused: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(_HEAD_END)
        if not found or len(rest) < _length(head):
            return
        self._buffer = b""
        if head[9:12] == b"202":
            self.latencies.append(time.perf_counter() - self._sent)
        else:
            self.refused.append((head[:20] + b" " + rest).decode(errors="replace"))
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.refused.append(f"the connection was lost: {exc}")
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        if self._sent < self._end and not self.refused:
            self._transport.write(
                next(self._heads) + next(self._keys).encode() + b"\r\n\r\n" + _BODY
            )
            return
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()


def _head(host: str, token: str) -> bytes:
    return (
        f"POST /v1/orders HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(_BODY)}\r\nIdempotency-Key: "
    ).encode()


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(_LENGTH)
    return int(after.partition(b"\r\n")[0])


def _same(customer: Customer) -> Customer:
    return customer


async def main(task: dict[str, Any]) -> dict[str, Any]:
    """Return what the server answered to this many connections in this many seconds."""
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    end = begun + task["seconds"]
    customers = [Customer(number, task, end) for number in range(task["connections"])]
    for customer in customers:
        await loop.create_connection(partial(_same, customer), "127.0.0.1", task["port"])
    await asyncio.gather(*(customer.done for customer in customers))
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time(),
        "latencies": [one for customer in customers for one in customer.latencies],
        "refused": [one for customer in customers for one in customer.refused],
    }


if __name__ == "__main__":
    json.dump(asyncio.run(main(json.load(sys.stdin))), sys.stdout)
