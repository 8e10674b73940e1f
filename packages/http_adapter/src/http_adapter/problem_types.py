"""Every problem that the API can answer with: one entry per code, one page per entry.

A code ends the problem's `type`, `/problems/{code}`. Codes of the domain are those of its errors
(`tradecore.domain.errors`); the others name what went wrong before or around a use case.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from tradecore.application.executor import ExecutorFull, ExecutorStopped
from tradecore.ports.queries import InvalidCursor
from tradecore.ports.store import (
    CommitOutcomeUnknown,
    ConcurrentUpdate,
    LockTimeout,
    StoreUnavailable,
)
from tradecore.ports.token_verifier import VerifierUnavailable
from tradecore.ports.venue import VenueUnavailable


@attrs.frozen(kw_only=True)
class ProblemType:
    """One kind of problem, as documented."""

    code: str
    status: int
    title: str
    remedy: str  #: what the caller can do
    retry_after_seconds: int | None = None


def _type(
    status: int, code: str, title: str, remedy: str, *, retry_after_seconds: int | None = None
) -> ProblemType:
    return ProblemType(
        code=code,
        status=status,
        title=title,
        remedy=remedy,
        retry_after_seconds=retry_after_seconds,
    )


_TYPES: Final = (
    # -- the request itself
    _type(
        400,
        "malformed-body",
        "The body is not JSON",
        "Send one JSON object in UTF-8, without repeated names, NaN or deep nesting.",
    ),
    _type(
        400,
        "invalid-request",
        "The request is not valid",
        "Correct what `errors` lists; every invalid field is there. Nothing was kept.",
    ),
    _type(
        400,
        "invalid-cursor",
        "The cursor is not one of this list",
        "Use `next_cursor` of the page before, with the same filters, or start without a cursor.",
    ),
    _type(
        400,
        "idempotency-key-required",
        "The Idempotency-Key header is missing",
        "Send a key of your own, 1 to 64 printable ASCII characters, and the same one again when"
        " you repeat the request.",
    ),
    _type(
        400,
        "account-required",
        "Which account is not said",
        "The token is good for several accounts: name one in the X-Account-Id header.",
    ),
    _type(
        401,
        "unauthenticated",
        "Who is calling is not known",
        "Send a valid, unexpired access token as `Authorization: Bearer ...`.",
    ),
    _type(
        403,
        "forbidden",
        "The token's roles do not allow this",
        "Use a token with the role that the route asks for.",
    ),
    _type(404, "not-found", "There is nothing here", "Check the path and the identifier."),
    _type(405, "method-not-allowed", "The method is not allowed here", "See the `Allow` header."),
    _type(
        408,
        "request-timeout",
        "The body did not arrive in time",
        "Send the request again. Nothing was kept.",
    ),
    _type(413, "body-too-large", "The body is too large", "Send at most 64 KiB."),
    _type(
        415,
        "unsupported-media-type",
        "The body is not sent as JSON",
        "Send `Content-Type: application/json`.",
    ),
    # -- the platform
    _type(
        429,
        "queue-full",
        "Too many requests are waiting",
        "Wait as long as `Retry-After` says, then send the same request with the same key."
        " Nothing was kept.",
        retry_after_seconds=1,
    ),
    _type(
        503,
        "too-many-connections",
        "Too many connections are open",
        "Wait as long as `Retry-After` says, then send the same request again. Nothing was kept.",
        retry_after_seconds=1,
    ),
    _type(
        500,
        "internal-error",
        "Something went wrong on our side",
        "Send the same request with the same key; if it goes on, report the `correlation_id`.",
    ),
    _type(
        503,
        "stopping",
        "This server is going away",
        "Send the same request with the same key again. Nothing was kept.",
        retry_after_seconds=1,
    ),
    _type(
        503,
        "store-unavailable",
        "The books cannot be reached",
        "Wait as long as `Retry-After` says, then send the same request with the same key."
        " Nothing was kept.",
        retry_after_seconds=2,
    ),
    _type(
        503,
        "busy",
        "What the request needs is held by another one",
        "Wait as long as `Retry-After` says, then send the same request with the same key."
        " Nothing was kept.",
        retry_after_seconds=1,
    ),
    _type(
        503,
        "outcome-unknown",
        "Whether the request was done is not known",
        "Send the same request with the same Idempotency-Key: it is done once at most, and the"
        " answer says what became of it.",
        retry_after_seconds=2,
    ),
    _type(
        503,
        "verifier-unavailable",
        "Tokens cannot be checked now",
        "Wait as long as `Retry-After` says, then send the same request again.",
        retry_after_seconds=5,
    ),
    _type(
        503,
        "venue-unavailable",
        "The venue does not answer",
        "Wait as long as `Retry-After` says, then send the same request again.",
        retry_after_seconds=2,
    ),
    # -- the domain: malformed as asked
    _type(400, "invalid-amount", "The amount is not valid", "See `errors` for the field."),
    _type(
        400,
        "invalid-order",
        "The order's fields do not go together",
        "See `errors`; the table of order types says which fields each type takes.",
    ),
    _type(400, "invalid-instrument", "The instrument cannot be offered so", "See `errors`."),
    _type(
        400,
        "invalid-freeze",
        "The freeze does not say what to stop",
        "A freeze of the platform has no target; one of a symbol or an account names it.",
    ),
    _type(400, "asset-mismatch", "Two assets do not add up", "Name the same asset throughout."),
    # -- the domain: not there
    _type(404, "unknown-account", "There is no such account", "Check the account's id."),
    _type(404, "unknown-order", "There is no such order", "Check the order's id."),
    _type(404, "unknown-instrument", "There is no such instrument", "See `GET /v1/instruments`."),
    _type(
        404,
        "unknown-asset",
        "There is no such asset",
        "Assets become known with the first instrument that trades them.",
    ),
    _type(404, "unknown-journal-entry", "There is no such journal entry", "Check the entry's id."),
    _type(404, "unknown-freeze", "Nothing stands frozen there", "See `GET /v1/admin/freeze`."),
    # -- the domain: refused by a rule; the answer is kept under its key
    _type(
        422,
        "order-refused",
        "The order is refused",
        "`errors` lists every reason with the rule's name. The refusal is kept: a corrected order"
        " needs a new Idempotency-Key.",
    ),
    _type(
        422,
        "insufficient-funds",
        "The available balance does not cover it",
        "Ask for less, or free what is reserved. The refusal is kept under its key.",
    ),
    _type(
        422,
        "treasury-exceeded",
        "The house cannot back the credit",
        "Book an opening of the treasury first. The refusal is kept under its key.",
    ),
    # -- the domain: the state does not allow it
    _type(409, "illegal-transition", "The order's state does not allow it", "Read the order."),
    _type(409, "order-already-terminal", "The order has ended", "Read the order: it is final."),
    _type(
        409,
        "order-not-replaceable",
        "The order cannot be replaced",
        "Only limit orders that rest can be, one replacement at a time: read the order.",
    ),
    _type(
        409,
        "client-order-id-reused",
        "The client_order_id was used before",
        "A client_order_id names one order of its account for ever: choose another.",
    ),
    _type(
        422,
        "idempotency-key-reused",
        "The Idempotency-Key came with another request",
        "Repeat the first request exactly, or choose another key.",
    ),
    _type(
        409,
        "idempotency-key-in-flight",
        "The request with this Idempotency-Key is still being done",
        "Wait as long as `Retry-After` says, then repeat the request exactly.",
        retry_after_seconds=2,
    ),
    _type(409, "account-closed", "The account is closed", "Use another account."),
    _type(
        409,
        "no-reference-price",
        "There is no price to value it at",
        "Try again with a new key when the market is up.",
    ),
    _type(409, "already-reversed", "The journal entry was reversed before", "Read the ledger."),
    _type(
        409,
        "not-reversible",
        "A journal entry of this kind is not reversed",
        "Correct a fill by a journal between accounts.",
    ),
)

PROBLEM_TYPES: Final[Mapping[str, ProblemType]] = {one.code: one for one in _TYPES}

CONDITIONS: Final[Mapping[type[Exception], tuple[str, str]]] = {
    ExecutorFull: ("queue-full", "as many commands are waiting as are allowed"),
    ExecutorStopped: ("stopping", "no more commands are taken here"),
    StoreUnavailable: ("store-unavailable", "the books cannot be reached now"),
    LockTimeout: ("busy", "a row was held too long by another request"),
    ConcurrentUpdate: ("busy", "other requests were in the way too often"),
    CommitOutcomeUnknown: ("outcome-unknown", "the answer to the commit was lost"),
    InvalidCursor: ("invalid-cursor", "cursor is not one that this list gave"),
    VerifierUnavailable: ("verifier-unavailable", "the issuer's keys cannot be had now"),
    VenueUnavailable: ("venue-unavailable", "the venue cannot be asked now"),
}
"""Conditions of the ports and the executor: code, and a sentence that tells nothing of the inside."""
