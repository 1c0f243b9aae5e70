"""The same work on many things, by all cores, with the results in order: how a search goes over blocks.

Reading, unpacking and scanning a block leave Python's lock, so threads do. The calling thread works too: only it may ask
whether its client still waits. What stops early has done little too much: nobody works far ahead of what was taken."""

import os
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Halt = Callable[[], None]
"""Raises where the work is to be given up; to be called while a single job goes on for long."""

_AHEAD = 8
_FEW = 3
"""So few jobs are done before a thread has started."""
_POLL_S = 0.05
HELPERS = max(0, min(4, os.cpu_count() or 1) - 1)


class Halted(Exception):
    """The sweep was given up; ends a helper within its job."""


class Sweep(Generic[Job, Result]):
    """`work(job, halt)` for each job. `check` raises in the calling thread when the sweep is to be given up."""

    def __init__(
        self,
        jobs: Sequence[Job],
        work: Callable[[Job, Halt], Result],
        check: Halt,
        *,
        helpers: int = HELPERS,
        ahead: int = _AHEAD,
    ) -> None:
        self._jobs, self._work, self._check, self._ahead = jobs, work, check, ahead
        self._helpers = helpers if len(jobs) > _FEW else 0
        self._changed = threading.Condition()
        self._next = self._taken = 0
        self._stopped = False
        self._done: dict[int, Result | BaseException] = {}

    def results(self) -> Generator[Result, None, None]:
        """In order of jobs; what goes wrong with one is raised in its turn. Closing the iterator ends the helpers."""
        threads = [threading.Thread(target=self._help, name="sweep", daemon=True) for _ in range(self._helpers)]
        for thread in threads:
            thread.start()
        try:
            for place in range(len(self._jobs)):
                self._check()
                yield self._result(place)
        finally:
            with self._changed:
                self._stopped = True
                self._changed.notify_all()
            for thread in threads:
                thread.join()

    def _result(self, place: int) -> Result:
        with self._changed:
            self._taken = place
            self._changed.notify_all()
        while True:
            with self._changed:
                if place in self._done:
                    found = self._done.pop(place)
                    break
                mine = self._claim()
                waited = mine is None and not self._changed.wait(_POLL_S)
            if mine is not None:
                self._do(mine, self._check)
            elif waited:
                self._check()
        if isinstance(found, BaseException):
            raise found
        return found

    def _claim(self) -> int | None:
        """The next job, if it is not too far ahead. Called with the lock held."""
        if self._next >= len(self._jobs) or self._next > self._taken + self._ahead:
            return None
        self._next += 1
        return self._next - 1

    def _do(self, place: int, halt: Halt) -> None:
        found: Result | BaseException
        try:
            found = self._work(self._jobs[place], halt)
        except BaseException as error:  # noqa: BLE001 - raised where the result is taken
            found = error
        with self._changed:
            self._done[place] = found
            self._changed.notify_all()

    def _help(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (mine := self._claim()) is None:
                    if self._next >= len(self._jobs):
                        return
                    self._changed.wait()
                if self._stopped:
                    return
            assert mine is not None
            self._do(mine, self._halt)

    def _halt(self) -> None:
        if self._stopped:
            raise Halted
