"""list_sops and get_sop: the runbooks, by symptom and verbatim."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..errors import BadInput
from ..quoting import one_line
from .room import Room
from .shapes import Answer
from .suggest import matches

if TYPE_CHECKING:
    from ..runbooks.model import Sop

_MATCHES = 10
"""Matches told; what fits less than ten others is no answer."""


class MatchOut(Answer):
    """How well a runbook fits a symptom, 0 to 1, its trigger that says so, and what the score rests on."""

    score: float
    trigger: str | None = None
    why: str


class SopRow(Answer):
    """A runbook."""

    id: str
    short_id: str
    title: str
    severity: str
    description: str
    origin: str
    match: MatchOut | None = None


class SopsAnswer(Answer):
    """The runbooks, best match first."""

    sops: list[SopRow]
    total: int
    faults: list[str] | None = None


class SopAnswer(Answer):
    """One runbook, verbatim. `toolsets` are the sets its calls need; `instead` says, for each tool that is not listed here,
    what takes its place."""

    id: str
    title: str
    uri: str
    toolsets: list[str]
    instead: dict[str, str] | None = None
    markdown: str


def list_sops(
    room: Room,
    symptom: Annotated[str | None, Field(description="Free text, log line, alert, finding or cause id")] = None,
    category: Annotated[str | None, Field(description="Letter of the runbook ids, e.g. D")] = None,
) -> SopsAnswer:
    """Runbooks (SOPs) for EKS node trouble, ranked by how well they fit a symptom."""
    if symptom:
        found = [(m.sop, MatchOut(score=m.score, trigger=m.trigger or None, why=m.why)) for m in matches(room, symptom)]
        ranked: list[tuple[Sop, MatchOut | None]] = [(sop, match) for sop, match in found[:_MATCHES]]
    else:
        ranked = [(sop, None) for sop in room.app.sops.sops]
    if category:
        ranked = [(s, m) for s, m in ranked if s.category.lower() == category.strip().lower()]
    rows = [
        SopRow(
            id=s.id,
            short_id=s.short_id,
            title=s.title,
            severity=s.severity,
            description=one_line(s.description, 200),
            origin=s.origin,
            match=m,
        )
        for s, m in ranked
    ]
    return SopsAnswer(sops=rows, total=len(rows), faults=list(room.app.sops.faults) or None)


def get_sop(
    room: Room,
    sopName: Annotated[str, Field(description="Id, short id or file name", examples=["D1"])],
    phase: Annotated[int | None, Field(ge=1, le=9, description="Only this phase")] = None,
) -> SopAnswer:
    """One runbook (SOP), verbatim, or one phase of it."""
    from ..runbooks.contract import contract

    sop = room.app.sops.find(sopName)
    text = sop.text
    if phase is not None:
        part = sop.phase(phase)
        if part is None:
            raise BadInput(f"{sop.short_id} has no phase {phase}.", f"Phases: {', '.join(str(p.number) for p in sop.phases)}.")
        text = part.text
    named = _tools(sop.text)
    return SopAnswer(
        id=sop.id,
        title=sop.title,
        uri=f"sop:///{sop.id}",
        toolsets=sorted({contract().tools[name].toolset for name in named}),
        instead={name: said for name in named if (said := _instead(room, name))} or None,
        markdown=text,
    )


def _tools(text: str) -> list[str]:
    """The tools of the contract that a runbook's text calls."""
    from ..runbooks.calls import written
    from ..runbooks.contract import contract

    return list(dict.fromkeys(call.tool for call in written(text) if call.tool in contract().tools))


def _instead(room: Room, tool: str) -> str:
    """What takes the place of a tool that is not listed; "" for one that is."""
    from ..runbooks.contract import contract

    if said := room.absent.get(tool):
        return said
    toolset = contract().tools[tool].toolset
    if toolset in room.app.settings.toolsets:
        return ""
    if toolset == "kubernetes":
        return f"The set {toolset} is switched off here: ask the server that has your cluster's tools, or kubectl."
    if toolset == "capture":
        return "Packet capture is switched off: start the server with --toolsets capture, or capture by hand."
    return f"It is not listed, but answers when it is called; --toolsets {toolset} lists it. run_sop calls it where it may."
