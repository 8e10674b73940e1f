"""A WebSocket, as small as we need it; scripted in tests, aiohttp's otherwise."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import aiohttp
import attrs
from aiohttp import ClientSession, WSMsgType

from binance_adapter.errors import HTTP_BANNED, HTTP_TOO_MANY_REQUESTS

HEARTBEAT_SECONDS: Final = 15.0
"""How often we ping; aiohttp closes the socket when no pong comes within half of it."""
CONNECT_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0
MAX_FRAME: Final = 8 * 1024 * 1024


@attrs.frozen
class Rejection:
    """What the venue answered instead of opening a socket."""

    status: int
    retry_after_seconds: float | None

    @property
    def is_ban(self) -> bool:
        """Tell whether everything else must stop, too; a mere 429 limits connections alone."""
        limited = self.status == HTTP_TOO_MANY_REQUESTS and self.retry_after_seconds is not None
        return limited or self.status == HTTP_BANNED


class SocketClosed(Exception):
    """The connection is gone, or never was. The text says how, never what was sent."""

    def __init__(self, text: str, rejection: Rejection | None = None) -> None:
        super().__init__(text)
        self.rejection = rejection


class Socket(Protocol):
    """Text frames both ways. Pings are answered by themselves."""

    async def send(self, text: str) -> None:
        """Send a frame. Raises SocketClosed."""

    async def receive(self) -> bytes:
        """Return the next frame. Raises SocketClosed."""

    async def close(self) -> None:
        """Close it, within seconds; a second time does nothing."""


Connector = Callable[[str], Awaitable[Socket]]
"""Opens a socket at an address. Raises SocketClosed: there was no connection."""


class AiohttpSocket:
    """A socket of an aiohttp session."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, ConnectionError, RuntimeError) as error:
            raise SocketClosed(type(error).__name__) from None

    async def receive(self) -> bytes:
        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT:
            data = message.data
            return data.encode() if isinstance(data, str) else bytes(data)
        if message.type is WSMsgType.BINARY:
            return bytes(message.data)
        raise SocketClosed(f"closed with {self._socket.close_code}")

    async def close(self) -> None:
        await self._socket.close()


def aiohttp_connector(session: ClientSession) -> Connector:
    """Return a connector on `session`."""

    async def connect(address: str) -> Socket:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                socket = await session.ws_connect(
                    address,
                    heartbeat=HEARTBEAT_SECONDS,
                    max_msg_size=MAX_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                )
        except aiohttp.WSServerHandshakeError as error:
            patience = "" if error.headers is None else error.headers.get("Retry-After", "")
            raise SocketClosed(
                f"refused with {error.status}",
                Rejection(error.status, float(patience) if patience.isdecimal() else None),
            ) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SocketClosed(type(error).__name__) from None
        return AiohttpSocket(socket)

    return connect
