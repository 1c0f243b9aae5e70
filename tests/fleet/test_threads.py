"""The threads of one machine: every item once, the rest told when the time is up, and given up when nobody waits."""

import threading
from collections.abc import Callable

import pytest

from eks_diag_mcp.bundle.sweep import Halted
from eks_diag_mcp.errors import BadBundle
from eks_diag_mcp.fleet.executor import LATE, Failure, Threads

Halt = Callable[[], None]


class Clock:
    """Goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


def test_each_item_comes_once_and_a_fault_of_one_is_told_beside_the_others() -> None:
    def work(item: int, halt: Halt) -> int:
        if item == 3:
            raise BadBundle("It is damaged.", "Collect it again.")
        if item == 4:
            raise FileNotFoundError("/somewhere")
        return 10 * item

    found = dict(Threads().run(work, range(1, 7), lambda: None, 60))
    faults = {3: Failure("It is damaged."), 4: Failure("its files cannot be read (FileNotFoundError)")}
    assert found == {1: 10, 2: 20, 5: 50, 6: 60} | faults


def test_when_the_time_is_up_the_work_is_halted_and_the_items_left_are_named() -> None:
    halted = threading.Semaphore(0)

    def work(item: int, halt: Halt) -> int:
        try:
            while item:
                halt()
        except Halted:
            halted.release()
            raise
        return item

    found = dict(Threads(Clock(), threads=2).run(work, [0, 1, 2, 3], lambda: None, 30))
    assert {found[n] for n in (1, 2, 3)} == {Failure(LATE)} and found[0] == 0
    assert halted.acquire(timeout=30)


def test_a_caller_that_gives_up_halts_the_work() -> None:
    begun, halted = threading.Event(), threading.Event()

    def work(item: int, halt: Halt) -> int:
        begun.set()
        try:
            while True:
                halt()
        except Halted:
            halted.set()
            raise

    def check() -> None:
        if begun.is_set():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Threads().run(work, [1], check, 600))
    assert halted.is_set()
