"""How long the venue has told us to stay away, remembered across restarts.

Going on during a ban makes it longer, from two minutes to three days; so a process that starts
anew must know of it. Source: Binance Spot API, "IP limits".
"""

import contextlib
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

LONGEST: Final = timedelta(days=3)
"""The venue's own bound: a later instant is a damaged record or a wrong clock."""


class BanStore(Protocol):
    """Keeps one instant."""

    def load(self) -> datetime | None:
        """Return the end of the last ban, aware; None if there was none."""

    def save(self, until: datetime) -> None:
        """Remember the end of a ban."""


class MemoryBanStore:
    """Remembers until the process ends."""

    def __init__(self) -> None:
        self._until: datetime | None = None

    def load(self) -> datetime | None:
        return self._until

    def save(self, until: datetime) -> None:
        self._until = until


class FileBanStore:
    """Remembers in a small file, replaced whole, so that it is never half written."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> datetime | None:
        """Return what was saved. Raises ValueError: the file is damaged, OSError: unreadable."""
        try:
            text = self._file.read_text("ascii")
        except FileNotFoundError:
            return None
        until = datetime.fromisoformat(text.strip())
        if until.tzinfo is None:
            raise ValueError(f"{self._file} has an instant without a zone")
        return until

    def save(self, until: datetime) -> None:
        """Replace the file. Raises OSError."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._file.parent, prefix=self._file.name)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as draft:
                draft.write(until.isoformat())
                draft.flush()
                os.fsync(draft.fileno())
            Path(name).replace(self._file)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
