"""Errors as answers: RFC 9457 problem details, one shape for whatever went wrong."""

import logging
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from http_adapter.encoded import Encoded
from http_adapter.exchange import BodyTimeout, Exchange
from http_adapter.problem_types import CONDITIONS, PROBLEM_TYPES
from tradecore.domain.errors import (
    DomainError,
    InvalidAmount,
    InvalidInstrument,
    InvalidOrder,
    OrderRefused,
    Reason,
)

logger = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]

MEDIA_TYPE: Final = "application/problem+json"

_encode: Final = msgspec.json.Encoder().encode

#: Litestar's own errors by status; everything else that it raises is the caller's mistake or a bug.
_CODES_BY_STATUS: Final = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "body-too-large",
    415: "unsupported-media-type",
}


class FieldError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault: of a field of the body, of a parameter or header, or of a rule."""

    detail: str
    pointer: str | None = None  # JSON pointer (RFC 6901) into the body
    parameter: str | None = None  # name in the query, the path or the headers
    rule: str | None = None  # which rule refuses

    @classmethod
    def of_reason(cls, reason: Reason) -> "FieldError":
        """Return one reason of a refusal."""
        pointer = None if reason.field is None else f"/{reason.field}"
        return cls(detail=reason.detail, pointer=pointer, rule=reason.rule)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    correlation_id: str
    errors: tuple[FieldError, ...] = ()


class ApiProblem(Exception):
    """A request that is answered with a problem before a use case has heard of it."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        """Name the problem's `code` (`problem_types.PROBLEM_TYPES`)."""
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}


def invalid_parameter(name: str, detail: str) -> ApiProblem:
    """Return the problem of one bad parameter or header."""
    return ApiProblem(
        "invalid-request",
        f"{name} {detail}",
        errors=(FieldError(detail=detail, parameter=name),),
    )


def to_response(request: AnyRequest, problem: ApiProblem, correlation_id: str) -> Response[Any]:
    """Return the problem as a response; of a kept refusal, with its first correlation id."""
    return encoded(request.scope["path"], problem, correlation_id)


def encoded(path: str, problem: ApiProblem, correlation_id: str) -> Encoded[Problem]:
    """Return the problem as a response, for whoever has no request of Litestar's."""
    kind = PROBLEM_TYPES[problem.code]
    headers = dict(problem.headers)
    if kind.retry_after_seconds is not None:
        headers["Retry-After"] = str(kind.retry_after_seconds)
    body = Problem(
        type=f"/problems/{kind.code}",
        title=kind.title,
        status=kind.status,
        detail=problem.detail,
        instance=path.encode("utf-8", "replace").decode(),
        correlation_id=correlation_id,
        errors=problem.errors,
    )
    return Encoded(_encode(body), status=kind.status, media_type=MEDIA_TYPE, headers=headers)


def of_domain(error: DomainError) -> ApiProblem:
    """Return a refusal or conflict of the domain as a problem, with what it says of fields."""
    errors: tuple[FieldError, ...] = ()
    if isinstance(error, InvalidOrder | OrderRefused):
        errors = tuple(map(FieldError.of_reason, error.reasons))
    elif isinstance(error, InvalidAmount | InvalidInstrument):
        errors = (FieldError(detail=error.detail, pointer=f"/{error.field}"),)
    return ApiProblem(error.code, error.message, errors=errors)


def of_exception(error: Exception) -> ApiProblem:
    """Return any exception as a problem that tells nothing of the inside."""
    if isinstance(error, ApiProblem):
        return error
    if isinstance(error, DomainError):
        return of_domain(error)
    for kind, (code, detail) in CONDITIONS.items():
        if isinstance(error, kind):
            return ApiProblem(code, detail)
    if isinstance(error, BodyTimeout):
        return ApiProblem("request-timeout", "the body did not arrive whole and in time")
    return _of_litestar(error)


def _of_litestar(error: Exception) -> ApiProblem:
    """Return what the framework refused; anything else is ours, and nobody's business."""
    if isinstance(error, ValidationException):
        return _of_validation(error)
    if isinstance(error, HTTPException) and error.status_code < 500:  # noqa: PLR2004 - ours below
        code = _CODES_BY_STATUS.get(error.status_code, "invalid-request")
        return ApiProblem(code, PROBLEM_TYPES[code].title.lower(), headers=_allowed(error))
    return ApiProblem("internal-error", "the request could not be completed")


def handle(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer with the problem that `error` is. The one place where a request's errors are logged."""
    problem = of_exception(error)
    exchange: Exchange = request.scope["state"]["exchange"]
    status = PROBLEM_TYPES[problem.code].status
    facts = {"code": problem.code, "correlation_id": exchange.correlation_id}
    if problem.code == "internal-error":
        logger.error("http.request_failed", extra=facts, exc_info=error)
    elif status >= 500:  # noqa: PLR2004 - ours
        logger.warning("http.request_not_served", extra={**facts, "error": repr(error)})
    return to_response(request, problem, exchange.correlation_id)


def _of_validation(error: ValidationException) -> ApiProblem:
    """Return what Litestar found wrong with parameters; `extra` lists it."""
    found = error.extra if isinstance(error.extra, list) else []
    errors = tuple(
        FieldError(detail=str(one.get("message", "is not valid")).lower(), parameter=one.get("key"))
        for one in found
        if isinstance(one, dict)
    )
    if any(one.parameter == "data" for one in errors):
        return ApiProblem("malformed-body", "the body is missing")
    names = ", ".join(one.parameter for one in errors if one.parameter)
    return ApiProblem("invalid-request", f"not valid: {names or 'a parameter'}", errors=errors)


def _allowed(error: HTTPException) -> dict[str, str]:
    """Return the `Allow` header of a 405."""
    headers = error.headers or {}
    return {name: value for name, value in headers.items() if name.lower() == "allow"}
