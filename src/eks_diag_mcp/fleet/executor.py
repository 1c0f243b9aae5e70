"""Where work on many bundles is done: by threads of this process, or by the workers of a Dask cluster (dask_executor.py)."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..bundle.sweep import Halt, Halted
from ..errors import DiagError
from .held import why_not

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Item, Halt], Result]
"""A function of a module, so that another process finds it by name. It calls its second argument now and then, which raises
where the work is to be given up."""

LATE = "the time of the call was used up before it was its turn"
POLL_S = 0.05
"""How often a waiting call asks whether its client still waits."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item has no result, in our own words."""

    why: str


class Executor(Protocol):
    """Does the same work on many items."""

    def run(
        self, work: Work[Item, Result], items: Sequence[Item], check: Halt, seconds: float
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Each item once with what came of it, in the order they end. After `seconds` the items left are failures. `check`
        is called often; where it raises, and where the iterator is closed early, the rest of the work is given up."""
        ...


class Threads:
    """The threads of this process. `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic, threads: int | None = None) -> None:
        self._now, self._threads = now, threads or max(2, min(8, os.cpu_count() or 2))

    def run(
        self, work: Work[Item, Result], items: Sequence[Item], check: Halt, seconds: float
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """See Executor."""
        until, stopped = self._now() + seconds, threading.Event()

        def halt() -> None:
            if stopped.is_set():
                raise Halted

        pool = ThreadPoolExecutor(self._threads, "fleet")
        waiting: dict[Future[Result | Failure], Item] = {pool.submit(guarded, work, item, halt): item for item in items}
        try:
            while waiting and (left := until - self._now()) > 0:
                check()
                done, _ = wait(waiting, min(POLL_S, left), FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), _result_of(future)
            for item in waiting.values():
                yield item, Failure(LATE)
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)


def guarded(work: Work[Item, Result], item: Item, halt: Halt) -> Result | Failure:
    """The result, or why this item cannot have one: its bundle is gone or damaged, or the question costs too much on it."""
    try:
        return work(item, halt)
    except (DiagError, OSError) as error:
        return Failure(why_not(error))


def _result_of(future: Future[Result | Failure]) -> Result | Failure:
    error = future.exception()
    return future.result() if error is None else broken(error)


def broken(error: BaseException) -> Failure:
    """What nobody foresaw: one bundle's fault must not take the answer about the others along."""
    _log.warning("work on a bundle failed", exc_info=error)
    return Failure(f"the work on it failed ({type(error).__name__})")


def executor_of(address: str | None, now: Callable[[], float]) -> Executor:
    """Threads, or the Dask cluster of that scheduler."""
    if address is None:
        return Threads(now)
    from .dask_executor import DaskFleet

    return DaskFleet(address, now)
