"""Search: a plan of blocks, a scan of each, and the lines folded for a reader with little room."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import BadInput
from ..model import Window
from .bundle import BlockRef, Bundle
from .hits import cut, shape_of
from .query import Query
from .sources import sources
from .stamps import TIME_SLACK
from .store import FileEntry, millis

QUOTE_CHARS = 400
_CROWD = 20_000
"""Places of one block where a pattern may match before a look at each line costs less."""
_TOKEN_CHARS = 120


@dataclass(slots=True)
class Match:
    """One line that matched. `count` > 1: so many lines of this shape, the newest quoted."""

    line: int
    time: datetime | None
    text: str
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    count: int = 1
    first: datetime | None = None


@dataclass(slots=True)
class FileMatches:
    """The matches of one file. `count` is exact unless `complete` of the result is False."""

    entry: FileEntry
    count: int = 0
    lines: list[tuple[int, BlockRef]] = field(default_factory=list)


@dataclass(slots=True)
class SearchResult:
    """What a search found and what it looked at."""

    files: list[FileMatches] = field(default_factory=list)
    searched: int = 0
    bytes: int = 0
    outside: int = 0
    untimed: int = 0
    complete: bool = True
    why: str = ""

    def give_up(self) -> None:
        """The budget is spent before all was looked at."""
        self.complete, self.why = False, "the time of one call was used up; narrow it with logTypes or a window"


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


def search(bundle: Bundle, query: Query, entries: Iterable[FileEntry], window: Window, budget: Budget) -> SearchResult:
    """All lines that match, by file. Ends early, and says so, when the budget is spent."""
    result = SearchResult()
    for entry in entries:
        if budget.spent:
            result.give_up()
            break
        found = FileMatches(entry)
        result.searched += 1
        for ref in bundle.blocks_of(entry.id):
            budget.checkpoint()
            if outside(ref, window):
                continue
            if budget.spent:
                result.give_up()
                break
            data = bundle.block_text(ref)
            result.bytes += len(data)
            lines = data.split(b"\n")
            for line in _matching_lines(query, data, lines, budget, result):
                if window.whole or _within(bundle, entry, ref, lines, line, window, result):
                    found.count += 1
                    found.lines.append((ref.first_line + line, ref))
        if found.count:
            result.files.append(found)
    return result


def outside(ref: BlockRef, window: Window) -> bool:
    """Can no line of the block lie in the window? Blocks without times are always read."""
    if window.whole or ref.ts_min is None or ref.ts_max is None:
        return False
    slack = int(TIME_SLACK.total_seconds() * 1000)
    start, end = millis(window.start), millis(window.end)
    return (start is not None and ref.ts_max + slack < start) or (end is not None and ref.ts_min - slack >= end)


def _matching_lines(query: Query, data: bytes, lines: list[bytes], budget: Budget, result: SearchResult) -> list[int]:
    """The indexes of the block's lines that match."""
    near = query.patterns.lines(data, most=_CROWD) if query.patterns else None
    candidates: Iterable[int] = range(len(lines)) if near is None else (line for _, line in near)
    out = []
    for index in candidates:
        if query.find(lines[index].decode("utf-8", "replace").rstrip("\r")):
            out.append(index)
        if budget.spent:  # asked for each line: a hard pattern takes long on some
            result.give_up()
            break
    return out


def _within(
    bundle: Bundle, entry: FileEntry, ref: BlockRef, lines: list[bytes], line: int, window: Window, result: SearchResult
) -> bool:
    time = bundle.line_time(entry, ref, lines, line)
    if time is None:
        result.untimed += 1
        return ref.ts_min is None
    if window.contains(time):
        return True
    result.outside += 1
    return False


def quoted(bundle: Bundle, query: Query, found: FileMatches, chosen: list[tuple[int, BlockRef]], context: int) -> list[Match]:
    """The chosen matches with their text, time and context lines."""
    matches: list[Match] = []
    split: dict[BlockRef, list[bytes]] = {}
    for number, ref in chosen:
        lines = split.get(ref)
        if lines is None:
            lines = split[ref] = bundle.block_text(ref).split(b"\n")
        index = number - ref.first_line
        text = lines[index].decode("utf-8", "replace").rstrip("\r")
        at = query.find(text)
        match = Match(number, bundle.line_time(found.entry, ref, lines, index), cut(text, at.start() if at else 0, QUOTE_CHARS))
        if context:
            around = dict(bundle.lines(found.entry.path, max(1, number - context), 2 * context + 1))
            match.before = [cut(around[n], 0, 200) for n in range(number - context, number) if n in around]
            match.after = [cut(around[n], 0, 200) for n in range(number + 1, number + context + 1) if n in around]
        matches.append(match)
    return matches


def folded(matches: list[Match]) -> list[Match]:
    """Lines equal but for numbers and ids as one: the newest quoted, with count and first time; newest first."""
    groups: dict[str, list[Match]] = {}
    for match in matches:
        groups.setdefault(shape_of(match.text)[:160], []).append(match)
    out = []
    for group in groups.values():
        newest = group[-1]
        newest.count, newest.first = len(group), group[0].time
        out.append(newest)
    return sorted(out, key=lambda m: -m.line)


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
