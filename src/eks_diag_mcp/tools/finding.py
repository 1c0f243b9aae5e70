"""errors: the findings of a bundle, the most telling first."""

from typing import Annotated, Literal

from pydantic import Field

from ..model import SEVERITIES, Finding, Severity
from .collecting import InstanceArg, expected_sources
from .concise import concise
from .room import PAGE_CHARS, Room, window
from .shapes import Answer, FindingRow, WindowOut, finding_row, overlaps, page_of, unread, window_out
from .suggest import BEST, SopHint, suggest

Level = Literal["all", "critical", "high", "medium", "low", "info", "warning"]
Format = Annotated[Literal["concise", "detailed"], Field(description="detailed: longer quotes, nothing left out")]
Start = Annotated[str | None, Field(description="Window start, ISO 8601 or epoch")]
End = Annotated[str | None, Field(description="Window end")]
Incident = Annotated[str | None, Field(description="5 minutes around this time")]
Token = Annotated[str | None, Field(description="nextPageToken of the answer before")]


class ErrorsAnswer(Answer):
    """Findings, the most telling first; `shown` counts those in `also`. `coverage` names sources that could not be read: silence there means nothing."""

    instanceId: str
    note: str | None = None
    findings: list[FindingRow]
    shown: int
    total: int
    summary: dict[str, int]
    nextPageToken: str | None = None
    window: WindowOut | None = None
    coverage: list[str]
    suggested_sops: list[SopHint]


def errors(
    room: Room,
    instanceId: InstanceArg = None,
    severity: Annotated[Level, Field(description="This level and above")] = "all",
    source: Annotated[str | None, Field(description="Source or group, e.g. ipamd, kubelet")] = None,
    pageSize: Annotated[int, Field(ge=1, le=200)] = 50,
    pageToken: Token = None,
    response_format: Format = "concise",
    startTime: Start = None,
    endTime: End = None,
    incidentTime: Incident = None,
    clusterContext: str | None = None,
) -> ErrorsAnswer:
    """Known faults found in an EKS node's logs (pre-indexed over every file), with quoted lines, counts and times."""
    from ..bundle.search import token, untoken

    bundle, note = room.bundle(instanceId)
    span = window(startTime, endTime, incidentTime)
    every = room.app.findings(bundle)
    chosen = _chosen(every, severity, source)
    inside = [f for f in chosen if overlaps(span, f.first_seen, f.last_seen)]
    at = untoken(pageToken, 1)[0] if pageToken else 0
    asked = inside[at : at + pageSize]
    if response_format == "detailed":
        rows = page_of(finding_row(finding, 3, 600) for finding in asked)
        told = len(rows)
    else:
        rows, told = concise(asked, PAGE_CHARS)
    following = at + told
    first = at == 0
    return ErrorsAnswer(
        instanceId=bundle.instance_id,
        note=note,
        findings=rows,
        shown=told,
        total=len(inside),
        summary={level: sum(f.severity == level for f in inside) for level in SEVERITIES},
        nextPageToken=token(following) if following < len(inside) else None,
        window=window_out(span, len(chosen) - len(inside), sum(f.untimed for f in inside)),
        coverage=unread(bundle.coverage(name) for name in expected_sources()) if first else [],
        suggested_sops=suggest(room, every[:5])[:BEST] if first else [],
    )


def severe(finding: Finding, level: Level) -> bool:
    """Is it of that level or above?"""
    least: Severity = "info" if level == "all" else "medium" if level == "warning" else level
    return SEVERITIES.index(finding.severity) <= SEVERITIES.index(least)


def weighs(finding: Finding, level: Level) -> bool:
    """As `severe`; idle context is left out unless `info` is asked for by name."""
    idle = finding.role == "context" and finding.severity in ("info", "low") and level != "info"
    return severe(finding, level) and not idle


def _chosen(findings: tuple[Finding, ...], severity: Level, source: str | None) -> list[Finding]:
    from ..bundle.sources import sources

    names = sources().expand(source.split(",")) if source else None
    return [f for f in findings if weighs(f, severity) and (names is None or f.source in names)]
