"""What time it is."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock's time."""
