"""Nodes as the Kubernetes API has them: conditions with the right polarity, taints, and who made the node."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .digest import Digest, created_of, labels_of, name_of, told, wrong_conditions
from .reading import Document, moment, part, parts, text, word

NodeKind = Literal["managed_nodegroup", "self_managed", "karpenter", "auto_mode", "fargate", "hybrid", "unknown"]

AGENT_CONDITIONS = ("KernelReady", "NetworkingReady", "StorageReady", "ContainerRuntimeReady", "AcceleratedHardwareReady")
"""Set by the EKS node monitoring agent; a node without them runs no agent (or an old one), which is no fault."""
_INSTANCE = re.compile(r"(?:^|/)(i-[0-9a-f]{8}(?:[0-9a-f]{9})?)$")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A condition that is not as it should be. `text` is the message of whoever set it: untrusted."""

    condition: str
    since: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `ready` None: its kubelet does not report. `agent` None: no node monitoring agent reports.
    `pods_allocatable` None: not told."""

    name: str
    kind: NodeKind
    group: str
    instance_id: str
    instance_type: str
    zone: str
    ip: str
    ready: bool | None
    troubles: tuple[Trouble, ...]
    agent: bool | None
    taints: tuple[str, ...]
    cordoned: bool
    pods_allocatable: int | None
    kubelet: str
    runtime: str
    kernel: str
    image: str
    windows: bool
    created: datetime | None

    @property
    def status(self) -> str:
        """The word that kubectl prints."""
        word = "Ready" if self.ready else "NotReady"
        return f"{word},SchedulingDisabled" if self.cordoned else word

    @property
    def healthy(self) -> bool:
        return self.ready is True and not self.troubles

    @property
    def has_aws_node(self) -> bool:
        """Does the VPC CNI run there as a pod? On Auto Mode it is part of the system, on Fargate and hybrid nodes there is none."""
        return self.kind not in ("auto_mode", "fargate", "hybrid") and not self.windows


def read_node(item: Document) -> Node:
    """A node object."""
    labels, spec, status = labels_of(item), part(item, "spec"), part(item, "status")
    info, provider = part(status, "nodeInfo"), text(spec, "providerID")
    kind = node_kind(labels, provider)
    instance = _INSTANCE.search(provider)
    conditions = {text(c, "type"): text(c, "status") for c in parts(status, "conditions")}
    allocatable = text(part(status, "allocatable"), "pods")
    return Node(
        name=name_of(item)[1],
        kind=kind,
        group=_group(labels),
        instance_id=instance[1] if instance else "",
        instance_type=word(labels.get("node.kubernetes.io/instance-type", "")),
        zone=word(labels.get("topology.kubernetes.io/zone", "")),
        ip=next((text(a, "address") for a in parts(status, "addresses") if a.get("type") == "InternalIP"), ""),
        ready={"True": True, "False": False}.get(conditions.get("Ready", "")),
        troubles=tuple(Trouble(told(c), moment(c.get("lastTransitionTime")), text(c, "message")) for c in wrong_conditions(item)),
        agent=True if any(name in conditions for name in AGENT_CONDITIONS) else None,
        taints=tuple(dict.fromkeys(_taint(t) for t in parts(spec, "taints"))),
        cordoned=bool(spec.get("unschedulable")),
        pods_allocatable=int(allocatable) if allocatable.isdigit() else None,
        kubelet=word(info.get("kubeletVersion")),
        runtime=word(info.get("containerRuntimeVersion")),
        kernel=word(info.get("kernelVersion")),
        image=_image(text(info, "osImage")),
        windows=text(info, "operatingSystem") == "windows",
        created=created_of(item),
    )


def node_kind(labels: dict[str, str], provider_id: str) -> NodeKind:
    """Who made the node, by its labels and provider id. Auto Mode's nodes carry Karpenter's labels too, so it comes first."""
    compute = labels.get("eks.amazonaws.com/compute-type", "")
    if compute == "fargate" or "/fargate-" in provider_id:
        return "fargate"
    if compute == "auto":
        return "auto_mode"
    if compute == "hybrid" or provider_id.startswith("eks-hybrid:"):
        return "hybrid"
    if "eks.amazonaws.com/nodegroup" in labels:
        return "managed_nodegroup"
    if "karpenter.sh/nodepool" in labels or "karpenter.sh/provisioner-name" in labels:
        return "karpenter"
    return "self_managed" if provider_id.startswith("aws:") else "unknown"


def _group(labels: dict[str, str]) -> str:
    names = (
        "eks.amazonaws.com/nodegroup",
        "karpenter.sh/nodepool",
        "karpenter.sh/provisioner-name",
        "alpha.eksctl.io/nodegroup-name",
    )
    return next((word(labels[n]) for n in names if n in labels), "")


def _taint(taint: Document) -> str:
    value = word(taint.get("value"))
    return f"{word(taint.get('key'))}{'=' + value if value else ''}:{word(taint.get('effect'))}"


def _image(name: str) -> str:
    """An operating system's name: words and numbers only, as os-release has them."""
    return name if re.fullmatch(r"[\w .,()+/:-]{1,80}", name) else word(name)


def node_digest(item: Document) -> Digest:
    """One node, for lists."""
    node = read_node(item)
    known: dict[str, str | int | bool] = {
        "kind": node.kind,
        "group": node.group,
        "instance_id": node.instance_id if node.instance_id != node.name else "",
        "instance_type": node.instance_type,
        "zone": node.zone,
        "kubelet": node.kubelet,
        "taints": " ".join(node.taints),
    }
    return Digest(
        name=node.name,
        namespace="",
        status=node.status,
        ok=node.healthy,
        ip=node.ip,
        created=node.created,
        conditions=tuple(t.condition for t in node.troubles),
        more={k: v for k, v in known.items() if v},
        text=node.troubles[0].text if node.troubles else "",
    )
