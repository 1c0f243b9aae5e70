"""search and read: what is left when the findings do not answer."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..errors import BadInput
from .collecting import InstanceArg, expected_sources
from .finding import End, Format, Incident, Start, Token
from .room import PAGE_CHARS, Room, shown, stamp, window
from .shapes import Answer, WindowOut, unread, window_out

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..bundle.query import Query
    from ..bundle.search import FileMatches, Match


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


class SearchAnswer(Answer):
    """Lines that matched, by file: state files first, then logs, the newest first."""

    instanceId: str
    note: str | None = None
    results: list[FileRow]
    hints: list[str]
    total_matches: int
    shown_matches: int
    files_searched: int
    files_with_matches: int
    bytes_searched: int
    nextPageToken: str | None = None
    complete: bool
    why: str | None = None
    window: WindowOut | None = None
    coverage: list[str]


class TextLine(Answer):
    """A line of the file that was asked for."""

    line: int
    text: str


class ReadAnswer(Answer):
    """Lines of one file."""

    instanceId: str
    note: str | None = None
    file: str
    source: str
    state: str
    lines: list[TextLine]
    total_lines: int
    next_line: int | None = None


def search(
    room: Room,
    query: Annotated[str, Field(description="Regular expression, caseless", examples=["no available IP"])],
    instanceId: InstanceArg = None,
    logTypes: Annotated[list[str] | None, Field(description="Sources or groups; all files if left out")] = None,
    contextLines: Annotated[int, Field(ge=0, le=20)] = 0,
    maxResults: Annotated[int, Field(ge=1, le=500)] = 100,
    pageToken: Token = None,
    startTime: Start = None,
    endTime: End = None,
    incidentTime: Incident = None,
    response_format: Format = "concise",
) -> SearchAnswer:
    """Search every text file of an EKS node's log bundle, logs and state files, by regular expression."""
    from ..bundle.query import Query
    from ..bundle.search import in_order, token, untoken
    from ..bundle.search import search as scan
    from ..bundle.sources import sources
    from ..signatures.phrases import phrases

    bundle, note = room.bundle(instanceId)
    compiled = Query(query)
    span = window(startTime, endTime, incidentTime)
    names = sources().expand(logTypes) if logTypes else None
    budget = room.budget()
    entries = in_order(bundle, names)
    result = scan(bundle, compiled, entries, span, budget)
    at_file, at_line = untoken(pageToken, 2) if pageToken else (0, 0)
    page = _Page(room, bundle, compiled, contextLines, folded=response_format == "concise", most=maxResults)
    following = page.fill(result.files, at_file, at_line)
    hints = [h.says(room.app.findings(bundle)) for h in phrases().in_query(query)] if not pageToken else []
    if not result.files and not pageToken:
        hints += _elsewhere(room, bundle, compiled, names)
    return SearchAnswer(
        instanceId=bundle.instance_id,
        note=note,
        results=page.rows,
        hints=hints,
        total_matches=sum(f.count for f in result.files),
        shown_matches=page.shown,
        files_searched=result.searched,
        files_with_matches=len(result.files),
        bytes_searched=result.bytes,
        nextPageToken=token(*following) if following else None,
        complete=result.complete,
        why=None if result.complete else f"{result.why}; counts are lower bounds",
        window=window_out(span, result.outside, result.untimed),
        coverage=_looked(bundle, names),
    )


