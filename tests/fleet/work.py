"""What workers of the tests do. Functions of a module, so that another process finds them."""

import os
import signal
from pathlib import Path
from typing import Any


def doubled(item: int, halt: Any) -> int:
    del halt
    return 2 * item


def killed_once(item: tuple[str, Any], halt: Any) -> Any:
    """The real search, by a worker that is killed the first time it comes here."""
    from eks_diag_mcp.fleet.hunt import search_bundle

    marker, order = item
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return search_bundle(order, halt)


def deadly(item: int, halt: Any) -> int:
    """Work that every worker dies of, but for even items."""
    if item % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return doubled(item, halt)


def scheduler_killer(item: tuple[int, str], halt: Any) -> int:
    """The item of number 0 comes back; the next one waits until told to go on and then kills the scheduler."""
    number, scheduler_and_fifo = item
    pid, fifo = scheduler_and_fifo.split(" ")
    if number:
        Path(fifo).read_text(encoding="utf-8")  # returns when somebody writes
        os.kill(int(pid), signal.SIGKILL)
    return doubled(number, halt)


def waits(item: tuple[int, str], halt: Any) -> int:
    """As the other, but nothing is killed."""
    number, fifo = item
    if number:
        Path(fifo).read_text(encoding="utf-8")
    return doubled(number, halt)


def broken(item: int, halt: Any) -> int:
    if item == 1:
        raise ZeroDivisionError
    return doubled(item, halt)
