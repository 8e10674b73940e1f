"""HTTP connections with bounds that uvicorn has none for: heads, unread bodies, their number."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from http_adapter.overload import too_many_connections

HEAD_SECONDS: Final = 10.0
LINGER_SECONDS: Final = 1.0
#: What may still come of a body that was answered unread, before the connection ends.
MAX_UNREAD_BYTES: Final = 256 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """One connection of a client that may be slow, greedy, or one of too many.

    A head must be there `HEAD_SECONDS` after its first byte, or after the connection was made.
    Where a request was answered before its body was read, little more of the body is taken.
    `limit` bounds the connections; at twice as many, they are not even answered.
    """

    def __init__(self, *args: Any, limit: int, **kwargs: Any) -> None:
        """Take what uvicorn gives, and how many connections are served."""
        super().__init__(*args, **kwargs)
        self._limit = limit
        self._unread = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._lingering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Start to wait for a head, unless there are far too many."""
        super().connection_made(transport)
        if len(self.connections) > 2 * self._limit:
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; between two requests there is a deadline again."""
        if self._lingering:
            return
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            return  # it is a websocket now
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._deadline is None and not self.transport.is_closing():
            self._await_head()

    def on_message_begin(self) -> None:
        """Give the new head its whole time."""
        super().on_message_begin()
        self._unread = 0
        self._await_head()

    def on_headers_complete(self) -> None:
        """Let the request take the time that the application gives it."""
        self._forget_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take what the application reads, and little of what it does not."""
        super().on_body(body)
        if self.cycle.response_complete:
            self._unread += len(body)
            if self._unread > MAX_UNREAD_BYTES and not self._lingering:
                self._linger()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if len(self.connections) > self._limit:
            app = too_many_connections
        super()._start_asgi_task(cycle, app)

    def _await_head(self) -> None:
        self._forget_deadline()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._close)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _linger(self) -> None:
        """Say that no more comes and read nothing more; give the answer time to arrive.

        Closing at once would reset the connection, and the client might never see the answer.
        """
        self._lingering = True
        self.flow.pause_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._forget_deadline()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self._close)

    def _close(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort() if self._lingering else self.transport.close()
