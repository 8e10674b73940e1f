"""A response whose bytes are ready: Litestar's own negotiates, normalises and encodes once more."""

from typing import Any, TypeVar

from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

MessageT = TypeVar("MessageT")


class _Ready(ASGIResponse):
    """Sends the bytes."""

    __slots__ = ("_bytes", "_head")

    def __init__(self, content: bytes, status: int, head: list[tuple[bytes, bytes]]) -> None:
        self._bytes = content
        self._head = head
        self.status_code = status

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - ASGI's signature, called by name
        receive: Receive,  # noqa: ARG002 - likewise
        send: Send,
    ) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self._head}
        )
        await send({"type": "http.response.body", "body": self._bytes, "more_body": False})


class Encoded(Response[MessageT]):
    """The encoding of a `MessageT`, which a handler promises and the OpenAPI document describes."""

    __slots__ = ("_ready",)

    def __init__(
        self,
        content: bytes,
        *,
        status: int,
        media_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Take the encoded message."""
        head = [
            (b"content-type", media_type.encode("ascii")),
            (b"content-length", str(len(content)).encode("ascii")),
        ]
        if headers:
            head += [
                (name.lower().encode("ascii"), value.encode("ascii"))
                for name, value in headers.items()
            ]
        self._ready = _Ready(content, status, head)

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """Return what sends it; nothing that a layer might add applies."""
        return self._ready
