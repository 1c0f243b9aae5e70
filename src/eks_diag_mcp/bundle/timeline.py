"""The timeline around a moment: only the blocks that touch the window are decoded, and only telling lines are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..model import Window
from ..quoting import around, message_start
from .bundle import Bundle
from .formats import formats
from .hits import shape_of
from .search import Budget, outside
from .sources import Source, sources
from .store import FileEntry

_LOUD = ("warning", "error", "fatal")


@dataclass(slots=True)
class Event:
    """A line on the timeline; `count` lines of its shape followed one another in the window."""

    time: datetime
    source: str
    component: str
    file: str
    line: int
    text: str
    level: str | None
    signature: str | None = None
    count: int = 1
    last: datetime | None = None


@dataclass(slots=True)
class Timeline:
    """Events in time order, how many lines each component wrote, and which sources say nothing of the window."""

    events: list[Event] = field(default_factory=list)
    lines_by_component: dict[str, int] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    complete: bool = True


def timeline(
    bundle: Bundle, window: Window, names: frozenset[str] | None, known: Callable[[str, int], str | None], budget: Budget
) -> Timeline:
    """The telling lines of all timed sources in the window: those of known signatures (`known` gives the signature of a
    file and line) and those of level warning or above."""
    result = Timeline()
    for source in sources().rows:
        if not source.formats or (names is not None and source.name not in names):
            continue
        entries = bundle.of_source(source.name)
        if not entries:
            continue
        if source.mirrors:  # the same lines by another clock: told once
            entries = [max(entries, key=lambda e: (e.first is not None, e.lines))]
        before = sum(result.lines_by_component.values())
        for entry in entries:
            if budget.spent:
                result.complete = False
                break
            _file(bundle, source, entry, window, known, budget, result)
        if sum(result.lines_by_component.values()) == before:
            timed = any(e.first for e in entries)
            result.gaps.append(f"{source.name}: {'no line in the window' if timed else 'lines carry no time'}")
    result.events.sort(key=lambda e: (e.time, e.file, e.line))
    result.events = _folded(result.events)
    return result


def _file(
    bundle: Bundle,
    source: Source,
    entry: FileEntry,
    window: Window,
    known: Callable[[str, int], str | None],
    budget: Budget,
    result: Timeline,
) -> None:
    reader = formats().reader(source.formats, bundle.clock_of(entry))
    for ref in bundle.blocks_of(entry.id):
        budget.checkpoint()
        if ref.ts_min is None or outside(ref, window):
            continue
        if budget.spent:
            result.complete = False
            return
        time = bundle.time_before(entry, ref)
        for k, raw in enumerate(bundle.block_text(ref).split(b"\n")[: ref.n_lines]):
            text = raw.decode("utf-8", "replace")
            stamped = reader.read(text)
            time = (stamped.time if stamped else None) or time
            if time is None or not window.contains(time):
                continue
            result.lines_by_component[source.component] = result.lines_by_component.get(source.component, 0) + 1
            level = stamped.level if stamped else None
            signature = known(entry.path, ref.first_line + k)
            if signature or level in _LOUD:
                result.events.append(
                    Event(
                        time,
                        source.name,
                        source.component,
                        entry.path,
                        ref.first_line + k,
                        around(text.rstrip("\r"), message_start(text), 300),
                        level,
                        signature,
                    )
                )


def _folded(events: list[Event]) -> list[Event]:
    """Lines of one file and shape within the window as one event at the first one's time."""
    seen: dict[tuple[str, str], Event] = {}
    out = []
    for event in events:
        key = (event.file, event.signature or shape_of(event.text)[:120])
        first = seen.get(key)
        if first is None or event.time - (first.last or first.time) > timedelta(seconds=30):
            seen[key] = event
            out.append(event)
        else:
            first.count += 1
            first.last = event.time
    return out
