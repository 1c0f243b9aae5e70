"""Several calls at once, until a deadline: what failed or did not end in time is a gap, the rest is there."""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from ..errors import DiagError
from .gaps import Gap

T = TypeVar("T")
WORKERS = 8
_TICK_S = 0.2
"""How often the checkpoint is asked while calls run."""

Clock = Callable[[], float]
"""Seconds that only grow."""


class Fanout:
    """Runs named calls on threads until `deadline_s` from now. `gaps` grows with what was not answered."""

    def __init__(self, now: Clock, deadline_s: float, checkpoint: Callable[[], None] = lambda: None) -> None:
        self.clock, self._end, self._checkpoint = now, now() + deadline_s, checkpoint
        self.gaps: list[Gap] = []

    @property
    def left_s(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self._end - self.clock())

    def run(self, calls: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """The answers by name; a name without an answer is missing. Raises only what the checkpoint raises."""
        pool = ThreadPoolExecutor(WORKERS, "fanout")
        try:
            pending: dict[Future[Any], str] = {pool.submit(call): name for name, call in calls.items()}
            found = self._gather(pending)
        finally:  # a call that hangs ends by its own time-out; nobody waits for it
            pool.shutdown(wait=False, cancel_futures=True)
        return {name: found[name] for name in calls if name in found}

    def _gather(self, pending: dict[Future[Any], str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while pending and self.left_s > 0:
            self._checkpoint()
            done, _ = wait(pending, timeout=min(_TICK_S, self.left_s), return_when=FIRST_COMPLETED)
            for future in done:
                name = pending.pop(future)
                try:
                    found[name] = future.result()
                except DiagError as error:
                    self.gaps.append(Gap.of(name, error))
        self.gaps += [Gap(name, "no answer in the time this call may take") for name in pending.values()]
        return found

    def one(self, what: str, call: Callable[[], T]) -> T | None:
        """A single call on this thread; None where it fails."""
        try:
            return call()
        except DiagError as error:
            self.gaps.append(Gap.of(what, error))
            return None
