"""The timeline of a report: the correlate answer, and where its events stand in a drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..tools.correlating import CorrelateAnswer, EventOut

WIDTH, LABEL, LANE = 960, 150, 30
"""Size of the drawing in user units: the whole, the column of names, one lane."""
_EDGE = 14


@dataclass(frozen=True, slots=True)
class Dot:
    """One event, drawn at x. `row` is its 1-based row in the table."""

    x: float
    row: int
    kind: str
    event: EventOut


@dataclass(frozen=True, slots=True)
class Lane:
    """One source's events."""

    source: str
    y: int
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class TimelineView:
    """What is drawn, and the answer it is drawn from. `ticks` are (x, label)."""

    answer: CorrelateAnswer
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    pivot_x: float

    @property
    def height(self) -> int:
        return len(self.lanes) * LANE + 34


def offset(seconds: float) -> str:
    """An offset as it is written: signed, and never a negative zero."""
    return f"{seconds + 0.0:+.3f}" if abs(seconds) >= 0.0005 else "0.000"


def kind_of(event: EventOut) -> str:
    """How an event is marked: cause, echo, context; what no signature knows goes by its level."""
    return event.role or ("loud" if event.level in ("error", "fatal", "warning") else "other")


def timeline_view(answer: CorrelateAnswer) -> TimelineView | None:
    """The drawing; None without events."""
    events = answer.timeline
    if not events:
        return None
    low, high = min(0.0, *(e.offset_seconds for e in events)), max(0.0, *(e.offset_seconds for e in events))
    if high - low < 1:
        low, high = low - 0.5, high + 0.5
    scale = (WIDTH - LABEL - 2 * _EDGE) / (high - low)

    def x(offset: float) -> float:
        return round(LABEL + _EDGE + (offset - low) * scale, 1)

    names = list(dict.fromkeys(e.source for e in events))
    lanes = tuple(
        Lane(
            name,
            place * LANE + LANE // 2,
            tuple(Dot(x(e.offset_seconds), row, kind_of(e), e) for row, e in enumerate(events, 1) if e.source == name),
        )
        for place, name in enumerate(names)
    )
    return TimelineView(answer, lanes, tuple((x(t), f"{t:+g} s" if t else "0") for t in _ticks(low, high)), x(0))


def _ticks(low: float, high: float) -> Sequence[float]:
    """Round offsets, about six of them."""
    step = next((s for s in (0.2, 1, 5, 10, 30, 60, 300, 600, 1800) if (high - low) / s <= 7), 3600)
    first = -int(-low // step) if low < 0 else 0
    return [round(k * step, 1) for k in range(first, int(high // step) + 1)]
