"""The sections there are, in the order in which they are shown. A new section is a file with `read` and a row here."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..model import NodeFacts, Section
from . import (
    api_server,
    cni,
    conntrack,
    disk,
    dns,
    ebs_csi,
    efs_csi,
    ena,
    eni,
    host,
    inodes,
    instance,
    io,
    ipamd,
    iptables,
    kube_proxy,
    kubelet,
    pv_pvc,
    routes,
)

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

ReadSection = Callable[["Bundle", NodeFacts | None], Section]

SECTIONS: tuple[tuple[str, ReadSection], ...] = (
    ("cni", cni.read),
    ("ipamd", ipamd.read),
    ("eni", eni.read),
    ("routes", routes.read),
    ("iptables", iptables.read),
    ("dns", dns.read),
    ("kube_proxy", kube_proxy.read),
    ("conntrack", conntrack.read),
    ("ena", ena.read),
    ("api_server", api_server.read),
    ("disk", disk.read),
    ("inodes", inodes.read),
    ("kubelet", kubelet.read),
    ("ebs_csi", ebs_csi.read),
    ("efs_csi", efs_csi.read),
    ("pv_pvc", pv_pvc.read),
    ("instance", instance.read),
    ("io", io.read),
    ("host", host.read),
)
