"""correlate: what happened around a moment, across all components, on one clock."""

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..errors import BadInput
from ..model import Window
from ..quoting import around, message_start
from .collecting import InstanceArg
from .companions import CompanionOut, companions
from .finding import Format, Token
from .room import PAGE_CHARS, Room, shown, stamp
from .shapes import Answer, Line, line

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..bundle.known_lines import KnownLines
    from ..bundle.timeline import Event


_PIVOT_CHARS = 150


class EventOut(Answer):
    """A line on the timeline, `offset_seconds` from the pivot. `level` is told where no signature
    knows the line, `time` in detail only."""

    offset_seconds: float
    time: str | None = None
    source: str
    signature: str | None = None
    role: str | None = None
    level: str | None = None
    count: int | None = None
    file: str
    line: int
    text: str


class Pivot(Answer):
    """The moment the timeline turns on."""

    why: str
    time: str | None
    matches: int
    at: Line | None = None


class Cluster(Answer):
    """Events close together."""

    start: str | None
    end: str | None
    events: int
    components: list[str]


class CorrelateAnswer(Answer):
    """Events around the pivot in order of time; `clusters` where not all of them are shown; `gaps` are sources that cannot speak of the window. `accompanied_by`: what
    stands near nearly every occurrence of the pivot in the whole bundle, and by chance would not."""

    instanceId: str
    note: str | None = None
    pivots: list[Pivot]
    window: str
    timeline: list[EventOut]
    shown: int
    total: int
    nextPageToken: str | None = None
    by_component: dict[str, int]
    clusters: list[Cluster]
    first_cause: str | None = None
    accompanied_by: list[CompanionOut] | None = None
    gaps: list[str]
    complete: bool


def correlate(
    room: Room,
    instanceId: InstanceArg = None,
    pivotEvent: Annotated[
        str | None, Field(description="Regex or phrase; left out: the first critical cause line", examples=["failed to assign"])
    ] = None,
    timeWindow: Annotated[int, Field(ge=1, le=3600, description="Seconds each side")] = 60,
    components: Annotated[list[str] | None, Field(description="Sources or groups; all if left out")] = None,
    maxEvents: Annotated[int, Field(ge=1, le=500)] = 100,
    pageToken: Token = None,
    response_format: Format = "concise",
) -> CorrelateAnswer:
    """Timeline of an EKS node's logs around an event: what came first, across kubelet, containerd, VPC CNI and kernel."""
    from ..bundle.search import token, untoken
    from ..bundle.sources import sources
    from ..bundle.timeline import timeline

    bundle, note = room.bundle(instanceId)
    pivot, moment = _pivot(room, bundle, pivotEvent)
    if moment is None:
        return CorrelateAnswer(
            instanceId=bundle.instance_id,
            note=note,
            pivots=[pivot],
            window="none",
            timeline=[],
            shown=0,
            total=0,
            by_component={},
            clusters=[],
            gaps=["the pivot has no time, so nothing can be put around it"],
            complete=True,
        )
    side = timedelta(seconds=timeWindow)
    names = sources().expand(components) if components else None
    known = room.app.known_lines(bundle)
    span = Window(moment - side, moment + side, "around the pivot")
    found = timeline(bundle, span, names, known.between, known.names, room.budget())
    at = untoken(pageToken, 1)[0] if pageToken else 0
    detailed = response_format == "detailed"
    rows, told = (_detailed if detailed else _concise)(found.events[at : at + maxEvents], moment, known)
    following = at + told
    company = companions(room, bundle, pivot.at, pivotEvent, timeWindow)
    return CorrelateAnswer(
        instanceId=bundle.instance_id,
        note=note,
        pivots=[pivot],
        window=f"{stamp(span.start)} to {stamp(span.end)}",
        timeline=rows,
        shown=told,
        total=len(found.events),
        nextPageToken=token(following) if following < len(found.events) else None,
        by_component=dict(sorted(found.lines_by_component.items())),
        clusters=_clusters(found.events) if detailed or told < len(found.events) else [],
        first_cause=next((f"{e.signature} at {stamp(e.time)}" for e in found.events if _role(known, e) == "cause"), None),
        accompanied_by=company if detailed else _telling(company, rows),
        gaps=_by_reason(found.gaps),
        complete=found.complete,
    )


