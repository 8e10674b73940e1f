"""A WebSocket as the venue keeps it: frames in order, pings, an end after 24 hours.

Source: Binance Spot API, "WebSocket connection limits".
"""

import asyncio
from collections import deque
from typing import Final

import attrs
from aiohttp import WSCloseCode, WSMsgType, web

from binance_sim.wire.venue_time import VenueTime
from binance_sim.wire.views.values import Time, milliseconds

_US: Final = 1_000_000
_BACKLOG: Final = 100_000  #: frames that a slow reader may be behind


@attrs.frozen(kw_only=True)
class Keeping:
    """How connections are kept; seconds."""

    life_seconds: float = 24 * 3600.0
    ping_seconds: float = 20.0
    pong_timeout_seconds: float = 60.0
    tick_seconds: float = 0.25  #: how often that is looked at


class Connection:
    """One socket. `send` never waits; one task writes, so frames keep their order."""

    def __init__(self, socket: web.WebSocketResponse, time: VenueTime) -> None:
        self.socket = socket
        self.connected_us = time.now_us()
        self._opened_us = time.steady_us()
        self.time: Time = milliseconds
        self.is_closing = False
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._close_code = int(WSCloseCode.OK)
        self._last_ping_us = self._opened_us
        self._pings: dict[bytes, int] = {}

    def send(self, text: bytes) -> None:
        """Queue a text frame; a reader that is too far behind loses its connection."""
        if self.is_closing:
            return
        self._waiting.append(text)
        self._wake.set()
        if len(self._waiting) > _BACKLOG:
            self._waiting.clear()
            self.close(WSCloseCode.POLICY_VIOLATION)

    def close(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Close after what is queued has gone out."""
        if not self.is_closing:
            self.is_closing, self._close_code = True, int(code)
            self._wake.set()

    def cut(self) -> None:
        """End the connection without a word, as a broken line would."""
        self.is_closing = True
        self._waiting.clear()
        transport = self.socket._req.transport if self.socket._req else None  # noqa: SLF001
        if transport is not None:
            transport.abort()
        self._wake.set()

    async def flush(self) -> None:
        """Write what is queued."""
        while self._waiting:
            await self.socket.send_frame(self._waiting.popleft(), WSMsgType.TEXT)

    async def write(self) -> None:
        """Write until the connection closes."""
        try:
            while not self.is_closing or self._waiting:
                if not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                await self.flush()
            await self.socket.close(code=self._close_code)
        except (ConnectionError, RuntimeError):
            self.is_closing = True  # the other end is gone; the reader notices by itself

    def hear_pong(self, payload: bytes) -> None:
        """Note a pong; one that answers no ping does not count."""
        sent_us = self._pings.get(payload)
        if sent_us is not None:
            self._pings = {ping: at for ping, at in self._pings.items() if at > sent_us}

    async def keep(self, now_us: int, keeping: Keeping) -> None:
        """Ping when it is due; close who does not answer, or is too old. `now_us` is steady."""
        if self.is_closing:
            return
        if now_us - self._opened_us >= keeping.life_seconds * _US:
            self.close(WSCloseCode.GOING_AWAY)
            return
        oldest_us = min(self._pings.values(), default=now_us)
        if now_us - oldest_us >= keeping.pong_timeout_seconds * _US:
            self.close(WSCloseCode.POLICY_VIOLATION)
            return
        if now_us - self._last_ping_us >= keeping.ping_seconds * _US:
            payload = str(now_us // 1000).encode()
            self._last_ping_us = self._pings[payload] = now_us
            await self.socket.ping(payload)


class Connections:
    """Every open connection."""

    def __init__(self, keeping: Keeping) -> None:
        self.keeping = keeping
        self.all: set[Connection] = set()

    def add(self, connection: Connection) -> None:
        """Take a connection into keeping."""
        self.all.add(connection)

    def discard(self, connection: Connection) -> None:
        """Forget a connection."""
        self.all.discard(connection)

    async def keep(self, now_us: int) -> None:
        """Look after every connection once."""
        for connection in tuple(self.all):
            try:
                await connection.keep(now_us, self.keeping)
            except (ConnectionError, RuntimeError):
                connection.is_closing = True
