"""Faults that a test scripts: a status, a reset connection, silence. Each strikes a number of times, then all is well."""

import threading
from dataclasses import dataclass
from typing import Literal

from .asked import Asked

FOREVER = 1_000_000
"""For `times`."""


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` requests of that verb for that resource (`*` is any)."""

    verb: str
    resource: str
    how: Literal["status", "reset", "cut", "silence", "forget"]
    times: int
    code: int = 0
    retry_after_s: int | None = None
    message: str = ""

    def meets(self, asked: Asked) -> bool:
        if self.how == "forget" and "continue" not in asked.query:
            return False
        resource = asked.resource or asked.path
        return self.times > 0 and self.verb in ("*", asked.verb) and self.resource in ("*", resource)


class Faults:
    """The script. Safe to write while requests come in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._script.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._script.clear()

    def take(self, asked: Asked) -> Fault | None:
        """The fault that meets this request, counted down; None when all is well."""
        with self._lock:
            for fault in self._script:
                if fault.meets(asked):
                    fault.times -= 1
                    return fault
        return None
