"""summarize and quick_triage: the root cause, why, what speaks against it, and what to do."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..errors import UnknownFinding
from ..model import SEVERITIES, Diagnosis, Finding, Issue, Verdict
from .collecting import BundleOut, InstanceArg, bundle_out
from .finding import End, Format, Incident, Start
from .pod_names import pods_named
from .room import Room, stamp, window
from .shapes import Answer, CauseRow, FindingRow, Line, MitigationOut, WindowOut, cause_row, finding_row, line, overlaps, window_out
from .suggest import SopHint, suggest

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..runbooks.model import Sop


_WHOLE, _NEW, _SEEN = 260, 200, 130


class Escalation(Answer):
    """An escalation condition of the SOP and whether it is met."""

    condition: str
    met: str
    evidence: str | None = None


class SummaryAnswer(Answer):
    """The verdict. `grounded`: every id resolved and the root cause quotes evidence."""

    instanceId: str
    note: str | None = None
    grounded: bool
    unresolved_finding_ids: list[str]
    root_cause: str | None = None
    verdict: str
    root_causes: list[CauseRow]
    severity: str | None = None
    evidence: list[Line]
    affected: list[str]
    escalate: list[Escalation]
    mitigation: MitigationOut | None = None
    confidence: str | None = None
    gaps: list[str]
    report_yaml: str


class TriageAnswer(Answer):
    """The first look at a node."""

    instanceId: str
    note: str | None = None
    bundle: BundleOut
    summary: dict[str, int]
    findings: list[FindingRow]
    root_cause: str | None = None
    root_causes: list[CauseRow]
    window: WindowOut | None = None
    suggested_sops: list[SopHint]


def summarize(
    room: Room,
    instanceId: InstanceArg = None,
    finding_ids: Annotated[list[str] | None, Field(description="F-, S-, R-, A- ids; default: those behind the root cause")] = None,
    sop: Annotated[str | None, Field(description="Report in this SOP's output format; default: the one that fits")] = None,
    includeRecommendations: bool = True,
    response_format: Format = "concise",
) -> SummaryAnswer:
    """Root cause of an EKS node's trouble with evidence for and against, mitigation, escalation and the SOP's report."""
    from ..runbooks.escalate import escalations
    from .knowing import known_of
    from .report import Told, report

    bundle, note = room.bundle(instanceId)
    diagnosis = room.app.diagnosis(bundle)
    root = diagnosis.root_cause
    ids = finding_ids or _default_ids(root)
    cited, unresolved = _resolve(room, bundle, ids, _quoted(response_format, cited=bool(finding_ids)))
    book = _sop(room, sop, root)
    row = cause_row(root, full=True, recommend=includeRecommendations, quote=False) if root else None
    shown_rows = _rows(diagnosis, root, row, includeRecommendations)
    if response_format == "concise":
        shown_rows = [r if r.stand in ("supported", "unknown") else r.model_copy(update={"title": None}) for r in shown_rows]
    conditions = escalations(book, known_of(room, bundle)) if book else []
    fix = row.mitigation if row else None
    affected = _affected(room, bundle)
    told = Told(
        sop=book,
        root=root,
        cited=cited,
        sections=room.app.sections(bundle),
        instance_id=bundle.instance_id,
        affected=affected,
        escalate=[c.condition for c in conditions if c.met == "yes"],
        gaps=diagnosis.gaps,
        rivals=[v for v in diagnosis.verdicts if v.stand == "ruled_out"],
        settles=diagnosis.settles_first,
    )
    return SummaryAnswer(
        instanceId=bundle.instance_id,
        note=note,
        grounded=not unresolved and bool(root and any(r.evidence or r.ids for r in root.because)),
        unresolved_finding_ids=unresolved,
        root_cause=root.id if root else None,
        verdict=_verdict(diagnosis),
        root_causes=shown_rows,
        severity=root.severity if root else None,
        evidence=cited[:5],
        affected=affected,
        escalate=one_reason_each([Escalation(condition=c.condition, met=c.met, evidence=c.why or None) for c in conditions]),
        mitigation=fix,
        confidence=root.confidence if root else None,
        gaps=list(diagnosis.gaps),
        report_yaml=report(told),
    )


def _quoted(response_format: Format, *, cited: bool) -> int:
    """Characters of a quoted line; fewest where the caller names the findings, since it has read them."""
    return _WHOLE if response_format == "detailed" else _SEEN if cited else _NEW


def one_reason_each(rows: list[Escalation]) -> list[Escalation]:
    """The same reason for several conditions is said once."""
    said: set[str | None] = set()
    told = []
    for row in rows:
        told.append(row.model_copy(update={"evidence": None}) if row.evidence in said else row)
        said.add(row.evidence)
    return told


def _rows(diagnosis: Diagnosis, root: Verdict | None, row: CauseRow | None, recommend: bool) -> list[CauseRow]:
    """The root cause in full, but for the mitigation that stands beside it; then its rivals, short."""
    rest = [v for v in diagnosis.verdicts if v is not root]
    likely = [v for v in rest if v.stand in ("supported", "unknown")][:4]
    rivals = [
        v
        for v in rest
        if v.stand in ("ruled_out", "not_applicable") and (root is None or v.id.split(".")[0] == root.id.split(".")[0])
    ][:4]
    first = [row.model_copy(update={"mitigation": None})] if row else []
    return first + [cause_row(v, full=False, recommend=recommend) for v in (*likely, *rivals)]


def _verdict(diagnosis: Diagnosis) -> str:
    root = diagnosis.root_cause
    if root is None:
        return f"The evidence does not show a root cause. What would settle it: {diagnosis.settles_first}."
    when = {
        "at_capture": "it holds at the capture",
        "recurring": "it recurs and holds at the capture",
        "earlier": "it was so earlier, not at the capture",
    }
    return f"{root.title}: {when[root.when or 'at_capture']} (confidence {root.confidence})."


def _default_ids(root: Verdict | None) -> list[str]:
    return [i for r in root.because for i in r.ids][:6] if root else []


def _resolve(room: Room, bundle: "Bundle", ids: list[str], limit: int) -> tuple[list[Line], list[str]]:
    """Quoted lines for the ids, and the ids that are not of this bundle."""
    from ..diagnose.ip_facts import fact_id

    findings: dict[str, Finding] = {f.id: f for f in room.app.findings(bundle)}
    issues: dict[str, Issue] = {i.id: i for s in room.app.sections(bundle).values() for i in s.issues}
    facts = room.app.facts(bundle)
    told = {fact_id(bundle.digest, name) for name in facts.values} if facts else set()
    lines: list[Line] = []
    unresolved: list[str] = []
    for wanted in dict.fromkeys(ids):
        if wanted in findings:
            lines += [line(e, limit, from_message=limit < _WHOLE) for e in findings[wanted].evidence[-1:]]
        elif wanted in issues:
            lines += [line(e, limit, from_message=limit < _WHOLE) for e in issues[wanted].because[:1]]
        elif wanted in told:
            continue  # a fact of an API has no line; network_diagnostics shows it under now
        elif wanted.startswith("S-") and (found := room.app.recall_search(wanted)) and found["digest"] == bundle.digest:
            lines += _first_match(room, bundle, found, limit)
        else:
            _refuse_foreign(room, bundle, wanted)
            unresolved.append(wanted)
    return lines, unresolved


def _first_match(room: Room, bundle: "Bundle", found: dict[str, str], limit: int) -> list[Line]:
    """The newest line of a remembered search."""
    from ..bundle.matches import newest
    from ..bundle.query import Query
    from ..model import Evidence

    file = bundle.entry(found["file"])
    matches, _ = newest(bundle, Query(found["query"]), [file], room.budget(2))
    return [line(Evidence(e.source, e.path, m.line, m.text, m.time), limit, from_message=limit < _WHOLE) for e, m in matches]


def _refuse_foreign(room: Room, bundle: "Bundle", wanted: str) -> None:
    """An id of another bundle is refused with the name of its bundle."""
    for instance in room.app.library.instances():
        for other in room.app.library.bundles(instance):
            if other.digest != bundle.digest and any(f.id == wanted for f in room.app.findings(other)):
                raise UnknownFinding(
                    f"{wanted} is of another bundle: {other.instance_id}, captured {stamp(other.captured)}.",
                    f'Ask with instanceId="{other.instance_id}".',
                )


def _sop(room: Room, name: str | None, root: Verdict | None) -> "Sop | None":
    if name:
        return room.app.sops.find(name)
    wanted = root.sops if root else ()
    return next((s for s in room.app.sops.sops if s.short_id in wanted or s.id in wanted), None)


def _affected(room: Room, bundle: "Bundle") -> list[str]:
    """Pods that the leading findings name."""
    leading = [f for f in room.app.findings(bundle)[:8] if f.role != "context" and not f.healed_at]
    return pods_named(evidence.text for f in leading for evidence in f.evidence)[:8]


def quick_triage(
    room: Room, instanceId: InstanceArg = None, startTime: Start = None, endTime: End = None, incidentTime: Incident = None
) -> TriageAnswer:
    """First look at an EKS node: severity counts, leading findings, likely root causes and runbooks that fit."""
    bundle, note = room.bundle(instanceId)
    span = window(startTime, endTime, incidentTime)
    every = room.app.findings(bundle)
    inside = [f for f in every if overlaps(span, f.first_seen, f.last_seen)]
    diagnosis = room.app.diagnosis(bundle)
    root = diagnosis.root_cause
    likely = [v for v in diagnosis.verdicts if v.stand in ("supported", "unknown")][:5]
    return TriageAnswer(
        instanceId=bundle.instance_id,
        note=note,
        bundle=bundle_out(bundle),
        summary={level: sum(f.severity == level for f in inside) for level in SEVERITIES},
        findings=[finding_row(f, 1, 240) for f in inside if f.role != "context"][:6],
        root_cause=root.id if root else None,
        root_causes=[cause_row(v, full=k == 0) for k, v in enumerate(likely)],
        window=window_out(span, len(every) - len(inside)),
        suggested_sops=suggest(room, every[:5], [root.id] if root else ()),
    )
