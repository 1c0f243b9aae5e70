"""network_diagnostics and storage_diagnostics: the node's state as numbers, and what the sections conclude."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from ..model import Reading, Section
from .collecting import InstanceArg
from .finding import Format
from .growth import ComparedWith, compared_with
from .now import now
from .room import Room, shown
from .shapes import Answer, Line, line, unread
from .suggest import BEST, SopHint, suggest

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
    """One section. `parts` holds the readings of network cards and ENIs by their id, as name -> value; `unknown` the names
    of what could not be read, by why. `left_out`: so many readings are at their default or stand in this answer already."""

    outcome: str
    readings: list[ReadingOut]
    unknown: dict[str, list[str]] | None = None
    parts: dict[str, dict[str, Any]] | None = None
    left_out: int | None = None
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
    response_format: Format = "concise",
) -> DiagnosticsAnswer:
    """EKS node network state from its log bundle: VPC CNI settings, ipamd address pool, ENI and IP use against limits."""
    return diagnostics(room, instanceId, [n for n in NETWORK if "all" in sections or n in sections], response_format)


def storage_diagnostics(
    room: Room,
    instanceId: InstanceArg = None,
    sections: Annotated[list[StorageName], Field(description="all, or any of them")] = ["all"],  # noqa: B006 - read only
    response_format: Format = "concise",
) -> DiagnosticsAnswer:
    """EKS node disk, inode, volume and kubelet state from its log bundle, against the kubelet's own thresholds."""
    return diagnostics(room, instanceId, [n for n in STORAGE if "all" in sections or n in sections], response_format)


def diagnostics(room: Room, instance_id: str | None, names: list[str], response_format: Format = "concise") -> DiagnosticsAnswer:
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
        sections=_full(found) if response_format == "detailed" else _short(found),
        now=now(room.app.facts(bundle), bundle.digest, names),
        compared_with=compared_with(room.app.comparison(bundle), found),
        suggested_sops=suggest(room, room.app.findings(bundle)[:5], ranking[:2])[:BEST],
    )


def _full(found: Mapping[str, Section]) -> dict[str, SectionOut]:
    """Every reading: the node's in full, those of its parts as plain values."""
    return {
        name: _section(s, [_reading(r) for r in s.readings if r.scope is None], _parts(s.readings)) for name, s in found.items()
    }


def _short(found: Mapping[str, Section]) -> dict[str, SectionOut]:
    """Without what is usual, what another section tells, and what a part shares with the node as a whole. The node's
    readings stay with the first section that has them, those of ENIs with the last."""
    own: dict[str, list[Reading]] = {}
    told: set[tuple[object, ...]] = set()
    for name, section in found.items():
        own[name] = _new([r for r in section.readings if r.scope is None and r.value is not None], told)
    of_parts: dict[str, list[Reading]] = {}
    for name, section in reversed(list(found.items())):
        whole = {(r.name, r.value) for r in section.readings if r.scope is None}
        scoped = [r for r in section.readings if r.scope is not None and r.value is not None]
        cards = [r for r in scoped if not ((r.scope or "").startswith("card ") and (r.name, r.value) in whole)]
        of_parts[name] = _new(cards, told)
    shorter = {}
    for name, section in found.items():
        known = sum(r.value is not None for r in section.readings)
        unknown: dict[str, list[str]] = {}
        for reading in section.readings:
            if reading.scope is None and reading.value is None:
                unknown.setdefault(reading.note or "not in the bundle", []).append(reading.name)
        out = _section(section, [_reading(r) for r in own[name]], _parts(of_parts[name]))
        left = known - len(own[name]) - len(of_parts[name])
        shorter[name] = out.model_copy(update={"unknown": unknown or None, "left_out": left or None})
    return shorter


def _new(readings: list[Reading], told: set[tuple[object, ...]]) -> list[Reading]:
    """Those that say something that is not usual and was not told; they count as told from here on."""
    fresh = []
    for reading in readings:
        key = (reading.scope, reading.name, reading.value, reading.note)
        if not reading.usual and key not in told:
            told.add(key)
            fresh.append(reading)
    return fresh


def _parts(readings: Iterable[Reading]) -> dict[str, dict[str, Any]]:
    parts: dict[str, dict[str, Any]] = {}
    for reading in readings:
        if reading.scope is not None and reading.value is not None:
            parts.setdefault(reading.scope, {})[reading.name] = _value(reading)
    return parts


def _section(section: Section, readings: list[ReadingOut], parts: dict[str, dict[str, Any]]) -> SectionOut:
    return SectionOut(
        outcome=section.outcome,
        readings=readings,
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
    said = reading.unit in ("", "addresses") or reading.unit.casefold() in reading.name
    unit = None if said else reading.unit
    return ReadingOut(
        name=reading.name, value=_value(reading), unit=unit, at=str(reading.ref) if reading.ref else None, note=reading.note or None
    )
