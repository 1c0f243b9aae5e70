"""One node's part of a report: what the tools answer about it, every claim tied to its quoted line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..model import Coverage, Evidence, Finding, Issue, Reason, Section, Verdict
from ..tools.collecting import ValidateAnswer, validate
from ..tools.correlating import correlate
from ..tools.room import Room, stamp
from ..tools.verdicts import SummaryAnswer, summarize
from .eni_map import EniMap, eni_map
from .quotes import Quote, Quotes
from .timeline import TimelineView, timeline_view

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

FINDINGS_MAX, RIVALS_MAX, EVENTS_MAX = 20, 10, 60
_VERSIONS: tuple[tuple[str, str, str], ...] = (
    ("Instance type", "instance", "instance_type"),
    ("Region", "instance", "region"),
    ("Availability zone", "instance", "availability_zone"),
    ("Kernel", "instance", "kernel"),
    ("kubelet", "instance", "kubelet_version"),
    ("containerd", "instance", "containerd_version"),
    ("VPC CNI", "instance", "vpc_cni_version"),
    ("kube-proxy", "kube_proxy", "kube_proxy_version"),
    ("EBS CSI driver", "ebs_csi", "driver_version"),
    ("EFS CSI driver", "efs_csi", "driver_version"),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One argument, and the lines it rests on; without any, it speaks of something that is not there."""

    says: str
    ids: tuple[str, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class CauseView:
    """A possible root cause with everything that speaks for and against it."""

    verdict: Verdict
    because: tuple[Claim, ...]
    against: tuple[Claim, ...]

    @property
    def since(self) -> str | None:
        return stamp(self.verdict.since)


@dataclass(frozen=True, slots=True)
class FindingView:
    """A known fault that was seen, and its most telling lines."""

    finding: Finding
    first: str | None
    last: str | None
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class IssueView:
    """What a section concluded."""

    section: str
    issue: Issue
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A word about the node: its name, value (None: not in the bundle) and where it was read."""

    name: str
    value: str | None
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class NodeReport:
    """Everything the report says of one node. `number` is its place in the report, from 1."""

    number: int
    summary: SummaryAnswer
    completeness: ValidateAnswer
    digest: str
    root: CauseView | None
    rivals: tuple[CauseView, ...]
    findings: tuple[FindingView, ...]
    findings_total: int
    issues: tuple[IssueView, ...]
    timeline: TimelineView | None
    enis: EniMap | None
    facts: tuple[Fact, ...]
    unseen: tuple[Coverage, ...]
    dark: tuple[str, ...]
    quotes: Quotes


def node_report(room: Room, instance_id: str | None, number: int) -> NodeReport:
    """The report of one node with a bundle."""
    bundle, _ = room.bundle(instance_id)
    diagnosis, sections = room.app.diagnosis(bundle), room.app.sections(bundle)
    quotes = Quotes(bundle, number)
    cite = _Citing(quotes, room.app.findings(bundle), sections)
    root = diagnosis.root_cause
    rest = [v for v in diagnosis.verdicts if v is not root]
    first = cite.cause(root) if root else None
    rivals = tuple(cite.cause(v) for v in _rivals(root, rest))
    telling = [f for f in room.app.findings(bundle) if f.role != "context"]
    return NodeReport(
        number=number,
        summary=summarize(room, instance_id, response_format="detailed"),
        completeness=validate(room, instance_id),
        digest=bundle.digest[:12],
        root=first,
        rivals=rivals,
        findings=tuple(cite.finding(f) for f in telling[:FINDINGS_MAX]),
        findings_total=len(telling),
        issues=tuple(
            cite.issue(n, i) for n, s in sections.items() for i in s.issues if i.severity in ("critical", "high", "medium")
        ),
        timeline=_timeline(room, instance_id),
        enis=eni_map(sections.get("eni"), quotes),
        facts=tuple(_fact(sections, quotes, *row) for row in _VERSIONS),
        unseen=_unseen(bundle, sections),
        dark=tuple(n for n, s in sections.items() if s.outcome == "unknown"),
        quotes=quotes,
    )


def _rivals(root: Verdict | None, rest: list[Verdict]) -> list[Verdict]:
    """What else could be it, then what was ruled out, the root cause's own family first."""
    family = root.id.split(".")[0] if root else ""
    order = {"supported": 0, "unknown": 1, "ruled_out": 2, "not_applicable": 3}
    ranked = sorted(rest, key=lambda v: (order[v.stand], v.id.split(".")[0] != family))
    return ranked[:RIVALS_MAX]


class _Citing:
    """Turns what the evidence stack says into views that point at quotes."""

    def __init__(self, quotes: Quotes, findings: Iterable[Finding], sections: Mapping[str, Section]) -> None:
        self._quotes, self._sections = quotes, sections
        self._lines: dict[str, tuple[Evidence, ...]] = {f.id: f.evidence[-1:] for f in findings}
        self._lines |= {i.id: i.because for s in sections.values() for i in s.issues}

    def cause(self, verdict: Verdict) -> CauseView:
        return CauseView(
            verdict,
            tuple(map(self._claim, verdict.because)),
            tuple(map(self._claim, verdict.against)),
        )

    def _claim(self, reason: Reason) -> Claim:
        """The lines of the argument itself, else those of the findings it names."""
        evidence = reason.evidence or tuple(e for i in reason.ids for e in self._lines.get(i, ())[:1])
        return Claim(reason.says, reason.ids, self._quotes.cite_all(evidence, 2))

    def finding(self, finding: Finding) -> FindingView:
        quotes = self._quotes.cite_all(finding.evidence[-1:], 1)
        return FindingView(finding, stamp(finding.first_seen), stamp(finding.last_seen), quotes)

    def issue(self, section: str, issue: Issue) -> IssueView:
        return IssueView(section, issue, self._quotes.cite_all(issue.because, 2))


def _timeline(room: Room, instance_id: str | None) -> TimelineView | None:
    """What happened around the first cause line; None where no finding carries a time."""
    try:
        answer = correlate(room, instance_id, timeWindow=120, maxEvents=EVENTS_MAX, response_format="detailed")
    except BadInput:
        return None
    return timeline_view(answer)


def _fact(sections: Mapping[str, Section], quotes: Quotes, title: str, section: str, name: str) -> Fact:
    found = (
        next((r for r in sections[section].readings if r.name == name and r.scope is None), None) if section in sections else None
    )
    if found is None or found.value is None:
        return Fact(title, None, None)
    return Fact(title, str(found.value), quotes.cite_place(found.ref, str(found.value)))


def _unseen(bundle: "Bundle", sections: Mapping[str, Section]) -> tuple[Coverage, ...]:
    """The sources that sections and the diagnosis wanted and did not get whole, each once."""
    covers = {c.source: c for s in sections.values() for c in s.coverage if c.state not in ("present", "masked")}
    return tuple(covers[name] for name in sorted(covers))
