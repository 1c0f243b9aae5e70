"""fleet_search: one pattern over the bundles of a cluster or a day."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..quoting import around
from .finding import End, Format, Start, Token
from .fleet_shapes import After, Before, ClusterArg, InstancesArg, Unanswered, hand_of, unanswered
from .room import Room, shown, stamp, window
from .shapes import Answer, WindowOut, page_of, window_out

if TYPE_CHECKING:
    from ..bundle.query import Query
    from ..fleet.held import Held
    from ..fleet.hunt import NodeHits
    from ..fleet.searching import FleetHits, Question

_FILES, _FILES_DETAILED = 3, 10
_CHARS = 240


class FileHit(Answer):
    """Matching lines of one file, one quoted: the first, or from the store the newest. `finding_id` (S-) cites it."""

    finding_id: str
    source: str
    file: str
    match_count: int
    line: int
    time: str | None = None
    text: str


class NodeRow(Answer):
    """What one node's bundle holds. `first`: the earliest match, where that is known."""

    instanceId: str
    captured: str | None = None
    match_count: int
    files_with_matches: int
    first: str | None = None
    files: list[FileHit]


class FleetSearchAnswer(Answer):
    """Nodes with matches, most first. `complete`: every bundle was searched to its end; else counts are lower bounds and
    `unanswered` says which were not, and why. `from_store`: bundles answered without reading text."""

    results: list[NodeRow]
    shown: int
    nodes_with_matches: int
    nextPageToken: str | None = None
    total_matches: int
    bundles: int
    bundles_searched: int
    from_store: int
    bytes_searched: int
    complete: bool
    unanswered: list[Unanswered]
    window: WindowOut | None = None


def fleet_search(
    room: Room,
    query: Annotated[str, Field(description="Regular expression, caseless", examples=["no available IP"])],
    clusterName: ClusterArg = None,
    instanceIds: InstancesArg = None,
    logTypes: Annotated[list[str] | None, Field(description="Sources or groups; all files if left out")] = None,
    capturedAfter: After = None,
    capturedBefore: Before = None,
    startTime: Start = None,
    endTime: End = None,
    maxSeconds: Annotated[float, Field(ge=1, le=40, description="Then the answer is partial")] = 20,
    pageSize: Annotated[int, Field(ge=1, le=200)] = 50,
    pageToken: Token = None,
    response_format: Format = "concise",
) -> FleetSearchAnswer:
    """Search the log bundles of many EKS nodes (a cluster, a day) by regular expression: matches by node, with lines to cite."""
    from ..bundle.query import Query
    from ..bundle.search import token, untoken
    from ..bundle.sources import sources
    from ..fleet.searching import Question

    compiled = Query(query)  # a pattern that is none is told before any bundle is opened
    span = window(startTime, endTime, None)
    at = untoken(pageToken, 1)[0] if pageToken else 0
    budget = room.budget(maxSeconds)
    hand = hand_of(room, budget, clusterName, instanceIds, capturedAfter, capturedBefore)
    question = Question(query, sources().expand(logTypes) if logTypes else None, span)
    found = _found(room, hand.held, question, budget.until - budget.now(), again=at > 0)
    files = _FILES if response_format == "concise" else _FILES_DETAILED
    captured = {held.digest: stamp(held.captured) for held in hand.held}
    rows = page_of(_row(room, node, compiled, captured[node.digest], files) for node in found.nodes[at : at + pageSize])
    more = at + len(rows) < len(found.nodes)
    return FleetSearchAnswer(
        results=rows,
        shown=len(rows),
        nodes_with_matches=len({node.instance_id for node in found.nodes}),
        nextPageToken=token(at + len(rows)) if more else None,
        total_matches=found.total,
        bundles=len(hand.held),
        bundles_searched=found.searched,
        from_store=found.stored,
        bytes_searched=found.bytes,
        complete=not found.failed and not hand.unreadable,
        unanswered=unanswered(hand, *found.failed),
        window=window_out(span),
    )


def _found(room: Room, held: "Sequence[Held]", question: "Question", seconds: float, *, again: bool) -> "FleetHits":
    """The search; for a further page the one that was made for the page before, where this process still has it."""
    from ..fleet.searching import search_fleet
    from ..opening import open_library

    app = room.app
    key = (question, tuple(one.digest for one in held))
    known = app.fleet_hits.get(key) if again else None
    if known is None:
        known = search_fleet(
            app.fleet, open_library, app.settings, held, question, seconds, check=room.checkpoint, progress=room.progress
        )
        app.fleet_hits[key] = known
    return known


def _row(room: Room, node: "NodeHits", query: "Query", captured: str | None, files: int) -> NodeRow:
    bundle = next((b for b in room.app.library.bundles(node.instance_id) if b.digest == node.digest), None)
    return NodeRow(
        instanceId=node.instance_id,
        captured=captured,
        match_count=node.total,
        files_with_matches=node.with_matches,
        first=stamp(node.first),
        files=[
            FileHit(
                finding_id=room.app.remember_search(bundle, query.text, hit.file),
                source=hit.source,
                file=hit.file,
                match_count=hit.count,
                line=hit.line,
                time=stamp(hit.time),
                text=_quote(hit.text, query),
            )
            for hit in node.files[:files]
            if bundle  # purged meanwhile: there is nothing to cite any more
        ],
    )


def _quote(text: str, query: "Query") -> str:
    match = query.find(text)
    return shown(around(text, match.start() if match else 0, _CHARS), _CHARS + 2)
