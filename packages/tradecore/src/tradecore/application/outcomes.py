"""What came of a command, as kept under its id and answered again.

A refusal (funds, risk, a freeze) is an outcome like any other. A malformed command and a conflict
are not: nothing of them is kept.
"""

from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import attrs
import msgspec

from tradecore.domain.errors import InsufficientFunds, OrderRefused, Refusal, TreasuryExceeded
from tradecore.messages import codec
from tradecore.messages.envelope import UtcDatetime

AnswerT = TypeVar("AnswerT")

_REFUSALS: Final[dict[str, type[Refusal]]] = {
    refusal.code: refusal for refusal in (OrderRefused, InsufficientFunds, TreasuryExceeded)
}


@attrs.frozen(kw_only=True)
class Outcome(Generic[AnswerT]):
    """An answer or a refusal, with the conversation in which it was first given."""

    answer: AnswerT | None
    refusal: Refusal | None
    correlation_id: str
    recorded_at: datetime
    replayed: bool = False  #: it was decided before, and only looked up now

    def unwrap(self) -> AnswerT:
        """Return the answer. Raises the refusal."""
        if self.refusal is not None:
            raise self.refusal
        assert self.answer is not None
        return self.answer


class _Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    correlation_id: str
    recorded_at: UtcDatetime
    refusal_code: str | None = None
    answer: msgspec.Raw  #: the answer, or the fields of the refusal


def encode(outcome: Outcome[Any]) -> bytes:
    """Return the outcome as kept in the `commands` table."""
    refusal = outcome.refusal
    written = msgspec.Raw(
        codec.encode(outcome.answer if refusal is None else attrs.asdict(refusal))
    )
    return codec.encode(
        _Kept(
            correlation_id=outcome.correlation_id,
            recorded_at=outcome.recorded_at,
            refusal_code=None if refusal is None else refusal.code,
            answer=written,
        )
    )


def decode(kept: bytes, answer_type: type) -> Outcome[Any]:
    """Return the outcome that `encode` wrote, marked as replayed."""
    record = codec.decode(kept, _Kept)
    answer: object | None = None
    refusal: Refusal | None = None
    if record.refusal_code is not None:
        refusal = codec.decode(bytes(record.answer), _REFUSALS[record.refusal_code])
    else:
        answer = codec.decode(bytes(record.answer), answer_type)
    return Outcome(
        answer=answer,
        refusal=refusal,
        correlation_id=record.correlation_id,
        recorded_at=record.recorded_at,
        replayed=True,
    )
