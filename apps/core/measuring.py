"""What this process counts about itself, for /metrics. Routes are labels, paths never: they hold ids."""

from __future__ import annotations

from prometheus_client import Histogram

REQUEST_SECONDS = Histogram(
    "slipway_request_seconds",
    "Time from a request's first middleware to its answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def measure_request(method: str, route: str, status: int, seconds: float) -> None:
    """A method is a label too, and clients may invent as many as they like."""
    known = method if method in _METHODS else "other"
    REQUEST_SECONDS.labels(known, route, f"{status // 100}xx").observe(seconds)
