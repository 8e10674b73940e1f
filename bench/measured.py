"""What a round of a series came to, and what the rounds come to together."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs

_BETWEEN_LOOKS: Final = 100  #: at the clock
NOISY: Final = 0.25
"""A series whose middle half is wider than this part of its median is no verdict."""


@attrs.frozen(kw_only=True)
class Round:
    """One series in one round."""

    operations: int
    seconds: float
    client_cpu: float | None = None  #: seconds of processor time: the program's, or pgbench's
    database_cpu: float | None = None  #: and the server's with its children
    latencies: Sequence[float] = ()  #: of each operation, in seconds

    @property
    def rate(self) -> float:
        """Return operations per second."""
        return self.operations / self.seconds

    @property
    def cpu(self) -> tuple[float, float] | None:
        """Return the processor time of one operation in µs: the program's, the database's."""
        if self.client_cpu is None or self.database_cpu is None or not self.operations:
            return None
        return (
            self.client_cpu / self.operations * 1e6,
            self.database_cpu / self.operations * 1e6,
        )


def repeated(job: Callable[[], object], seconds: float) -> Round:
    """Return how often one core does `job`, which never waits."""
    begun, used, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begun < seconds:
        for _ in range(_BETWEEN_LOOKS):
            job()
        done += _BETWEEN_LOOKS
    return Round(
        operations=done,
        seconds=time.perf_counter() - begun,
        client_cpu=time.process_time() - used,
    )


@attrs.frozen(kw_only=True)
class Result:
    """One line of the table."""

    name: str
    value: float
    unit: str
    baseline: float | None  #: what it is compared with, in the same unit
    ratio: float | None  #: median of the rounds' ratios: above 1 is better than the baseline
    spread: float  #: width of the middle half of the rounds, as a part of the median
    cpu: tuple[float, float] | None  #: µs of one operation: the program's, the database's
    cpu_ratio: float | None  #: the baseline's processor time by ours; above 1 is better
    latency_ms: tuple[float, float] | None  #: median and 99th percentile

    @property
    def is_noisy(self) -> bool:
        """Tell whether the machine was too busy for a verdict."""
        return self.spread > NOISY

    def as_json(self) -> dict[str, Any]:
        """Return the line as it stands in `build/bench.json`."""
        return attrs.asdict(self)


def result(
    name: str, unit: str, rounds: Sequence[Round], baseline: Sequence[Round] | None = None
) -> Result:
    """Return the median of `rounds`, and how they compare with the baseline's, pair by pair."""
    rates = [one.rate for one in rounds]
    if unit == "µs":
        rates = [1e6 / rate for rate in rates]
    cpu = _cpu(rounds)
    ratio = against = cpu_ratio = None
    if baseline is not None:
        against = statistics.median(one.rate for one in baseline)
        pairs = zip(rounds, baseline, strict=True)
        ratio = statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)
        theirs_cpu = _cpu(baseline)
        if cpu is not None and theirs_cpu is not None:
            cpu_ratio = sum(theirs_cpu) / sum(cpu)
    return Result(
        name=name,
        value=statistics.median(rates),
        unit=unit,
        baseline=against,
        ratio=ratio,
        spread=_spread(rates),
        cpu=cpu,
        cpu_ratio=cpu_ratio,
        latency_ms=_latency([one for each in rounds for one in each.latencies]),
    )


def _cpu(rounds: Sequence[Round]) -> tuple[float, float] | None:
    costs = [one.cpu for one in rounds if one.cpu is not None]
    if not costs:
        return None
    return statistics.median(one[0] for one in costs), statistics.median(one[1] for one in costs)


def _spread(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / statistics.median(values)


def _latency(seconds: Sequence[float]) -> tuple[float, float] | None:
    if len(seconds) < 100:
        return None
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2] * 1e3, ordered[len(ordered) * 99 // 100] * 1e3
