"""How a cluster's health is shown: rows for nodes, daemons, stuck pods, add-ons and subnets, what is wrong first."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from .outside_room import fitting, quoted
from .room import stamp
from .shapes import Answer

if TYPE_CHECKING:
    from ..cluster.daemons import DaemonHealth
    from ..cluster.health import ClusterHealth
    from ..cluster.network import Subnet
    from ..cluster.node_health import NodeHealth

Mask = Callable[[str], str]
_NODES_CHARS, _PODS_CHARS, _SUBNETS_CHARS = 4_000, 1_600, 2_200
SCARCE = 16
"""Free addresses below which no /28 can be had, and few pods can be started."""


class NodeRow(Answer):
    """A node, or an instance that never joined. `reasons`: why it is not well. `text`: the message of its worst condition."""

    name: str
    instanceId: str | None = None
    status: str
    reasons: list[str] | None = None
    kind: str | None = None
    group: str | None = None
    type: str | None = None
    zone: str | None = None
    ip: str | None = None
    pods: str | None = None
    taints: list[str] | None = None
    agent: str | None = None
    ssm: str | None = None
    kubelet: str | None = None
    age: str | None = None
    since: str | None = None
    bundle_age: str | None = None
    text: str | None = None


class GroupRow(Answer):
    """Nodes of one group: how many there are and how many are well."""

    group: str | None = None
    kind: str
    nodes: int
    healthy: int
    kubelet: list[str]


class BrokenPod(Answer):
    """A pod that is not well; `text` is its own or its event's message."""

    namespace: str | None = None
    name: str
    node: str | None = None
    status: str | None = None
    restarts: int | None = None
    age: str | None = None
    count: int | None = None
    last: str | None = None
    text: str | None = None


class DaemonRow(Answer):
    """A DaemonSet (coredns: a Deployment). `missing_on`: nodes that should have a pod of it and have none."""

    ready: str
    image: str | None = None
    missing_on: list[str] | None = None
    broken: list[BrokenPod] | None = None
    note: str | None = None


class FaultRow(Answer):
    """A fault that EKS names."""

    code: str
    text: str | None = None


class AddonRow(Answer):
    """An EKS add-on; `compatible`: whether its version fits the cluster's Kubernetes version."""

    name: str
    version: str | None = None
    status: str | None = None
    compatible: bool | None = None
    default: str | None = None
    issues: list[FaultRow] | None = None


class OrphanRow(Answer):
    """An ENI that the CNI made, attached to nothing. No age: no tag tells when it was made."""

    eni: str
    ips: int
    cluster: str | None = None
    age: str


class SubnetRow(Answer):
    """A subnet now. `holders`: its addresses by who holds them."""

    id: str
    cidr: str
    zone: str | None = None
    free: int
    free_28s: int | None = None
    whole_28s: int | None = None
    reservations: list[str] | None = None
    holders: dict[str, int]
    clusters: dict[str, int] | None = None
    orphaned: list[OrphanRow] | None = None
    orphaned_total: int | None = None


def node_rows(health: "ClusterHealth", now: datetime, mask: Mask, bundle_age: Callable[[str], str | None]) -> list[NodeRow]:
    """As many nodes as fit, those that are not well first."""
    return fitting((_node(n, now, mask, bundle_age) for n in health.nodes), 200, _NODES_CHARS)


def _node(found: "NodeHealth", now: datetime, mask: Mask, bundle_age: Callable[[str], str | None]) -> NodeRow:
    from ..cluster.reading import age

    node, instance = found.node, found.instance
    id_ = node.instance_id if node else found.name
    if node is None:
        return NodeRow(
            name=found.name,
            instanceId=id_,
            status="NotJoined",
            reasons=list(found.reasons),
            type=instance.type if instance else None,
            zone=instance.zone if instance else None,
            ssm=found.ssm or None,
            age=age(instance.launched, now) or None if instance else None,
        )
    worst = node.troubles[0] if node.troubles else None
    pods = "" if found.pods is None else f"{found.pods}/{node.pods_allocatable or '?'}"
    return NodeRow(
        name=node.name,
        instanceId=id_ if id_ and id_ != node.name else None,
        status=node.status,
        reasons=list(found.reasons) or None,
        kind=node.kind,
        group=node.group or None,
        type=node.instance_type or None,
        zone=node.zone or None,
        ip=node.ip or None,
        pods=pods or None,
        taints=list(node.taints) or None,
        agent="reports" if node.agent else None,
        ssm=found.ssm or None,
        kubelet=node.kubelet or None,
        age=age(node.created, now) or None,
        since=stamp(worst.since) if worst else None,
        bundle_age=bundle_age(id_) if id_ else None,
        text=quoted(worst.text, mask, 200) if worst else None,
    )


def group_rows(health: "ClusterHealth") -> list[GroupRow]:
    """Nodes by group, the one with the most trouble first."""
    groups: dict[tuple[str, str], list[NodeHealth]] = {}
    for found in health.nodes:
        if found.node is not None:
            groups.setdefault((found.node.kind, found.node.group), []).append(found)
    rows = [
        GroupRow(
            group=group or None,
            kind=kind,
            nodes=len(members),
            healthy=sum(m.healthy for m in members),
            kubelet=[v for v, _ in Counter(m.node.kubelet for m in members if m.node).most_common(3)],
        )
        for (kind, group), members in groups.items()
    ]
    return sorted(rows, key=lambda r: r.healthy - r.nodes)[:20]


