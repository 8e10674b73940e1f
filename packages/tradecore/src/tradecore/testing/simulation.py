"""An event loop whose time is virtual: an hour of waiting costs nothing, and one seed is one run.

`VirtualLoop` never sleeps: where an ordinary loop would wait for its next timer, it moves its own
time there. A wait without any timer is a deadlock and raises.
"""

import asyncio
import random
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tradecore.memory.scheduling import Scheduler

T = TypeVar("T")


class Deadlock(RuntimeError):
    """Everything waits and no timer is set."""


class Crash(BaseException):
    """The process died here."""


class _VirtualSelector(selectors.DefaultSelector):
    """Lets the loop's time jump instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Deadlock("every task waits and no timer is set")
        self.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on virtual time. Threads and sockets have no place on it."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    def run_in_executor(self, *_args: object, **_kwargs: object) -> Any:
        raise RuntimeError("a simulation runs in one thread")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a virtual loop and return its result."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


class SeededSchedule:
    """A scheduling point with seeded latency: every port call takes its own virtual time."""

    def __init__(self, seed: int, *, longest_seconds: float = 0.01) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible on purpose
        self._longest = longest_seconds
        self.trace: list[str] = []

    async def __call__(self, label: str) -> None:
        self.trace.append(label)
        await asyncio.sleep(self._random.random() * self._longest)


class CrashAt:
    """A scheduling point that kills the process at the n-th hop; every later hop is dead too.

    What `finally` blocks do after the crash must not reach the world, hence the second raise.
    """

    def __init__(self, hop: int | None, error: type[BaseException] = Crash) -> None:
        self._hop = hop
        self._error = error
        self.hops = 0
        self.crashed_at: str | None = None

    async def __call__(self, label: str) -> None:
        self.hops += 1
        if self.crashed_at is not None or self.hops == self._hop:
            self.crashed_at = self.crashed_at or label
            raise self._error(label)
        await asyncio.sleep(0)


def unwrap(error: BaseException) -> BaseException:
    """Return the one cause inside nested exception groups."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


__all__ = [
    "Crash",
    "CrashAt",
    "Deadlock",
    "Scheduler",
    "SeededSchedule",
    "VirtualLoop",
    "run",
    "unwrap",
]
