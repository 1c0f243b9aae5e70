"""NodeFacts: what AWS and Kubernetes say about one node *now*, to stand beside what its bundle says about *then*.

A call that fails leaves its fact out and is told under "gaps"; nothing is guessed. All values are plain JSON."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from ..cloud.aws import Aws
from ..cloud.clusters import ClusterRef, Clusters
from ..cloud.eks_cluster import describe_cluster
from ..cloud.kube import Kube
from ..errors import NotThere
from ..model import NodeFacts
from .addon_versions import addon_versions
from .eks_overview import overview
from .enis import Eni, read_eni
from .fanout import Fanout
from .gaps import Gap
from .instances import Instance, read_instance, read_type_limits
from .network import Subnet, read_subnets
from .nodes import Node, read_node
from .reading import parts, text

DEADLINE_S = 25.0
_ADDONS = ("vpc-cni", "kube-proxy", "coredns")
"""Add-ons whose fit with the Kubernetes version is asked for."""
GAPS = "gaps"


class _Gathering:
    """Facts as they come in, each with the time of its call."""

    def __init__(self, now: Callable[[], datetime], checkpoint: Callable[[], None]) -> None:
        self._now = now
        self.fan = Fanout(lambda: now().timestamp(), DEADLINE_S, checkpoint)
        self.values: dict[str, object] = {}
        self.called_at: dict[str, datetime] = {}

    def keep(self, name: str, value: object) -> None:
        """A fact; None is none."""
        if value is not None:
            self.values[name], self.called_at[name] = value, self._now()

    def facts(self) -> NodeFacts:
        """All of it, and what is missing."""
        self.values[GAPS] = [_gap(g) for g in self.fan.gaps]
        self.called_at[GAPS] = self._now()
        return NodeFacts(self.values, self.called_at)


def gather_facts(
    aws: Aws,
    clusters: Clusters,
    instance_id: str,
    region: str,
    cluster: str | None,
    now: Callable[[], datetime],
    checkpoint: Callable[[], None] = lambda: None,
) -> NodeFacts:
    """The facts about an instance, at most `DEADLINE_S` seconds long. Without `cluster` its tags tell which one it is of."""
    got = _Gathering(now, checkpoint)
    first = got.fan.run(
        {
            "instance": partial(read_instance, aws, region, instance_id),
            "interfaces of the instance": partial(_enis_of, aws, region, instance_id),
        }
    )
    instance: Instance | None = first.get("instance")
    enis: tuple[Eni, ...] = first.get("interfaces of the instance") or ()
    if instance is not None:
        got.keep("instance_type", instance.type)
        got.keep("instance", {"state": instance.state, "zone": instance.zone, "subnet": instance.subnet})
    if "interfaces of the instance" in first:
        got.keep("enis", [_eni(e) for e in enis])
    _network(got, aws, region, instance, enis)
    name = cluster or (instance.cluster if instance else "")
    if name:
        _cluster(got, aws, clusters, (name, region), instance, instance_id)
    else:
        got.fan.gaps.append(Gap("cluster", "neither the call nor the instance's tags name its cluster"))
    return got.facts()


def _enis_of(aws: Aws, region: str, instance_id: str) -> tuple[Eni, ...]:
    filters = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
    pages = aws.pages("ec2", "describe_network_interfaces", region, "NetworkInterfaces", Filters=filters)
    return tuple(read_eni(item) for item in pages)


def _network(got: _Gathering, aws: Aws, region: str, instance: Instance | None, enis: tuple[Eni, ...]) -> None:
    """Limits of the type, and the subnets that the node's interfaces are in."""
    if instance is not None and instance.type:
        limits = got.fan.run({"instance type": partial(read_type_limits, aws, region, instance.type)}).get("instance type")
        if limits is not None:
            kept = ("enis", "ipv4_per_eni", "hypervisor", "bare_metal", "cards")
            got.keep("instance_limits", {k: getattr(limits, k) for k in kept})
    wanted = {e.subnet for e in enis} | ({instance.subnet} if instance else set())
    subnets = read_subnets(aws, region, wanted, got.fan)
    if subnets:
        got.keep("subnets", {i: _subnet(s) for i, s in subnets.items()})


def _cluster(
    got: _Gathering, aws: Aws, clusters: Clusters, place: tuple[str, str], instance: Instance | None, instance_id: str
) -> None:
    """The cluster's version, its add-ons, and the node object."""
    ref = got.fan.one("cluster", lambda: clusters.ref(*place))
    if ref is None:
        return
    found = got.fan.run(
        {
            "cluster": partial(describe_cluster, aws, ref.name, ref.region),
            "node": partial(_node_of, clusters, ref, instance, instance_id),
            "custom networking": partial(_eni_configs, clusters, ref),
        }
    )
    described: dict[str, Any] | None = found.get("cluster")
    if described is not None:
        version = text(described, "version")
        got.keep("kubernetes_version", version)
        got.keep("addons", _addons(got, aws, ref, version))
    if "node" in found:
        got.keep("node", _node(found["node"]))
    _custom_subnets(got, aws, ref, found.get("custom networking") or {}, instance)


