"""Rules of what goes wrong, and the board that holds them.

A rule names a kind, what it hits and how often; the board decides with its own seeded chance, so
the same requests in the same order meet the same faults.

    requests   delay_request drop_request duplicate_request delay_engine fail silence
               delay_answer duplicate_answer garble_answer unknown_field unknown_status
    streams    mute drop_event duplicate_event delay_event reorder_events cut_stream
               unknown_event unknown_event_field unknown_event_status
"""

import random
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Final, Literal, get_args

import msgspec

RequestKind = Literal[
    "delay_request",
    "drop_request",
    "duplicate_request",
    "delay_engine",
    "fail",
    "silence",
    "delay_answer",
    "duplicate_answer",
    "garble_answer",
    "unknown_field",
    "unknown_status",
]
StreamKind = Literal[
    "mute",
    "drop_event",
    "duplicate_event",
    "delay_event",
    "reorder_events",
    "cut_stream",
    "unknown_event",
    "unknown_event_field",
    "unknown_event_status",
]
STREAM_KINDS: Final = frozenset(get_args(StreamKind))


class Rule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One fault. What is not said matches everything, always, for ever."""

    kind: RequestKind | StreamKind
    method: str = "*"  #: pattern of the method's WebSocket API name, as in `order.*`
    symbol: str = "*"
    transport: Literal["*", "rest", "websocket"] = "*"
    account: str = "*"  #: of a stream's events
    event: str = "*"  #: `e` of an event, or `x` of an executionReport
    probability: float = 1.0
    times: int | None = None  #: hits before the rule is spent
    after: int = 0  #: matches that pass before the first hit
    seconds: float = 0.0  #: of a delay
    jitter_seconds: float = 0.0  #: a random part on top
    status: int = 503  #: of `fail`
    code: int | None = None  #: of `fail`; None: no JSON, as from a proxy
    message: str = "Service unavailable."
    executed: bool = True  #: of `fail`: whether it happened all the same
    cut: bool = False  #: of `silence` and `drop_request`: end the connection, too
    matched: int = 0
    hits: int = 0


class Hit(msgspec.Struct, frozen=True):
    """A rule that applies now, with its drawn delay."""

    rule: Rule
    seconds: float


Plan = Mapping[str, Hit]  #: by kind


class FaultBoard:
    """The rules in force. `is_quiet` spares the venue the asking."""

    def __init__(self, seed: int = 0) -> None:
        self.rules: dict[int, Rule] = {}
        self.is_quiet = True
        self.is_stream_quiet = True
        self._chance = random.Random(seed)  # noqa: S311 - faults, not secrets
        self._next_id = 1

    def add(self, rule: Rule) -> int:
        """Put a rule in force; return its id."""
        rule_id, self._next_id = self._next_id, self._next_id + 1
        self.rules[rule_id] = rule
        self._update()
        return rule_id

    def remove(self, rule_id: int) -> None:
        """Take a rule out of force. Raises KeyError."""
        del self.rules[rule_id]
        self._update()

    def clear(self) -> None:
        """Take every rule out of force."""
        self.rules.clear()
        self._update()

    def reseed(self, seed: int) -> None:
        """Start chance anew."""
        self._chance.seed(seed)

    def plan_request(self, method: str, symbol: str, transport: str) -> Plan:
        """Return what a request meets."""
        return self._plan(
            lambda rule: (
                rule.kind not in STREAM_KINDS
                and fnmatchcase(method, rule.method)
                and rule.transport in {"*", transport}
                and fnmatchcase(symbol, rule.symbol)
            )
        )

    def plan_event(self, account: str, symbol: str, names: tuple[str, ...]) -> Plan:
        """Return what an event meets on its way to one subscriber."""
        return self._plan(
            lambda rule: (
                rule.kind in STREAM_KINDS
                and rule.account in {"*", account}
                and fnmatchcase(symbol, rule.symbol)
                and (rule.event == "*" or rule.event in names)
            )
        )

    def _plan(self, matches: Callable[[Rule], bool]) -> Plan:
        plan: dict[str, Hit] = {}
        for rule in self.rules.values():
            if rule.kind in plan or not matches(rule) or not self._strikes(rule):
                continue
            jitter = self._chance.random() * rule.jitter_seconds if rule.jitter_seconds else 0.0
            plan[rule.kind] = Hit(rule, rule.seconds + jitter)
        return plan

    def _strikes(self, rule: Rule) -> bool:
        if rule.times is not None and rule.hits >= rule.times:
            return False
        rule.matched += 1
        if rule.matched <= rule.after:
            return False
        if rule.probability < 1.0 and self._chance.random() >= rule.probability:
            return False
        rule.hits += 1
        return True

    def _update(self) -> None:
        kinds = {rule.kind for rule in self.rules.values()}
        self.is_quiet = kinds <= STREAM_KINDS
        self.is_stream_quiet = not kinds & STREAM_KINDS
