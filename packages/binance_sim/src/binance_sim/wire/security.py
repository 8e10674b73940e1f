"""Who asks, and whether in time: key, signature, timestamp, recvWindow.

Source: Binance Spot API, "Request security" and "Timing security". A request is accepted when
`timestamp < now + 1000 ms` and `now - timestamp <= recvWindow`.
"""

import re
from collections.abc import Mapping
from typing import Final

from binance_sim.engine import errors
from binance_sim.wire import failures
from binance_sim.wire.keys import ApiKey, Keyring, Security
from binance_sim.wire.parameters import INTEGER, Parameters

RECV_WINDOW: Final = r"^[0-9]{1,5}(\.[0-9]{1,3})?$"
DEFAULT_RECV_WINDOW_US: Final = 5_000_000
_MAX_RECV_WINDOW_US: Final = 60_000_000
_AHEAD_US: Final = 1_000_000
# A number of milliseconds has 13 digits until the year 2286; one of microseconds has 16.
_LEAST_US: Final = 10**14

_RECV_WINDOW = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?", re.ASCII)
_API_KEY = re.compile(r"[A-Za-z0-9]{1,128}", re.ASCII)

REST_PARAMETERS: Final = frozenset({"timestamp", "recvWindow", "signature"})
WEBSOCKET_PARAMETERS: Final = REST_PARAMETERS | {"apiKey", "returnRateLimits"}


def find_key(keyring: Keyring, api_key: str | None, security: Security) -> ApiKey:
    """Return the key if it may do that. Raises Failure -2014, -2015."""
    if not api_key or _API_KEY.fullmatch(api_key) is None:
        raise failures.bad_key_format()
    key = keyring.find(api_key)
    if key is None or security not in key.permissions:
        raise failures.bad_key()
    return key


def check_rest_signature(key: ApiKey, parts: tuple[str, ...], parameters: Parameters) -> None:
    """Check the signature over the raw texts as transmitted. Raises Failure -1022.

    Raises VenueError -1102 without one.
    """
    signature = parameters.required("signature")
    payload = "".join("&".join(_unsigned(part)) for part in parts)
    if not key.signed(payload.encode("utf-8", "surrogateescape"), signature):
        raise failures.bad_signature()


def _unsigned(part: str) -> list[str]:
    return [pair for pair in part.split("&") if not pair.startswith("signature=")]


def check_websocket_signature(key: ApiKey, values: Mapping[str, str]) -> None:
    """Check the signature over the sorted, unencoded parameters. Raises Failure -1022.

    Raises VenueError -1102 without one.
    """
    signature = Parameters(values).required("signature")
    payload = "&".join(f"{name}={values[name]}" for name in sorted(values) if name != "signature")
    if not key.signed(payload.encode(), signature):
        raise failures.bad_signature()


def check_time(parameters: Parameters, now_us: int) -> int:
    """Check that the request is of now; return until when it is, in microseconds.

    Raises Failure -1021, VenueError -1102, -1100.
    """
    timestamp = parameters.required("timestamp")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("1" * 20)):
        raise errors.illegal_characters("timestamp", INTEGER)
    sent_us = int(timestamp)
    if sent_us < _LEAST_US:
        sent_us *= 1000
    window_us = _recv_window_us(parameters)
    if sent_us >= now_us + _AHEAD_US:
        raise failures.too_early()
    if now_us - sent_us > window_us:
        raise failures.too_old()
    return sent_us + window_us


def _recv_window_us(parameters: Parameters) -> int:
    value = parameters.text("recvWindow")
    if value is None:
        return DEFAULT_RECV_WINDOW_US
    matched = _RECV_WINDOW.fullmatch(value)
    if matched is None:
        raise errors.illegal_characters("recvWindow", RECV_WINDOW)
    whole, fraction = matched.groups()
    window_us = int(whole) * 1000 + int((fraction or "").ljust(3, "0"))
    if window_us > _MAX_RECV_WINDOW_US:
        raise failures.Failure(-1131, "recvWindow must be less than 60000")
    return window_us
