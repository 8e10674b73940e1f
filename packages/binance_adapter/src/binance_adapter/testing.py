"""A venue that answers what a test says, on transports and sockets without a network."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from binance_adapter import calls
from binance_adapter.backoff import ConnectionBudget
from binance_adapter.bans import BanStore, MemoryBanStore
from binance_adapter.calls import Call
from binance_adapter.client import Client
from binance_adapter.clock_offset import VenueClock, to_milliseconds
from binance_adapter.exchange_info import SymbolBook
from binance_adapter.metrics import HealthRecord
from binance_adapter.signing import Credentials, HmacSigner
from binance_adapter.sockets import Rejection, SocketClosed
from binance_adapter.stream_watch import StreamWatch
from binance_adapter.transport import Answer, Refusal
from binance_adapter.user_stream import StreamParts, UserStream
from binance_adapter.venue import BinanceVenue
from binance_adapter.weights import Budgets
from tradecore.memory.clock import VirtualClock

CREDENTIALS: Final = Credentials(api_key="an-api-key", signer=HmacSigner(b"a-secret"))

Json = Any
Script = Callable[[Call, Mapping[str, str]], Json]


def loop_time() -> float:
    """Return the running loop's time, the only one on a virtual loop."""
    return asyncio.get_running_loop().time()


def refusal(status: int, code: int | None, message: str = "", **more: Any) -> Answer:
    """Return an answer that refuses."""
    return Answer(status=status, body=b"", refusal=Refusal(code=code, message=message), **more)


class ScriptedTransport:
    """Answers by a script: JSON is a result, an `Answer` itself, an exception is raised.

    `GET time` is answered by the clock, `skew` ahead, after `latency_seconds` each way.
    """

    def __init__(self, clock: VirtualClock, script: Script) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.skew = timedelta()
        self.latency_seconds = 0.0
        self._clock = clock
        self._script = script

    def of(self, name: str) -> list[dict[str, str]]:
        """Return the parameters of every request called `name`."""
        return [parameters for called, parameters in self.requests if called == name]

    async def send(self, call: Call, parameters: Mapping[str, str]) -> Answer:
        await asyncio.sleep(self.latency_seconds)
        self.requests.append((call.name, dict(parameters)))
        if call is calls.TIME:
            answer: Json = {"serverTime": to_milliseconds(self._clock.now() + self.skew)}
        else:
            answer = self._script(call, parameters)
        await asyncio.sleep(self.latency_seconds)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Answer):
            return answer
        return Answer(status=200, body=msgspec.json.encode(answer))


class ScriptedSocket:
    """One end of a socket; the test holds the other."""

    def __init__(self, answer: Callable[[dict[str, Json]], Iterable[Json]]) -> None:
        self.sent: list[dict[str, Json]] = []
        self.is_closed = False
        self._answer = answer
        self._incoming: asyncio.Queue[bytes | SocketClosed] = asyncio.Queue()

    def push(self, message: Json) -> None:
        """Let a frame arrive; bytes as they are."""
        raw = message if isinstance(message, bytes) else msgspec.json.encode(message)
        self._incoming.put_nowait(raw)

    def event(self, event: Json) -> None:
        """Let an event of the account arrive."""
        self.push({"subscriptionId": 0, "event": event})

    def cut(self) -> None:
        """End the connection after what has arrived."""
        self._incoming.put_nowait(SocketClosed("cut"))

    async def send(self, text: str) -> None:
        if self.is_closed:
            raise SocketClosed("closed")
        message = msgspec.json.decode(text)
        self.sent.append(message)
        for answer in self._answer(message):
            self.push(answer)

    async def receive(self) -> bytes:
        frame = await self._incoming.get()
        if isinstance(frame, SocketClosed):
            raise frame
        return frame

    async def close(self) -> None:
        self.is_closed = True


def subscribing(message: dict[str, Json]) -> Iterable[Json]:
    """Answer a subscription, and questions after it, as the venue does."""
    found = [{"subscriptionId": 0}]
    result = found if message["method"] == "session.subscriptions" else found[0]
    yield {"id": message["id"], "status": 200, "result": result}


