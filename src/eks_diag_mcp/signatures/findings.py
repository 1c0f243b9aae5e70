"""Findings: the stored hits of a bundle joined with the catalogue, and whether later lines show the fault gone."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from ..bundle.findings_table import FindingRow
from ..bundle.store import from_millis
from ..model import SEVERITIES, Evidence, Finding, Role, Severity
from .catalogue import Catalogue

AT_CAPTURE = timedelta(minutes=30)
"""A fault last seen within this time of the capture holds at the capture, unless something shows it gone."""
_QUIET = timedelta(minutes=10)
_BOOTING = timedelta(minutes=15)
_MOMENT = timedelta(seconds=45)
_HINT = 2
"""What a line weighs that has not come often enough to mean anything by itself."""
_ROLE_STEP: dict[Role, int] = {"cause": 0, "echo": 1, "context": 2}


class Indexed(Protocol):
    """What findings are made of: a bundle, or what a fleet keeps of one."""

    @property
    def digest(self) -> str: ...
    @property
    def captured(self) -> datetime: ...
    @property
    def boot(self) -> datetime | None: ...
    @property
    def finding_rows(self) -> Sequence[FindingRow]: ...


def short_id(prefix: str, *parts: str) -> str:
    """`prefix` and a short hash of the parts: the same in every later call and after re-indexing."""
    return f"{prefix}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:8]}"


def findings_of(bundle: Indexed, catalogue: Catalogue) -> tuple[Finding, ...]:
    """All findings of a bundle, the most telling first."""
    found = [_finding(bundle, row, catalogue) for row in bundle.finding_rows if row.signature in catalogue.by_id]
    last_of: dict[str, datetime] = {}
    for finding in found:
        if finding.last_seen:
            last_of[finding.signature] = max(finding.last_seen, last_of.get(finding.signature, finding.last_seen))
    healed = [_healed(finding, catalogue, last_of, bundle) for finding in found]
    return tuple(ranked(healed, bundle.captured))


def _finding(bundle: Indexed, row: FindingRow, catalogue: Catalogue) -> Finding:
    signature = catalogue.get(row.signature)
    return Finding(
        id=short_id("F", bundle.digest, row.signature, row.source),
        signature=row.signature,
        family=signature.family,
        title=signature.title,
        severity=signature.severity,
        role=signature.role,
        source=row.source,
        count=row.count,
        first_seen=from_millis(row.first),
        last_seen=from_millis(row.last),
        evidence=tuple(Evidence(row.source, q.file, q.line, q.text, from_millis(q.time), q.at) for q in row.quotes),
        files=row.files,
        speaks_for=signature.speaks_for,
        weight=signature.weight if row.count >= signature.repeats else min(signature.weight, _HINT),
        untimed=row.untimed,
    )


def _healed(finding: Finding, catalogue: Catalogue, last_of: dict[str, datetime], bundle: Indexed) -> Finding:
    """A later success heals a fault that ended: quiet for a while, or of the first minutes after boot. What comes back
    between successes (a churning pool) is not healed by the success that happened to be last."""
    first, last = finding.first_seen, finding.last_seen
    later = [t for s in catalogue.get(finding.signature).healed_by if (t := last_of.get(s)) and last and t > last]
    if not later or first is None or last is None:
        return finding
    since = bundle.captured - last
    booting = bundle.boot is not None and last - bundle.boot < _BOOTING and since > _MOMENT
    if not (since > _QUIET or booting):
        return finding
    severity: Severity = finding.severity if SEVERITIES.index(finding.severity) >= 3 else "low"
    return replace(finding, healed_at=max(later), severity=severity)


def at_capture(finding: Finding, captured: datetime) -> bool:
    """Does the fault still show at the capture? Lines without a time count as recent: nothing says they are old."""
    return finding.healed_at is None and (finding.last_seen is None or captured - finding.last_seen <= AT_CAPTURE)


def ranked(findings: Iterable[Finding], captured: datetime) -> list[Finding]:
    """The most telling first: by severity, causes before echoes before context, what holds at the capture before what was;
    the same signature in a second source comes after all first ones of its level."""
    order = sorted(findings, key=lambda f: (_level(f, captured), -f.weight, -(f.last_seen.timestamp() if f.last_seen else 0), f.id))
    seen: set[str] = set()
    keyed = []
    for place, finding in enumerate(order):
        repeated = finding.signature in seen
        seen.add(finding.signature)
        keyed.append((_level(finding, captured) + (0.5 if repeated else 0), place, finding))
    return [finding for _, _, finding in sorted(keyed, key=lambda k: k[:2])]


def _level(finding: Finding, captured: datetime) -> float:
    return SEVERITIES.index(finding.severity) + _ROLE_STEP[finding.role] + (0 if at_capture(finding, captured) else 1)
