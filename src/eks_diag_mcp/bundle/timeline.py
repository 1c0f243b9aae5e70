"""The timeline around a moment: only the blocks that touch the window are read, and of them only lines that may tell."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from ..model import Window
from ..quoting import around, message_start
from .blocks import BlockRef
from .bundle import Bundle
from .formats import LOUD, formats
from .hits import shape_of
from .known_lines import UNTIMED, Ints, KnownRun
from .rules import NOTHING, pattern_set
from .search import SLACK_MS, Budget, touching
from .sources import Source, sources
from .stamps import BACK
from .store import FileEntry, from_millis, millis
from .sweep import Halt, Sweep

_TEXT_CHARS = 300
_SHAPE_CHARS = 240
_TOGETHER = timedelta(seconds=30)
"""Lines of one shape with no longer pause between them are one event."""
_ROUNDED = timedelta(milliseconds=2)
_FOREVER = 1 << 62

Known = Callable[[str, int, int], KnownRun]
"""The known lines of a file from one line to before another."""


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


def timeline(
    bundle: Bundle, window: Window, names: frozenset[str] | None, known: Known, named: Sequence[str], budget: Budget
) -> Timeline:
    """The telling lines of all timed sources in the window: those of known signatures (`named`: code -> signature) and
    those of level warning or above."""
    result, heard = Timeline(), set()
    rows = [row for row in sources().rows if row.formats and (names is None or row.name in names)]
    files = {row.name: _files(bundle, row) for row in rows}
    jobs = _jobs(bundle, rows, files, window)
    reading = _Reading(bundle, window, known, named)
    with closing(Sweep(jobs, reading.read, budget.checkpoint).results()) as blocks:
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
    result.events = _folded(sorted(result.events, key=_order))
    for event in result.events:
        reading.complete(event)
    result.events.sort(key=_order)
    return result


def _order(event: Event) -> tuple[datetime, str, int]:
    return event.time, event.file, event.line


def _jobs(bundle: Bundle, rows: Iterable[Source], files: Mapping[str, list[FileEntry]], window: Window) -> list[_Job]:
    """The blocks that may hold a line of the window."""
    near = touching(window)
    return [
        _Job(row, entry, ref)
        for row in rows
        for entry in files[row.name]
        for ref in bundle.blocks_of(entry.id)
        if ref.ts_min is not None and near(ref)
    ]


def _files(bundle: Bundle, source: Source) -> list[FileEntry]:
    """The files of a source that are read; of those with the same lines by another clock only the one that tells most."""
    entries = bundle.of_source(source.name)
    return [max(entries, key=lambda e: (e.first is not None, e.lines))] if source.mirrors and entries else entries


class _Reading:
    """Reads the telling lines of a block.

    The time of a known line stands in the store to the millisecond, which is enough to choose and to fold; only what is
    shown is read as the line tells it (`complete`)."""

    def __init__(self, bundle: Bundle, window: Window, known: Known, named: Sequence[str]) -> None:
        self._bundle, self._window, self._known, self._named = bundle, window, known, named
        self._start, self._end = millis(window.start) or 0, millis(window.end) or _FOREVER
        self._loud = pattern_set(formats().loud)

    def read(self, job: _Job, halt: Halt) -> list[Event]:
        """The events of a block; those of known lines without their level."""
        ref, path = job.ref, job.entry.path
        run = self._known(path, ref.first_line, ref.first_line + ref.n_lines)
        loud = self._near(_without(self._loud_lines(job), run.lines), run).tolist()
        timed = run.where((run.times >= self._start) & (run.times < self._end))
        untimed = run.where(run.times == UNTIMED)
        if not (loud or len(timed.lines) or len(untimed.lines)):
            return []
        lines = self._bundle.block_text(ref).split(b"\n")
        where = job.source.name, job.source.component, path
        events = [
            Event(_time(at), *where, number, _text(lines[number - ref.first_line]), None, self._named[code])
            for number, code, at in zip(timed.lines.tolist(), timed.signatures.tolist(), timed.times.tolist(), strict=True)
        ]
        signatures = dict(zip(untimed.lines.tolist(), untimed.signatures.tolist(), strict=True))
        for place, number in enumerate([*loud, *signatures]):
            if place % BACK == BACK - 1:
                halt()
            stamped = self._stamped(job, lines, number)
            if stamped is None or not self._window.contains(stamped[0]):
                continue
            code = signatures.get(number)
            if code is not None or stamped[1] in LOUD:
                name = None if code is None else self._named[code]
                events.append(Event(stamped[0], *where, number, _text(lines[number - ref.first_line]), stamped[1], name))
        return events

    def _loud_lines(self, job: _Job) -> Ints:
        """The numbers of the lines that may be loud: as noted at the admit, else by a scan."""
        ref, noted = job.ref, self._bundle.loud_lines
        if noted.known:
            return noted.between(job.entry.path, ref.first_line, ref.first_line + ref.n_lines)
        found = self._loud.found(self._bundle.block_view(ref), ascii=ref.ascii) or NOTHING
        return found.lines + ref.first_line

    def _near(self, lines: Ints, run: KnownRun) -> Ints:
        """The lines whose known neighbours do not both stand on one side of the window, with slack: the others need not be
        read to know that they do, too."""
        run = run.where(run.times != UNTIMED)
        if not len(run.lines):
            return lines
        after = np.searchsorted(run.lines, lines)
        last, first = np.minimum(after, len(run.lines) - 1), np.maximum(after - 1, 0)
        late = (run.times[first] >= self._end + SLACK_MS) & (run.times[last] >= self._end + SLACK_MS)
        early = (run.times[first] < self._start - SLACK_MS) & (run.times[last] < self._start - SLACK_MS)
        between = (after > 0) & (after < len(run.lines))
        kept: Ints = lines[~(between & (late | early))]
        return kept

    def _stamped(self, job: _Job, lines: list[bytes], number: int) -> tuple[datetime, str | None] | None:
        """(time, level) of a line; None for one without a time."""
        reader, index = self._bundle.reader_of(job.entry), number - job.ref.first_line
        assert reader is not None  # the source has formats
        stamped = reader.read(_text(lines[index]))
        time = (stamped.time if stamped else None) or self._bundle.line_time(job.entry, job.ref, lines, index)
        return None if time is None else (time, stamped.level if stamped else None)

    def complete(self, event: Event) -> None:
        """What the line of an event that is shown says of its time and level."""
        reader = self._bundle.reader_of(self._bundle.files[event.file])
        stamped = reader.read(event.text) if reader else None
        if stamped is not None:
            event.level = stamped.level
            if stamped.time is not None and abs(stamped.time - event.time) < _ROUNDED:
                event.time = stamped.time
        event.text = around(event.text, message_start(event.text), _TEXT_CHARS)


def _without(lines: Ints, others: Ints) -> Ints:
    """The lines that are not among the others; both in order."""
    if not (len(lines) and len(others)):
        return lines
    places = np.minimum(np.searchsorted(others, lines), len(others) - 1)
    kept: Ints = lines[others[places] != lines]
    return kept


def _time(millis_: int) -> datetime:
    return datetime.fromtimestamp(millis_ / 1000, UTC)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


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
    return out
