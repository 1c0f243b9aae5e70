"""Search: a plan of blocks that may hold a match, a scan of each by all cores, and the hits file by file.

What is not planned is not read: blocks outside the window (by their times), blocks that lack a word the pattern needs (by
their bitmaps), and for a runbook's own query all blocks without a hit (by the store)."""

import base64
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import BadInput
from ..model import Window
from .blocks import BlockRef
from .bundle import Bundle
from .file_matches import FileMatches, Lines, SearchResult
from .grams import may_hold
from .query import Query
from .rules import NOTHING
from .sources import sources
from .stamps import TIME_SLACK
from .store import FileEntry, millis
from .sweep import HELPERS, Halt, Sweep

_PLACES = 20_000
"""Places of one block where a pattern may match before a look at each line costs less."""
SLACK_MS = round(TIME_SLACK.total_seconds() * 1000)
CHEAP_BYTES = 8 << 20
"""So much text is searched to its end for an exact count, also when the page is full."""
CROWD = 1_000
"""Lines of one file; whether it holds more does not matter to who reads a page."""
_TOKEN_CHARS = 120
_AHEAD = 8
"""Blocks scanned before they are asked for, where none will be dropped."""
_LINES = 64
"""Lines looked at one by one between two looks at the clock of the call."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a call may work. `now` is a monotonic clock in seconds."""

    now: Callable[[], float]
    until: float
    checkpoint: Callable[[], None] = lambda: None

    @property
    def spent(self) -> bool:
        return self.now() >= self.until


def in_order(bundle: Bundle, names: frozenset[str] | None) -> list[FileEntry]:
    """The stored files of those sources (all: None): state files first, then logs, the newest first."""
    entries = [e for e in bundle.manifest.files if e.same_as is None and e.size and (names is None or e.source in names)]
    state = [e for e in entries if not sources().by_name[e.source].formats]
    logs = sorted((e for e in entries if sources().by_name[e.source].formats), key=lambda e: (e.last or "", e.path), reverse=True)
    return [*sorted(state, key=lambda e: e.path), *logs]


@dataclass(frozen=True, slots=True)
class _Job:
    """A block of the plan; `place` counts the files."""

    place: int
    entry: FileEntry
    ref: BlockRef


@dataclass(slots=True)
class _Hits:
    """What a block holds."""

    lines: Lines
    outside: int = 0
    untimed: int = 0
    whole: bool = True


