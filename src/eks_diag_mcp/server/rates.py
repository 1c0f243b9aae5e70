"""Rate limits: a token bucket a principal."""

import threading
from collections.abc import Callable, Mapping

from ..recent import Recent

COSTS: Mapping[str, float] = {"collect": 5, "batch_collect": 20}
"""What a call costs where it is more than 1: these make nodes and AWS work."""


class Rates:
    """`per_minute` calls for each principal, as many at once after a minute's rest. `now` is a monotonic clock in seconds."""

    def __init__(self, per_minute: float, now: Callable[[], float]) -> None:
        self._most, self._now, self._lock = float(per_minute), now, threading.Lock()
        self._buckets: Recent[str, tuple[float, float]] = Recent(1000)

    def take(self, principal: str, tool: str) -> float:
        """0 where the call may go on, otherwise the seconds after which it may."""
        cost = min(COSTS.get(tool, 1.0), self._most)
        with self._lock:
            now = self._now()
            left, then = self._buckets.get(principal) or (self._most, now)
            left = min(self._most, left + (now - then) * self._most / 60)
            short = cost - left
            self._buckets[principal] = (left if short > 0 else left - cost, now)
        return short * 60 / self._most if short > 0 else 0.0
