"""One request and its answer, whichever way they travel."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import attrs

from binance_adapter.calls import Call
from binance_adapter.errors import HTTP_OK
from binance_adapter.sockets import Rejection
from binance_adapter.weights import Usage


class NotSent(Exception):
    """The request never left: there was no connection."""


class AnswerLost(Exception):
    """The request may have arrived; no answer came, or none that can be read."""


@attrs.frozen(kw_only=True)
class Refusal:
    """What the venue says instead of a result."""

    code: int | None  #: None: the body could not be read
    message: str
    data: bytes = b"null"


@attrs.frozen(kw_only=True)
class Answer:
    """What came back."""

    status: int  #: of HTTP, on the WebSocket API too
    body: bytes  #: the result, JSON
    refusal: Refusal | None = None
    usages: tuple[Usage, ...] = ()
    retry_after_seconds: float | None = None
    retry_at: datetime | None = None  #: by the venue's clock

    @property
    def is_success(self) -> bool:
        """Tell whether it is a result."""
        return self.status == HTTP_OK and self.refusal is None


def rejected(rejection: Rejection) -> Answer:
    """Return, as an answer, that the venue would not open a socket."""
    return Answer(
        status=rejection.status,
        body=b"",
        refusal=Refusal(code=None, message="the venue refused to connect"),
        retry_after_seconds=rejection.retry_after_seconds,
    )


class Transport(Protocol):
    """Sends each request once and waits for its answer. Signs, but adds no timestamp."""

    async def send(self, call: Call, parameters: Mapping[str, str]) -> Answer:
        """Return the answer, refusals too; the caller bounds the wait.

        Raises:
            NotSent: the request never left.
            AnswerLost: it may have arrived.
        """