class Search:
    """One search under way. `files` may be walked once and left early; `result` tells what was found until then.

    `held`: for each file the places, in its order of blocks, of those that hold a hit, where the store knows them. `after`:
    of the first file, only lines behind that one. `helpers`: threads beside the calling one; none where bundles go side by
    side already."""

    def __init__(
        self,
        bundle: Bundle,
        query: Query,
        entries: Iterable[FileEntry],
        window: Window,
        budget: Budget,
        held: Mapping[str, Iterable[int]] | None = None,
        after: int = 0,
        *,
        helpers: int = HELPERS,
    ) -> None:
        self._bundle, self._query, self._window, self._budget = bundle, query, window, budget
        self._entries, self._held, self._after, self._helpers = list(entries), held, after, helpers
        self._enough: set[int] = set()
        """The files that are looked at no further."""
        self.result = SearchResult()

    @cached_property
    def _plan(self) -> list[_Job]:
        """The blocks that may hold a match, file by file."""
        needs = self._query.needs
        may = may_hold(self._bundle.bitmaps(), needs) if (needs.words or needs.choices) and self._held is None else None
        plan, near = [], touching(self._window)
        for place, entry in enumerate(self._entries):
            refs = self._bundle.blocks_of(entry.id)
            if self._held is not None:
                refs = [refs[block] for block in self._held.get(entry.path, ())]
            if place == 0 and self._after:
                refs = [ref for ref in refs if ref.first_line + ref.n_lines > self._after + 1]
            plan += [_Job(place, entry, r) for r in refs if (may is None or may[r.row]) and near(r)]
        return plan

    @cached_property
    def cheap(self) -> bool:
        """Is so little planned that it is read to its end in any case?"""
        return sum(job.ref.size for job in self._plan) <= CHEAP_BYTES

    def files(self, most: int | None = None, crowd: int | None = None) -> Generator[FileMatches, None, None]:
        """Each file that holds a match. With `most`, no block is read once that many lines are found: the last file is
        then not whole. With `crowd`, files are read from their ends, and of each no further than to that many lines. The
        result says where not all was looked at."""
        result, found, counted = self.result, FileMatches(FileEntry(-1, "", "")), 0
        jobs = self._plan if crowd is None else self._backwards()
        ahead = _AHEAD if crowd is None and most is None else self._helpers
        sweep = Sweep(jobs, self._block, self._budget.checkpoint, helpers=self._helpers, ahead=ahead)
        with closing(sweep.results()) as blocks:
            for job in jobs:
                result.searched = job.place + 1
                if found.entry is not job.entry:
                    yield from self._whole(found)
                    found = FileMatches(job.entry)
                if self._budget.spent:
                    result.give_up()
                    break
                if most is not None and counted >= most:
                    self.leave()
                    break
                block = next(blocks)
                if job.place in self._enough:
                    self.leave()
                    continue
                self._enter(found, job, block)
                counted += len(block.lines)
                if not block.whole:
                    result.give_up()
                    break
                if crowd is not None and found.count >= crowd:
                    self._enough.add(job.place)
            else:
                result.searched = len(self._entries)
        yield from self._whole(found)

    def _backwards(self) -> list[_Job]:
        """The plan, each file from its end."""
        return sorted(self._plan, key=lambda job: (job.place, -job.ref.offset))

    def _enter(self, found: FileMatches, job: _Job, block: _Hits) -> None:
        self.result.bytes += job.ref.size
        self.result.outside += block.outside
        self.result.untimed += block.untimed
        if len(block.lines):
            found.add(job.ref, block.lines)

    def _whole(self, found: FileMatches) -> Iterator[FileMatches]:
        if found.count:
            self.result.files.append(found)
            yield found

    def leave(self) -> None:
        """Say that not all was looked at because enough was found."""
        self.result.complete, self.result.why = False, "enough was found to fill the page"

    def _block(self, job: _Job, halt: Halt) -> _Hits:
        if job.place in self._enough:
            return _Hits(NOTHING.lines)
        view = self._bundle.block_view(job.ref)
        query = self._query
        near = query.patterns.found(view, _PLACES, ascii=job.ref.ascii) if query.patterns else None
        if near is not None and (query.exact or not len(near.lines)):
            found = _Hits(near.lines)
        else:
            found = self._looked_at(view, None if near is None else near.lines.tolist(), halt)
        if job.place == 0 and self._after:
            found.lines = found.lines[found.lines + job.ref.first_line > self._after]
        if not self._window.whole and len(found.lines):
            self._inside(job, view, found)
        return found

    def _looked_at(self, view: memoryview, candidates: list[int] | None, halt: Halt) -> _Hits:
        """The lines that match when each is looked at (all: None)."""
        lines = bytes(view).split(b"\n")
        out: list[int] = []
        for place, index in enumerate(range(len(lines)) if candidates is None else candidates):
            if self._query.find(lines[index].decode("utf-8", "replace").rstrip("\r")):
                out.append(index)
            if self._budget.spent:  # asked for each line: a hard pattern takes long on some
                return _Hits(np.asarray(out, dtype=np.int64), whole=False)
            if place % _LINES == _LINES - 1:
                halt()
        return _Hits(np.asarray(out, dtype=np.int64))

    def _inside(self, job: _Job, view: memoryview, found: _Hits) -> None:
        """Leave out the lines that the window does; those of a file without times are never left out."""
        if self._bundle.reader_of(job.entry) is None:
            found.untimed = len(found.lines)
            return
        lines, kept = bytes(view).split(b"\n"), []
        for index in found.lines.tolist():
            time = self._bundle.line_time(job.entry, job.ref, lines, index)
            if time is None:
                found.untimed += 1
                if job.ref.ts_min is None:
                    kept.append(index)
            elif self._window.contains(time):
                kept.append(index)
            else:
                found.outside += 1
        found.lines = np.asarray(kept, dtype=np.int64)


def search(bundle: Bundle, query: Query, entries: Iterable[FileEntry], window: Window, budget: Budget) -> SearchResult:
    """All lines that match, by file. Ends early, and says so, when the budget is spent."""
    whole = Search(bundle, query, entries, window, budget)
    for _ in whole.files():
        pass
    return whole.result


def touching(window: Window) -> Callable[[BlockRef], bool]:
    """Tells of a block whether a line of it may lie in the window. One without times may always."""
    start, end = millis(window.start), millis(window.end)
    first = None if start is None else start - SLACK_MS
    behind = None if end is None else end + SLACK_MS

    def may(ref: BlockRef) -> bool:
        if ref.ts_min is None or ref.ts_max is None:
            return True
        return (first is None or ref.ts_max >= first) and (behind is None or ref.ts_min < behind)

    return may


def token(*parts: int) -> str:
    """An opaque page token."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def untoken(text: str, length: int) -> list[int]:
    """The numbers in a page token. BadInput where it is none of ours."""
    refused = BadInput("pageToken is not one that this tool gave.", "Repeat the call without it.")
    if len(text) > _TOKEN_CHARS:
        raise refused
    try:
        parts = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise refused from error
    if not (isinstance(parts, list) and len(parts) == length and all(type(p) is int and 0 <= p < 2**53 for p in parts)):
        raise refused
    return parts
