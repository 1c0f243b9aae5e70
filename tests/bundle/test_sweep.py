"""Work by all cores: in order, given up in time, and no error lost."""

import threading

import pytest

from eks_diag_mcp.bundle.sweep import Halted, Sweep


class Wrong(Exception):
    pass


def never() -> None:
    pass


@pytest.mark.parametrize("helpers", [0, 1, 3])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 200])
def test_results_come_in_the_order_of_the_jobs(helpers: int, count: int) -> None:
    sweep = Sweep(range(count), lambda job, _halt: job * job, never, helpers=helpers, ahead=5)
    assert list(sweep.results()) == [n * n for n in range(count)]


@pytest.mark.parametrize("helpers", [0, 2])
def test_what_goes_wrong_is_raised_in_its_turn(helpers: int) -> None:
    def work(job: int, _halt) -> int:
        if job == 17:
            raise Wrong
        return job

    results = Sweep(range(40), work, never, helpers=helpers).results()
    assert [next(results) for _ in range(17)] == list(range(17))
    with pytest.raises(Wrong):
        next(results)


def test_nobody_works_far_ahead_of_what_was_taken() -> None:
    done: list[int] = []
    results = Sweep(range(1000), lambda job, _halt: done.append(job), never, helpers=2, ahead=4).results()
    for _ in range(10):
        next(results)
    results.close()
    assert max(done) <= 9 + 4 + 1


def test_leaving_early_ends_a_helper_within_its_job() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(job: int, halt) -> int:
        if job == 0 or threading.current_thread() is main:
            return job
        begun.set()
        try:
            while True:
                halt()
        except Halted:
            ended.set()
            raise

    main = threading.current_thread()
    results = Sweep(range(100), work, never, helpers=1).results()
    taken = next(results, None)
    assert begun.wait(10)
    results.close()
    assert ended.is_set() and taken == 0


def test_the_check_is_asked_for_each_job_and_its_error_ends_the_sweep() -> None:
    left = [5]

    def check() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Wrong

    with pytest.raises(Wrong):
        list(Sweep(range(50), lambda job, _halt: job, check, helpers=1).results())
