"""The board: what speaks for and against each cause, before it becomes verdicts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ..bundle.bundle import Bundle
from ..model import Evidence, Finding, Issue, LineRef, NodeFacts, Reason, Role, Section
from ..signatures.findings import at_capture
from .causes import Cause, Causes

if TYPE_CHECKING:
    from .growth import Comparison


@dataclass(frozen=True, slots=True)
class Case:
    """All that a judge may look at. `comparison` is with an earlier bundle of the node, where there is one."""

    bundle: Bundle
    findings: tuple[Finding, ...]
    sections: Mapping[str, Section]
    facts: NodeFacts | None = None
    comparison: "Comparison | None" = None

    def number(self, section: str, name: str, scope: str | None = None) -> float | None:
        """A section's reading as a number; None when the section or the reading is unknown."""
        found = self.sections.get(section)
        return found.number(name, scope) if found else None

    def value(self, section: str, name: str, scope: str | None = None) -> object:
        """A section's reading; None when it is unknown."""
        found = self.sections.get(section)
        return found.value(name, scope) if found else None

    def issue(self, key: str) -> Issue | None:
        """The issue of that key, from any section."""
        return next((i for s in self.sections.values() for i in s.issues if i.key == key), None)

    def quote(self, ref: LineRef | None) -> tuple[Evidence, ...]:
        """The line of the bundle that a reading was taken from."""
        if ref is None or ref.file not in self.bundle.files:
            return ()
        source = self.bundle.files[ref.file].source
        return tuple(Evidence(source, ref.file, n, text[:300]) for n, text in self.bundle.lines(ref.file, ref.line, 1))

    def lines_of(self, *readings: tuple[str, ...]) -> tuple[Evidence, ...]:
        """The lines that readings were taken from, each once. A reading is (section, name) or (section, name, scope)."""
        found: dict[Evidence, None] = {}
        for section, name, *scope in readings:
            known = self.sections[section].readings if section in self.sections else ()
            ref = next((r.ref for r in known if r.name == name and r.scope == next(iter(scope), None)), None)
            found |= dict.fromkeys(self.quote(ref))
        return tuple(found)

    def active(self, *signatures: str) -> list[Finding]:
        """Findings of those signatures that hold at the capture."""
        return [f for f in self.findings if f.signature in signatures and at_capture(f, self.bundle.captured)]

    def speaking_for(self, *causes: str) -> list[Finding]:
        """Findings that hold at the capture and speak for one of those causes, as cause or echo."""
        wanted = set(causes)
        return [
            f for f in self.findings if wanted & set(f.speaks_for) and f.role != "context" and at_capture(f, self.bundle.captured)
        ]


@dataclass(frozen=True, slots=True)
class Support:
    """One argument for a cause. `active`: it holds at the capture; `state`: read from a state file, not from a line;
    `rival`: the line names another cause first, this one only might stand behind it too."""

    reason: Reason
    weight: float
    role: Role
    active: bool
    healed: bool = False
    brief: bool = False
    state: bool = False
    rival: bool = False
    first: datetime | None = None
    last: datetime | None = None
    count: int = 1


@dataclass(slots=True)
class Tally:
    """What stands on the board for one cause."""

    cause: Cause
    supports: list[Support] = field(default_factory=list)
    against: list[Reason] = field(default_factory=list)
    ruled_out: bool = False
    not_applicable: bool = False
    follows_from: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        """The strongest argument counts whole, further ones a little; echoes count less than causes."""
        live = [s for s in self.supports if s.active] or self.supports
        causes = sorted((s.weight for s in live if s.role == "cause"), reverse=True)
        echoes = sorted((s.weight for s in live if s.role == "echo"), reverse=True)
        total = causes[0] + 0.25 * min(3, len(causes) - 1) if causes else 0.0
        return total + (0.3 if causes else 0.6) * (echoes[0] if echoes else 0.0)

    @property
    def best(self) -> float:
        """The weight of the strongest line that says it; state and echoes do not count."""
        live = [s for s in self.supports if s.active] or self.supports
        return max((s.weight for s in live if s.role == "cause" and not s.state), default=0.0)


class Board:
    """One tally a cause."""

    def __init__(self, causes: Causes) -> None:
        self.causes = causes
        self.tallies = {row.id: Tally(row) for row in causes.rows}

    def __getitem__(self, cause: str) -> Tally:
        return self.tallies[cause]

    def enter_finding(self, finding: Finding, captured: datetime) -> None:
        """A finding speaks for its causes: fully for the first, a little less for further ones."""
        if finding.role == "context":
            return
        brief = bool(finding.first_seen and finding.last_seen and (finding.last_seen - finding.first_seen).total_seconds() < 300)
        for place, cause in enumerate(finding.speaks_for):
            self.tallies[cause].supports.append(
                Support(
                    Reason(f"{finding.title} ({finding.count}x)", (finding.id,), finding.evidence[-1:]),
                    finding.weight - 0.75 * min(place, 2),
                    finding.role,
                    at_capture(finding, captured),
                    finding.healed_at is not None,
                    brief,
                    False,
                    place > 0,
                    finding.first_seen,
                    finding.last_seen,
                    finding.count,
                )
            )

    def enter_issue(self, issue: Issue, *, weight: float | None = None, cause: str | None = None) -> None:
        """An issue of a section speaks for its causes (or for `cause` alone)."""
        for place, name in enumerate([cause] if cause else issue.speaks_for):
            self.tallies[name].supports.append(
                Support(
                    Reason(issue.title, (issue.id,), issue.because[:1]),
                    (weight or issue.weight) - 0.5 * min(place, 2),
                    issue.role,
                    True,
                    state=True,
                )
            )

    def speak(
        self,
        cause: str,
        says: str,
        weight: float,
        *,
        evidence: Iterable[Evidence] = (),
        ids: tuple[str, ...] = (),
        role: Role = "cause",
    ) -> None:
        """A judge's own argument for a cause, from arithmetic or order."""
        self.tallies[cause].supports.append(Support(Reason(says, ids, tuple(evidence)[:2]), weight, role, True, state=True))

    def object(
        self, cause: str, says: str, *, ids: tuple[str, ...] = (), evidence: Iterable[Evidence] = (), rule_out: bool = False
    ) -> None:
        """An argument against a cause; `rule_out` when it decides."""
        tally = self.tallies[cause]
        tally.against.append(Reason(says, ids, tuple(evidence)[:2]))
        tally.ruled_out = tally.ruled_out or rule_out

    def withdraw(self, cause: str, says: str) -> None:
        """Take back the state arguments for a cause (configuration alone is no evidence) and say why."""
        tally = self.tallies[cause]
        taken = [s.reason for s in tally.supports if s.state]
        if taken:
            tally.supports = [s for s in tally.supports if not s.state]
            tally.against.append(Reason(says, taken[0].ids, taken[0].evidence))
