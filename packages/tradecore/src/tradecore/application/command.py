"""What every command carries, whoever asks."""

from typing import ClassVar, Generic, TypeVar

import attrs

from tradecore.domain.ids import CommandId
from tradecore.ports.records import Delivery, KeyOwner
from tradecore.ports.store import Footprint

AnswerT = TypeVar("AnswerT")


class NeedsMore(Exception):
    """A decision found that it touches more than its footprint says; run it again with it."""

    def __init__(self, footprint: Footprint) -> None:
        """Name what is missing."""
        super().__init__(footprint)
        self.footprint = footprint


@attrs.frozen(kw_only=True)
class Idempotency:
    """The key that a client sent, within its owner, and the digest of what it asked for."""

    owner: str  #: an account's id, or `admin:{subject}`
    key: str
    request_hash: bytes

    @property
    def scoped_key(self) -> KeyOwner:
        """Return the key with its scope."""
        return KeyOwner(self.owner, self.key)


@attrs.frozen(kw_only=True)
class Command(Generic[AnswerT]):
    """A wish. `command_id` is stored with its effect, so an answer lost at COMMIT is looked up."""

    kind: ClassVar[str]
    answer_type: ClassVar[type]

    command_id: CommandId
    correlation_id: str
    actor: str  #: who asks: a subject, or the name of a process
    idempotency: Idempotency | None = None
    handles: Delivery | None = None  #: the event that it answers; handled once per consumer

    def footprint(self) -> Footprint:
        """Return what the command can touch; it is locked before the decision runs."""
        raise NotImplementedError
