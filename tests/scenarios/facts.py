"""What AWS would say about a described node a minute after the capture: the values of facts.json, as plain data."""

from typing import Any

from .describe import Facts
from .node import Node


def values(node: Node, told: Facts) -> dict[str, Any]:
    """Values by name, in the shapes of cluster/facts.py."""
    subnet = node.pod_subnet if node.custom else node.subnet
    found: dict[str, Any] = {
        "instance_type": node.spec.type,
        "instance": {"state": "running", "zone": node.zone, "subnet": node.subnet},
        "enis": [_eni(node, i, told) for i in range(len(node.eni_ids))],
        "kubernetes_version": node.kubernetes.lstrip("v").rpartition(".")[0],
        "gaps": [],
    }
    if told.free is not None:
        held = {"orphaned": told.orphaned_addresses} if told.orphaned_addresses else {}
        row = {"cidr": "10.0.16.0/20", "zone": node.zone, "free": told.free, "free_28s": told.free_28s, "reservations": []}
        found["subnets"] = {subnet: row | {"holders": held, "orphaned_enis": told.orphaned_enis}}
    if told.addon:
        row = {
            "version": told.addon,
            "status": "ACTIVE",
            "compatible": told.addon_fits,
            "default": "",
            "issues": list(told.addon_issues),
        }
        found["addons"] = {"vpc-cni": row}
    return found


def _eni(node: Node, index: int, told: Facts) -> dict[str, Any]:
    eni = node.spec.enis[index]
    own = index > 0 and not (eni.unknown and told.unknown_enis == "foreign")
    return {
        "id": node.eni_ids[index],
        "device": index,
        "card": 0,
        "subnet": node.subnet,
        "status": "in-use",
        "holder": "node_primary" if index == 0 else "node_pods" if own else "other",
        "ips": 1,
        "prefixes": eni.prefixes,
        "managed": not eni.unmanaged,
        "for_cni": own,
        "attached": node.boot.isoformat(),
    }
