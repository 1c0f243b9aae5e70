"""network_diagnostics and storage_diagnostics: the node's state as numbers, and what the sections conclude."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ..model import Reading, Section
from .collecting import InstanceArg
from .growth import ComparedWith, compared_with
from .now import now
from .room import Room, shown
from .shapes import Answer, Line, line, unread
from .suggest import SopHint, suggest

SectionName = Literal["all", "cni", "ipamd", "eni", "routes", "iptables", "dns", "kube_proxy", "conntrack", "ena", "api_server"]
StorageName = Literal["all", "disk", "inodes", "kubelet", "ebs_csi", "efs_csi", "pv_pvc", "instance", "io"]
STORAGE: tuple[str, ...] = ("disk", "inodes", "kubelet", "ebs_csi", "efs_csi", "pv_pvc", "instance", "io")
NETWORK: tuple[str, ...] = ("cni", "ipamd", "eni", "routes", "iptables", "dns", "kube_proxy", "conntrack", "ena", "api_server")


class ReadingOut(Answer):
    """One number or word. No value: unknown, and `note` says why."""

    name: str
    value: int | float | str | bool | None = None
    unit: str | None = None
    at: str | None = None
    note: str | None = None


class IssueOut(Answer):
    """What a section concludes; `id` (R-) can be cited in summarize."""

    id: str
    title: str
    severity: str
    evidence: list[Line]


class SectionOut(Answer):
    """One section. `parts` holds the readings of network cards and ENIs by their id, as name -> value."""

    outcome: str
    readings: list[ReadingOut]
    parts: dict[str, dict[str, Any]] | None = None
    issues: list[IssueOut]
    coverage: list[str]


class DiagnosticsAnswer(Answer):
    """State of the node at the capture (`state files say how it was then`), and now where AWS was asked."""

    instanceId: str
    note: str | None = None
    captured: str | None
    CRITICAL_WARNINGS: list[str]
    rootCauseRanking: list[str]
    overallAssessment: str
    sections: dict[str, SectionOut]
    now: dict[str, Any] | None = None
    compared_with: ComparedWith | None = None
    suggested_sops: list[SopHint]


def network_diagnostics(
    room: Room,
    instanceId: InstanceArg = None,
    sections: Annotated[list[SectionName], Field(description="all, or any of them")] = ["all"],  # noqa: B006 - read only
) -> DiagnosticsAnswer:
    """EKS node network state from its log bundle: VPC CNI settings, ipamd address pool, ENI and IP use against limits."""
    return diagnostics(room, instanceId, [n for n in NETWORK if "all" in sections or n in sections])


def storage_diagnostics(
    room: Room,
    instanceId: InstanceArg = None,
    sections: Annotated[list[StorageName], Field(description="all, or any of them")] = ["all"],  # noqa: B006 - read only
) -> DiagnosticsAnswer:
    """EKS node disk, inode, volume and kubelet state from its log bundle, against the kubelet's own thresholds."""
    return diagnostics(room, instanceId, [n for n in STORAGE if "all" in sections or n in sections])


def diagnostics(room: Room, instance_id: str | None, names: list[str]) -> DiagnosticsAnswer:
    """The answer for those sections."""
    from .room import stamp

    bundle, note = room.bundle(instance_id)
    found = room.app.sections(bundle, names)
    verdicts = room.app.diagnosis(bundle).verdicts
    ranking = [v.id for v in verdicts if v.stand in ("supported", "unknown")][:5]
    issues = [i for s in found.values() for i in s.issues]
    bad = [n for n, s in found.items() if s.outcome == "problem"]
    dark = [n for n, s in found.items() if s.outcome == "unknown"]
    words = [f"problems in {', '.join(bad)}" if bad else "no problem in the sections read"]
    words += [f"unknown: {', '.join(dark)}"] if dark else []
    return DiagnosticsAnswer(
        instanceId=bundle.instance_id,
        note=note,
        captured=stamp(bundle.captured),
        CRITICAL_WARNINGS=list(
            dict.fromkeys(f"{i.title} [{i.id}]" for i in issues if i.severity in ("critical", "high") and i.speaks_for)
        ),
        rootCauseRanking=ranking,
        overallAssessment="; ".join(words),
        sections={name: section_out(section) for name, section in found.items()},
        now=now(room.app.facts(bundle), bundle.digest, names),
        compared_with=compared_with(room.app.comparison(bundle), found),
        suggested_sops=suggest(room, room.app.findings(bundle)[:5], ranking[:2]),
    )


def section_out(section: Section) -> SectionOut:
    """A section as it is shown: the node's readings in full, those of its parts as plain values."""
    parts: dict[str, dict[str, Any]] = {}
    for reading in section.readings:
        if reading.scope is not None and reading.value is not None:
            parts.setdefault(reading.scope, {})[reading.name] = _value(reading)
    return SectionOut(
        outcome=section.outcome,
        readings=[_reading(r) for r in section.readings if r.scope is None],
        parts=parts or None,
        issues=[
            IssueOut(id=i.id, title=i.title, severity=i.severity, evidence=[line(e, 200) for e in i.because[:1]])
            for i in section.issues
        ],
        coverage=unread(section.coverage),
    )


def _value(reading: Reading) -> Any:
    return shown(reading.value, 200) if isinstance(reading.value, str) else reading.value


def _reading(reading: Reading) -> ReadingOut:
    unit = reading.unit if reading.unit not in ("", "addresses") else None
    return ReadingOut(
        name=reading.name, value=_value(reading), unit=unit, at=str(reading.ref) if reading.ref else None, note=reading.note or None
    )
