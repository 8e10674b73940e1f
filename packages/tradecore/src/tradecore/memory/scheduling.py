"""Scheduling points: where an in-memory port call gives way, may be delayed, and may fail.

Every call of an in-memory adapter passes `hop` at its beginning and its end. The default does
nothing but give way; a simulation hands in one that counts, delays by a seed, or crashes.
"""

import asyncio
from collections.abc import Awaitable, Callable

Scheduler = Callable[[str], Awaitable[None]]
"""Called as `await hop("store.commit:begin")`; it may sleep, and raise what the port may raise."""


async def free_running(_label: str) -> None:
    """Give way once, so that other tasks interleave at every port call."""
    await asyncio.sleep(0)
