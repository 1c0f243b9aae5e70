"""The file systems of the node: what is mounted (mount), how full it is (df), and how many inodes are left (df -i).

storage/mounts.txt holds the mount table and df after one another, with a blank line between them (node script) or
without (node agent): the heading of df parts them."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence
from .quantities import Shown, shown_size
from .tables import rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

KUBELET_ROOT = "/var/lib/kubelet"
RUNTIME_ROOTS = ("/var/lib/containerd", "/var/lib/docker")
_MOUNT = re.compile(r"(\S.{0,500}?) on (/.{0,1000}?) type (\S{1,40}) \((.{0,2000})\)\s*")
_USAGE = re.compile(r"(\S.*?)\s+(\S{1,24})\s+(\S{1,24})\s+(\S{1,24})\s+(\d{1,3}%|-)\s+(/.*)")
_PSEUDO = re.compile(r"(?:overlay|tmpfs|devtmpfs|shm|udev|none|cgroup\w*|efivarfs|fuse\S*|mountpoint-s3)")
_IMAGES = ("squashfs", "erofs", "iso9660")
_BLOCK = re.compile(r"/dev/(?:nvme|xvd|sd|md|mapper/vg)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of the mount table."""

    device: str
    point: str
    kind: str
    options: tuple[str, ...]
    evidence: Evidence

    @property
    def read_only_fault(self) -> bool:
        """Read-only where that is no design: a disk's own file system (images such as Bottlerocket's root are meant so)."""
        return "ro" in self.options and self.kind not in _IMAGES and bool(_BLOCK.match(self.device))


@dataclass(frozen=True, slots=True)
class Usage:
    """A row of df: bytes, or inodes for `df -i`. percent is used, rounded up; None where df shows a dash."""

    device: str
    point: str
    size: Shown | None
    used: Shown | None
    available: Shown | None
    percent: int | None
    evidence: Evidence

    @property
    def pseudo(self) -> bool:
        """Not a place where data lies: in memory, or the root of a container."""
        return bool(_PSEUDO.fullmatch(self.device))

    @property
    def available_percent(self) -> tuple[float, float] | None:
        """Between which shares of its size is available: df rounds up, so the true one is above the first and at most
        the second. kubelet compares this share, not 100 less the use (which leaves out what root reserves)."""
        if not self.size or not self.available or not self.size.most:
            return None if self.percent is None else (100.0 - self.percent, 101.0 - self.percent)
        least = 100 * self.available.least / self.size.most
        most = 100 * self.available.most / self.size.least if self.size.least else 100.0
        return least, most if self.percent is None else min(most, 101.0 - self.percent)


@dataclass(frozen=True, slots=True)
class FileSystems:
    """All three tables; empty ones where the files do not tell."""

    mounts: tuple[Mount, ...] = ()
    space: tuple[Usage, ...] = ()
    inodes: tuple[Usage, ...] = ()

    def backing(self, path: str) -> Mount | None:
        """The mount on which `path` lies: the longest mount point above it, the last mounted of equal ones."""
        above = [m for m in self.mounts if _above(m.point, path)]
        return max(reversed(above), key=lambda m: len(m.point), default=None)

    def usage_at(self, table: tuple[Usage, ...], path: str) -> Usage | None:
        """The row of `table` for the file system that holds `path`. df shows a device once, so the row may stand under
        another mount point (nodeadm and Bottlerocket bind one disk to several places)."""
        mount = self.backing(path)
        if mount is None:
            above = [u for u in table if not u.pseudo and _above(u.point, path)]
            return max(above, key=lambda u: len(u.point), default=None)
        same = [u for u in table if u.point == mount.point] or [u for u in table if u.device == mount.device]
        return same[0] if same else None

    def nodefs(self, table: tuple[Usage, ...]) -> Usage | None:
        """The row of kubelet's own directory: what kubelet calls nodefs."""
        return self.usage_at(table, KUBELET_ROOT)

    def imagefs(self, table: tuple[Usage, ...]) -> Usage | None:
        """The row of the runtime's images when they lie on another file system than kubelet's; else None."""
        node = self.nodefs(table)
        rows = [u for path in RUNTIME_ROOTS if (u := self.usage_at(table, path))]
        return next((u for u in rows if node and u.device != node.device), None)


def read_filesystems(bundle: "Bundle") -> FileSystems:
    """The tables of mounts.txt and inodes.txt."""
    mounts = []
    for row in rows_of(bundle, "mounts"):
        if found := _MOUNT.fullmatch(row.text.strip()):
            mounts.append(Mount(found[1], found[2], found[3], tuple(found[4].split(",")), row.evidence))
    return FileSystems(tuple(mounts), _usage(bundle, "mounts"), _usage(bundle, "inodes"))


def _usage(bundle: "Bundle", source: str) -> tuple[Usage, ...]:
    found: list[Usage] = []
    headed = False
    for row in rows_of(bundle, source):
        headed = headed or row.text.startswith("Filesystem ")
        cells = _USAGE.fullmatch(row.text.strip()) if headed else None
        if cells:
            size, used, available = (shown_size(cells[n]) for n in (2, 3, 4))
            percent = int(cells[5][:-1]) if cells[5] != "-" else None
            found.append(Usage(cells[1], cells[6], size, used, available, percent, row.evidence))
    return tuple(found)


def _above(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")
