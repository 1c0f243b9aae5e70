"""The timeline around a moment: only the blocks that touch the window are read, and of them only lines that may tell."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..model import Window
from ..quoting import around, message_start
from .blocks import BlockRef
from .bundle import Bundle
from .formats import LOUD, formats
from .hits import shape_of
from .rules import NOTHING, pattern_set
from .search import Budget, outside
from .sources import Source, sources
from .stamps import BACK
from .store import FileEntry, from_millis
from .sweep import Halt, Sweep

_TEXT_CHARS = 300
_SHAPE_CHARS = 240
_TOGETHER = timedelta(seconds=30)
"""Lines of one shape with no longer pause between them are one event."""

Known = Callable[[str, int, int], Iterable[tuple[int, str]]]
"""(line, signature) of the known lines of a file from one line to before another."""


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
    """Events in time order, how many telling lines each component wrote, and which sources say nothing of the window."""

    events: list[Event] = field(default_factory=list)
    lines_by_component: dict[str, int] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Job:
    """A block that touches the window."""

    source: Source
    entry: FileEntry
    ref: BlockRef


def timeline(bundle: Bundle, window: Window, names: frozenset[str] | None, known: Known, budget: Budget) -> Timeline:
    """The telling lines of all timed sources in the window: those of known signatures and those of level warning or above."""
    result, heard = Timeline(), set()
    rows = [row for row in sources().rows if row.formats and (names is None or row.name in names)]
    files = {row.name: _files(bundle, row) for row in rows}
    jobs = [
        _Job(row, entry, ref)
        for row in rows
        for entry in files[row.name]
        for ref in bundle.blocks_of(entry.id)
        if ref.ts_min is not None and not outside(ref, window)
    ]
    with closing(Sweep(jobs, _Reading(bundle, window, known).read, budget.checkpoint).results()) as blocks:
        for job in jobs:
            if budget.spent:
                result.complete = False
                break
            events = next(blocks)
            if events or (job.source.name not in heard and _speaks(bundle, job, window)):
                heard.add(job.source.name)
            result.events += events
            if events:
                component = job.source.component
                result.lines_by_component[component] = result.lines_by_component.get(component, 0) + len(events)
    for row in rows:
        if files[row.name] and row.name not in heard:
            timed = any(e.first for e in files[row.name])
            result.gaps.append(f"{row.name}: {'no line in the window' if timed else 'lines carry no time'}")
    result.events.sort(key=lambda e: (e.time, e.file, e.line))
    result.events = _folded(result.events)
    return result


def _files(bundle: Bundle, source: Source) -> list[FileEntry]:
    """The files of a source that are read; of those with the same lines by another clock only the one that tells most."""
    entries = bundle.of_source(source.name)
    return [max(entries, key=lambda e: (e.first is not None, e.lines))] if source.mirrors and entries else entries


class _Reading:
    """Reads the telling lines of a block."""

    def __init__(self, bundle: Bundle, window: Window, known: Known) -> None:
        self._bundle, self._window, self._known = bundle, window, known
        self._loud = pattern_set(formats().loud)

    def read(self, job: _Job, halt: Halt) -> list[Event]:
        """The events of a block in order of lines."""
        entry, ref, first = job.entry, job.ref, job.ref.first_line
        view = self._bundle.block_view(ref)
        loud = self._loud.found(view, ascii=ref.ascii) or NOTHING
        signatures = {line - first: name for line, name in self._known(entry.path, first, first + ref.n_lines)}
        telling = sorted({*loud.lines.tolist(), *signatures})
        if not telling:
            return []
        reader = self._bundle.reader_of(entry)
        assert reader is not None  # the source has formats
        lines, events = bytes(view).split(b"\n"), []
        for place, index in enumerate(telling):
            if place % BACK == BACK - 1:
                halt()
            text = lines[index].decode("utf-8", "replace")
            stamped = reader.read(text)
            signature, level = signatures.get(index), stamped.level if stamped else None
            if not signature and level not in LOUD:
                continue
            time = (stamped.time if stamped else None) or self._bundle.line_time(entry, ref, lines, index)
            if time is None or not self._window.contains(time):
                continue
            where = job.source.name, job.source.component, entry.path, first + index
            events.append(Event(time, *where, text.rstrip("\r"), level, signature))
        return events


def _speaks(bundle: Bundle, job: _Job, window: Window) -> bool:
    """Does a block hold a line in the window? By its own first and last time, else by bisection, as lines stand in order."""
    times = [from_millis(job.ref.ts_min), from_millis(job.ref.ts_max)]
    if any(time is not None and window.contains(time) for time in times):
        return True
    lines = bundle.block_text(job.ref).split(b"\n")[: job.ref.n_lines]
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        time = bundle.line_time(job.entry, job.ref, lines, middle)
        if time is not None and window.contains(time):
            return True
        if time is None or (window.start is not None and time < window.start):
            low = middle + 1
        else:
            high = middle
    return False


def _folded(events: list[Event]) -> list[Event]:
    """Lines of one file and shape within the window as one event at the first one's time."""
    seen: dict[tuple[str, str], Event] = {}
    out = []
    for event in events:
        key = (event.file, event.signature or shape_of(event.text[:_SHAPE_CHARS]))
        first = seen.get(key)
        if first is None or event.time - (first.last or first.time) > _TOGETHER:
            seen[key] = event
            out.append(event)
        else:
            first.count += 1
            first.last = event.time
    for event in out:
        event.text = around(event.text, message_start(event.text), _TEXT_CHARS)
    return out
