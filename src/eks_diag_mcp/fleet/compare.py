"""Compare nodes: which findings, versions, settings and numbers tell the bad nodes from their healthy peers.

A trait separates as well as its share among bad nodes differs from that among good ones (1 = perfectly). With no good node,
or no bad one, a trait separates the fewer from the more. Numbers separate only when no bad node lies among the good. What is
the same on all nodes of a cluster by nature is compared within each cluster only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..model import Diagnosis, Finding, Reading, Section

Kind = Literal["finding", "setting", "number"]
Value = int | float | str | bool
_VOLATILE = (
    *("uptime", "boot", "captured", "age", "last_", "pid"),
    *("instance_id", "hostname", "host_name", "node_name", "primary_ip", "primary_address", "snat_to_source"),
)
"""Readings that differ from node to node by nature."""
_ENDPOINT = "api_server.api_server_endpoint"
_OF_CLUSTER = frozenset({"api_server_endpoint", "cluster_name", "cluster_dns", "nameservers", "snat_excluded_networks"})
"""Readings that are the cluster's or its VPC's own: between clusters they differ by nature."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """What of a node is compared. `bad`: its diagnosis has a supported cause; of a node that was not diagnosed: it shows a
    cause of high or critical severity. `cluster`: None where nothing tells it."""

    instance_id: str
    root_cause: str | None
    findings: Mapping[str, Finding]
    readings: Mapping[str, Reading]
    cluster: str | None = None
    diagnosed: bool = True

    @property
    def bad(self) -> bool:
        if self.diagnosed:
            return self.root_cause is not None
        return any(f.role == "cause" and f.severity in ("critical", "high") for f in self.findings.values())

    @property
    def of(self) -> str | None:
        """The cluster, or the API server that stands for it."""
        endpoint = self.readings.get(_ENDPOINT)
        return self.cluster or (str(endpoint.value) if endpoint else None)


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing that differs. `values` by instance; a node that cannot tell is left out. `role` is that of a finding."""

    kind: Kind
    name: str
    title: str
    values: Mapping[str, Value]
    separation: float
    role: str = ""


def view(
    instance_id: str,
    findings: Iterable[Finding],
    sections: Mapping[str, Section],
    diagnosis: Diagnosis | None,
    cluster: str | None = None,
) -> NodeView:
    """A node as it is compared: findings that are not context, readings of the node as a whole by section. Without a
    diagnosis it counts as bad by its findings."""
    seen: dict[str, Finding] = {}
    for finding in findings:
        if finding.role != "context" and finding.healed_at is None:
            seen.setdefault(finding.signature, finding)
    readings = {
        f"{name}.{r.name}": r
        for name, section in sections.items()
        for r in section.readings
        if r.scope in (None, "settings") and r.value is not None and not any(word in r.name for word in _VOLATILE)
    }
    root = diagnosis.root_cause if diagnosis else None
    cause = root.id if root and root.when != "earlier" else None
    return NodeView(instance_id, cause, seen, readings, cluster, diagnosis is not None)


def clusters(nodes: Iterable[NodeView]) -> frozenset[str]:
    """The clusters that the nodes are of, as far as something tells."""
    return frozenset(of for node in nodes if (of := node.of) is not None)


def compare(nodes: Sequence[NodeView], *, errors: bool, config: bool) -> tuple[Trait, ...]:
    """The traits that differ between the nodes, the one that separates bad from good best first."""
    traits = [*(_findings(nodes) if errors else ()), *(_settings(nodes) if config else ())]
    return tuple(sorted(traits, key=lambda t: (-t.separation, t.role == "echo", t.kind, t.name)))


def shared(nodes: Sequence[NodeView]) -> tuple[str, ...]:
    """Signatures that every node shows."""
    common = set.intersection(*(set(n.findings) for n in nodes)) if nodes else set()
    return tuple(sorted(common))


def _findings(nodes: Sequence[NodeView]) -> Iterable[Trait]:
    for name in sorted({s for n in nodes for s in n.findings}):
        having = [n for n in nodes if name in n.findings]
        if len(having) == len(nodes):
            continue
        first = having[0].findings[name]
        values: dict[str, Value] = {n.instance_id: n.findings[name].count if name in n.findings else 0 for n in nodes}
        yield Trait("finding", name, first.title, values, _share(nodes, {n.instance_id for n in having}), first.role)


def _settings(nodes: Sequence[NodeView]) -> Iterable[Trait]:
    for name in sorted({r for n in nodes for r in n.readings}):
        values: dict[str, Value] = {
            n.instance_id: v for n in nodes if name in n.readings and (v := n.readings[name].value) is not None
        }
        if name.partition(".")[2] in _OF_CLUSTER:
            values = _within(nodes, values)
        if len(set(map(str, values.values()))) < 2:
            continue
        numbers = {k: v for k, v in values.items() if isinstance(v, int | float) and not isinstance(v, bool)}
        if len(numbers) == len(values):
            if (separation := _apart(nodes, numbers)) > 0:
                yield Trait("number", name, name, values, separation)
            continue
        best = max(_share(nodes, {k for k, v in values.items() if v == value}) for value in set(values.values()))
        yield Trait("setting", name, name, values, best)


def _within(nodes: Sequence[NodeView], values: Mapping[str, Value]) -> dict[str, Value]:
    """The values of those clusters whose own nodes differ."""
    kept: dict[str, Value] = {}
    for cluster in {n.of for n in nodes}:
        own = {n.instance_id: values[n.instance_id] for n in nodes if n.of == cluster and n.instance_id in values}
        if len(set(map(str, own.values()))) > 1:
            kept |= own
    return kept


def _share(nodes: Sequence[NodeView], having: set[str]) -> float:
    """|share among bad - share among good|; without both kinds, how few nodes stand apart."""
    bad, good = [n for n in nodes if n.bad], [n for n in nodes if not n.bad]
    if bad and good:
        return round(abs(_part(bad, having) - _part(good, having)), 3)
    few = min(len(having), len(nodes) - len(having))
    return round(0.5 * few / max(1, len(nodes) - few), 3)


def _part(nodes: Sequence[NodeView], having: set[str]) -> float:
    return sum(n.instance_id in having for n in nodes) / len(nodes)


def _apart(nodes: Sequence[NodeView], numbers: Mapping[str, float]) -> float:
    """1 when every bad node lies above, or every one below, all good ones; else 0."""
    bad = [numbers[n.instance_id] for n in nodes if n.bad and n.instance_id in numbers]
    good = [numbers[n.instance_id] for n in nodes if not n.bad and n.instance_id in numbers]
    if not bad or not good:
        return 0.0
    return 0.9 if min(bad) > max(good) or max(bad) < min(good) else 0.0