def _pivot(room: Room, bundle: "Bundle", event: str | None) -> tuple[Pivot, datetime | None]:
    """The newest line that matches; without a pattern, the first line of the leading finding."""
    from ..bundle.matches import newest
    from ..bundle.query import Query
    from ..bundle.search import in_order

    if event is None:
        leading = [f for f in room.app.findings(bundle) if f.role == "cause" and f.first_seen and not f.healed_at]
        if not leading:
            leading = [f for f in room.app.findings(bundle) if f.first_seen]
        if not leading:
            raise BadInput("The bundle has no timed finding to turn on.", "Name a pivotEvent: a phrase or regex.")
        first = leading[0]
        return Pivot(
            why=f"the first line of the leading finding: {first.title}",
            time=stamp(first.first_seen),
            matches=first.count,
            at=line(first.evidence[0], 300),
        ), first.first_seen
    query = Query(event)
    matches, total = newest(bundle, query, in_order(bundle, None), room.budget(3))
    best: tuple[datetime, str, Line] | None = None
    for entry, match in matches:
        if match.time and (best is None or match.time > best[0]):
            hit = query.find(match.text)
            text = around(match.text, hit.start() if hit else 0, _PIVOT_CHARS)
            at = Line(file=entry.path, line=match.line, text=shown(text, _PIVOT_CHARS + 2))
            best = (match.time, entry.path, at)
    if best is None:
        why = "pivotEvent matches no line that carries a time" if total else "pivotEvent matches no line"
        return Pivot(why=why, time=None, matches=total), None
    return Pivot(why="the newest line that matches pivotEvent", time=stamp(best[0]), matches=total, at=best[2]), best[0]


def _detailed(events: "list[Event]", moment: datetime, known: "KnownLines") -> tuple[list[EventOut], int]:
    """A row for each event until the page is full, and how many events those are."""
    rows: list[EventOut] = []
    used = 0
    for event in events:
        row = _row(event, moment, _role(known, event)).model_copy(
            update={"time": stamp(event.time), "level": event.level, "text": shown(event.text, 310)}
        )
        used += _size(row)
        if rows and used > PAGE_CHARS:
            break
        rows.append(row)
    return rows, len(rows)


def _concise(events: "list[Event]", moment: datetime, known: "KnownLines") -> tuple[list[EventOut], int]:
    """As `_detailed`, in fewer words; what only tells the story has one row a file, with the count of the whole page."""
    rows: list[EventOut] = []
    stories: dict[tuple[str, str | None], int] = {}
    used = told = 0
    for event in events:
        role = _role(known, event)
        key = event.file, event.signature
        if role == "context" and key in stories:
            first = rows[stories[key]]
            rows[stories[key]] = first.model_copy(update={"count": (first.count or 1) + event.count})
        else:
            row = _row(event, moment, role)
            used += _size(row)
            if rows and used > PAGE_CHARS:
                break
            if role == "context":
                stories[key] = len(rows)
            rows.append(row)
        told += 1
    return rows, told


def _row(event: "Event", moment: datetime, role: str | None) -> EventOut:
    return EventOut(
        offset_seconds=round((event.time - moment).total_seconds(), 3),
        source=event.source,
        signature=event.signature,
        role=role,
        level=event.level if role is None else None,
        count=event.count if event.count > 1 else None,
        file=event.file,
        line=event.line,
        text=shown(_quoted(event.text, role), 230),
    )


def _size(row: EventOut) -> int:
    return len(row.model_dump_json(exclude_none=True))


def _telling(found: list[CompanionOut] | None, rows: list[EventOut]) -> list[CompanionOut] | None:
    """Causes and echoes, without the titles of those that stand on the timeline."""
    there = {row.signature for row in rows}
    return [
        one.model_copy(update={"title": None}) if one.signature in there else one for one in found or () if one.role != "context"
    ] or None


def _quoted(text: str, role: str | None) -> str:
    """The line from its message on, since stamp and source stand beside it; shortest where a signature
    says that it follows from something else."""
    limit = {"echo": 130, "context": 160}.get(role or "", 220)
    start = message_start(text)
    message = text[start:]
    return ("…" if start else "") + (message if len(message) <= limit else message[:limit] + "…")


def _role(known: "KnownLines", event: "Event") -> str | None:
    found = known.get(event.file, event.line)
    return found[1] if found else None


def _by_reason(gaps: list[str]) -> list[str]:
    """ "source: why" of many sources as "why: source, source"."""
    reasons: dict[str, list[str]] = {}
    for gap in gaps:
        source, _, why = gap.partition(": ")
        reasons.setdefault(why, []).append(source)
    return [f"{why}: {', '.join(names)}" for why, names in reasons.items()]


def _clusters(events: "list[Event]") -> list[Cluster]:
    """Runs of events with less than five seconds between them."""
    runs: list[list[Event]] = []
    for event in events:
        if runs and event.time - runs[-1][-1].time < timedelta(seconds=5):
            runs[-1].append(event)
        else:
            runs.append([event])
    big = sorted((r for r in runs if len(r) > 1), key=len, reverse=True)[:5]
    return [
        Cluster(
            start=stamp(r[0].time),
            end=stamp(r[-1].time),
            events=len(r),
            components=[c for c, _ in Counter(e.component for e in r).most_common(4)],
        )
        for r in sorted(big, key=lambda r: r[0].time)
    ]