def _addons(got: _Gathering, aws: Aws, ref: ClusterRef, kubernetes: str) -> dict[str, object] | None:
    """Each add-on's version, status, health, and whether the version fits."""
    every = got.fan.one("add-ons", lambda: overview(aws, ref, "addon", got.fan))
    if every is None:
        return None
    asked = [name for name in _ADDONS if every.get(name)]
    fits = got.fan.run({f"versions of {n}": partial(addon_versions, aws, ref.region, n, kubernetes) for n in asked})
    rows: dict[str, object] = {}
    for name, addon in every.items():
        if addon is None:
            continue
        version, offered = str(addon.properties.get("version", "")), fits.get(f"versions of {name}")
        rows[name] = {
            "version": version,
            "status": addon.status,
            "issues": [i.code for i in addon.issues],
            "compatible": offered.fits(version) if offered else None,
            "default": offered.default if offered else None,
        }
    return rows


def _node_of(clusters: Clusters, ref: ClusterRef, instance: Instance | None, instance_id: str) -> Node:
    """The node object: its name is the instance's private DNS name, or (Auto Mode, some custom names) its id."""
    kube = clusters.kube(ref)
    for name in ((instance.private_dns if instance else ""), instance_id):
        try:
            node = read_node(kube.get(kube.kind("Node"), name)) if name else None
        except NotThere:
            continue
        if node is not None and node.instance_id in ("", instance_id):
            return node
    return _searched(kube, instance_id)


def _searched(kube: Kube, instance_id: str) -> Node:
    for item in kube.all(kube.kind("Node"), most=10_000):
        if text(item.get("spec") or {}, "providerID").endswith(f"/{instance_id}"):
            return read_node(item)
    raise NotThere(f"The cluster has no node of instance {instance_id}.", "It did not join, or is gone.")


def _eni_configs(clusters: Clusters, ref: ClusterRef) -> dict[str, str]:
    """ENIConfig name -> its subnet; none where the cluster has no such kind."""
    kube = clusters.kube(ref)
    try:
        page = kube.page(kube.kind("ENIConfig"), limit=100)
    except NotThere:
        return {}
    return {text(i.get("metadata") or {}, "name"): text(i.get("spec") or {}, "subnet") for i in parts(page, "items")}


def _custom_subnets(got: _Gathering, aws: Aws, ref: ClusterRef, configs: dict[str, str], instance: Instance | None) -> None:
    """With custom networking the CNI asks the ENIConfig's subnet, in the node's zone: its count is wanted too."""
    if not configs:
        return
    got.keep("eni_configs", configs)
    known = got.values.get("subnets")
    rows: dict[str, object] = dict(known) if isinstance(known, dict) else {}
    missing = set(configs.values()) - set(rows)
    more = read_subnets(aws, ref.region, missing, got.fan)
    rows |= {i: _subnet(s) for i, s in more.items() if instance is None or s.zone == instance.zone}
    if rows:
        got.keep("subnets", rows)


# ---- as plain values ----------------------------------------------------------------------------------------------------
def _eni(eni: Eni) -> dict[str, object]:
    return {
        "id": eni.id,
        "device": eni.device,
        "card": eni.card,
        "subnet": eni.subnet,
        "status": eni.status,
        "holder": eni.holder,
        "ips": len(eni.addresses),
        "prefixes": len(eni.prefixes),
        "managed": eni.managed,
        "for_cni": eni.for_cni,
        "attached": eni.attached.isoformat() if eni.attached else None,
    }


def _subnet(subnet: Subnet) -> dict[str, object]:
    return {
        "cidr": subnet.cidr,
        "zone": subnet.zone,
        "free": subnet.free,
        "free_28s": subnet.blocks.free if subnet.blocks else None,
        "reservations": [{"cidr": r.cidr, "kind": r.kind} for r in subnet.reservations],
        "holders": subnet.holders,
        "orphaned_enis": len(subnet.orphans),
    }


def _node(node: Node) -> dict[str, object]:
    return {
        "name": node.name,
        "kind": node.kind,
        "ready": node.ready,
        "conditions": [t.condition for t in node.troubles],
        "taints": list(node.taints),
        "kubelet": node.kubelet,
        "pods_allocatable": node.pods_allocatable,
    }


def _gap(gap: Gap) -> dict[str, object]:
    return {"what": gap.what, "why": gap.why, "missing": gap.missing}
