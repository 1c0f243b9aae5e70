"""What the node is made of: operating system, packages, AMI and node group, and when it booted."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...model import Evidence, LineRef
from .process_list import read_processes
from .tables import Row, plain, rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

PACKAGES = (
    "kernel",
    "containerd",
    "runc",
    "docker",
    "system-release",
    "amazon-ec2-net-utils",
    "ec2-net-utils",
    "amazon-efs-utils",
    "nfs-utils",
    "chrony",
    "amazon-ssm-agent",
)
_RPM = re.compile(r"([a-z][\w.+-]{0,80}?)-(\d[\w.+~^:]{0,60}-[\w.+~^]{1,60})\.(?:x86_64|aarch64|noarch|i686)", re.ASCII)
_DEB = re.compile(r"ii\s+([a-z][\w.+-]{0,80})(?::\w{1,10})?\s+(\d\S{0,80})\s", re.ASCII)
_SYSTEMS = (
    (re.compile(r"amzn2023|\.amzn2023\b"), "Amazon Linux 2023"),
    (re.compile(r"\bamzn2\b|\.amzn2\."), "Amazon Linux 2"),
    (re.compile(r"\d-aws\b.*Ubuntu|Ubuntu", re.IGNORECASE), "Ubuntu"),
)
_LABELS: Mapping[str, str] = {
    "ami": r"eks\.amazonaws\.com/nodegroup-image=(ami-[0-9a-f]{8,17})",
    "nodegroup": r"eks\.amazonaws\.com/nodegroup=([\w.-]{1,80})",
    "capacity_type": r"(?:eks\.amazonaws\.com/capacityType|karpenter\.sh/capacity-type)=([\w-]{1,20})",
    "nodepool": r"karpenter\.sh/nodepool=([\w.-]{1,80})",
}
_VERSION = r"version[\"\s:=\\]{1,4}(v1\.\d{1,2}\.\d{1,3}[\w.+-]{0,40})"
_NODEADM_VERSION = r"Fetched kubelet version[^\n]{1,20}v1\.\d{1,2}\.\d{1,3}"
_KUBELET_VERSION = r"kubelet[ _]?version[\"\s:=\\]{1,4}v1\.\d{1,2}\.\d{1,3}"


@dataclass(frozen=True, slots=True)
class Fact:
    """A word about the node and where it was read."""

    value: str
    ref: LineRef | None
    note: str = ""


def kernel_of(bundle: "Bundle") -> tuple[Fact | None, Fact | None]:
    """(release, architecture) of uname -a."""
    for row in rows_of(bundle, "uname"):
        words = row.text.split()
        if len(words) >= 3 and words[0] == "Linux" and (release := plain(words[2], 100)):
            machine = next((w for w in reversed(words) if w in ("x86_64", "aarch64")), None)
            return Fact(release, row.ref), Fact(machine, row.ref) if machine else None
    return None, None


def packages_of(bundle: "Bundle") -> dict[str, Fact]:
    """The versions of those packages that matter, from `rpm -qa` or `dpkg --list`. Several kernels may be installed:
    the running one is uname's."""
    found: dict[str, Fact] = {}
    for row in rows_of(bundle, "packages"):
        cells = _RPM.fullmatch(row.text.strip()) or _DEB.match(row.text)
        if cells and cells[1] in PACKAGES:
            found.setdefault(cells[1], Fact(cells[2], row.ref))
    return found


def system_of(bundle: "Bundle") -> Fact | None:
    """The operating system, by its kernel's or its packages' names: a bundle holds no os-release."""
    if bundle.coverage("bottlerocket").readable:
        return Fact("Bottlerocket", None, "by the folder bottlerocket/")
    for row in (*rows_of(bundle, "uname"), *_releases(bundle)):
        for pattern, name in _SYSTEMS:
            if pattern.search(row.text):
                return Fact(name, row.ref, "by the names of kernel and packages")
    return None


def _releases(bundle: "Bundle") -> Iterator[Row]:
    return (r for r in rows_of(bundle, "packages") if r.text.startswith(("system-release-", "kernel-", "ii  linux-aws")))


def containerd_version(bundle: "Bundle") -> Fact | None:
    """The server's version of `ctr version`; the client's where the server did not answer."""
    version: Fact | None = None
    for row in rows_of(bundle, "containerd-version"):
        if found := re.match(r"\s*Version:\s+(v?\d[\w.+-]{0,40})", row.text, re.ASCII):
            version = Fact(found[1], row.ref)
    return version


def kubelet_version(bundle: "Bundle") -> Fact | None:
    """The version kubelet logs at its start; where the journal does not reach back so far, what nodeadm found."""
    for pattern, source in ((_KUBELET_VERSION, "kubelet-log"), (_NODEADM_VERSION, "nodeadm-log")):
        line = bundle.latest(pattern, (source,))
        found = re.search(_VERSION, line.text, re.IGNORECASE) if line else None
        if line and found:
            return Fact(found[1], line.ref)
    return None


def labels_of(bundle: "Bundle") -> dict[str, Fact]:
    """AMI, node group, node pool and capacity type, by the node labels kubelet was started with."""
    lines: list[tuple[str, Evidence]] = [(row.text, row.evidence) for row in rows_of(bundle, "kubelet-service")]
    lines += [(p.command, p.evidence) for p in read_processes(bundle).of("kubelet") if p.user == "root"]
    found: dict[str, Fact] = {}
    for text, evidence in lines:
        for name, pattern in _LABELS.items():
            if label := re.search(pattern, text, re.ASCII):
                found.setdefault(name, Fact(label[1], evidence.ref, "node label"))
    return found


def boot_of(bundle: "Bundle") -> tuple[datetime | None, LineRef | None]:
    """When the node booted: what the clock of the bundle found, else btime of /proc/stat."""
    for row in rows_of(bundle, "processes", "/procstat.txt"):
        if found := re.fullmatch(r"btime (\d{9,11})", row.text.strip()):
            return bundle.boot or datetime.fromtimestamp(int(found[1]), UTC), row.ref
    return bundle.boot, None