class _Page:
    """Fills one answer with matches until it is full."""

    def __init__(self, room: Room, bundle: "Bundle", query: "Query", context: int, *, folded: bool, most: int) -> None:
        self._room, self._bundle, self._query, self._context = room, bundle, query, context
        self._folded, self._left = folded, most
        self.rows: list[FileRow] = []
        self.shown, self._chars = 0, 0
        self._roles = room.app.roles(bundle)

    def fill(self, files: "list[FileMatches]", at_file: int, at_line: int) -> tuple[int, int] | None:
        """Rows from file number `at_file`, lines after `at_line`; the place to go on, or None at the end."""
        from ..bundle.search import folded, quoted

        many = len(files) > 1
        for place in range(at_file, len(files)):
            found = files[place]
            lines = [x for x in found.lines if x[0] > (at_line if place == at_file else 0)]
            if self._left <= 0 or self._chars > PAGE_CHARS:
                return place, at_line if place == at_file else 0
            if self._folded:
                shapes = folded(quoted(self._bundle, self._query, found, lines[-400:], 0))
                share = max(1500, PAGE_CHARS // 3) if many else PAGE_CHARS
                chosen = self._take(shapes[: self._left], share)
                if self._context and chosen:
                    keep = {m.line for m in chosen}
                    again = quoted(self._bundle, self._query, found, [x for x in lines if x[0] in keep], self._context)
                    by_line = {m.line: m for m in again}
                    for match in chosen:
                        match.before, match.after = by_line[match.line].before, by_line[match.line].after
                self._add(found, chosen)
                continue
            chosen = self._take(quoted(self._bundle, self._query, found, lines[: self._left], self._context), PAGE_CHARS)
            self._add(found, chosen)
            if len(chosen) < len(lines):
                return place, chosen[-1].line if chosen else at_line
        return None

    def _take(self, matches: "list[Match]", share: int) -> "list[Match]":
        taken: list[Match] = []
        room = min(share, PAGE_CHARS + 500 - self._chars)
        for match in matches:
            size = min(len(match.text), 400) + 60 + sum(map(len, [*match.before, *match.after]))
            if taken and room < size:
                break
            room -= size
            self._chars += size
            taken.append(match)
        return taken

    def _add(self, found: "FileMatches", chosen: "list[Match]") -> None:
        rows = [
            MatchRow(
                line=m.line,
                time=stamp(m.time),
                role=self._roles.get((found.entry.path, m.line), "unclassified"),
                text=shown(m.text),
                count=m.count if m.count > 1 else None,
                first=stamp(m.first) if m.count > 1 else None,
                before=[shown(t, 200) for t in m.before] or None,
                after=[shown(t, 200) for t in m.after] or None,
            )
            for m in chosen
        ]
        self._left -= len(rows)
        self.shown += len(rows)
        finding_id = self._room.app.remember_search(self._bundle, self._query.text, found.entry.path)
        self.rows.append(
            FileRow(finding_id=finding_id, source=found.entry.source, file=found.entry.path, match_count=found.count, matches=rows)
        )


def _elsewhere(room: Room, bundle: "Bundle", query: "Query", names: frozenset[str] | None) -> list[str]:
    """For an empty search under logTypes: where else the query does match."""
    from ..bundle.search import in_order, search
    from ..model import Window

    if names is None:
        return []
    rest = [e for e in in_order(bundle, None) if e.source not in names]
    found = search(bundle, query, rest, Window(None, None, ""), room.budget(2))
    if not found.files:
        return ["The query matches in no other file either."]
    places = sorted({f"{f.entry.source} ({f.count})" for f in found.files})
    return [f"Nothing in the logTypes asked; it matches in: {', '.join(places[:8])}."]


def _looked(bundle: "Bundle", names: frozenset[str] | None) -> list[str]:
    """What could not be searched among what was asked for."""
    return unread(bundle.coverage(name) for name in sorted(names if names is not None else expected_sources()))


def read(
    room: Room,
    file: Annotated[str | None, Field(description="Path in the bundle")] = None,
    instanceId: InstanceArg = None,
    source: Annotated[str | None, Field(description="Instead of file: a source with one file")] = None,
    startLine: Annotated[int, Field(ge=1)] = 1,
    lineCount: Annotated[int, Field(ge=1, le=2000)] = 200,
) -> ReadAnswer:
    """Read lines of one file of an EKS node's log bundle, by path (from search or errors) or source name."""
    bundle, note = room.bundle(instanceId)
    entry = bundle.entry(file) if file else bundle.entry(_only(bundle, source))
    lines: list[TextLine] = []
    used, following = 0, None
    for number, text in bundle.lines(entry.path, startLine, lineCount + 1):
        row = TextLine(line=number, text=shown(text, 1000))
        used += len(row.text) + 20
        if len(lines) == lineCount or (lines and used > PAGE_CHARS):
            following = number
            break
        lines.append(row)
    return ReadAnswer(
        instanceId=bundle.instance_id,
        note=note,
        file=entry.path,
        source=entry.source,
        state=entry.state,
        lines=lines,
        total_lines=entry.lines,
        next_line=following,
    )


def _only(bundle: "Bundle", source: str | None) -> str:
    from ..bundle.sources import sources

    if not source:
        raise BadInput("file is missing.", "Name a file (validate and search list them) or a source.")
    names = sources().expand([source])
    files = [e.path for name in sorted(names) for e in bundle.of_source(name)]
    if len(files) == 1:
        return files[0]
    if not files:
        raise BadInput(f"The bundle has no file of {source!r}.", "validate lists what is there.")
    raise BadInput(f"{source!r} has {len(files)} files.", f"Name one: {', '.join(files[:12])}.")
