"""One request and its answer: who asks, in which conversation, with which headers."""

import asyncio
import re
from contextvars import ContextVar
from typing import Any, Final

import attrs
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Empty, Receive, Scope

from http_adapter.metrics import Metrics
from http_adapter.services import Services
from tradecore.ports.token_verifier import Principal

BODY_SECONDS: Final = 10.0

correlation_id: Final[ContextVar[str]] = ContextVar("correlation_id", default="")
"""The conversation that is being served, for whoever writes logs."""

_CORRELATION_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}", re.ASCII)
_ONCE: Final = frozenset({b"authorization", b"idempotency-key", b"x-account-id", b"content-type"})


class BodyTimeout(Exception):
    """The body did not arrive in time, or not whole."""


class ApiRequest(Request[Any, Any, State]):
    """A request that waits for its body for a bounded time."""

    async def body(self) -> bytes:
        """Return the body. Raises BodyTimeout, RequestEntityTooLarge."""
        if self._body is Empty:
            limit = self.route_handler.resolve_request_max_body_size()
            assert limit is not None
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    self._body = await _whole_body(self.scope, self.receive, limit)
            except TimeoutError:
                raise BodyTimeout from None
        return self._body


async def _whole_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the body, read straight from the server: Litestar's own way costs as much as a decision."""
    announced: bytes = scope["state"]["exchange"].headers.get(b"content-length", b"0")
    if int(announced) > limit:
        raise RequestEntityTooLarge
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the client went away
            raise BodyTimeout
        body += message["body"]
        if len(body) > limit:
            raise RequestEntityTooLarge
        if not message["more_body"]:
            return body


@attrs.define(kw_only=True)
class Exchange:
    """What is known of a request before its route is."""

    services: Services
    metrics: Metrics
    headers: dict[bytes, bytes]
    repeated: frozenset[bytes]  #: headers that decide something and came more than once
    correlation_id: str
    principal: Principal | None = None

    def header(self, name: bytes) -> str | None:
        """Return a header's value, trimmed; of a repeated one, the last."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1").strip()


def begin(scope: Scope, services: Services, metrics: Metrics) -> Exchange:
    """Return the exchange of a new request, and keep it in its scope."""
    raw = list(scope["headers"])
    headers = dict(raw)
    repeated: frozenset[bytes] = frozenset()
    if len(headers) != len(raw):
        names = [name for name, _ in raw]
        repeated = frozenset(name for name in _ONCE if names.count(name) > 1)
    wished = headers.get(b"x-correlation-id", b"")
    exchange = Exchange(
        services=services,
        metrics=metrics,
        headers=headers,
        repeated=repeated,
        correlation_id=(
            wished.decode("ascii") if _CORRELATION_ID.fullmatch(wished) else services.ids.new_id()
        ),
    )
    correlation_id.set(exchange.correlation_id)
    scope["state"]["exchange"] = exchange
    return exchange


def exchange_of(request: ApiRequest) -> Exchange:
    """Return the exchange that `begin` made."""
    exchange = request.scope["state"]["exchange"]
    assert isinstance(exchange, Exchange)
    return exchange


def principal_of(request: ApiRequest) -> Principal:
    """Return who is calling; the router's gate has let it in."""
    principal = exchange_of(request).principal
    assert principal is not None, request.url
    return principal
