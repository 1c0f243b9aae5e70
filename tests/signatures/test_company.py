"""What always accompanies an event, and what only happens to be near."""

import numpy as np

from eks_diag_mcp.signatures.company import Times, company, episodes

MINUTE = 60_000


def every(minutes: float, times: int, start: float = 0) -> Times:
    return np.asarray([int((start + n * minutes) * MINUTE) for n in range(times)], dtype=np.int64)


def test_a_line_that_stands_before_each_occurrence_is_its_companion() -> None:
    pivot = every(10, 12)
    (found,) = company(pivot, {"cause": pivot - 4000}, 30_000)
    assert (found.signature, found.near, found.occurrences, found.offset_s) == ("cause", 12, 12, -4.0)


def test_a_line_that_is_printed_all_day_is_no_companion() -> None:
    assert company(every(10, 12), {"noise": every(0.1, 1200)}, 30_000) == []


def test_a_line_near_half_of_the_occurrences_is_no_companion() -> None:
    pivot = every(10, 12)
    assert company(pivot, {"now and then": pivot[::2]}, 30_000) == []


def test_two_occurrences_show_nothing_that_always_is() -> None:
    pivot = every(10, 2)
    assert company(pivot, {"cause": pivot}, 30_000) == []


def test_lines_without_a_pause_are_one_run_and_then_each_counts() -> None:
    pivot = every(0.1, 40)
    assert len(episodes(pivot, 30_000)) == 1
    (found,) = company(pivot, {"cause": np.concatenate((pivot, every(0.1, 2, 600)))}, 5_000)
    assert found.near == 40


def test_the_one_that_chance_explains_least_comes_first() -> None:
    pivot = every(10, 12)
    busy = np.union1d(pivot, every(2, 60, 1))
    found = company(pivot, {"busy": busy, "only then": pivot}, 30_000)
    assert [c.signature for c in found] == ["only then", "busy"]
