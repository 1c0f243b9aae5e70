"""What the diagnostics show of an earlier bundle of the node: how much each number grew, and how fast."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from .room import stamp
from .shapes import Answer

if TYPE_CHECKING:
    from ..diagnose.growth import Comparison, Growth


class GrowthOut(Answer):
    """One number in both bundles. `delta` is left out where the counter began anew; `beyond_burst`: more than a healthy
    node adds in that time."""

    section: str
    name: str
    before: float
    after: float
    delta: float | None = None
    per_hour: float | None = None
    beyond_burst: bool | None = None
    full_in_hours: float | None = None


class ComparedWith(Answer):
    """The bundle of this node before this one. Numbers that are the same in both, and zero, are left out."""

    captured: str | None
    minutes: float
    restarted: bool
    grew: list[GrowthOut]


def compared_with(comparison: "Comparison | None", sections: Collection[str]) -> ComparedWith | None:
    """The rows of those sections; None where the library holds no earlier bundle of the node."""
    if comparison is None:
        return None
    rows = [_row(r) for r in comparison.rows if r.counter.section in sections and (r.delta or r.after)]
    return ComparedWith(captured=stamp(comparison.since), minutes=comparison.minutes, restarted=comparison.restarted, grew=rows)


def _row(growth: "Growth") -> GrowthOut:
    return GrowthOut(
        section=growth.counter.section,
        name=growth.counter.reading,
        before=growth.before,
        after=growth.after,
        delta=growth.delta,
        per_hour=growth.per_hour,
        beyond_burst=growth.beyond or None,
        full_in_hours=growth.full_in_hours,
    )
