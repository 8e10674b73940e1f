"""How the conversation with the venue goes, for whoever has to look after it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import attrs


@attrs.frozen
class BudgetUse:
    """How much of a limit of the venue's is used in its present window."""

    used: int
    limit: int


@attrs.frozen(kw_only=True)
class ConnectorHealth:
    """How the conversation with the venue goes."""

    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None  #: in the venue's words; no key and no signature
    stream_ages: Mapping[str, timedelta] = attrs.field(factory=dict)  #: since each was last heard
    budgets_used: Mapping[str, BudgetUse] = attrs.field(factory=dict)  #: by limit
    banned_until: datetime | None = None
    clock_ahead: timedelta | None = None  #: of the venue before ours; None: not measured yet
    reconnects: Mapping[str, int] = attrs.field(
        factory=dict
    )  #: attempts after the first, by stream
    connections_used: BudgetUse = BudgetUse(0, 0)  #: attempts in five minutes
    stale_streams: int = 0  #: times that a connected stream was found deaf


class Connector(Protocol):
    """The conversation with one venue; a read of memory, so it does not await."""

    def health(self) -> ConnectorHealth:
        """Return how the conversation goes now."""
