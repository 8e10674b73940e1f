"""Once: the key that a client sends, and the digest of what it asked for under it."""

import hashlib
import re
from typing import Final, TypedDict

from http_adapter.exchange import ApiRequest, exchange_of, principal_of
from http_adapter.problems import ApiProblem, FieldError
from tradecore.application.command import Idempotency
from tradecore.domain.ids import CommandId

HEADER: Final = "Idempotency-Key"

_KEY: Final = re.compile(r"[\x20-\x7e]{1,64}", re.ASCII)


class Origin(TypedDict):
    """What every command carries, in the names of its own fields."""

    command_id: CommandId
    correlation_id: str
    actor: str
    idempotency: Idempotency | None


async def origin(request: ApiRequest, *, owner: str | None = None, required: bool = True) -> Origin:
    """Return where a command comes from; `owner` is whose key it is, by default the caller's.

    Raises ApiProblem: the key is missing where one is required, or is none.
    """
    exchange = exchange_of(request)
    subject = principal_of(request).subject
    key = _key(request, required=required)
    idempotency = None
    if key is not None:
        idempotency = Idempotency(
            owner=owner or f"admin:{subject}", key=key, request_hash=await _digest(request)
        )
    return Origin(
        command_id=CommandId(exchange.services.ids.new_id()),
        correlation_id=exchange.correlation_id,
        actor=subject,
        idempotency=idempotency,
    )


def _key(request: ApiRequest, *, required: bool) -> str | None:
    exchange = exchange_of(request)
    key = exchange.header(b"idempotency-key")
    if key is None:
        if required:
            raise _problem("idempotency-key-required", "is required")
        return None
    if b"idempotency-key" in exchange.repeated:
        raise _problem("invalid-request", "came twice")
    if _KEY.fullmatch(key) is None:
        raise _problem("invalid-request", "must be 1 to 64 printable ASCII characters")
    return key


def _problem(code: str, detail: str) -> ApiProblem:
    return ApiProblem(
        code, f"{HEADER} {detail}", errors=(FieldError(detail=detail, parameter=HEADER),)
    )


async def _digest(request: ApiRequest) -> bytes:
    """Return the digest of the method, the path with its ids, and the body as it was sent."""
    head = f"{request.scope['method']} {request.scope['path']}\n"
    return hashlib.sha256(head.encode("utf-8", "replace") + await request.body()).digest()
