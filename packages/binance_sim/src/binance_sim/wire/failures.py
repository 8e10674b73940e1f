"""How a request fails: code, text, HTTP status.

Source: Binance Spot API, "Error codes" and "HTTP return codes".
"""

from http import HTTPStatus
from typing import Final

from binance_sim.engine.errors import VenueError

INTERNAL: Final = -1000
TOO_MANY_REQUESTS: Final = -1003
UNEXPECTED_RESPONSE: Final = -1006
TIMEOUT: Final = -1007
TOO_MANY_ORDERS: Final = -1015
CLOCK: Final = -1021
BAD_SIGNATURE: Final = -1022
DUPLICATE_PARAMETER: Final = -1101
UNREAD_PARAMETER: Final = -1104
EMPTY_PARAMETER: Final = -1105
BAD_TIME_IN_FORCE: Final = -1115
BAD_ORDER_TYPE: Final = -1116
BAD_SIDE: Final = -1117
BAD_INTERVAL: Final = -1120
TOO_LONG: Final = -1127
BAD_COMBINATION: Final = -1128
BAD_VALUE: Final = -1130
WRONG_STATUS: Final = -1220
BAD_KEY_FORMAT: Final = -2014
BAD_KEY: Final = -2015
PARTLY_REPLACED: Final = -2021
NOT_REPLACED: Final = -2022
ARCHIVED: Final = -2026
ALREADY_SUBSCRIBED: Final = -2035
NOT_SUBSCRIBED: Final = -2036
TOO_MANY_SUBSCRIPTIONS: Final = -2042
NO_REFERENCE_PRICE: Final = -2043

_STATUS: Final = {
    INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    -1001: HTTPStatus.INTERNAL_SERVER_ERROR,
    -1002: HTTPStatus.UNAUTHORIZED,
    TOO_MANY_REQUESTS: HTTPStatus.TOO_MANY_REQUESTS,
    UNEXPECTED_RESPONSE: HTTPStatus.INTERNAL_SERVER_ERROR,
    TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    -1008: HTTPStatus.SERVICE_UNAVAILABLE,
    TOO_MANY_ORDERS: HTTPStatus.TOO_MANY_REQUESTS,
    -1016: HTTPStatus.SERVICE_UNAVAILABLE,
    BAD_KEY_FORMAT: HTTPStatus.UNAUTHORIZED,
    BAD_KEY: HTTPStatus.UNAUTHORIZED,
    PARTLY_REPLACED: HTTPStatus.CONFLICT,
}


class Failure(Exception):
    """A request that is answered with an error.

    `data` goes beside code and text; `retry_after_seconds` into the header of the same name.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        status: int | None = None,
        data: object = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = int(_STATUS.get(code, HTTPStatus.BAD_REQUEST)) if status is None else status
        self.data = data
        self.retry_after_seconds = retry_after_seconds


def of(error: VenueError) -> Failure:
    """Return the engine's refusal as an answer."""
    return Failure(error.code, error.message)


def duplicate_parameter() -> Failure:
    """Return the refusal of a parameter that was sent twice (-1101)."""
    return Failure(DUPLICATE_PARAMETER, "Duplicate values for a parameter detected.")


def unread(read: int, sent: int) -> Failure:
    """Return the refusal of parameters that the method does not know (-1104)."""
    text = f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
    return Failure(UNREAD_PARAMETER, text)


def empty(name: str) -> Failure:
    """Return the refusal of an empty optional parameter (-1105)."""
    return Failure(EMPTY_PARAMETER, f"Parameter '{name}' was empty.")


def invalid(name: str) -> Failure:
    """Return the refusal of a value outside of what the parameter allows (-1130)."""
    return Failure(BAD_VALUE, f"Data sent for parameter '{name}' is not valid.")


def bad_combination() -> Failure:
    """Return the refusal of optional parameters that exclude each other (-1128)."""
    return Failure(BAD_COMBINATION, "Combination of optional parameters invalid.")


def bad_key_format() -> Failure:
    """Return the refusal of a request without a key, or with no key at all (-2014)."""
    return Failure(BAD_KEY_FORMAT, "API-key format invalid.")


def bad_key() -> Failure:
    """Return the refusal of an unknown, revoked or insufficient key (-2015)."""
    return Failure(BAD_KEY, "Invalid API-key, IP, or permissions for action.")


def bad_signature() -> Failure:
    """Return the refusal of a signature that does not fit (-1022)."""
    return Failure(BAD_SIGNATURE, "Signature for this request is not valid.")


def too_old() -> Failure:
    """Return the refusal of a request that took too long to arrive (-1021)."""
    return Failure(CLOCK, "Timestamp for this request is outside of the recvWindow.")


def too_early() -> Failure:
    """Return the refusal of a request from the future (-1021)."""
    text = "Timestamp for this request was 1000ms ahead of the server's time."
    return Failure(CLOCK, text)


def timed_out() -> Failure:
    """Return the answer that says nothing about what happened (-1007)."""
    text = (
        "Timeout waiting for response from backend server. "
        "Send status unknown; execution status unknown."
    )
    return Failure(TIMEOUT, text)


def unexpected_response() -> Failure:
    """Return the other answer that says nothing about what happened (-1006)."""
    text = "An unexpected response was received from the message bus. Execution status unknown."
    return Failure(UNEXPECTED_RESPONSE, text)


def no_such_path(verb: str, path: str) -> Failure:
    """Return the answer of a route that does not exist (404)."""
    return Failure(-5000, f"Path {path}, Method {verb} is invalid", status=HTTPStatus.NOT_FOUND)


def gone(path: str) -> Failure:
    """Return the answer of a retired route (410)."""
    return Failure(-1020, f"{path} has been removed.", status=HTTPStatus.GONE)


def forbidden() -> Failure:
    """Return the answer of the firewall (403)."""
    return Failure(-1102, "WAF Limit violated.", status=HTTPStatus.FORBIDDEN)
