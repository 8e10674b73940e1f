"""REST: from an HTTP request to an HTTP answer."""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from binance_sim.wire import failures
from binance_sim.wire.catalogue import ROUTES
from binance_sim.wire.failures import Failure
from binance_sim.wire.gate import Admitted, Gate
from binance_sim.wire.limits import Visitor
from binance_sim.wire.parameters import from_pairs
from binance_sim.wire.performing import Outcome, Performer
from binance_sim.wire.views.values import Time, microseconds, milliseconds

CONTENT_TYPE: Final = "application/json;charset=UTF-8"
# Retired: user streams by listen key on 2026-02-20, version 1 on 2026-03-25.
_GONE: Final = ("/api/v3/userDataStream", "/api/v1/")
# One client asks for these before anything else, whatever it is used for; they hold nothing.
_EMPTY: Final = frozenset({"/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs"})

_LOOK_SECONDS: Final = 0.1
_encode: Final = msgspec.json.Encoder().encode


class Rest:
    """Answers everything below `/api` and `/sapi`."""

    def __init__(self, gate: Gate, performer: Performer) -> None:
        self._gate = gate
        self._performer = performer

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the answer to one request."""
        visitor = self._gate.desk.meter.visitor(request.remote or "")
        outcome = await self._outcome(request, visitor)
        if not outcome.answers:
            await _say_nothing(request, outcome)
            return web.Response()
        headers = self._headers(visitor, outcome)
        failure = outcome.failure
        body = _encode(outcome.result) if failure is None else error_body(failure)
        if outcome.is_garbled:
            body = body[: len(body) // 2] if failure is None else failure.message.encode()
            headers["Content-Type"] = "text/html"
        status = 200 if failure is None else failure.status
        return web.Response(body=body, status=status, headers=headers)

    async def _outcome(self, request: web.BaseRequest, visitor: Visitor) -> Outcome:
        path, _, query = request.raw_path.partition("?")
        method = ROUTES.get((request.method, path))
        if method is None:
            if path in _EMPTY:
                return Outcome(result=[])
            return Outcome(failure=_no_method(request.method, path))
        body = (await request.read()).decode("utf-8", "surrogateescape")
        try:
            values, time = from_pairs(query, body), _time_unit(request.headers)
        except Failure as failure:
            return Outcome(failure=failure)
        api_key = request.headers.get("X-MBX-APIKEY")

        def admit() -> Admitted:
            return self._gate.admit_rest(method, (query, body), values, api_key, visitor, time)

        plan = self._performer.plan(method.label, values, "rest")
        if plan:
            return await self._performer.perform_disturbed(admit, plan)
        return self._performer.perform(admit)

    def _headers(self, visitor: Visitor, outcome: Outcome) -> dict[str, str]:
        now_us = self._gate.desk.time.now_us()
        weight = str(visitor.weight.at(now_us))
        headers = {
            "Content-Type": CONTENT_TYPE,
            "X-MBX-USED-WEIGHT": weight,
            "X-MBX-USED-WEIGHT-1M": weight,
        }
        failure, admitted = outcome.failure, outcome.admitted
        if failure is not None and failure.retry_after_seconds is not None:
            headers["Retry-After"] = str(failure.retry_after_seconds)
        if failure is None and admitted is not None and admitted.method.orders:
            headers.update(self._order_headers(admitted))
        return headers

    def _order_headers(self, admitted: Admitted) -> dict[str, str]:
        count = self._gate.desk.orders(admitted.call.account_key)
        ten_seconds, day = count.used(admitted.call.now_us)
        return {
            "X-MBX-ORDER-COUNT-10S": str(ten_seconds),
            "X-MBX-ORDER-COUNT-1D": str(day),
        }


def error_content(failure: Failure) -> dict[str, object]:
    """Return what is said of a failure."""
    content: dict[str, object] = {"code": failure.code, "msg": failure.message}
    if failure.data is not None:
        content["data"] = failure.data
    return content


def error_body(failure: Failure) -> bytes:
    """Return the body of an error."""
    return _encode(error_content(failure))


async def _say_nothing(request: web.BaseRequest, outcome: Outcome) -> None:
    """Let the other end wait until it hangs up, or end its connection."""
    transport = request.transport
    if outcome.is_cut and transport is not None:
        transport.abort()
    # A transport tells nobody when it closes, and a handler goes on when its client is gone.
    while not _is_gone(request):  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(_LOOK_SECONDS)


def _is_gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


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
