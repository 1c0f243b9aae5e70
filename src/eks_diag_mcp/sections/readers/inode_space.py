"""How many inodes are left, judged as kubelet does. XFS makes inodes of free space: there, a full disk shows here too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model import Issue, Reading
from .disk_space import shown_mounts
from .eviction import Threshold, hard_thresholds, stand_of
from .filesystems import FileSystems, Usage, read_filesystems
from .kubelet_config import read_kubelet_config
from .quantities import share
from .tables import Look, plain

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_DISK_FULL_PERCENT = 95


def read_inodes(bundle: "Bundle") -> Look:
    """Readings of each mount that counts inodes, and what is short."""
    systems = read_filesystems(bundle)
    thresholds = hard_thresholds(read_kubelet_config(bundle))
    node = systems.nodefs(systems.inodes)
    watched = [(node, thresholds["nodefs.inodesFree"])] if node and "nodefs.inodesFree" in thresholds else []
    images = systems.imagefs(systems.inodes) or node
    if images and (limit := thresholds.get("imagefs.inodesFree")):
        watched.append((images, limit))
    return Look((*_watched_reading(node), *_readings(systems)), tuple(_issues(systems, watched)), node is not None)


def _watched_reading(node: Usage | None) -> Iterator[Reading]:
    ref = node.evidence.ref if node else None
    yield Reading("nodefs_inodes_used_percent", node.percent if node else None, "percent", ref)
    free = node.available if node else None
    yield Reading("nodefs_inodes_free", int(free.most) if free else None, "inodes", ref)


def _readings(systems: FileSystems) -> Iterator[Reading]:
    for usage in shown_mounts(systems.inodes):
        scope, ref = plain(usage.point, 200), usage.evidence.ref
        if scope is None or usage.size is None or not usage.size.most:
            continue  # EFS and images count no inodes
        for name, shown in (("inodes", usage.size), ("inodes_used", usage.used), ("inodes_free", usage.available)):
            yield Reading(name, int(shown.most) if shown else None, "inodes", ref, scope)
        yield Reading("inodes_used_percent", usage.percent, "percent", ref, scope)


def _issues(systems: FileSystems, watched: list[tuple[Usage, Threshold]]) -> Iterator[Issue]:
    for usage, threshold in watched:
        if stand_of(usage, threshold) != "past" or usage.available is None or usage.size is None:
            continue
        disk = systems.nodefs(systems.space)
        crowded = disk is not None and disk.device == usage.device and (disk.percent or 0) >= _DISK_FULL_PERCENT
        left = share(usage.available.most, usage.size.most)
        title = (
            f"{usage.available.most:.0f} inodes ({left} %) are free where kubelet looks, below the eviction threshold "
            f"{threshold.signal} {threshold.text}"
            + ("; the disk is full as well, and XFS can make no inodes of it" if crowded else "")
        )
        quotes = [usage.evidence, *([threshold.evidence] if threshold.evidence else [])]
        quotes += [disk.evidence] if crowded and disk else []
        yield Issue("inodes.eviction_threshold", title, "high", tuple(quotes), ("inode",), weight=2 if crowded else 4)
        return
    real = [u for u in systems.inodes if not u.pseudo and u.size and u.size.most]
    full = [u for u in real if (u.percent or 0) >= 100 and u.point == (plain(u.point) or "")]
    if full:
        title = f"No inodes are left on {full[0].point}: no file can be made there"
        weight = 2 if full[0].point in ("/", "/var", "/var/log") else 1
        yield Issue("inodes.none_left", title, "medium", tuple(u.evidence for u in full[:3]), ("inode",), weight=weight)
