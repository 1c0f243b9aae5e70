"""Section efs_csi: the EFS CSI driver on this node, its mounts, and the TLS tunnels behind them.

An encrypted mount is NFS to 127.0.0.1, at a port where a tunnel listens (stunnel, or efs-proxy since efs-utils 2). The
tunnels live in the driver's pod: when it restarts, the watchdog must start them again, or the mounts stand still."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Issue, NodeFacts, Outcome, Reading, Section
from .readers.csi_driver import Driver, read_driver
from .readers.filesystems import Mount, read_filesystems
from .readers.process_list import ProcessList, read_processes
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("efs-csi", "mounts", "processes")
_TUNNELS = ("stunnel", "stunnel5", "efs-proxy")
_DEFUNCT = re.compile(r"\[(?:stunnel5?|efs-proxy)\] <defunct>")
_PLAIN_DEVICE = re.compile(r"fs-[0-9a-f]{8,17}\.efs\.[\w.-]{1,80}:|\d{1,3}(?:\.\d{1,3}){3}:", re.ASCII)


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    driver = read_driver(bundle, "efs-csi", "aws-efs-csi-driver", "aws-efs-csi-driver")
    processes, mounts = read_processes(bundle), read_filesystems(bundle).mounts
    nfs, mounts_read = [m for m in mounts if m.kind in ("nfs4", "nfs")], bool(mounts)
    tunnelled = _tunnelled(nfs)
    # Other NFS servers are mounted by address as well; only kubelet's CSI mounts are the driver's.
    direct = [m for m in nfs if _PLAIN_DEVICE.match(m.device) and not _local(m) and "kubernetes.io~csi" in m.point]
    tunnels, defunct = _tunnel_counts(processes)
    ref = tunnelled[0].evidence.ref if tunnelled else None
    readings = (
        *driver.readings(),
        Reading("mounts_encrypted", len(tunnelled) if mounts_read else None, "mounts", ref, None, "NFS to 127.0.0.1, by port"),
        Reading("mounts_direct", len(direct) if mounts_read else None, "mounts", direct[0].evidence.ref if direct else None),
        Reading("tunnels", tunnels, "processes", note="stunnel or efs-proxy"),
        Reading("tunnels_defunct", defunct, "processes", note="ended, not reaped"),
    )
    issues = (*driver.shown_issues(bundle, "efs_csi"), *_issues(tunnelled, tunnels))
    outcome = _outcome(driver, [*tunnelled, *direct], mounts_read, issues)
    return Section("efs_csi", outcome, readings, issues, tuple(bundle.coverage(s) for s in SOURCES))


def _outcome(driver: Driver, mounts: list[Mount], mounts_read: bool, issues: tuple[Issue, ...]) -> Outcome:
    """No trace of the driver on a node whose processes and mounts we saw: the node does without it."""
    if not driver.kinds and driver.runs is False and mounts_read and not mounts:
        return "not_applicable"
    return conclude(driver.coverage.readable or driver.runs is True or bool(mounts), issues)


def _local(mount: Mount) -> bool:
    return mount.device.startswith(("127.0.0.1:", "localhost:"))


def _tunnelled(nfs: list[Mount]) -> list[Mount]:
    """One mount of each tunnel: parts of a volume and the pods that share it repeat the port."""
    ports: dict[str, Mount] = {}
    for mount in nfs:
        if _local(mount):
            port = next((o for o in mount.options if o.startswith("port=")), mount.point)
            ports.setdefault(port, mount)
    return list(ports.values())


def _tunnel_counts(processes: ProcessList) -> tuple[int | None, int | None]:
    """(tunnels that live, dead ones); stunnel starts no children that would count twice."""
    if processes.processes is None:
        return None, None
    dead = sum(bool(_DEFUNCT.fullmatch(p.command)) for p in processes.rows)
    return len(processes.of(*_TUNNELS)), dead


def _issues(tunnelled: list[Mount], tunnels: int | None) -> Iterator[Issue]:
    if not tunnelled or tunnels is None or tunnels >= len(tunnelled):
        return
    quotes = tuple(m.evidence for m in tunnelled[:2])
    if tunnels == 0:
        title = f"{len(tunnelled)} encrypted EFS mounts, but no tunnel process: every access to them stands still"
        yield Issue("efs_csi.tunnels_gone", title, "high", quotes, ("efs",), weight=4)
    else:
        title = f"{len(tunnelled)} encrypted EFS mounts, but only {tunnels} tunnel processes: some mounts stand still"
        yield Issue("efs_csi.tunnels_missing", title, "medium", quotes, ("efs",), weight=2)