def daemon_rows(health: "ClusterHealth", now: datetime, mask: Mask) -> dict[str, DaemonRow]:
    """The DaemonSets that matter, and coredns."""
    from ..cluster.daemons import NEEDED

    rows = {d.daemon.name: _daemon(d, now, mask) for d in health.daemon_health}
    dns = health.daemons.dns
    if dns is not None:
        rows["coredns"] = DaemonRow(ready=dns.ready, image=str(dns.more.get("image", "")) or None)
    hosts = [n for n in health.nodes if n.node is not None and n.node.has_aws_node]
    for name in NEEDED:
        if health.survey is not None and name not in rows and hosts:
            plugin = health.daemons.plugin
            why = f"{plugin} does its work" if plugin else f"there is no such DaemonSet, and {len(hosts)} nodes need it"
            rows[name] = DaemonRow(ready="0/0", note=why)
    return rows


def _daemon(found: "DaemonHealth", now: datetime, mask: Mask) -> DaemonRow:
    from ..cluster.reading import age

    return DaemonRow(
        ready=f"{found.daemon.ready}/{found.daemon.wanted}",
        image=found.daemon.image or None,
        missing_on=list(found.missing_on[:8]) or None,
        broken=[
            BrokenPod(
                name=p.name,
                node=p.node or None,
                status=p.status,
                restarts=p.restarts or None,
                age=age(p.created, now) or None,
                text=quoted(p.text, mask, 200),
            )
            for p in found.broken[:6]
        ]
        or None,
        note=f"{len(found.broken)} pods are not well" if len(found.broken) > 6 else None,
    )


def stuck_rows(health: "ClusterHealth", now: datetime, mask: Mask) -> list[BrokenPod]:
    """Pods that are on a node for minutes without an address, with what the kubelet last said."""
    from ..cluster.reading import age

    def row(namespace: str, name: str) -> BrokenPod:
        pod = next(p for p in health.survey.stuck if (p.namespace, p.name) == (namespace, name)) if health.survey else None
        event = health.sandbox_events.get((namespace, name))
        return BrokenPod(
            namespace=namespace,
            name=name,
            node=pod.node if pod else None,
            status=pod.waiting or pod.status if pod else None,
            age=age(pod.created, now) if pod else None,
            count=event.count if event else None,
            last=stamp(event.last) if event else None,
            text=quoted(event.text if event else pod.text if pod else "", mask, 240),
        )

    stuck = health.survey.stuck if health.survey else []
    told = sorted(stuck, key=lambda p: (p.namespace, p.name) not in health.sandbox_events)
    return fitting((row(p.namespace, p.name) for p in told), 20, _PODS_CHARS)


def addon_rows(health: "ClusterHealth", mask: Mask) -> list[AddonRow]:
    """The add-ons, those with a fault first."""
    rows = []
    for name, addon in health.addons.items():
        version = str(addon.properties.get("version", "")) if addon else ""
        offered = health.addon_versions.get(name)
        rows.append(
            AddonRow(
                name=name,
                version=version or None,
                status=addon.status or None if addon else None,
                compatible=offered.fits(version) if offered else None,
                default=offered.default or None if offered and offered.default != version else None,
                issues=[FaultRow(code=i.code, text=quoted(i.text, mask, 200)) for i in addon.issues[:4]] or None if addon else None,
            )
        )
    return sorted(rows, key=lambda r: (not r.issues, r.compatible is not False, r.status == "ACTIVE"))[:20]


def subnet_rows(health: "ClusterHealth", now: datetime) -> list[SubnetRow]:
    """The subnets, the fullest first."""
    ordered = sorted(health.subnets.values(), key=lambda s: (s.free, s.blocks.free if s.blocks else 0))
    return fitting((_subnet(s, now) for s in ordered), 20, _SUBNETS_CHARS)


def _subnet(subnet: "Subnet", now: datetime) -> SubnetRow:
    from ..cluster.reading import age

    orphans = sorted(subnet.orphans, key=lambda e: e.used, reverse=True)
    return SubnetRow(
        id=subnet.id,
        cidr=subnet.cidr,
        zone=subnet.zone or None,
        free=subnet.free,
        free_28s=subnet.blocks.free if subnet.blocks else None,
        whole_28s=subnet.blocks.whole if subnet.blocks else None,
        reservations=[f"{r.cidr} {r.kind}" for r in subnet.reservations[:6]] or None,
        holders=dict(list(subnet.holders.items())[:8]),
        clusters=dict(list(subnet.clusters.items())[:5]) if len(subnet.clusters) > 1 else None,
        orphaned=[
            OrphanRow(eni=e.id, ips=e.used, cluster=e.cluster or None, age=age(e.created, now) or "unknown") for e in orphans[:5]
        ]
        or None,
        orphaned_total=len(orphans) or None,
    )
