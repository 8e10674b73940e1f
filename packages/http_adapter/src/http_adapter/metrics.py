"""What is counted. One registry per application, so that two in one process keep apart."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The HTTP side's series. Routes are templates: an unknown path makes no series of its own."""

    def __init__(self, queue_length: Callable[[], int] | None = None) -> None:
        """Register every series; `queue_length` tells how many commands wait."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "http_request_seconds",
            "Time from the request's head to the end of its answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._orders = Counter(
            "orders_accepted", "Orders accepted.", ("type",), registry=self.registry
        )
        self._refused = Counter(
            "orders_refused",
            "Reasons for which orders were refused.",
            ("rule",),
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "http_requests_in_flight", "Requests being worked on.", registry=self.registry
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._order_types: dict[str, Counter] = {}
        if queue_length is not None:
            queue = Gauge(
                "executor_waiting_commands",
                "Commands that wait for a transaction.",
                registry=self.registry,
            )
            queue.set_function(queue_length)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (method, route, status)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(route),
            )
        found[0].inc()
        found[1].observe(seconds)

    def order_accepted(self, order_type: str) -> None:
        """Count one accepted order."""
        child = self._order_types.get(order_type)
        if child is None:
            child = self._order_types[order_type] = self._orders.labels(order_type)
        child.inc()

    def order_refused(self, rule: str) -> None:
        """Count one reason of a refusal."""
        self._refused.labels(rule).inc()

    def exposition(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)
