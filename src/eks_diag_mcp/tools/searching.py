"""search and read: what is left when the findings do not answer."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..errors import BadInput
from .collecting import InstanceArg, expected_sources
from .finding import End, Format, Incident, Start, Token
from .hunt import FileRow, Hunt, Page, Place
from .room import PAGE_CHARS, Room, shown, window
from .shapes import Answer, WindowOut, unread, window_out

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..bundle.query import Query


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
    from ..bundle.sources import sources
    from ..signatures.phrases import phrases

    bundle, note = room.bundle(instanceId)
    compiled = Query(query)
    span = window(startTime, endTime, incidentTime)
    names = sources().expand(logTypes) if logTypes else None
    at = Place(*untoken(pageToken, 5)) if pageToken else Place()
    page = Page(room, bundle, compiled, contextLines, folded=response_format == "concise", most=maxResults)
    found = Hunt(room, bundle, compiled, in_order(bundle, names), span).fill(page, at)
    hints = [h.says(room.app.findings(bundle)) for h in phrases().in_query(query)] if not pageToken else []
    if not found.total and found.complete and not pageToken:
        hints += _elsewhere(room, bundle, compiled, names)
    return SearchAnswer(
        instanceId=bundle.instance_id,
        note=note,
        results=page.rows,
        hints=hints,
        total_matches=found.total,
        shown_matches=page.shown,
        files_searched=found.searched,
        files_with_matches=found.with_matches,
        bytes_searched=found.bytes,
        nextPageToken=token(*found.following) if found.following else None,
        complete=found.complete,
        why=None if found.complete else f"{found.why}; counts are lower bounds",
        window=window_out(span, found.outside, found.untimed),
        coverage=_looked(bundle, names),
    )


def _elsewhere(room: Room, bundle: "Bundle", query: "Query", names: frozenset[str] | None) -> list[str]:
    """For an empty search under logTypes: where else the query does match, where that is soon told."""
    from ..bundle.search import Search, in_order
    from ..model import Window

    if names is None:
        return []
    rest = [e for e in in_order(bundle, None) if e.source not in names]
    stored = bundle.stored_queries.of(query.text)
    if stored is not None:
        places = {f"{e.source} ({stored[e.path].count})" for e in rest if e.path in stored}
    else:
        search = Search(bundle, query, rest, Window(None, None, ""), room.budget(2))
        if not search.cheap:
            return ["Nothing in the logTypes asked; without logTypes all files are searched."]
        places = {f"{f.entry.source} ({f.count})" for f in search.files()}
    if not places:
        return ["The query matches in no other file either."]
    return [f"Nothing in the logTypes asked; it matches in: {', '.join(sorted(places)[:8])}."]


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
