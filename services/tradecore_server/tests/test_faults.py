"""A fault that a person can mend is one sentence, however deep a task group has buried it."""

import pytest

from binance_adapter.errors import NoSuchSymbol
from tradecore.ports.venue import VenueUnavailable
from tradecore_server.faults import sentence


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (VenueUnavailable("ticker.book: not sent"), "the venue does not answer"),
        (NoSuchSymbol("XYZUSDT is not in the answer"), "TRADECORE_SYMBOLS"),
    ],
)
def test_what_keeps_the_venue_away_at_the_start_is_told(error: Exception, told: str) -> None:
    said = sentence(ExceptionGroup("a", [ExceptionGroup("b", [error])]))

    assert said is not None
    assert told in said
    assert str(error) in said


def test_a_bug_keeps_its_traceback() -> None:
    assert sentence(ExceptionGroup("a", [KeyError("x")])) is None
    assert sentence(ExceptionGroup("a", [VenueUnavailable("x"), KeyError("x")])) is None
