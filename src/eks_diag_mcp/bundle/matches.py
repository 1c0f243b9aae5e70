"""Matches told to a reader: quoted with time and context, lines of one shape folded into one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..model import Window
from .blocks import BlockRef
from .bundle import Bundle
from .file_matches import FileMatches
from .hits import cut, shape_of
from .query import Query
from .search import Budget, search
from .store import FileEntry, from_millis, millis
from .stored_queries import StoredHits

QUOTE_CHARS = 400
FOLDED = 100
"""Of a file's matches, so many of the newest are folded."""
_CONTEXT_CHARS = 200
_SPLIT = 4
"""Blocks held in lines; sparse matches lie in many."""
_SHAPE_CHARS = 160


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


class Quoter:
    """Reads the lines of one file's matches; neighbours share the block that is unpacked and split."""

    def __init__(self, bundle: Bundle, query: Query, entry: FileEntry) -> None:
        self._bundle, self._query, self._entry = bundle, query, entry
        self._split: dict[int, list[bytes]] = {}

    def _lines(self, ref: BlockRef) -> list[bytes]:
        lines = self._split.get(ref.row)
        if lines is None:
            while len(self._split) >= _SPLIT:
                del self._split[next(iter(self._split))]
            lines = self._split[ref.row] = self._bundle.block_text(ref).split(b"\n")
        return lines

    def text(self, number: int, ref: BlockRef) -> str:
        """A line, cut around its match."""
        text = self._lines(ref)[number - ref.first_line].decode("utf-8", "replace").rstrip("\r")
        if len(text) <= QUOTE_CHARS:
            return text
        at = self._query.find(text)
        return cut(text, at.start() if at else 0, QUOTE_CHARS)

    def time(self, number: int, ref: BlockRef) -> datetime | None:
        """When a line was written, in whole milliseconds, as the store keeps times."""
        return from_millis(millis(self._bundle.line_time(self._entry, ref, self._lines(ref), number - ref.first_line)))

    def around(self, number: int, ref: BlockRef, context: int) -> tuple[list[str], list[str]]:
        """The lines before and after, over the edges of blocks."""
        lines, index = self._lines(ref), number - ref.first_line
        if context <= index and index + context < ref.n_lines:
            near = {n: lines[n - ref.first_line].decode("utf-8", "replace") for n in range(number - context, number + context + 1)}
        else:
            near = dict(self._bundle.lines(self._entry.path, max(1, number - context), 2 * context + 1))
        told = {n: cut(text.rstrip("\r"), 0, _CONTEXT_CHARS) for n, text in near.items()}
        return (
            [told[n] for n in range(number - context, number) if n in told],
            [told[n] for n in range(number + 1, number + context + 1) if n in told],
        )


def quoted(bundle: Bundle, query: Query, found: FileMatches, chosen: Iterable[tuple[int, BlockRef]], context: int) -> list[Match]:
    """The chosen matches with their text, time and context lines."""
    quoter, matches = Quoter(bundle, query, found.entry), []
    for number, ref in chosen:
        match = Match(number, quoter.time(number, ref), quoter.text(number, ref))
        if context:
            match.before, match.after = quoter.around(number, ref, context)
        matches.append(match)
    return matches


def folded(bundle: Bundle, query: Query, entry: FileEntry, chosen: Sequence[tuple[int, BlockRef]]) -> list[Match]:
    """Lines equal but for numbers and ids as one: the newest quoted, with count and first time; newest first."""
    quoter = Quoter(bundle, query, entry)
    groups: dict[str, list[tuple[int, BlockRef, str]]] = {}
    for number, ref in chosen:
        text = quoter.text(number, ref)
        groups.setdefault(shape_of(text)[:_SHAPE_CHARS], []).append((number, ref, text))
    out = []
    for group in groups.values():
        (first, first_ref, _), (number, ref, text) = group[0], group[-1]
        time = quoter.time(number, ref)
        out.append(Match(number, time, text, count=len(group), first=quoter.time(first, first_ref) if len(group) > 1 else time))
    return sorted(out, key=lambda m: -m.line)


def told(stored: StoredHits) -> list[Match]:
    """The folded matches as the store keeps them."""
    return [Match(q.line, from_millis(q.time), q.text, count=q.count, first=from_millis(q.first)) for q in stored.quotes]


def newest(bundle: Bundle, query: Query, entries: Sequence[FileEntry], budget: Budget) -> tuple[list[tuple[FileEntry, Match]], int]:
    """The last match of each file that holds one, and how many matches there are in all."""
    stored = bundle.stored_queries.of(query.text)
    if stored is not None:
        held = [(entry, stored[entry.path]) for entry in entries if entry.path in stored]
        return [(entry, told(hit)[0]) for entry, hit in held], sum(hit.count for _, hit in held)
    result = search(bundle, query, entries, Window(None, None, ""), budget)
    return [(f.entry, quoted(bundle, query, f, f.newest(1), 0)[0]) for f in result.files], result.total
