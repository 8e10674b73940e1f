"""Where new identifiers come from."""

from typing import Protocol


class IdFactory(Protocol):
    """The only source of identifiers."""

    def new_id(self) -> str:
        """Return a new UUIDv7 (RFC 9562) in canonical text; later ids of one factory are greater."""
