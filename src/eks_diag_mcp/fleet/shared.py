"""Findings that nodes share: how many nodes show each, and which showed it first. Answered from findings/ alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UnknownFinding
from ..model import SEVERITIES, Evidence, Finding, Role, Severity
from ..signatures.findings import findings_of
from .held import SPENT, UNREADABLE, Held, why_not

if TYPE_CHECKING:
    from ..signatures.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Node:
    """A bundle and its findings, the most telling first."""

    held: Held
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """A finding on one node."""

    held: Held
    finding: Finding

    @property
    def first(self) -> Evidence | None:
        """The earliest line that is quoted; one without a time where none has any."""
        quotes = self.finding.evidence
        return min(quotes, key=lambda e: e.time.timestamp() if e.time else float("inf"), default=None)

    @property
    def order(self) -> tuple[float, str, str]:
        """The earliest first; those without a time last."""
        seen = self.finding.first_seen
        return (seen.timestamp() if seen else float("inf"), self.held.instance_id, self.finding.id)


@dataclass(frozen=True, slots=True)
class Shared:
    """A finding as the nodes show it. `sights`: one a bundle and source, the earliest first."""

    signature: str
    title: str
    severity: Severity
    role: Role
    count: int
    sights: tuple[Sight, ...]

    @property
    def instances(self) -> list[str]:
        """The nodes that show it, the first one first."""
        return list(dict.fromkeys(sight.held.instance_id for sight in self.sights))


@dataclass(slots=True)
class Read:
    """The nodes whose findings could be read. `unreadable`: instance -> why not. `outdated`: nodes scanned with another
    signature set than today's: what was added since is not looked for in them."""

    nodes: list[Node]
    unreadable: dict[str, str]
    outdated: list[str]

    @property
    def instances(self) -> list[str]:
        """The nodes, sorted."""
        return sorted({node.held.instance_id for node in self.nodes})


def read_findings(held: Sequence[Held], catalogue: "Catalogue", spent: Callable[[], bool], check: Callable[[], None]) -> Read:
    """The findings of those bundles. Where the time is `spent`, the rest is told as not read."""
    done = Read([], {}, [])
    for one in held:
        check()
        if spent():
            done.unreadable[one.instance_id] = SPENT
            continue
        try:
            done.nodes.append(Node(one, findings_of(one, catalogue)))
        except UNREADABLE as error:
            done.unreadable[one.instance_id] = why_not(error)
            continue
        if one.signatures != catalogue.digest:
            done.outdated.append(one.instance_id)
    return done


def shared(nodes: Iterable[Node], counts: Callable[[Finding], bool] = lambda _finding: True) -> list[Shared]:
    """Every finding that counts, those of most nodes first, then the most severe; context comes last."""
    groups: dict[str, list[Sight]] = {}
    for node in nodes:
        for finding in node.findings:
            if counts(finding):
                groups.setdefault(finding.signature, []).append(Sight(node.held, finding))
    every = [_shared(signature, sights) for signature, sights in groups.items()]
    return sorted(
        every, key=lambda s: (s.role == "context", -len(s.instances), SEVERITIES.index(s.severity), s.role != "cause", s.signature)
    )


def _shared(signature: str, sights: list[Sight]) -> Shared:
    worst = min((sight.finding for sight in sights), key=lambda f: SEVERITIES.index(f.severity))
    count = sum(sight.finding.count for sight in sights)
    return Shared(signature, worst.title, worst.severity, worst.role, count, tuple(sorted(sights, key=lambda s: s.order)))


def signature_of(name: str, nodes: Iterable[Node], catalogue: "Catalogue") -> str:
    """The signature that a name or an F- id means. UnknownFinding lists near ones."""
    if name in catalogue.by_id:
        return name
    for node in nodes:
        for finding in node.findings:
            if finding.id == name:
                return finding.signature
    import difflib

    near = difflib.get_close_matches(name, catalogue.by_id, 5, 0.4)
    raise UnknownFinding(
        f"No bundle asked about has a finding {name[:80]!r}, and no signature is called so.",
        f"Near: {', '.join(near) or 'none'}. fleet_findings without `finding` lists those that nodes show.",
    )
