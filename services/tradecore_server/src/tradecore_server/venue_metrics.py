"""What the connector tells of itself, as Prometheus series."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from binance_adapter import metrics

#: By metric: its labels. Their values come from tables of ours and from the venue's codes.
COUNTERS: Final[Mapping[str, tuple[str, ...]]] = {
    metrics.REQUESTS: ("call", "outcome"),
    metrics.ERRORS: ("code",),
    metrics.CONNECTIONS: ("stream", "outcome"),
    metrics.UNREADABLE: ("what",),
}
GAUGES: Final[Mapping[str, tuple[str, ...]]] = {
    metrics.BUDGET_USED: ("limit",),
    metrics.STREAM_AGE: ("stream",),
}
HISTOGRAMS: Final[Mapping[str, tuple[str, ...]]] = {metrics.LATENCY: ("call",)}
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class VenueMetrics:
    """An `Observer` that keeps series in `registry`, all of them there from the start."""

    def __init__(self, registry: CollectorRegistry) -> None:
        described = metrics.METRICS
        self._counters = {
            name: Counter(name, described[name], labels, registry=registry)
            for name, labels in COUNTERS.items()
        }
        self._gauges = {
            name: Gauge(name, described[name], labels, registry=registry)
            for name, labels in GAUGES.items()
        }
        self._histograms = {
            name: Histogram(name, described[name], labels, buckets=BUCKETS, registry=registry)
            for name, labels in HISTOGRAMS.items()
        }

    def count(self, metric: str, labels: Mapping[str, str]) -> None:
        """Add one to a counter."""
        self._counters[metric].labels(**labels).inc()

    def measure(self, metric: str, labels: Mapping[str, str], value: float) -> None:
        """Note a duration in seconds, or the present value of a gauge."""
        if metric in self._gauges:
            self._gauges[metric].labels(**labels).set(value)
        else:
            self._histograms[metric].labels(**labels).observe(value)
