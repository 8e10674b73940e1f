"""What to do about a request of which nobody knows whether it arrived (ADR 0013).

The same words are tried on every history of a small model in
`tests/simulation/test_send_model.py`: sent once, and settled with what the venue did.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

import attrs

GRACE: Final = timedelta(seconds=1)
"""How long the answer to the request itself is waited for."""
READ_LAG: Final = timedelta(seconds=3)
"""How far the venue's reads may be behind what it has accepted."""
DENIALS: Final = 3
"""How often the venue must have denied an order before another denial is believed."""


@attrs.frozen(kw_only=True)
class Doubt:
    """An attempt without an outcome."""

    signed_at: datetime  #: of the request
    receive_window: timedelta  #: how long after that the venue may still accept it
    denials: int = 0  #: those that counted so far; none after signing anew


class Word(StrEnum):
    """What the venue has said in this round of questions."""

    NOTHING = "NOTHING"  #: it was not asked yet
    KNOWN = "KNOWN"  #: it has the order, or had it
    DENIED = "DENIED"  #: it never saw such an order
    NEVER_TRADED = "NEVER_TRADED"  #: nor has it a fill of one


class Step(StrEnum):
    """What is to be done next."""

    WAIT = "WAIT"  #: nothing in this round
    ASK = "ASK"  #: whether the venue knows the order
    ADOPT = "ADOPT"  #: what the venue says of it is what it is
    COUNT = "COUNT"  #: one more denial that counts
    ASK_FOR_FILLS = "ASK_FOR_FILLS"  #: whether it ever traded
    RENEW = "RENEW"  #: sign and send anew


def next_step(doubt: Doubt, word: Word, asked_at: datetime) -> Step:
    """Return what follows from the venue's word. `asked_at`: its clock, read before it was asked.

    A denial counts only if the question was put when the venue could no longer accept the request
    and its reads had caught up with all that it accepted before. One denial proves little even
    then: a part of the venue that has just come back knows nothing for a while.
    """
    match word:
        case Word.NOTHING:
            # Signed well after the venue's now: our clocks differ, and asking harms nobody.
            return Step.ASK if abs(asked_at - doubt.signed_at) > GRACE else Step.WAIT
        case Word.KNOWN:
            return Step.ADOPT
        case Word.DENIED:
            if asked_at <= doubt.signed_at + doubt.receive_window + READ_LAG:
                return Step.WAIT
            return Step.COUNT if doubt.denials < DENIALS else Step.ASK_FOR_FILLS
        case Word.NEVER_TRADED:
            return Step.RENEW
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(word)
