"""cluster_health: the nodes of a cluster and what they stand on, in one call."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from .health_shapes import (
    SCARCE,
    AddonRow,
    BrokenPod,
    DaemonRow,
    GroupRow,
    NodeRow,
    SubnetRow,
    addon_rows,
    daemon_rows,
    group_rows,
    node_rows,
    stuck_rows,
    subnet_rows,
)
from .outside_room import ClusterArg, health_of, masker
from .room import Room
from .shapes import Answer

if TYPE_CHECKING:
    from ..cluster.health import ClusterHealth

_DIAGNOSED = 6
"""Nodes with a bundle whose cause is told; the unhealthy ones come first."""


class NodeCause(Answer):
    """What the newest bundle of a node says."""

    root_cause: str | None = None
    when: str | None = None
    bundle_age: str | None = None


class GroupFault(Answer):
    """A node group that is not well."""

    name: str
    status: str
    issues: list[str]


class ClusterAnswer(Answer):
    """A cluster's health. What could not be seen stands in `gaps`; `missing_permissions` would close them."""

    clusterName: str
    note: str | None = None
    region: str
    version: str | None = None
    summary: str
    warnings: list[str]
    nodes: list[NodeRow]
    nodes_shown: int
    nodes_total: int
    unhealthy_nodes: list[str]
    unhealthy_total: int
    groups: list[GroupRow]
    daemonsets: dict[str, DaemonRow]
    pods_without_ip: list[BrokenPod]
    pods_without_ip_total: int
    addons: list[AddonRow]
    nodegroups: list[GroupFault] | None = None
    insights: dict[str, str] | None = None
    subnets: list[SubnetRow]
    subnets_total: int
    causes_by_node: dict[str, NodeCause]
    gaps: list[str]
    missing_permissions: list[str] | None = None
    next_step: str


def cluster_health(
    room: Room,
    clusterName: ClusterArg = None,
    region: str | None = None,
    includeSSMStatus: Annotated[bool, Field(description="Ask SSM whether nodes can be reached")] = True,
) -> ClusterAnswer:
    """Health of an EKS cluster's nodes: conditions, aws-node and kube-proxy per node, pods without IP, add-ons, free subnet addresses and who holds the rest."""
    from ..cluster.choosing import choose

    began, now, mask = room.app.now(), room.app.wall(), masker()
    ref, note = choose(room.app.outside.clusters, clusterName, region)
    health = health_of(room, ref, now, ssm=includeSSMStatus)
    unhealthy = [n.name for n in health.nodes if not n.healthy]
    nodes = node_rows(health, now, mask, lambda instance: _bundle_age(room, instance))
    stuck, subnets = stuck_rows(health, now, mask), subnet_rows(health, now)
    return ClusterAnswer(
        clusterName=ref.name,
        note=note,
        region=ref.region,
        version=health.version or None,
        summary=_summary(health, len(unhealthy)),
        warnings=_warnings(health),
        nodes=nodes,
        nodes_shown=len(nodes),
        nodes_total=len(health.nodes),
        unhealthy_nodes=unhealthy[:40],
        unhealthy_total=len(unhealthy),
        groups=group_rows(health),
        daemonsets=daemon_rows(health, now, mask),
        pods_without_ip=stuck,
        pods_without_ip_total=len(health.survey.stuck) if health.survey else 0,
        addons=addon_rows(health, mask),
        nodegroups=_bad_groups(health),
        insights={n: i.status for n, i in health.insights.items() if i and i.status not in ("PASSING", "")} or None,
        subnets=subnets,
        subnets_total=len(health.subnets),
        causes_by_node=_causes(room, health, began + room.patience_s),
        gaps=[str(g) for g in health.gaps],
        missing_permissions=list(dict.fromkeys(g.missing for g in health.gaps if g.missing)) or None,
        next_step=_next(health, unhealthy),
    )


def _bundle_age(room: Room, instance_id: str) -> str | None:
    from ..cluster.reading import age

    found = room.app.library.bundles(instance_id)
    return age(found[0].captured, room.app.wall()) if found else None


def _causes(room: Room, health: "ClusterHealth", until: float) -> dict[str, NodeCause]:
    """The root causes of nodes that have a bundle, as long as there is time."""
    found: dict[str, NodeCause] = {}
    ids = [(n.node.instance_id if n.node else n.name) for n in health.nodes]
    known = set(room.app.library.instances())
    for instance in [i for i in ids if i in known][:_DIAGNOSED]:
        if room.app.now() > until:
            break
        room.checkpoint()
        bundle = room.app.library.bundle(instance)
        root = room.app.diagnosis(bundle).root_cause
        found[instance] = NodeCause(
            root_cause=root.id if root else None, when=root.when if root else None, bundle_age=_bundle_age(room, instance)
        )
    return found


def _bad_groups(health: "ClusterHealth") -> list[GroupFault] | None:
    rows = [
        GroupFault(name=name, status=group.status, issues=[i.code for i in group.issues])
        for name, group in health.nodegroups.items()
        if group is not None and (group.issues or group.status not in ("ACTIVE", ""))
    ]
    return rows[:15] or None


def _summary(health: "ClusterHealth", unhealthy: int) -> str:
    stuck = len(health.survey.stuck) if health.survey else 0
    seen = f"{len(health.nodes) - unhealthy} of {len(health.nodes)} nodes are well"
    said = [seen if health.nodes_seen else "the nodes could not be read"]
    said += [f"{stuck} pods have no address"] if stuck else []
    scarce = [s for s in health.subnets.values() if s.free < SCARCE]
    said += [f"{len(scarce)} of {len(health.subnets)} subnets have fewer than {SCARCE} free addresses"] if scarce else []
    bad = [name for name, addon in health.addons.items() if addon and (addon.issues or addon.status not in ("ACTIVE", ""))]
    said += [f"add-ons with a fault: {', '.join(bad[:6])}"] if bad else []
    said += [f"{len(health.gaps)} gaps"] if health.gaps else []
    return "; ".join(said)


def _warnings(health: "ClusterHealth") -> list[str]:
    """What an SRE should not overlook, in our own words."""
    said = [f"the cluster reports {code}" for code in health.cluster_issues]
    for subnet in health.subnets.values():
        if subnet.free < SCARCE:
            said.append(f"{subnet.id} has {subnet.free} free addresses")
        elif subnet.blocks is not None and subnet.blocks.free == 0:
            said.append(f"{subnet.id} has {subnet.free} free addresses and no whole free /28: prefix mode gets nothing there")
        if subnet.orphans:
            held = sum(e.used for e in subnet.orphans)
            said.append(f"{subnet.id}: {len(subnet.orphans)} orphaned ENIs hold {held} addresses")
    for name, offered in health.addon_versions.items():
        addon = health.addons.get(name)
        version = str(addon.properties.get("version", "")) if addon else ""
        if offered.fits(version) is False:
            said.append(f"add-on {name} {version} is not offered for Kubernetes {offered.kubernetes}")
    return said[:15]


def _next(health: "ClusterHealth", unhealthy: list[str]) -> str:
    first = next((n for n in health.nodes if not n.healthy), None)
    if not health.nodes_seen:
        return "Close the gaps first: without the list of nodes nothing is known to be well."
    if first is None:
        return "No node shows a fault here. collect a node that its users complain about."
    instance = first.node.instance_id if first.node else first.name
    more = " list_k8s_resources kind=Node lists all nodes." if len(health.nodes) > len(unhealthy) + 40 else ""
    return f'collect(instanceId="{instance or first.name}") gets the logs of the first of them.{more}'
