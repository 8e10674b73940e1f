"""What is done about a request that may have arrived, word by word of the venue."""

from datetime import timedelta

import pytest

from tradecore.domain import sending
from tradecore.domain.sending import DENIALS, GRACE, READ_LAG, Doubt, Step, Word
from tradecore.testing.builders import NOW

WINDOW = timedelta(seconds=5)
FINAL = WINDOW + READ_LAG
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("word", "after", "denials", "step"),
    [
        (Word.NOTHING, GRACE, 0, Step.WAIT),
        (Word.NOTHING, GRACE + MOMENT, 0, Step.ASK),
        (Word.NOTHING, -GRACE, 0, Step.WAIT),
        (Word.NOTHING, -GRACE - MOMENT, 0, Step.ASK),
        (Word.KNOWN, timedelta(), 0, Step.ADOPT),
        (Word.KNOWN, FINAL + MOMENT, DENIALS, Step.ADOPT),
        (Word.DENIED, WINDOW, DENIALS, Step.WAIT),
        (Word.DENIED, FINAL, DENIALS, Step.WAIT),
        (Word.DENIED, FINAL + MOMENT, 0, Step.COUNT),
        (Word.DENIED, FINAL + MOMENT, DENIALS - 1, Step.COUNT),
        (Word.DENIED, FINAL + MOMENT, DENIALS, Step.ASK_FOR_FILLS),
        (Word.NEVER_TRADED, FINAL + MOMENT, DENIALS, Step.RENEW),
    ],
)
def test_what_follows_from_the_venues_word(
    word: Word, after: timedelta, denials: int, step: Step
) -> None:
    doubt = Doubt(signed_at=NOW, receive_window=WINDOW, denials=denials)
    assert sending.next_step(doubt, word, NOW + after) is step
