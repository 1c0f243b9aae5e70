"""What always accompanies an event: signatures that show near nearly every occurrence, and far less often elsewhere.

A line that is printed all day stands near everything, so its share around the event is held against the share of all
the time that is near one of its lines: what chance alone would give it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_SHARE, _LIFT = 0.8, 0.3
"""Near at least this share of the occurrences, and by so much more than chance explains."""
_FEW = 3
"""One or two occurrences have company, but nothing that always is."""
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Companion:
    """A signature near `near` of `occurrences`; `offset_s` is the median distance of its nearest line (negative: before).
    `expected` is the share that chance alone would give."""

    signature: str
    near: int
    occurrences: int
    offset_s: float
    expected: float


def episodes(times: Times, gap_ms: int) -> Times:
    """The first time of each run of lines with less than `gap_ms` between them; `times` in order."""
    return times[np.diff(times, prepend=times[:1] - gap_ms - 1) > gap_ms]


def company(pivot: Sequence[int] | Times, others: Mapping[str, Times], side_ms: int) -> list[Companion]:
    """The signatures that accompany the times of `pivot`, the most telling first. All times are epoch milliseconds, those
    of `others` in order."""
    every = np.sort(np.asarray(pivot, dtype=np.int64))
    # Runs count once; a fault that never pauses is one run, so then each of its lines counts.
    runs = episodes(every, side_ms)
    times = runs if len(runs) >= _FEW else np.unique(every)
    if len(times) < _FEW:
        return []
    ends = [(rows[0], rows[-1]) for rows in (times, *others.values()) if len(rows)]
    span = int(max(last for _, last in ends) - min(first for first, _ in ends)) + 2 * side_ms
    found = [c for name, rows in others.items() if len(rows) and (c := _near(name, times, rows, side_ms, span)) is not None]
    return sorted(found, key=lambda c: (c.expected - c.near / c.occurrences, abs(c.offset_s), c.signature))


def _near(name: str, times: Times, rows: Times, side_ms: int, span_ms: int) -> Companion | None:
    offsets = _nearest(times, rows)
    offsets = np.sort(offsets[np.abs(offsets) <= side_ms])
    share = len(offsets) / len(times)
    if share < _SHARE:
        return None
    # How much time lies within `side_ms` of one of the rows.
    covered = 2 * side_ms + int(np.minimum(np.diff(rows), 2 * side_ms).sum())
    expected = covered / span_ms if span_ms else 1.0
    if share - expected < _LIFT:
        return None
    middle = int(offsets[len(offsets) // 2])
    return Companion(name, len(offsets), len(times), round(middle / 1000, 3), round(expected, 3))


def _nearest(times: Times, rows: Times) -> Times:
    """For each time the signed distance to the nearest row; of two equally near the one before."""
    at = np.searchsorted(rows, times)
    before, after = rows[np.maximum(at - 1, 0)] - times, rows[np.minimum(at, len(rows) - 1)] - times
    return np.where(np.abs(before) <= np.abs(after), before, after)
