"""Two bundles of one node: what grew between them. Counters since boot are no rates; two of them and their times are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from ..model import LineRef, Section
from ..rows import Row, RowFile, raise_faults
from .board import Board, Case

_FILE = Path(__file__).with_name("counters.yaml")
_SAME_BOOT = timedelta(minutes=2)
"""Two readings of one boot time differ by the seconds that files and clock are apart."""
_REFILL_PER_HOUR = 6.0
"""The node monitoring agent's buckets give back one token every ten minutes."""
_PROVEN = 4.5


class Counter(Row):
    """One number to compare (counters.yaml tells what the fields mean)."""

    section: str
    reading: str
    kind: Literal["counter", "level"]
    says: str
    burst: float = 0
    per_hour: float = 0
    cause: str | None = None
    issues: tuple[str, ...] = ()
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """The earlier bundle: when it was captured, when the node had booted, and what its sections read."""

    captured: datetime
    boot: datetime | None
    sections: Mapping[str, Section]


@dataclass(frozen=True, slots=True)
class Growth:
    """One number then and now. `delta` None: it began anew in between. `beyond`: more than a healthy node adds."""

    counter: Counter
    before: float
    after: float
    delta: float | None
    per_hour: float | None
    beyond: bool
    full_in_hours: float | None
    ref: LineRef | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two bundles say together. `restarted`: the node booted in between, so counters began anew."""

    since: datetime
    minutes: float
    restarted: bool
    rows: tuple[Growth, ...]


@cache
def counters() -> tuple[Counter, ...]:
    """The shipped table."""
    faults: list[str] = []
    file = RowFile(_FILE, "counters", Counter, faults)
    raise_faults(faults, "counters")
    return tuple(row for _, row in file.rows)


def compare_with(before: Before, captured: datetime, boot: datetime | None, sections: Mapping[str, Section]) -> Comparison:
    """The numbers that both bundles tell, in the order of the table."""
    hours = (captured - before.captured).total_seconds() / 3600
    known = [
        (c, a, b) for c in counters() if (a := _number(before.sections, c)) is not None and (b := _number(sections, c)) is not None
    ]
    booted = bool(boot and before.boot and abs(boot - before.boot) > _SAME_BOOT)
    # Without a boot time, a counter that fell tells the same.
    restarted = booted or (not (boot and before.boot) and any(c.kind == "counter" and b < a for c, a, b in known))
    rows = tuple(_grown(c, a, b, hours, restarted, sections) for c, a, b in known)
    return Comparison(before.captured, round(hours * 60, 1), restarted, rows)


def _number(sections: Mapping[str, Section], counter: Counter, name: str | None = None) -> float | None:
    section = sections.get(counter.section)
    return section.number(name or counter.reading) if section else None


def _grown(counter: Counter, before: float, after: float, hours: float, restarted: bool, sections: Mapping[str, Section]) -> Growth:
    anew = counter.kind == "counter" and (restarted or after < before)
    delta = None if anew else round(after - before, 3)
    rate = round(delta / hours, 2) if delta is not None and hours > 0 else None
    allowed = counter.burst + max(counter.per_hour, _REFILL_PER_HOUR if counter.burst else 0) * hours
    beyond = counter.kind == "counter" and delta is not None and delta > allowed
    reading = next((r for r in sections[counter.section].readings if r.name == counter.reading and r.scope is None), None)
    return Growth(
        counter, before, after, delta, rate, beyond, _full_in(counter, after, rate, sections), reading.ref if reading else None
    )


def _full_in(counter: Counter, after: float, rate: float | None, sections: Mapping[str, Section]) -> float | None:
    """Hours until a level reaches its limit at the rate it had; None where it has none or does not rise."""
    if counter.kind != "level" or counter.limit is None or not rate or rate <= 0:
        return None
    limit = float(counter.limit) if counter.limit.isdigit() else _number(sections, counter, counter.limit)
    return round((limit - after) / rate, 1) if limit is not None and limit > after else None


def judge_growth(case: Case, board: Board) -> None:
    """What grew beyond a burst holds now; what stood still was so before, and its value alone is taken back."""
    for row, minutes in _judged(case):
        cause = row.counter.cause
        if cause is None or row.delta is None:
            continue
        if row.beyond:
            says = f"{row.delta:,.0f} {row.counter.says} in the {minutes:.0f} minutes between two bundles ({row.per_hour:,.0f} an hour)"
            board.speak(cause, says, _PROVEN, evidence=case.quote(row.ref))
        elif row.delta == 0 and row.after > 0:
            titles = {i.title for key in row.counter.issues if (i := case.issue(key))}
            tally = board[cause]
            if any(s.reason.says in titles for s in tally.supports):
                tally.supports = [s for s in tally.supports if s.reason.says not in titles]
                says = f"{row.after:,.0f} {row.counter.says} were counted before; none in the {minutes:.0f} minutes between two bundles"
                board.object(cause, says, evidence=case.quote(row.ref))


def _judged(case: Case) -> Iterator[tuple[Growth, float]]:
    if case.comparison is not None:
        yield from ((row, case.comparison.minutes) for row in case.comparison.rows)
