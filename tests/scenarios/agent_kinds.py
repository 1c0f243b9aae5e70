"""The same node as EKS Auto Mode or Bottlerocket leave it: what the node agent finds elsewhere, and what is not there."""

import json
import re

from .lines import PIDS
from .node import Node

_CRI = re.compile(r"^(?P<time>\S+?)Z \w+ F (?P<text>.*)$", re.MULTILINE)
_UNITS = {
    "kube-proxy": "kube-proxy",
    "coredns": "coredns",
    "ebs-csi-node": "eks-ebs-csi-driver",
    "eks-pod-identity-agent": "eks-pod-identity-agent",
}
"""Pod log of an ordinary node -> file of the systemd unit that does its work on Auto Mode."""
_NOT_ON_BOTTLEROCKET = (
    "networking/ifconfig.txt",
    "networking/ping_amazon.com.txt",
    "system/netstat.txt",
    "system/pkglist.txt",
    "system/last_reboot.txt",
    "system/selinux.txt",
    "storage/fstab.txt",
    "storage/lvs.txt",
    "storage/pvs.txt",
    "storage/vgs.txt",
)


def of(node: Node, texts: dict[str, str]) -> dict[str, str]:
    """The files of the node's kind; an ordinary node keeps what it has."""
    if not node.spec.kind:
        return texts
    out = {name: text for name, text in texts.items() if name not in _NOT_ON_BOTTLEROCKET}
    inventory = [{"Name": name, "Version": version} for name, version in (("kernel-6.1", "6.1.148"), ("containerd-1.7", "1.7.27"))]
    out["bottlerocket/application-inventory.json"] = json.dumps({"Content": inventory}) + "\n"
    if node.spec.kind == "bottlerocket":
        del out["system/services.txt"]
        return out
    return _auto_mode(node, out)


def _auto_mode(node: Node, texts: dict[str, str]) -> dict[str, str]:
    """kube-proxy, CoreDNS and the EBS driver are units of the host; no pod of aws-node exists, ipamd is a unit too."""
    out: dict[str, str] = {}
    for name, text in texts.items():
        pod = re.match(r"var_log/kube-system_(?P<app>[a-z-]+?)-(?:[0-9a-f]{9}-)?\w{5}_", name)
        if pod is None:
            out[name] = text
        elif unit := _UNITS.get(pod["app"]):
            out[f"automode/{unit}.txt"] = _journal(node, unit, text)
    return out


def _journal(node: Node, unit: str, text: str) -> str:
    """CRI lines as the journal of a unit holds them."""
    pid = PIDS.get(unit, 2411)
    return _CRI.sub(lambda m: f"{m['time'][:26]}+0000 {node.host} {unit}[{pid}]: {m['text']}", text)
