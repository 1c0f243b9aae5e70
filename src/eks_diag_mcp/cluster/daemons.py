"""What must run on every node, or for all of them: the network plugin, kube-proxy, DNS, and EKS's agents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..cloud.kube import Kube
from .digest import Digest, name_of
from .nodes import Node
from .reading import Document, part
from .workloads import daemonset, image_of, replicated

NAMESPACE = "kube-system"
WATCHED = ("aws-node", "kube-proxy", "ebs-csi-node", "eks-pod-identity-agent", "eks-node-monitoring-agent")
"""DaemonSets of EKS. Only the first two are needed on every node; the others are there if somebody installed them."""
NEEDED = WATCHED[:2]
NEW = timedelta(minutes=3)
OTHER_PLUGINS = ("cilium", "calico-node", "kube-router", "weave-net", "antrea-agent", "kube-ovn-cni")
"""Network plugins that take the place of aws-node or of kube-proxy."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A DaemonSet as its controller counts it. `labels` select its pods."""

    name: str
    digest: Digest
    image: str
    labels: str
    wanted: int
    ready: int


@dataclass(frozen=True, slots=True)
class DaemonHealth:
    """A DaemonSet and where it does not do. `missing_on`: nodes that should have a pod and have none. `broken`: pods that
    are there and not well."""

    daemon: Daemon
    missing_on: tuple[str, ...] = ()
    broken: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class Daemons:
    """The DaemonSets of kube-system that matter, the DNS deployment, and another network plugin where there is one."""

    sets: Mapping[str, Daemon] = field(default_factory=dict)
    dns: Digest | None = None
    plugin: str = ""


def read_daemons(kube: Kube) -> Daemons:
    """From the API: two lists of one namespace."""
    sets: dict[str, Daemon] = {}
    plugin = ""
    for item in kube.all(kube.kind("DaemonSet"), namespace=NAMESPACE, most=500):
        name = name_of(item)[1]
        if name in WATCHED:
            sets[name] = _daemon(item)
        elif name in OTHER_PLUGINS:
            plugin = name
    deployments = kube.page(kube.kind("Deployment"), namespace=NAMESPACE, fields="metadata.name=coredns")
    dns = next((replicated(item) for item in deployments.get("items") or ()), None)
    return Daemons(sets, dns, plugin)


def _daemon(item: Document) -> Daemon:
    digest, status = daemonset(item), part(item, "status")
    chosen = part(item, "spec", "selector", "matchLabels")
    return Daemon(
        name_of(item)[1],
        digest,
        image_of(item),
        ",".join(f"{k}={v}" for k, v in sorted(chosen.items())),
        int(status.get("desiredNumberScheduled") or 0),
        int(status.get("numberReady") or 0),
    )


def suspects(daemons: Daemons, nodes: Iterable[Node]) -> list[Daemon]:
    """The sets whose pods must be looked at one by one: not all are ready, or some node has none."""
    hosts = sum(node.has_aws_node for node in nodes)
    return [d for d in daemons.sets.values() if d.ready < d.wanted or (d.name in NEEDED and d.wanted < hosts)]


def judge(daemon: Daemon, nodes: Iterable[Node], pods: Mapping[str, Digest], now: datetime, *, whole: bool) -> DaemonHealth:
    """`pods` are the set's pods by node; `whole` says that they are all of them. A node that was just made may lack one."""
    missing = tuple(
        n.name
        for n in nodes
        if whole
        and daemon.name in NEEDED
        and n.has_aws_node
        and n.name not in pods
        and (n.created is None or now - n.created > NEW)
    )
    return DaemonHealth(daemon, missing, tuple(p for p in pods.values() if p.ok is False))
