"""How search fills a page: from the store where a runbook's query was answered at the admit, else by a scan that stops when
the page is full."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..model import Window
from .room import PAGE_CHARS, Room, shown, stamp
from .shapes import Answer

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..bundle.file_matches import FileMatches
    from ..bundle.matches import Match
    from ..bundle.query import Query
    from ..bundle.search import Search
    from ..bundle.store import FileEntry
    from ..bundle.stored_queries import StoredHits

_SHAPES = 15
_LEAST_SHARE = 1_500
"""Characters of a page that one file of many gets at least."""


class MatchRow(Answer):
    """A line that matched. `count` lines of its shape were folded into it, the newest is quoted."""

    line: int
    time: str | None = None
    role: str | None = None
    text: str
    count: int | None = None
    first: str | None = None
    before: list[str] | None = None
    after: list[str] | None = None


class FileRow(Answer):
    """The matches of one file; `finding_id` (S-) cites them in summarize."""

    finding_id: str
    source: str
    file: str
    match_count: int
    matches: list[MatchRow]


class Place(NamedTuple):
    """Where a page begins: the number of the file and the line after which; and what the pages before have counted: matches
    and files with any before that file, and matches in it up to that line."""

    file: int = 0
    line: int = 0
    matches: int = 0
    files: int = 0
    in_file: int = 0


@dataclass(slots=True)
class Caught:
    """What one call found. `total` and `with_matches` are lower bounds unless `complete`."""

    total: int = 0
    with_matches: int = 0
    searched: int = 0
    bytes: int = 0
    outside: int = 0
    untimed: int = 0
    complete: bool = True
    why: str = ""
    following: Place | None = None


class Page:
    """Fills one answer with matches until it is full."""

    def __init__(self, room: Room, bundle: "Bundle", query: "Query", context: int, *, folded: bool, most: int) -> None:
        self._room, self._bundle, self._query, self._context = room, bundle, query, context
        self.folded, self.left = folded, most
        self.rows: list[FileRow] = []
        self.shown, self._chars, self._told, self._most = 0, 0, 0, most
        self._known = room.app.known_lines(bundle)

    @property
    def full(self) -> bool:
        """Is there no room for another file?"""
        return self.left <= 0 or self._chars > PAGE_CHARS

    @property
    def enough(self) -> bool:
        """Is it full, or does it tell as many lines as were asked for in no few shapes?"""
        return self.full or (self._told >= self._most and self.shown >= _SHAPES)

    def add_folded(self, entry: "FileEntry", count: int, matches: "list[Match]", *, alone: bool) -> None:
        """A file's matches, folded, the newest first; cut to the file's share of the page."""
        chosen = self._take(matches[: self.left], PAGE_CHARS if alone else max(_LEAST_SHARE, PAGE_CHARS // 3))
        if self._context:
            self._surround(entry, chosen)
        self._add(entry, count, chosen)

    def add_lines(self, found: "FileMatches", line: int, count: int) -> int | None:
        """Lines of a file behind `line`; the last one that fits when others are left, None at the end."""
        from ..bundle.matches import quoted

        lines = found.after(line, self.left + 1)
        chosen = self._take(quoted(self._bundle, self._query, found, lines[: self.left], self._context), PAGE_CHARS)
        self._add(found.entry, count, chosen)
        if len(chosen) == len(lines):
            return None
        return chosen[-1].line if chosen else line

    def _surround(self, entry: "FileEntry", chosen: "list[Match]") -> None:
        for match in chosen:
            around = dict(self._bundle.lines(entry.path, max(1, match.line - self._context), 2 * self._context + 1))
            match.before = [text for number, text in around.items() if number < match.line]
            match.after = [text for number, text in around.items() if number > match.line]

    def _take(self, matches: "list[Match]", share: int) -> "list[Match]":
        taken: list[Match] = []
        room = min(share, PAGE_CHARS + 500 - self._chars)
        for match in matches:
            size = min(len(match.text), 400) + 60 + sum(min(len(t), 200) for t in (*match.before, *match.after))
            if taken and room < size:
                break
            room -= size
            self._chars += size
            taken.append(match)
        return taken

    def _add(self, entry: "FileEntry", count: int, chosen: "list[Match]") -> None:
        rows = [
            MatchRow(
                line=m.line,
                time=stamp(m.time),
                role=self._role(entry, m.line),
                text=shown(m.text),
                count=m.count if m.count > 1 else None,
                first=stamp(m.first) if m.count > 1 else None,
                before=[shown(t, 200) for t in m.before] or None,
                after=[shown(t, 200) for t in m.after] or None,
            )
            for m in chosen
        ]
        self.left -= len(rows)
        self.shown += len(rows)
        self._told += sum(m.count for m in chosen)
        finding_id = self._room.app.remember_search(self._bundle, self._query.text, entry.path)
        self.rows.append(FileRow(finding_id=finding_id, source=entry.source, file=entry.path, match_count=count, matches=rows))

    def _role(self, entry: "FileEntry", line: int) -> str:
        known = self._known.get(entry.path, line)
        return "unclassified" if known is None else "benign" if known[1] == "context" else known[1]


class Hunt:
    """One search of a bundle for one page."""

    def __init__(self, room: Room, bundle: "Bundle", query: "Query", entries: "list[FileEntry]", span: Window) -> None:
        self._room, self._bundle, self._query, self._span = room, bundle, query, span
        self._entries = entries
        self._place = {entry.id: place for place, entry in enumerate(entries)}

    def fill(self, page: Page, at: Place) -> Caught:
        """Fill the page from that place on."""
        stored = self._bundle.stored_queries.of(self._query.text)
        if stored is not None and self._span.whole:
            return self._from_store(page, at, stored)
        return self._from_scan(page, at, stored)

    def _search(self, entries: "list[FileEntry]", held: "dict[str, StoredHits] | None", after: int) -> "Search":
        from ..bundle.search import Search

        blocks = None if held is None else {path: hit.blocks for path, hit in held.items()}
        return Search(self._bundle, self._query, entries, self._span, self._room.budget(), blocks, after)

    # ---- the store ------------------------------------------------------------------------------------------------------
    def _from_store(self, page: Page, at: Place, stored: "dict[str, StoredHits]") -> Caught:
        """Counts are exact: they were made at the admit. Only lines that are not folded are read, until the page is full."""
        from ..bundle.matches import told

        hits = [(place, entry, stored[entry.path]) for place, entry in enumerate(self._entries) if entry.path in stored]
        caught = Caught(sum(h.count for _, _, h in hits), len(hits), len(self._entries), sum(e.size for e in self._entries))
        for place, entry, hit in hits:
            if place < at.file:
                continue
            line = at.line if place == at.file else 0
            if page.full:
                caught.following = Place(place, line)
                break
            if page.folded:
                page.add_folded(entry, hit.count, told(hit), alone=len(hits) == 1)
                continue
            found = next(self._search([entry], stored, line).files(page.left + 1), None)
            last = page.add_lines(found, line, hit.count) if found else None
            if last is not None:
                caught.following = Place(place, last)
                break
        return caught

    # ---- a scan ---------------------------------------------------------------------------------------------------------
    def _from_scan(self, page: Page, at: Place, stored: "dict[str, StoredHits] | None") -> Caught:
        search = self._search(self._entries[at.file :], stored, at.line)
        following = self._folded(search, page, at) if page.folded else self._lines(search, page, at)
        result = search.result
        resumed = at.in_file > 0 and not any(self._place[f.entry.id] == at.file for f in result.files)
        return Caught(
            total=at.matches + at.in_file + result.total,
            with_matches=at.files + len(result.files) + resumed,
            searched=at.file + result.searched,
            bytes=result.bytes,
            outside=result.outside,
            untimed=result.untimed,
            complete=result.complete,
            why=result.why,
            following=following,
        )

    def _folded(self, search: "Search", page: Page, at: Place) -> Place | None:
        """Files told in their shapes. Where little is searched all of it is counted; else the full page ends it."""
        from ..bundle.matches import FOLDED, folded
        from ..bundle.search import CROWD

        counted, number, following = at.matches, at.files, None
        files = search.files(crowd=None if search.cheap else CROWD)
        for found, alone in _in_company(files):
            place = self._place[found.entry.id]
            if page.full:
                following = following or Place(place, 0, counted, number)
            else:
                matches = folded(self._bundle, self._query, found.entry, found.newest(FOLDED))
                page.add_folded(found.entry, found.count, matches, alone=alone)
            counted, number = counted + found.count, number + 1
            if page.enough and not search.cheap and place + 1 < len(self._entries):
                files.close()
                search.leave()
                return Place(place + 1, 0, counted, number)
        return following

    def _lines(self, search: "Search", page: Page, at: Place) -> Place | None:
        """Every line in order of files and lines."""
        counted, number, following = at.matches, at.files, None
        for found in search.files(None if search.cheap else page.left + 1):
            place = self._place[found.entry.id]
            line, before = (at.line, at.in_file) if place == at.file else (0, 0)
            if following is None:
                last = line if page.full else page.add_lines(found, line, before + found.count)
                if last is not None:
                    following = Place(place, last, counted, number, before + found.up_to(last))
            counted, number = counted + before + found.count, number + 1
        return following


def _in_company(files: "Iterator[FileMatches]") -> "Iterator[tuple[FileMatches, bool]]":
    """Each file, and whether it is the only one."""
    first = next(files, None)
    if first is None:
        return
    second = next(files, None)
    yield first, second is None
    if second is not None:
        yield second, False
    yield from ((found, False) for found in files)
