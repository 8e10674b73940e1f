"""Requests over HTTP. Source: Binance Spot API, "REST API"."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import aiohttp
from aiohttp import ClientSession
from yarl import URL

from binance_adapter.calls import Call
from binance_adapter.errors import HTTP_OK, UnreadableAnswer
from binance_adapter.messages import ErrorBody, decode
from binance_adapter.signing import Credentials, encode, signed_query
from binance_adapter.transport import Answer, AnswerLost, NotSent, Refusal
from binance_adapter.weights import Usage

MOST_CONNECTIONS: Final = 256
"""Requests at once; one more waits for its turn within its deadline."""
_KEY_HEADER: Final = "X-MBX-APIKEY"
_RETRY_AFTER: Final = "Retry-After"
#: Prefixes of headers that report a usage; the rest of the name is the limit's window.
_USAGE_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {"X-MBX-USED-WEIGHT-": "REQUEST_WEIGHT-", "X-MBX-ORDER-COUNT-": "ORDERS-"}
)


def open_session() -> ClientSession:
    """Return a session that sends each request exactly once.

    aiohttp repeats a PUT or DELETE by itself when a kept connection turns out to be dead, though
    the venue may have executed it; only this switch, which its own test client uses, stops that.
    """
    session = ClientSession(
        connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS), cookie_jar=aiohttp.DummyCookieJar()
    )
    session._retry_connection = False  # noqa: SLF001 - the reason stands above; a test watches it
    return session


class RestTransport:
    """Signed requests on a session that the caller opens and closes.

    Args:
        session: from `open_session`.
        address: without path, e.g. "https://api.binance.com".
        credentials: sign what must be signed; None for public data only.
    """

    def __init__(
        self, session: ClientSession, address: str, credentials: Credentials | None = None
    ) -> None:
        self._session = session
        self._address = address
        self.credentials = credentials  #: may be replaced at any moment

    async def send(self, call: Call, parameters: Mapping[str, str]) -> Answer:
        """Send all parameters in the query: what is signed is what is transmitted."""
        headers: dict[str, str] = {}
        if call.is_signed:
            assert self.credentials is not None, f"{call.name} needs a key"
            headers[_KEY_HEADER] = self.credentials.api_key
            query = signed_query(parameters, self.credentials.signer)
        else:
            query = encode(parameters)
        url = URL(f"{self._address}{call.path}{'?' if query else ''}{query}", encoded=True)
        try:
            async with self._session.request(
                call.verb, url, headers=headers, allow_redirects=False
            ) as response:
                body = await response.read()
                return to_answer(response.status, response.headers, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, OSError) as error:
            # The text of such an error can quote the address with its signature.
            raise AnswerLost(type(error).__name__) from None


def to_answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Return a response as an answer. What is no success is a refusal, readable or not."""
    retry_after = headers.get(_RETRY_AFTER, "")
    return Answer(
        status=status,
        body=body,
        refusal=None if status == HTTP_OK else _refusal(body),
        usages=usages_of(headers),
        retry_after_seconds=float(retry_after) if retry_after.isdecimal() else None,
    )


def usages_of(headers: Mapping[str, str]) -> tuple[Usage, ...]:
    """Return the usages that the headers report; what is no number is passed over."""
    found = []
    for header, value in headers.items():
        for prefix, limit in _USAGE_HEADERS.items():
            if header.upper().startswith(prefix) and value.isdecimal():
                found.append(Usage(name=limit + header[len(prefix) :].upper(), used=int(value)))
    return tuple(found)


def _refusal(body: bytes) -> Refusal:
    try:
        error = decode(body, ErrorBody)
    except UnreadableAnswer:
        return Refusal(code=None, message="an answer without a code")
    return Refusal(code=error.code, message=error.msg, data=bytes(error.data))
