"""Restart loops: a start line that comes again and again, where nothing says why the program ended."""

from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import Field

from ..bundle.findings_table import read_hits
from ..bundle.store import from_millis
from ..rows import Row, RowFile, raise_faults
from ..signatures.catalogue import catalogue
from ..signatures.company import episodes
from ..signatures.findings import AT_CAPTURE
from .board import Board, Case

_FILE = Path(__file__).with_name("loops.yaml")
_ONE_START_MS = 20_000
"""Lines of one start stand within seconds; the shortest back-off of a container is ten."""
_WEIGHT = 3


class Loop(Row):
    """One program: the signature of its start line, and the cause that a loop of it is."""

    start: str
    what: str
    cause: str
    times: int = Field(ge=2)


@cache
def loops() -> tuple[Loop, ...]:
    """The shipped table."""
    faults: list[str] = []
    file = RowFile(_FILE, "loops", Loop, faults)
    faults += [f"{file.place(i)}: no signature {row.start!r}" for i, row in file.rows if row.start not in catalogue().by_id]
    raise_faults(faults, "loops")
    return tuple(row for _, row in file.rows)


def judge_loops(case: Case, board: Board) -> None:
    """Speak for the cause of each program that was started so often shortly before the capture."""
    seen = {f.signature: f for f in case.findings}
    for loop in loops():
        finding = seen.get(loop.start)
        if finding is None or finding.count < loop.times:
            continue
        starts = _starts(case, loop.start)
        if len(starts) >= loop.times:
            span = (starts[-1] - starts[0]).total_seconds() / 60
            says = f"{loop.what} was started {len(starts)} times within {max(1, round(span))} minutes, lastly shortly before the capture"
            board.speak(loop.cause, says, _WEIGHT, ids=(finding.id,), evidence=finding.evidence[-1:])


def _starts(case: Case, signature: str) -> list[datetime]:
    """The starts that hold at the capture; the lines of one start, and of files that repeat one another, count once."""
    since = case.bundle.captured - AT_CAPTURE
    times = np.asarray(
        sorted(h.time for h in read_hits(case.bundle.holding("hits"), signature) if h.time is not None), dtype=np.int64
    )
    found = [from_millis(t) for t in episodes(times, _ONE_START_MS)]
    return [t for t in found if t is not None and t >= since]
