"""Plays recordings over an exchange, for ever, at any speed, without a clock of its own.

Event n of the recording falls due at `start_us` + its offset / `speed`; at the end everything
starts again a little later, with the books of the market taken anew from the first snapshot.
Customers' orders survive the loop. The first snapshot stands at the start of each loop, although
the recording shows it a few messages later; what it already contains is skipped.
"""

from collections.abc import Iterator, Sequence
from heapq import merge

from binance_sim.engine.events import Event
from binance_sim.engine.exchange import Exchange
from binance_sim.player import MarketPlayer
from binance_sim.recording import MarketEvent, Recording

LOOP_PAUSE_NS = 100_000_000  #: between the last message and the first one of the next loop
_NS_PER_US = 1000


class Replay:
    """Steps through the recordings in order of receipt.

    Args:
        exchange: whose symbols include those of the recordings.
        recordings: at least one; several are merged by receive time.
        start_us: when the first message falls due, microseconds since the epoch.
        speed: how many recorded seconds pass in one.
    """

    def __init__(
        self,
        exchange: Exchange,
        recordings: Sequence[Recording],
        *,
        start_us: int,
        speed: float = 1.0,
    ) -> None:
        assert recordings, "nothing to play"
        assert speed > 0
        self._recordings = recordings
        self._snapshots = {each.symbol: each.first_snapshot() for each in recordings}
        self._players = {each.symbol: MarketPlayer(exchange, each.symbol) for each in recordings}
        self._start_us = start_us
        self._speed = speed
        self._first_ns = min(each.first_ns for each in recordings)
        self._period_ns = max(each.last_ns for each in recordings) - self._first_ns + LOOP_PAUSE_NS
        self.loops = 0  #: completed
        self._events = self._begin()
        self._next = next(self._events)
        self._restart(start_us)

    @property
    def next_due_us(self) -> int:
        """When the next message falls due, microseconds since the epoch."""
        return self._due_us(self._next.received_ns)

    def step(self) -> tuple[Event, ...]:
        """Apply the next message at its own time; return what happened to customers' orders."""
        now_us, event = self.next_due_us, self._next
        happened = self._players[event.symbol].apply(event, now_us)
        following = next(self._events, None)
        if following is not None:
            self._next = following
            return happened
        self.loops += 1
        self._events = self._begin()
        self._next = next(self._events)
        return happened + self._restart(self.next_due_us)

    def advance_to(self, now_us: int) -> tuple[Event, ...]:
        """Apply everything that is due by `now_us`; return what happened, in order."""
        happened: list[Event] = []
        while self.next_due_us <= now_us:
            happened.extend(self.step())
        return tuple(happened)

    def _begin(self) -> Iterator[MarketEvent]:
        return merge(
            *(each.events() for each in self._recordings), key=lambda event: event.received_ns
        )

    def _due_us(self, received_ns: int) -> int:
        offset_ns = self.loops * self._period_ns + received_ns - self._first_ns
        return self._start_us + int(offset_ns / _NS_PER_US / self._speed)

    def _restart(self, now_us: int) -> tuple[Event, ...]:
        happened: tuple[Event, ...] = ()
        for symbol, player in self._players.items():
            happened += player.restart(self._snapshots[symbol], now_us)
        return happened
