"""The outermost layer: correlation, security headers, counting. Every answer passes here."""

import asyncio
import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from http_adapter.exchange import begin
from http_adapter.metrics import Metrics
from http_adapter.problems import ApiProblem, encoded
from http_adapter.services import Services

UNMATCHED: Final = "unmatched"

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
#: Given to every answer that does not say otherwise itself: nobody keeps it, nothing runs in it.
_DEFAULTS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class Edge:
    """Wraps the application so that no answer leaves without its headers and its count."""

    def __init__(self, app: ASGIApp, services: Services, metrics: Metrics) -> None:
        """Stand before `app`."""
        self._app = app
        self._services = services
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        exchange = begin(scope, self._services, self._metrics)
        status = 500
        started_answer = False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, started_answer
            if message["type"] == "http.response.start":
                started_answer = True
                status = message["status"]
                headers = list(message["headers"])
                said = {name.lower() for name, _ in headers}
                headers += [one for one in _DEFAULTS if one[0] not in said]
                headers.append((b"x-correlation-id", exchange.correlation_id.encode("ascii")))
                message["headers"] = headers
            await send(message)

        self._metrics.in_flight += 1
        try:
            await self._app(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            # The server is stopping, and its patience is over. The task ends here anyway.
            if started_answer:
                raise
            problem = ApiProblem("outcome-unknown", "the server stopped before there was an answer")
            answer = encoded(scope["path"], problem, exchange.correlation_id)
            await answer.to_asgi_response()(scope, receive, send_with_headers)
        finally:
            self._metrics.in_flight -= 1
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            route = scope.get("path_template") or UNMATCHED
            self._metrics.answered(method, route, status, time.perf_counter() - started)
