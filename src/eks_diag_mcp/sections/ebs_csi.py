"""Section ebs_csi: the EBS CSI driver on this node, its volumes, and how many more it takes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, LineRef, NodeFacts, Outcome, Reading, Section
from .readers.csi_driver import Driver, read_driver
from .readers.filesystems import Mount, read_filesystems
from .readers.tables import rows_of
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("ebs-csi", "block-devices", "mounts", "processes")
_ALLOCATABLE = (
    r"CSINode Allocatable value is set[^\n]{0,300}?\bcount=\W{0,2}(\d{1,4})",
    r"NodeGetInfo:?[^\n]{0,40}Node Allocatables=\W{0,2}(\d{1,4})",
)
_ATTACHMENTS = r"getVolumesLimit:?\W{1,3}[^\n]{0,40}maxAttachments=\W{0,2}(\d{1,4})"
_CSI_POINT = re.compile(r"/kubernetes\.io[/~](?:csi|aws-ebs)/")
_DISK = re.compile(r"(nvme\d+n\d+|xvd[a-z]+|sd[a-z]+)\s+\d+:\d+\s+\d\s+(\S+)\s+\d\s+disk\b(.*)", re.ASCII)
_SHARED_LIMIT = (
    "on most Nitro types before the seventh generation, volumes, ENIs and instance-store disks share 28 slots; newer "
    "ones have a limit of their own for volumes"
)


@dataclass(frozen=True, slots=True)
class Said:
    """A number that the driver logged."""

    value: int
    evidence: Evidence


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    driver = read_driver(bundle, "ebs-csi", "aws-ebs-csi-driver", "aws-ebs-csi-driver", "eks-ebs-csi-driver.service")
    allocatable, slots = _said(bundle, *_ALLOCATABLE), _said(bundle, _ATTACHMENTS)
    disks, mounts = list(_disks(bundle)), read_filesystems(bundle).mounts
    volumes, mounts_read = _volumes(mounts), bool(mounts)
    readings = (
        *driver.readings(),
        Reading(
            "volumes_allocatable",
            allocatable.value if allocatable else None,
            "volumes",
            allocatable.evidence.ref if allocatable else None,
            None,
            "CSINode allocatable count as the driver logged it",
        ),
        Reading(
            "attachment_slots", slots.value if slots else None, "slots", slots.evidence.ref if slots else None, None, _SHARED_LIMIT
        ),
        Reading(
            "disks_attached",
            len(disks) or None,
            "disks",
            disks[0][1] if disks else None,
            None,
            "root disk and instance-store disks included",
        ),
        Reading("volumes_mounted", len(volumes) if mounts_read else None, "volumes", volumes[0].evidence.ref if volumes else None),
    )
    issues = (*driver.shown_issues(bundle, "ebs_csi"), *_issues(driver, volumes, allocatable))
    coverage = tuple(bundle.coverage(s) for s in SOURCES)
    return Section("ebs_csi", _outcome(driver, volumes, mounts_read, issues), readings, issues, coverage)


def _outcome(driver: Driver, volumes: list[Mount], mounts_read: bool, issues: tuple[Issue, ...]) -> Outcome:
    """No trace of the driver on a node whose processes and mounts we saw: the node does without it."""
    if not driver.kinds and driver.runs is False and mounts_read and not volumes:
        return "not_applicable"
    return conclude(driver.coverage.readable or driver.runs is True, issues)


def _said(bundle: "Bundle", *patterns: str) -> Said | None:
    lines = [(line, p) for p in patterns if (line := bundle.latest(p, ("ebs-csi",)))]
    lines.sort(key=lambda found: found[0].time.timestamp() if found[0].time else 0.0)
    for line, pattern in reversed(lines):
        if found := re.search(pattern, line.text, re.IGNORECASE | re.ASCII):
            return Said(int(found[1]), line)
    return None


def _disks(bundle: "Bundle") -> Iterator[tuple[str, LineRef]]:
    """(name, its line) of each disk in lsblk. EBS volumes and instance-store disks look alike there."""
    for row in rows_of(bundle, "block-devices", "lsblk.txt"):
        if found := _DISK.match(row.text):
            yield found[1], row.ref


def _volumes(mounts: tuple[Mount, ...]) -> list[Mount]:
    """One mount of each device that holds a pod's volume."""
    devices: dict[str, Mount] = {}
    for mount in mounts:
        if mount.device.startswith("/dev/") and _CSI_POINT.search(mount.point):
            devices.setdefault(mount.device, mount)
    return list(devices.values())


def _issues(driver: Driver, volumes: list[Mount], allocatable: Said | None) -> Iterator[Issue]:
    if volumes and driver.runs is False:
        title = f"{len(volumes)} volumes are mounted, but the driver does not run: no volume can be mounted or unmounted"
        first = driver.unit.evidence if driver.unit else volumes[0].evidence
        yield Issue("ebs_csi.driver_down", title, "medium", (first,), ("ebs_csi",), weight=2)
    if allocatable and allocatable.value <= 0:
        title = f"The driver takes {allocatable.value} volumes on this node: none can be attached"
        yield Issue("ebs_csi.none_allocatable", title, "medium", (allocatable.evidence,), ("ebs_csi",), weight=3)
    elif allocatable and len(volumes) >= allocatable.value:
        title = f"{len(volumes)} volumes are mounted of {allocatable.value} that the driver takes: no further one fits"
        quotes = (allocatable.evidence, *(v.evidence for v in volumes[:2]))
        yield Issue("ebs_csi.node_full", title, "low", quotes, ("ebs_csi",), "context", 2)
