"""REST: from an HTTP request to an HTTP answer."""

import logging
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from binance_sim.engine.errors import VenueError
from binance_sim.wire import failures
from binance_sim.wire.catalogue import ROUTES
from binance_sim.wire.failures import Failure
from binance_sim.wire.gate import Admitted, Gate
from binance_sim.wire.limits import Visitor
from binance_sim.wire.parameters import from_pairs
from binance_sim.wire.views.values import Time, microseconds, milliseconds

CONTENT_TYPE: Final = "application/json;charset=UTF-8"
# Retired: user streams by listen key on 2026-02-20, version 1 on 2026-03-25.
_GONE: Final = ("/api/v3/userDataStream", "/api/v1/")
# One client asks for these before anything else, whatever it is used for; they hold nothing.
_EMPTY: Final = frozenset({"/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs"})

_log = logging.getLogger(__name__)
_encode: Final = msgspec.json.Encoder().encode


class Rest:
    """Answers everything below `/api` and `/sapi`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the answer to one request."""
        now_us = self._gate.desk.time.now_us()
        visitor = self._gate.desk.meter.visitor(request.remote or "")
        headers = {"Content-Type": CONTENT_TYPE}
        try:
            admitted = await self._admit(request, visitor)
            body, status = _encode(self._gate.execute(admitted)), 200
            if admitted.method.orders:
                headers.update(self._order_headers(admitted))
        except Failure as failure:
            body, status = error_body(failure), failure.status
            if failure.retry_after_seconds is not None:
                headers["Retry-After"] = str(failure.retry_after_seconds)
        weight = str(visitor.weight.at(now_us))
        headers["X-MBX-USED-WEIGHT"] = headers["X-MBX-USED-WEIGHT-1M"] = weight
        return web.Response(body=body, status=status, headers=headers)

    async def _admit(self, request: web.BaseRequest, visitor: Visitor) -> Admitted:
        path, _, query = request.raw_path.partition("?")
        method = ROUTES.get((request.method, path))
        if method is None:
            raise _no_method(request.method, path)
        body = (await request.read()).decode("utf-8", "surrogateescape")
        parts = query, body
        try:
            return self._gate.admit_rest(
                method,
                parts,
                from_pairs(query, body),
                request.headers.get("X-MBX-APIKEY"),
                visitor,
                _time_unit(request.headers),
            )
        except VenueError as error:
            raise failures.of(error) from None

    def _order_headers(self, admitted: Admitted) -> dict[str, str]:
        count, now_us = (
            self._gate.desk.meter.orders(admitted.call.account_key),
            admitted.call.now_us,
        )
        return {
            "X-MBX-ORDER-COUNT-10S": str(count.ten_seconds.at(now_us)),
            "X-MBX-ORDER-COUNT-1D": str(count.day.at(now_us)),
        }


def error_body(failure: Failure) -> bytes:
    """Return the body of an error."""
    content: dict[str, object] = {"code": failure.code, "msg": failure.message}
    if failure.data is not None:
        content["data"] = failure.data
    return _encode(content)


def _time_unit(headers: Mapping[str, str]) -> Time:
    unit = headers.get("X-MBX-TIME-UNIT", "MILLISECOND").upper()
    if unit == "MICROSECOND":
        return microseconds
    if unit != "MILLISECOND":
        raise failures.invalid("X-MBX-TIME-UNIT")
    return milliseconds


def _no_method(verb: str, path: str) -> Failure:
    if path.startswith(_GONE):
        return failures.gone(path)
    return failures.no_such_path(verb, path)
