"""Figures for Prometheus: calls, errors, seconds and bytes by tool, and jobs. Needs the extra `http`."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45)
"""Up to the 45 s that no call may exceed."""


class Metrics:
    """The figures of one server, in a registry of their own. `jobs` counts the admits under way."""

    def __init__(self, jobs: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter("eks_diag_calls", "Tool calls", ["tool", "outcome"], registry=self._registry)
        self._seconds = Histogram(
            "eks_diag_call_seconds", "Time of tool calls", ["tool"], buckets=_SECONDS, registry=self._registry
        )
        self._bytes = Counter("eks_diag_answer_bytes", "Text of answers, in bytes", ["tool"], registry=self._registry)
        Gauge("eks_diag_jobs", "Bundles being fetched or indexed", registry=self._registry).set_function(jobs)

    def called(self, tool: str, outcome: str, seconds: float, size_bytes: int) -> None:
        """Count a call. `tool` is one of ours, or "unknown": a caller's word would make a label without end."""
        self._calls.labels(tool, outcome).inc()
        self._seconds.labels(tool).observe(seconds)
        self._bytes.labels(tool).inc(size_bytes)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self._registry)
