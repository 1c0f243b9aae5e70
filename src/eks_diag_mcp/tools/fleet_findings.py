"""fleet_findings: which nodes share a finding, and which showed it first."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..model import Finding
from .finding import End, Format, Level, Start, Token, severe, weighs
from .fleet_shapes import After, Before, ClusterArg, InstancesArg, Unanswered, hand_of, unanswered
from .room import Room, stamp, window
from .shapes import Answer, Line, WindowOut, line, overlaps, page_of, window_out

if TYPE_CHECKING:
    from ..fleet.shared import Shared, Sight

_SECONDS = 20.0
_NAMES = 8


class FirstSight(Answer):
    """The node that showed a finding first, and its earliest quoted line."""

    instanceId: str
    finding_id: str
    time: str | None = None
    evidence: list[Line]


class SharedRow(Answer):
    """A finding as the nodes show it. `nodes`: how many of those that could answer; `instances` the first to show it first."""

    signature: str
    title: str
    severity: str
    role: str
    nodes: str
    count: int
    last_seen: str | None = None
    first: FirstSight
    instances: list[str]


class SightRow(Answer):
    """The finding on one node."""

    instanceId: str
    captured: str | None = None
    finding_id: str
    source: str
    severity: str
    count: int
    first_seen: str | None = None
    last_seen: str | None = None
    healed_at: str | None = None
    evidence: list[Line]


class FleetFindingsAnswer(Answer):
    """Findings by how many nodes show them; `sights` where one was asked for, the node that showed it first at the top.
    `outdated`: nodes whose bundles were scanned with other signatures than today's; newer ones were not looked for there."""

    nodes: int
    bundles: int
    findings: list[SharedRow]
    sights: list[SightRow] | None = None
    shown: int
    total: int
    nextPageToken: str | None = None
    window: WindowOut | None = None
    unanswered: list[Unanswered]
    outdated: list[str] | None = None
    note: str


def fleet_findings(
    room: Room,
    finding: Annotated[str | None, Field(description="Signature or F- id. Left out: all findings that nodes share")] = None,
    clusterName: ClusterArg = None,
    instanceIds: InstancesArg = None,
    severity: Annotated[Level, Field(description="This level and above")] = "all",
    capturedAfter: After = None,
    capturedBefore: Before = None,
    startTime: Start = None,
    endTime: End = None,
    pageSize: Annotated[int, Field(ge=1, le=200)] = 50,
    pageToken: Token = None,
    response_format: Format = "concise",
) -> FleetFindingsAnswer:
    """Which EKS nodes at hand share a finding, how many of how many, and which node showed it first, with its line."""
    from ..bundle.search import token, untoken
    from ..fleet.shared import read_findings, shared, signature_of

    span = window(startTime, endTime, None)
    at = untoken(pageToken, 1)[0] if pageToken else 0
    budget = room.budget(_SECONDS)
    hand = hand_of(room, budget, clusterName, instanceIds, capturedAfter, capturedBefore)
    read = read_findings(hand.held, room.app.catalogue, lambda: budget.spent, room.checkpoint)
    named = signature_of(finding, read.nodes, room.app.catalogue) if finding else None

    groups = shared(read.nodes, lambda one: overlaps(span, one.first_seen, one.last_seen) and _counts(one, severity, named))
    of_all, detailed = len(read.instances), response_format == "detailed"
    lines, limit = (3, 600) if detailed else (1, 300)
    sights = groups[0].sights if named and groups else ()
    rows = page_of(
        _row(g, of_all, limit, None if detailed else _NAMES) for g in (groups[:1] if named else groups[at : at + pageSize])
    )
    told = page_of(_sight(s, lines, limit) for s in sights[at : at + pageSize])
    shown, total = (len(told), len(sights)) if named else (len(rows), len(groups))
    return FleetFindingsAnswer(
        nodes=of_all,
        bundles=len(read.nodes),
        findings=rows,
        sights=told if named else None,
        shown=shown,
        total=total,
        nextPageToken=token(at + shown) if at + shown < total else None,
        window=window_out(span),
        unanswered=unanswered(hand, *read.unreadable.items()),
        outdated=read.outdated[:50] or None,
        note=_note(named, groups, of_all),
    )


def _counts(finding: Finding, level: Level, named: str | None) -> bool:
    """Does the finding count? Idle context does where it is asked for."""
    if named is not None:
        return finding.signature == named and severe(finding, level)
    return weighs(finding, level)


def _row(group: "Shared", of_all: int, limit: int, names: int | None) -> SharedRow:
    first, nodes = group.sights[0], group.instances
    return SharedRow(
        signature=group.signature,
        title=group.title,
        severity=group.severity,
        role=group.role,
        nodes=f"{len(nodes)} of {of_all}",
        count=group.count,
        last_seen=stamp(max((s.finding.last_seen for s in group.sights if s.finding.last_seen), default=None)),
        first=FirstSight(
            instanceId=first.held.instance_id,
            finding_id=first.finding.id,
            time=stamp(first.finding.first_seen),
            evidence=[line(e, limit) for e in (first.first,) if e],
        ),
        instances=nodes[:names],
    )


def _sight(sight: "Sight", lines: int, limit: int) -> SightRow:
    finding = sight.finding
    quotes = [sight.first, *(e for e in finding.evidence if e is not sight.first)]
    return SightRow(
        instanceId=sight.held.instance_id,
        captured=stamp(sight.held.captured),
        finding_id=finding.id,
        source=finding.source,
        severity=finding.severity,
        count=finding.count,
        first_seen=stamp(finding.first_seen),
        last_seen=stamp(finding.last_seen),
        healed_at=stamp(finding.healed_at),
        evidence=[line(e, limit) for e in quotes[:lines] if e],
    )


def _note(named: str | None, groups: "list[Shared]", of_all: int) -> str:
    if named and not groups:
        return f"None of {of_all} nodes shows {named}. A bundle that lacks the file shows nothing either: validate tells."
    if not groups:
        return f"{of_all} nodes, no finding that fits. Silence is not health: validate tells what a bundle lacks."
    return f"{len(groups)} finding{'s' if len(groups) > 1 else ''} on {of_all} nodes; a node that shows none may lack the file."
