"""What always accompanies an event: signatures that show near nearly every occurrence, and far less often elsewhere.

A line that is printed all day stands near everything, so its share around the event is held against the share of all
the time that is near one of its lines: what chance alone would give it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SHARE, _LIFT = 0.8, 0.3
"""Near at least this share of the occurrences, and by so much more than chance explains."""
_FEW = 3
"""One or two occurrences have company, but nothing that always is."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A signature near `near` of `occurrences`; `offset_s` is the median distance of its nearest line (negative: before).
    `expected` is the share that chance alone would give."""

    signature: str
    near: int
    occurrences: int
    offset_s: float
    expected: float


def episodes(times: Sequence[int], gap_ms: int) -> list[int]:
    """The first time of each run of lines with less than `gap_ms` between them."""
    firsts: list[int] = []
    last: int | None = None
    for time in sorted(times):
        if last is None or time - last > gap_ms:
            firsts.append(time)
        last = time
    return firsts


def company(pivot: Sequence[int], others: Mapping[str, Sequence[int]], side_ms: int) -> list[Companion]:
    """The signatures that accompany the times of `pivot` (epoch milliseconds), the most telling first."""
    # Runs count once; a fault that never pauses is one run, so then each of its lines counts.
    runs = episodes(pivot, side_ms)
    times = runs if len(runs) >= _FEW else sorted(set(pivot))
    if len(times) < _FEW:
        return []
    known = [t for rows in (times, *others.values()) for t in rows]
    span = max(known) - min(known) + 2 * side_ms
    found = [c for name, rows in others.items() if (c := _near(name, times, sorted(rows), side_ms, span)) is not None]
    return sorted(found, key=lambda c: (c.expected - c.near / c.occurrences, abs(c.offset_s), c.signature))


def _near(name: str, times: Sequence[int], rows: Sequence[int], side_ms: int, span_ms: int) -> Companion | None:
    offsets = [offset for time in times if (offset := _nearest(time, rows)) is not None and abs(offset) <= side_ms]
    share = len(offsets) / len(times)
    expected = _covered(rows, side_ms) / span_ms if span_ms else 1.0
    if not rows or share < _SHARE or share - expected < _LIFT:
        return None
    middle = sorted(offsets)[len(offsets) // 2]
    return Companion(name, len(offsets), len(times), round(middle / 1000, 3), round(expected, 3))


def _covered(rows: Sequence[int], side_ms: int) -> int:
    """How much time lies within `side_ms` of one of sorted `rows`."""
    covered, end = 0, None
    for row in rows:
        covered += 2 * side_ms if end is None or row - side_ms >= end else row + side_ms - end
        end = row + side_ms
    return covered


def _nearest(time: int, rows: Sequence[int]) -> int | None:
    """The signed distance to the nearest of sorted `rows`; None where there are none."""
    at = bisect_left(rows, time)
    around = [rows[i] - time for i in (at - 1, at) if 0 <= i < len(rows)]
    return min(around, key=abs, default=None)
