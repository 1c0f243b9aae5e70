"""The words of the house (design: "Words"): plain values that every floor above may use. No behaviour but their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Severity = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")

Role = Literal["cause", "echo", "context"]
"""cause: the line itself says what is wrong; echo: it follows from a cause elsewhere; context: neither, but useful."""

CoverageState = Literal["present", "absent", "empty", "unreadable", "truncated", "masked"]
Outcome = Literal["ok", "problem", "unknown", "not_applicable"]
Stand = Literal["supported", "ruled_out", "unknown", "not_applicable"]
When = Literal["at_capture", "earlier", "recurring"]
Confidence = Literal["high", "medium", "low"]
Safety = Literal["GREEN", "YELLOW", "RED"]


@dataclass(frozen=True, slots=True)
class LineRef:
    """Where something was read: a file of the bundle and a 1-based line in it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One quoted line. `text` is verbatim but for masked secrets and cut length; it is untrusted data."""

    source: str
    file: str
    line: int
    text: str
    time: datetime | None = None
    at: int = 0
    """Where in `text` the telling part begins; what is cut to fit is cut around it."""

    @property
    def ref(self) -> LineRef:
        return LineRef(self.file, self.line)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of a source could be read. `detail` says why not, in our own words."""

    source: str
    state: CoverageState
    files: tuple[str, ...] = ()
    size_bytes: int = 0
    detail: str = ""

    @property
    def readable(self) -> bool:
        return self.state in ("present", "truncated", "masked")


@dataclass(frozen=True, slots=True)
class Finding:
    """A signature seen in one source of a bundle.

    `count` is the true number of lines; `evidence` holds a few of them, the most telling first. `healed_at` is the time
    of a later line that shows the fault gone (None: nothing shows that)."""

    id: str
    signature: str
    family: str
    title: str
    severity: Severity
    role: Role
    source: str
    count: int
    first_seen: datetime | None
    last_seen: datetime | None
    evidence: tuple[Evidence, ...]
    files: tuple[str, ...] = ()
    speaks_for: tuple[str, ...] = ()
    weight: int = 3
    healed_at: datetime | None = None
    untimed: int = 0
    """How many of `count` lines carry no time."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One number or word read from evidence. `scope` tells which part it is of ("eni-0ab", "card 0"); None = the node.
    `value` None means unknown, never zero. `usual`: it says nothing beyond the default or beyond another reading."""

    name: str
    value: int | float | str | bool | None
    unit: str = ""
    ref: LineRef | None = None
    scope: str | None = None
    note: str = ""
    usual: bool = False


@dataclass(frozen=True, slots=True)
class Issue:
    """Something a section concludes from its readings. `key` names the kind and is stable; `speaks_for` are cause ids.
    `id` is R- plus a hash, given by whoever knows the bundle."""

    key: str
    title: str
    severity: Severity
    because: tuple[Evidence, ...] = ()
    speaks_for: tuple[str, ...] = ()
    role: Role = "cause"
    weight: int = 3
    id: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The outcome of one look at the node's state. unknown: the files that would tell are not there."""

    name: str
    outcome: Outcome
    readings: tuple[Reading, ...] = ()
    issues: tuple[Issue, ...] = ()
    coverage: tuple[Coverage, ...] = ()

    def value(self, name: str, scope: str | None = None) -> int | float | str | bool | None:
        """The value of the reading of that name and scope; None when it is unknown or was not read."""
        return next((r.value for r in self.readings if r.name == name and r.scope == scope), None)

    def number(self, name: str, scope: str | None = None) -> float | None:
        """As `value`, for numbers; None for anything else."""
        value = self.value(name, scope)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What AWS and Kubernetes say *now*, each with the time of the call (facts.json beside the manifest)."""

    values: Mapping[str, object] = field(default_factory=dict)
    called_at: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open UTC interval [start, end) and why it holds. None = unbounded on that side."""

    start: datetime | None
    end: datetime | None
    why: str

    def contains(self, time: datetime) -> bool:
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    @property
    def whole(self) -> bool:
        return self.start is None and self.end is None


@dataclass(frozen=True, slots=True)
class Reason:
    """One argument for or against a cause: our own words and what they rest on (ids of findings or issues, readings)."""

    says: str
    ids: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Mitigation:
    """What an operator can do. Never done by this server."""

    immediate: str
    long_term: str = ""
    verify: str = ""
    risk: str = ""
    safety: Safety = "YELLOW"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence says about one possible root cause."""

    id: str
    title: str
    stand: Stand
    when: When | None
    confidence: Confidence
    severity: Severity
    because: tuple[Reason, ...] = ()
    against: tuple[Reason, ...] = ()
    would_settle: tuple[str, ...] = ()
    mitigation: Mitigation | None = None
    sops: tuple[str, ...] = ()
    since: datetime | None = None
    score: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    """What the node runs of what this cause is often a regression of: component -> release."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Verdicts, best first, and what could not be seen."""

    verdicts: tuple[Verdict, ...]
    gaps: tuple[str, ...] = ()

    @property
    def root_cause(self) -> Verdict | None:
        return next((v for v in self.verdicts if v.stand == "supported"), None)

    @property
    def settles_first(self) -> str | None:
        """The one thing that would settle the case where no cause is supported; None where one is."""
        if self.root_cause is not None:
            return None
        nearest = next((v for v in self.verdicts if v.stand == "unknown" and v.would_settle), None)
        if nearest is not None:
            return f"whether it is {nearest.id}: {nearest.would_settle[0]}"
        if self.gaps:
            return f"a bundle in which this can be read: {self.gaps[0]}"
        return "a second bundle taken while the fault shows, or compare_nodes with a node that has it"
