"""Jobs: admits that run beside the calls. Nothing of them must be remembered: an execution id says all that is needed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from .errors import DiagError, Throttled, Unreachable

JobState = Literal["working", "completed", "failed", "paused"]
"""paused: a passing fault outside stopped it; it goes on when it is asked for again."""
_MOST_PAUSES = 3


@dataclass(slots=True)
class Work:
    """One admit under way or ended."""

    key: str
    total: int
    done: int = 0
    state: JobState = "working"
    message: str = ""
    pauses: int = 0
    """How often it was stopped without getting any further."""
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def progress(self) -> float:
        """0..1; below 1 until the findings can be read."""
        if self.state == "completed":
            return 1.0
        return min(0.99, self.done / self.total) if self.total else 0.0


class Jobs:
    """At most one job a key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._works: dict[str, Work] = {}

    def start(self, key: str, total: int, run: Callable[[Work], None]) -> tuple[Work, bool]:
        """The job of that key, and whether it was already there. A failed or paused one is tried again."""
        with self._lock:
            known = self._works.get(key)
            if known is not None and known.state not in ("failed", "paused"):
                return known, True
            work = self._works[key] = Work(key, total)
            if known is not None and known.state == "paused":
                work.pauses = known.pauses
        threading.Thread(target=self._run, args=(work, run), name=f"admit-{key[:12]}", daemon=True).start()
        return work, False

    def _run(self, work: Work, run: Callable[[Work], None]) -> None:
        try:
            run(work)
            work.state = "completed"
        except (Unreachable, Throttled) as error:
            work.pauses += 1
            work.state = "paused" if work.pauses < _MOST_PAUSES else "failed"
            work.message = str(error)
        except DiagError as error:
            work.state, work.message = "failed", str(error)
        except (OSError, MemoryError) as error:
            work.state, work.message = "failed", f"The bundle could not be admitted ({type(error).__name__})."
        finally:
            if work.state == "working":
                work.state, work.message = "failed", "The bundle could not be admitted: internal error, see the server's log."
            work.ended.set()

    def get(self, key: str) -> Work | None:
        """The job of that key, if this process ran one."""
        return self._works.get(key)

    def running(self) -> list[Work]:
        """The jobs under way."""
        with self._lock:
            return [work for work in self._works.values() if not work.ended.is_set()]

    def drain(self, until: float, now: Callable[[], float]) -> int:
        """Wait for the jobs under way, at most until then on the clock of `now`; how many are left."""
        for work in self.running():
            work.ended.wait(max(0.0, until - now()))
        return len(self.running())
