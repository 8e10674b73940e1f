"""What each code of the venue means: a row each, and unknown for whatever has none."""

import pytest

from binance_adapter.errors import (
    DUPLICATE_ORDER,
    VERDICTS,
    NoSuchOrder,
    NoSuchSymbol,
    Refused,
    VenueAuthFailed,
    VenueClockRefused,
    VenueThrottled,
    Verdict,
    port_error,
    read_error,
    verdict_of,
)
from tradecore.ports.venue import VenueOutcomeUnknown, VenueRejected, VenueUnavailable

REJECTED = [
    *(-1013, -1014, -1020),
    *range(-1108, -1099),
    *range(-1121, -1110),
    *(-1128, -1130, -1134, -1145),
    *range(-1168, -1157),
    *range(-1225, -1195),
    *(-2010, -2011, -2013, -2022, -2026, -2038, -2039),
]
UNKNOWN = [-1000, -1001, -1006, -1007, -1008, -1016, -2021]


@pytest.mark.parametrize("code", REJECTED)
def test_f11_a_definite_rejection(code: int) -> None:
    assert isinstance(port_error(Refused.of(400, code, "text")), VenueRejected)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (-1003, VenueThrottled),
        (-1015, VenueThrottled),
        (-1021, VenueClockRefused),
        (-1002, VenueAuthFailed),
        (-1022, VenueAuthFailed),
        (-2014, VenueAuthFailed),
        (-2015, VenueAuthFailed),
    ],
)
def test_what_was_not_executed_may_be_sent_again(code: int, error: type[Exception]) -> None:
    found = port_error(Refused.of(400, code, "text"))

    assert type(found) is error
    assert isinstance(found, VenueUnavailable)


@pytest.mark.parametrize("code", UNKNOWN)
def test_f02_what_sounds_like_a_failure_may_have_been_executed(code: int) -> None:
    assert isinstance(port_error(Refused.of(400, code, "text")), VenueOutcomeUnknown)


@pytest.mark.parametrize("code", [0, 1, -1, -999, -1099, -1109, -1226, -2009, -2040, -9999, None])
def test_f11_a_code_that_we_do_not_know_leaves_the_outcome_unknown(code: int | None) -> None:
    assert isinstance(port_error(Refused.of(400, code, "text")), VenueOutcomeUnknown)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("code", [None, -1013, -2010, -1003, -1021, -2015])
def test_f02_a_server_error_is_never_a_rejection(status: int, code: int | None) -> None:
    assert isinstance(port_error(Refused.of(status, code, "text")), VenueOutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, VenueAuthFailed),
        (403, VenueUnavailable),
        (418, VenueThrottled),
        (429, VenueThrottled),
    ],
)
def test_these_statuses_say_that_nothing_was_executed(status: int, error: type[Exception]) -> None:
    assert type(port_error(Refused.of(status, None, "text"))) is error


def test_f06_a_duplicate_order_says_that_an_earlier_send_arrived() -> None:
    assert isinstance(port_error(Refused.of(400, -2010, DUPLICATE_ORDER)), VenueOutcomeUnknown)
    assert isinstance(port_error(Refused.of(400, -2010, "Market is closed.")), VenueRejected)


def test_every_row_of_the_table_is_tried_here() -> None:
    tried = {*REJECTED, *UNKNOWN, -1003, -1015, -1021, -1002, -1022, -2014, -2015}

    assert set(VERDICTS) == tried


@pytest.mark.parametrize(
    ("code", "error"),
    [(-2013, NoSuchOrder), (-1121, NoSuchSymbol), (-2026, VenueUnavailable)],
)
def test_a_refused_question_has_no_answer(code: int, error: type[Exception]) -> None:
    assert type(read_error(Refused.of(400, code, "text"))) is error


@pytest.mark.parametrize("status", [500, 503])
def test_f05_a_server_error_is_no_denial_of_an_order(status: int) -> None:
    assert type(read_error(Refused.of(status, -2013, "text"))) is VenueUnavailable
    assert verdict_of(status, -2013, "text") is Verdict.UNKNOWN
