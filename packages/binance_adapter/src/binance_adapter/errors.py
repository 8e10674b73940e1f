"""What the venue's errors mean for whoever asked: one table, by code.

    VenueError                  (tradecore.ports.venue)
    ├── VenueRejected           a definite no
    ├── VenueUnavailable        not executed; asking or sending again is safe
    │   ├── VenueAuthFailed     the key, the signature or its permissions: a person must look
    │   ├── NoSuchOrder         -2013, to a question: the venue says that it never saw it
    │   ├── NoSuchSymbol        -1121, to a question
    │   ├── VenueClockRefused   -1021: the timestamp; the offset is measured again
    │   └── VenueThrottled      a limit or a ban, the venue's or our own budget before it
    └── VenueOutcomeUnknown     anything may have happened: also every code that is not here

Source: Binance Spot API, "Error codes", and its general information on HTTP return codes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

import attrs

from tradecore.ports.venue import (
    VenueError,
    VenueOutcomeUnknown,
    VenueRejected,
    VenueUnavailable,
)

DUPLICATE_ORDER: Final = "Duplicate order sent."
NEW_ORDER_REJECTED: Final = -2010
INVALID_MESSAGE: Final = -1013
NO_SUCH_ORDER: Final = -2013
TOO_MANY_ORDERS: Final = -1015
INVALID_SYMBOL: Final = -1121

HTTP_OK: Final = 200
HTTP_UNAUTHORIZED: Final = 401
HTTP_FORBIDDEN: Final = 403
HTTP_BANNED: Final = 418
HTTP_TOO_MANY_REQUESTS: Final = 429
HTTP_SERVER_ERROR: Final = 500
LIMITS: Final = frozenset({HTTP_BANNED, HTTP_TOO_MANY_REQUESTS})
"""Statuses after which going on makes it worse."""


class VenueAuthFailed(VenueUnavailable):
    """The venue does not accept our key, signature or permissions; nothing was executed."""


class NoSuchOrder(VenueUnavailable):
    """The venue says that there is no such order. It may say so for a while of one that is."""


class NoSuchSymbol(VenueUnavailable):
    """The venue does not list the symbol."""


class VenueClockRefused(VenueUnavailable):
    """The venue called the timestamp too old or ahead of its time; nothing was executed."""


class VenueThrottled(VenueUnavailable):
    """A limit is reached. `until` is when it may be tried again, by the venue's clock."""

    def __init__(self, text: str, until: datetime | None = None) -> None:
        super().__init__(text)
        self.until = until


class UnreadableAnswer(Exception):
    """What the venue sent does not mean what we know; never a reason to stop."""


class Verdict(Enum):
    """What became of the request."""

    REJECTED = auto()
    NOT_EXECUTED = auto()
    AUTH = auto()
    CLOCK = auto()
    THROTTLED = auto()
    UNKNOWN = auto()


def _codes(*spans: int | tuple[int, int]) -> Iterable[int]:
    for span in spans:
        first, last = span if isinstance(span, tuple) else (span, span)
        yield from range(last, first + 1)


_TABLE: Final[tuple[tuple[Verdict, Iterable[int]], ...]] = (
    (
        Verdict.REJECTED,
        _codes(
            (-1013, -1014),
            -1020,
            (-1100, -1108),
            (-1111, -1121),
            -1128,
            -1130,
            -1134,
            -1145,
            (-1158, -1168),
            (-1196, -1225),
            (-2010, -2011),
            NO_SUCH_ORDER,
            -2022,
            -2026,
            (-2038, -2039),
        ),
    ),
    (Verdict.THROTTLED, _codes(-1003, TOO_MANY_ORDERS)),
    (Verdict.CLOCK, _codes(-1021)),
    (Verdict.AUTH, _codes(-1002, -1022, (-2014, -2015))),
    # -1001 and -1008 sound harmless, but nothing promises that a write was not executed.
    (Verdict.UNKNOWN, _codes((-1000, -1001), (-1006, -1008), -1016, -2021)),
)
VERDICTS: Final[Mapping[int, Verdict]] = MappingProxyType(
    {code: verdict for verdict, codes in _TABLE for code in codes}
)

_BY_STATUS: Final[Mapping[int, Verdict]] = MappingProxyType(
    {
        HTTP_UNAUTHORIZED: Verdict.AUTH,
        HTTP_FORBIDDEN: Verdict.NOT_EXECUTED,
        HTTP_BANNED: Verdict.THROTTLED,
        HTTP_TOO_MANY_REQUESTS: Verdict.THROTTLED,
    }
)


def verdict_of(status: int, code: int | None, message: str) -> Verdict:
    """Return what a refusal means; `code` is None where the body could not be read.

    A 5xx is unknown whatever code it bears. "Duplicate order" says that an earlier send arrived.
    """
    if status >= HTTP_SERVER_ERROR:
        return Verdict.UNKNOWN
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if code is None or (code == NEW_ORDER_REJECTED and message == DUPLICATE_ORDER):
        return Verdict.UNKNOWN
    return VERDICTS.get(code, Verdict.UNKNOWN)


@attrs.frozen(kw_only=True)
class Refused:
    """A refusal that has been understood."""

    verdict: Verdict
    code: int | None
    text: str  #: for a person: code and message
    until: datetime | None = None  #: when a limit ends, by the venue's clock

    @classmethod
    def of(cls, status: int, code: int | None, message: str) -> "Refused":
        """Return what the venue meant."""
        text = f"{f'HTTP {status}' if code is None else code} {message}"
        return cls(verdict=verdict_of(status, code, message), code=code, text=text)


def port_error(refusal: Refused) -> VenueError:
    """Return the port's error of a refused write."""
    text = refusal.text
    match refusal.verdict:
        case Verdict.REJECTED:
            return VenueRejected(text)
        case Verdict.AUTH:
            return VenueAuthFailed(text)
        case Verdict.CLOCK:
            return VenueClockRefused(text)
        case Verdict.THROTTLED:
            return VenueThrottled(text, refusal.until)
        case Verdict.NOT_EXECUTED:
            return VenueUnavailable(text)
        case Verdict.UNKNOWN:
            return VenueOutcomeUnknown(text)


_ANSWERS: Final[Mapping[int, type[VenueUnavailable]]] = MappingProxyType(
    {NO_SUCH_ORDER: NoSuchOrder, INVALID_SYMBOL: NoSuchSymbol}
)


def read_error(refusal: "Refused") -> VenueUnavailable:
    """Return the port's error of a refused read: whatever it was, there is no answer."""
    if (
        refusal.verdict is Verdict.REJECTED
        and refusal.code is not None
        and refusal.code in _ANSWERS
    ):
        return _ANSWERS[refusal.code](refusal.text)
    error = port_error(refusal)
    return error if isinstance(error, VenueUnavailable) else VenueUnavailable(refusal.text)
