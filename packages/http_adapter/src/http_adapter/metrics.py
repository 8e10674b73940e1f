"""What is counted. One registry per application, so that two in one process keep apart.

Answers are counted in plain numbers and become series when somebody looks: the library's own
counters and histograms lock and walk their buckets for every request.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

import attrs
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS: Final = (*map(str, map(float, _BUCKETS)), "+Inf")


@attrs.define
class _Times:
    """How long the answers of one route took."""

    counts: list[int] = attrs.field(factory=lambda: [0] * len(_BOUNDS))  #: by bucket
    seconds: float = 0.0


class Metrics(Collector):
    """The HTTP side's series. Routes are templates: an unknown path makes no series of its own."""

    def __init__(
        self,
        queue_length: Callable[[], int] | None = None,
        registry: CollectorRegistry | None = None,
    ) -> None:
        """Register every series; `queue_length` tells how many commands wait.

        `registry` may hold the series of others, which are then told beside ours.
        """
        self.in_flight = 0
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[str, _Times] = {}
        self._orders: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._queue_length = queue_length
        self.registry = registry or CollectorRegistry()
        self.registry.register(self)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests[method, route, status] += 1
        times = self._times.get(route)
        if times is None:
            times = self._times[route] = _Times()
        times.counts[bisect_left(_BUCKETS, seconds)] += 1
        times.seconds += seconds

    def order_accepted(self, order_type: str) -> None:
        """Count one accepted order."""
        self._orders[order_type] += 1

    def order_refused(self, rule: str) -> None:
        """Count one reason of a refusal."""
        self._refused[rule] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield the series as they stand."""
        requests = CounterMetricFamily(
            "http_requests", "Requests answered.", labels=("method", "route", "status")
        )
        for (method, route, status), count in self._requests.items():
            requests.add_metric((method, route, str(status)), count)
        yield requests
        durations = HistogramMetricFamily(
            "http_request_seconds",
            "Time from the request's head to the end of its answer.",
            labels=("route",),
        )
        for route, times in self._times.items():
            buckets = list(zip(_BOUNDS, accumulate(times.counts), strict=True))
            durations.add_metric((route,), buckets, times.seconds)
        yield durations
        yield _counted("orders_accepted", "Orders accepted.", "type", self._orders)
        yield _counted(
            "orders_refused", "Reasons for which orders were refused.", "rule", self._refused
        )
        yield GaugeMetricFamily(
            "http_requests_in_flight", "Requests being worked on.", self.in_flight
        )
        if self._queue_length is not None:
            yield GaugeMetricFamily(
                "executor_waiting_commands",
                "Commands that wait for a transaction.",
                self._queue_length(),
            )

    def exposition(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)


def _counted(name: str, what: str, label: str, counts: Counter[str]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, what, labels=(label,))
    for value, count in counts.items():
        family.add_metric((value,), count)
    return family