class ScriptedNetwork:
    """Opens sockets, or refuses to; remembers when."""

    def __init__(self, answer: Callable[[dict[str, Json]], Iterable[Json]] = subscribing) -> None:
        self.answer = answer
        self.is_down = False
        self.rejection: Rejection | None = None  #: said while it is down
        self.sockets: list[ScriptedSocket] = []
        self.attempts_at: list[float] = []
        self.on_open: Callable[[ScriptedSocket], None] = lambda _: None

    async def connect(self, _address: str) -> ScriptedSocket:
        self.attempts_at.append(loop_time())
        await asyncio.sleep(0.01)
        if self.is_down:
            raise SocketClosed("refused", self.rejection)
        socket = ScriptedSocket(self.answer)
        self.sockets.append(socket)
        self.on_open(socket)
        return socket


class Stage:
    """A whole adapter over a scripted venue. Make it on a running (virtual) loop."""

    def __init__(self, script: Script, *, bans: BanStore | None = None) -> None:
        self.clock = VirtualClock()
        self.transport = ScriptedTransport(self.clock, script)
        self.network = ScriptedNetwork()
        self.health = HealthRecord(self.clock)
        self.budgets = Budgets()
        self.connections = ConnectionBudget(loop_time)
        self.venue_clock = VenueClock(loop_time)
        self.client = Client(
            self.transport,
            self.clock,
            self.venue_clock,
            self.budgets,
            bans or MemoryBanStore(),
            self.health,
            loop_time,
        )
        self.symbols = SymbolBook(self.client, ("BTCUSDT",))
        self.stream = UserStream(
            StreamParts(
                connect=self.network.connect,
                address="wss://venue/ws-api/v3",
                credentials=CREDENTIALS,
                client=self.client,
                clock=self.clock,
                budget=self.connections,
                chance=random.Random(7),  # noqa: S311 - reproducible on purpose
                monotonic=loop_time,
            )
        )
        self.watch = StreamWatch(self.stream.distrust, self.health, self.client.hooks)
        self.venue = BinanceVenue(self.client, self.symbols, self.stream, self.watch)

    def now(self) -> datetime:
        """Return our own time."""
        return self.clock.now()


def exchange_info(**changes: Json) -> Json:
    """Return what the venue says of BTCUSDT; `changes` to the symbol by the venue's names."""
    symbol = {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "baseAssetPrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT"],
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": "0.01000000",
                "maxPrice": "1000000.00000000",
                "tickSize": "0.01000000",
            }
        ],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }
    limits = [
        {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": 6000,
        }
    ]
    return {"timezone": "UTC", "rateLimits": limits, "symbols": [symbol | changes]}


def order_answer(**changes: Json) -> Json:
    """Return an order that rests, as the venue tells it; `changes` by the venue's names."""
    return {
        "symbol": "BTCUSDT",
        "orderId": 11,
        "orderListId": -1,
        "clientOrderId": "c",
        "transactTime": 1_700_000_000_000,
        "price": "50000.00000000",
        "origQty": "0.01000000",
        "executedQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "fills": [],
    } | changes


def execution_event(**changes: Json) -> Json:
    """Return an `executionReport` of an order that rests; `changes` by the venue's names."""
    return {
        "e": "executionReport",
        "E": 1_700_000_000_001,
        "s": "BTCUSDT",
        "c": "c",
        "C": "",
        "S": "BUY",
        "o": "LIMIT",
        "x": "NEW",
        "X": "NEW",
        "r": "NONE",
        "i": 11,
        "I": 1,
        "l": "0.00000000",
        "L": "0.00000000",
        "Y": "0.00000000",
        "z": "0.00000000",
        "n": "0",
        "N": None,
        "t": -1,
        "T": 1_700_000_000_000,
        "m": False,
    } | changes


def trade_event(**changes: Json) -> Json:
    """Return the event of a fill that ends an order; `changes` by the venue's names."""
    filled = {
        "x": "TRADE",
        "X": "FILLED",
        "I": 2,
        "l": "0.01000000",
        "L": "50000.00000000",
        "Y": "500.00000000",
        "z": "0.01000000",
        "n": "0.00001000",
        "N": "BTC",
        "t": 5,
    }
    return execution_event(**(filled | changes))


def trade_row(**changes: Json) -> Json:
    """Return the same fill as the history tells it; `changes` by the venue's names."""
    return {
        "symbol": "BTCUSDT",
        "id": 5,
        "orderId": 11,
        "orderListId": -1,
        "price": "50000.00000000",
        "qty": "0.01000000",
        "quoteQty": "500.00000000",
        "commission": "0.00001000",
        "commissionAsset": "BTC",
        "time": 1_700_000_000_000,
        "isBuyer": True,
        "isMaker": False,
        "isBestMatch": True,
    } | changes
