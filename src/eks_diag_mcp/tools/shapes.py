"""Shapes that several answers share. Log text stands only in fields named `text`, `before` and `after`."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from ..model import Coverage, Evidence, Finding, Reason, Verdict, Window
from ..quoting import around, message_start
from .room import PAGE_CHARS, shown, stamp


class Answer(BaseModel):
    """An answer or a part of one. Fields that are None are left out on the wire."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # built when first told, not at the start


Row = TypeVar("Row", bound=Answer)


def page_of(rows: Iterable[Row]) -> list[Row]:
    """The first rows that fill a page, one at least; those behind are not made."""
    page: list[Row] = []
    used = 0
    for row in rows:
        used += len(row.model_dump_json(exclude_none=True))
        if page and used > PAGE_CHARS:
            break
        page.append(row)
    return page


class Line(Answer):
    """One quoted line; untrusted text of the node."""

    file: str
    line: int
    time: str | None = None
    text: str


class FindingRow(Answer):
    """A finding: what was seen, how often, when, and a few of its lines. `also`: findings of the same signature in other
    sources, as id -> "source, count", whose lines are left out. A line without a time of its own is of `last_seen`."""

    finding_id: str
    signature: str
    title: str
    severity: str
    role: str
    source: str
    count: int
    first_seen: str | None = None
    last_seen: str | None = None
    healed_at: str | None = None
    also: dict[str, str] | None = None
    evidence: list[Line]


class Argument(Answer):
    """One argument for or against a cause. `ids` are findings (F-), issues (R-) or facts (A-); `at` is "file:line" where it
    rests on a reading alone."""

    says: str
    ids: list[str] | None = None
    at: list[str] | None = None
    evidence: list[Line] | None = None


class MitigationOut(Answer):
    """What an operator can do; this server does none of it."""

    immediate: str
    long_term: str | None = None
    verify: str | None = None
    risk: str | None = None
    safety: str


class CauseRow(Answer):
    """A possible root cause and what the evidence says about it. One that does not hold has
    no confidence and no severity, and in short no title."""

    id: str
    title: str | None = None
    stand: str
    when: str | None = None
    confidence: str | None = None
    severity: str | None = None
    since: str | None = None
    because: list[Argument] | None = None
    against: list[Argument] | None = None
    would_settle: list[str] | None = None
    versions: dict[str, str] | None = None
    mitigation: MitigationOut | None = None
    sops: list[str] | None = None


class WindowOut(Answer):
    """Which window held and what fell outside it."""

    start: str | None = None
    end: str | None = None
    why: str
    outside: int | None = None
    untimed: int | None = None


def line(evidence: Evidence, limit: int = 400, *, from_message: bool = False) -> Line:
    """A quoted line, cut to `limit` characters; `from_message`: without stamps, level and caller before the message."""
    start = message_start(evidence.text) if from_message else 0
    start = start if start <= evidence.at else 0
    text = ("…" if start else "") + around(evidence.text[start:], evidence.at - start, limit).removeprefix("…" if start else "")
    return Line(file=evidence.file, line=evidence.line, time=stamp(evidence.time), text=shown(text, limit + 2))


def finding_row(finding: Finding, lines: int, limit: int, *, from_message: bool = False) -> FindingRow:
    """A finding with at most `lines` of its lines, the newest shape first."""
    chosen = finding.evidence[:lines]
    if lines == 1 and finding.evidence:
        chosen = finding.evidence[-1:]
    return FindingRow(
        finding_id=finding.id,
        signature=finding.signature,
        title=finding.title,
        severity=finding.severity,
        role=finding.role,
        source=finding.source,
        count=finding.count,
        first_seen=stamp(finding.first_seen),
        last_seen=stamp(finding.last_seen),
        healed_at=stamp(finding.healed_at),
        evidence=[line(e, limit, from_message=from_message) for e in chosen],
    )


def arguments(reasons: Iterable[Reason], most: int, *, quote: bool) -> list[Argument] | None:
    """The first arguments, with one quoted line each where wanted; None where there are none."""
    return [_argument(r, quote=quote) for r in list(reasons)[:most]] or None


def _argument(reason: Reason, *, quote: bool) -> Argument:
    quoted = [line(e, 300) for e in reason.evidence[:1]] if quote else []
    told = quoted or reason.ids
    places = [f"{e.file}:{e.line}" for e in reason.evidence[:1] if not told and e.file not in reason.says]
    return Argument(says=reason.says, ids=list(reason.ids) or None, at=places or None, evidence=quoted or None)


def cause_row(verdict: Verdict, *, full: bool, recommend: bool = True, quote: bool = True) -> CauseRow:
    """A verdict; `full` for the first one, short for its rivals."""
    fix, held = verdict.mitigation, verdict.stand in ("supported", "unknown")
    return CauseRow(
        id=verdict.id,
        title=verdict.title,
        stand=verdict.stand,
        when=verdict.when,
        confidence=verdict.confidence if held else None,
        severity=verdict.severity if held else None,
        since=stamp(verdict.since) if full else None,
        because=arguments(verdict.because, 4 if full else 1, quote=quote and full) if full or held or not verdict.against else None,
        against=arguments(verdict.against, 3 if full else 1, quote=False),
        would_settle=list(verdict.would_settle[: 2 if full else 1]) or None,
        versions=dict(verdict.versions) or None if full else None,
        mitigation=MitigationOut(
            immediate=fix.immediate,
            long_term=fix.long_term or None,
            verify=fix.verify or None,
            risk=fix.risk or None,
            safety=fix.safety,
        )
        if fix and full and recommend
        else None,
        sops=list(verdict.sops) or None if full else None,
    )


def window_out(window: Window, outside: int | None = None, untimed: int | None = None) -> WindowOut | None:
    """The window where it is not the whole bundle."""
    if window.whole:
        return None
    return WindowOut(start=stamp(window.start), end=stamp(window.end), why=window.why, outside=outside, untimed=untimed)


def unread(covers: Iterable[Coverage]) -> list[str]:
    """The sources that could not be read, each with why: silence there means nothing."""
    return [f"{c.source}: {c.state}" for c in covers if not c.readable]


def overlaps(window: Window, first: datetime | None, last: datetime | None) -> bool:
    """Does [first, last] touch the window? Without times it cannot be told, so yes."""
    if first is None or last is None:
        return True
    return (window.end is None or first < window.end) and (window.start is None or last >= window.start)
