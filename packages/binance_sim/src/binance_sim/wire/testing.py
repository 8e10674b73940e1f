"""A raw client for tests: it signs as the venue's documentation says and hides nothing."""

import asyncio
import base64
import hashlib
import hmac
import itertools
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp
import attrs
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from binance_sim.engine.exchange import Exchange
from binance_sim.testing import build_exchange
from binance_sim.wire.connections import Keeping
from binance_sim.wire.keys import ApiKey, hmac_key
from binance_sim.wire.limits import UNLIMITED, Limits
from binance_sim.wire.server import Server, Settings, serving
from tradecore.memory.clock import VirtualClock

ALICE: Final = "alice" + "A" * 59
BOB: Final = "bob" + "B" * 61
ALICE_ED25519: Final = "alice" + "E" * 59
SECRETS: Final = {ALICE: "alice-secret", BOB: "bob-secret"}
ED25519: Final = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
_WAIT_SECONDS: Final = 5.0


def build_keys() -> list[ApiKey]:
    """Return HMAC keys of alice and bob, and an Ed25519 key of alice."""
    return [
        hmac_key(ALICE, SECRETS[ALICE], "alice"),
        hmac_key(BOB, SECRETS[BOB], "bob"),
        ApiKey(api_key=ALICE_ED25519, account="alice", public_key=ED25519.public_key()),
    ]


def sign(api_key: str, payload: str) -> str:
    """Return the signature of a payload by one of the keys of `build_keys`."""
    if api_key == ALICE_ED25519:
        return base64.b64encode(ED25519.sign(payload.encode())).decode()
    secret = SECRETS.get(api_key, "").encode()
    return hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()


@attrs.frozen
class Reply:
    """An HTTP answer as it came."""

    status: int
    body: Any
    headers: Mapping[str, str]


class RestClient:
    """Speaks REST for one key."""

    def __init__(self, server: Server, session: aiohttp.ClientSession, api_key: str) -> None:
        self._server = server
        self._session = session
        self.api_key = api_key

    async def send(
        self, verb: str, path: str, query: str = "", *, body: str = "", key: bool = True
    ) -> Reply:
        """Send exactly these texts."""
        headers = {"X-MBX-APIKEY": self.api_key} if key else {}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        address = f"{self._server.rest_url}{path}" + (f"?{query}" if query else "")
        url = URL(address, encoded=True)
        async with self._session.request(
            verb, url, data=body.encode() or None, headers=headers
        ) as answer:
            content = await answer.read()
            return Reply(answer.status, msgspec.json.decode(content), answer.headers)

    async def public(self, path: str, **parameters: object) -> Reply:
        """Ask a public method."""
        return await self.send("GET", f"/api/v3/{path}", urlencode(parameters), key=False)

    async def signed(self, verb: str, path: str, **parameters: object) -> Reply:
        """Send a signed request, everything in the query."""
        return await self.send(verb, f"/api/v3/{path}", self.query(**parameters))

    def query(self, **parameters: object) -> str:
        """Return a signed query; `timestamp` is now unless given."""
        parameters.setdefault("timestamp", self._server.time.now_us() // 1000)
        text = urlencode(parameters)
        return f"{text}&signature={quote(sign(self.api_key, text), safe='')}"

    async def order(self, side: str, quantity: str, price: str, **more: object) -> Reply:
        """Place a limit order on BTCUSDT."""
        limit = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
        terms: dict[str, object] = {**limit, "quantity": quantity, "price": price, **more}
        return await self.signed("POST", "order", **terms)


class SocketClient:
    """Speaks to the WebSocket API for one key; what is no answer waits in `events`."""

    def __init__(
        self, server: Server, socket: aiohttp.ClientWebSocketResponse, api_key: str
    ) -> None:
        self._server = server
        self.socket = socket
        self.api_key = api_key
        self.events: deque[Any] = deque()
        self._ids = itertools.count(1)

    async def send(self, message: object) -> None:
        """Send exactly this, as JSON."""
        await self.socket.send_bytes(msgspec.json.encode(message))

    async def receive(self) -> Any:
        """Return the next message, whatever it is."""
        message = await asyncio.wait_for(self.socket.receive(), _WAIT_SECONDS)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return msgspec.json.decode(message.data)

    async def call(self, method: str, **parameters: object) -> Any:
        """Return the whole answer to an unsigned call."""
        request_id = next(self._ids)
        await self.send({"id": request_id, "method": method, "params": parameters})
        while True:
            message = await self.receive()
            if "event" not in message and message.get("id") == request_id:
                return message
            self.events.append(message)

    async def signed(self, method: str, **parameters: object) -> Any:
        """Return the whole answer to a call that carries key and signature."""
        return await self.call(method, **self.sign(**parameters))

    def sign(self, **parameters: object) -> dict[str, object]:
        """Return the parameters with key, timestamp and signature."""
        parameters.setdefault("timestamp", self._server.time.now_us() // 1000)
        parameters["apiKey"] = self.api_key
        payload = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
        return {**parameters, "signature": sign(self.api_key, payload)}

    async def next_event(self) -> Any:
        """Return the next message that is no answer."""
        return self.events.popleft() if self.events else await self.receive()


class World:
    """A served exchange with two customers, alice and bob."""

    def __init__(self, server: Server, session: aiohttp.ClientSession, clock: VirtualClock) -> None:
        self.server = server
        self.exchange = server.exchange
        self.clock = clock
        self.session = session
        self.alice = RestClient(server, session, ALICE)
        self.bob = RestClient(server, session, BOB)

    @asynccontextmanager
    async def socket(self, api_key: str = ALICE, query: str = "") -> AsyncIterator[SocketClient]:
        """Connect to the WebSocket API."""
        url = self.server.ws_api_url + (f"?{query}" if query else "")
        async with self._session_socket(url) as socket:
            yield SocketClient(self.server, socket, api_key)

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[SocketClient]:
        """Connect to the market streams, as in `/ws/btcusdt@trade`."""
        async with self._session_socket(self.server.stream_url + path) as socket:
            yield SocketClient(self.server, socket, "")

    @asynccontextmanager
    async def _session_socket(self, url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        socket = await self.session.ws_connect(url, autoping=True)
        try:
            yield socket
        finally:
            await socket.close()


@asynccontextmanager
async def running(
    exchange: Exchange | None = None, *, limits: Limits = UNLIMITED
) -> AsyncIterator[World]:
    """Serve an exchange on a virtual clock for the length of a block."""
    clock = VirtualClock()
    settings = Settings(limits=limits, keeping=Keeping(tick_seconds=0.02))
    venue = serving(exchange or build_exchange(), build_keys(), clock=clock, settings=settings)
    async with venue as server, aiohttp.ClientSession() as session:
        yield World(server, session, clock)
