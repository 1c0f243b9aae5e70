"""How full the file systems are, judged as kubelet does: the one of its directory, and the one of the images."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ...model import Evidence, Issue, Reading, Severity
from .eviction import Threshold, amount_text, hard_thresholds, stand_of
from .filesystems import KUBELET_ROOT, RUNTIME_ROOTS, FileSystems, Usage, read_filesystems
from .kubelet_config import read_kubelet_config
from .quantities import share, shown_size
from .tables import Look, plain, rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_SHOWN_MOUNTS = 20
_HOST_PATHS = ("/", "/var", "/var/log", "/tmp")  # noqa: S108 - looked at, never written
_FULL_PERCENT = 98


def read_disk(bundle: "Bundle") -> Look:
    """Readings of each mount that holds data, and what is short."""
    systems, config = read_filesystems(bundle), read_kubelet_config(bundle)
    watched = _watched(systems, hard_thresholds(config))
    issues = (*_eviction_issue(bundle, watched), *_other_full(systems, watched), *_read_only(systems))
    readings = (*_watched_readings(systems), *_mount_readings(systems.space))
    return Look(readings, tuple(issues), systems.nodefs(systems.space) is not None)


def shown_mounts(table: Iterable[Usage]) -> list[Usage]:
    """The rows worth showing: where data lies, the fullest first when there are many."""
    real = [u for u in table if not u.pseudo]
    if len(real) <= _SHOWN_MOUNTS:
        return real
    return sorted(real, key=lambda u: u.percent or 0, reverse=True)[:_SHOWN_MOUNTS]


def local_storage(bundle: "Bundle") -> list[tuple[float, str, Evidence]] | None:
    """(bytes, snapshot, its row) of what containers wrote into their own layers, the largest first. One row for `.`
    means that the node has no container layers: du was run on its own folder. None: the list is not there."""
    found, read = [], False
    for row in rows_of(bundle, "pod-local-storage"):
        size, _, path = row.text.partition("\t")
        shown = shown_size(size)
        read = read or (shown is not None and bool(path))
        if shown and path.startswith("/"):
            found.append((shown.most, path, row.evidence))
    return sorted(found, key=lambda one: -one[0]) if read else None


def _watched(systems: FileSystems, thresholds: Mapping[str, Threshold]) -> list[tuple[str, Usage, Threshold]]:
    """(what kubelet calls it, its row, its threshold). Images on kubelet's own file system count against both."""
    node = systems.nodefs(systems.space)
    images = systems.imagefs(systems.space)
    found = []
    if node and "nodefs.available" in thresholds:
        found.append(("kubelet", node, thresholds["nodefs.available"]))
    image_threshold = thresholds.get("imagefs.available")
    if image_threshold and images:
        found.append(("images", images, image_threshold))
    elif image_threshold and node and not image_threshold.origin.startswith("assumed"):
        found.append(("images", node, image_threshold))
    return found


# ---- readings -------------------------------------------------------------------------------------------------------
def _watched_readings(systems: FileSystems) -> Iterator[Reading]:
    node, images = systems.nodefs(systems.space), systems.imagefs(systems.space)
    note = "holds kubelet's directory (nodefs)"
    yield Reading("nodefs_mount", plain(node.point) if node else None, "", node.evidence.ref if node else None, None, note)
    yield from _percents("nodefs", node)
    if images:
        note = "holds the container images (imagefs)"
        yield Reading("imagefs_mount", plain(images.point), "", images.evidence.ref, None, note)
        yield from _percents("imagefs", images)


def _percents(name: str, usage: Usage | None) -> Iterator[Reading]:
    ref = usage.evidence.ref if usage else None
    free = usage.available if usage else None
    yield Reading(f"{name}_used_percent", usage.percent if usage else None, "percent", ref)
    yield Reading(f"{name}_available_gib", free.gib if free else None, "GiB", ref)


def _mount_readings(table: tuple[Usage, ...]) -> Iterator[Reading]:
    for usage in shown_mounts(table):
        scope, ref = plain(usage.point, 200), usage.evidence.ref
        if scope is None:
            continue
        for name, shown in (("size_gib", usage.size), ("used_gib", usage.used), ("available_gib", usage.available)):
            yield Reading(name, shown.gib if shown else None, "GiB", ref, scope)
        yield Reading("used_percent", usage.percent, "percent", ref, scope)
        left = share(usage.available.most, usage.size.most) if usage.available and usage.size else None
        yield Reading("available_percent", left, "percent", ref, scope)


# ---- issues ---------------------------------------------------------------------------------------------------------
def _eviction_issue(bundle: "Bundle", watched: list[tuple[str, Usage, Threshold]]) -> Iterator[Issue]:
    """One issue for all: the surest first. What df rounds away can leave open on which side of it the node is."""
    stands = [(stand_of(usage, threshold), what, usage, threshold) for what, usage, threshold in watched]
    for wanted, severity, weight in (("past", "high", 4), ("at", "medium", 2)):
        hit = [s for s in stands if s[0] == wanted]
        if not hit:
            continue
        _, what, usage, threshold = hit[0]
        side = "below" if wanted == "past" else "at"
        whose = "kubelet's directory" if what == "kubelet" else "the container images"
        title = (
            f"The file system of {whose} has {amount_text(usage)} available, {side} the eviction threshold "
            f"{threshold.signal} {threshold.text}" + (f" ({threshold.origin})" if not threshold.evidence else "")
        )
        quotes = [usage.evidence, *([threshold.evidence] if threshold.evidence else [])]
        quotes += [evidence for _, _, evidence in (local_storage(bundle) or [])[:1]]
        level: Severity = "high" if severity == "high" else "medium"
        yield Issue("disk.eviction_threshold", title, level, tuple(quotes), ("eviction_disk",), weight=weight)
        return


def _other_full(systems: FileSystems, watched: list[tuple[str, Usage, Threshold]]) -> Iterator[Issue]:
    """File systems of the host that kubelet does not watch; volumes of pods are their owners' matter."""
    seen = {usage.point for _, usage, _ in watched}
    full = [u for u in systems.space if not u.pseudo and u.point not in seen and (u.percent or 0) >= _FULL_PERCENT]
    writable = [u for u in full if (m := systems.backing(u.point)) is None or "ro" not in m.options]
    host = [u for u in writable if u.point in _HOST_PATHS]
    if host:
        title = f"{host[0].point} is {host[0].percent} % full (not watched by kubelet, but services of the host write there)"
        yield Issue("disk.host_full", title, "medium", tuple(u.evidence for u in host[:3]), ("eviction_disk",), weight=2)
    volumes = [u for u in writable if u.point not in _HOST_PATHS]
    if volumes:
        title = f"{len(volumes)} other file systems are at least {_FULL_PERCENT} % full"
        yield Issue("disk.volume_full", title, "low", tuple(u.evidence for u in volumes[:3]), (), "context", 1)


def _read_only(systems: FileSystems) -> Iterator[Issue]:
    """The kernel remounts a file system read-only after errors; kubelet and the runtime cannot work on such a one."""
    mounts = [m for path in ("/", KUBELET_ROOT, *RUNTIME_ROOTS) if (m := systems.backing(path))]
    bad = list(dict.fromkeys(m for m in mounts if m.read_only_fault))
    if bad:
        points = ", ".join(plain(m.point) or "?" for m in bad)
        title = f"Mounted read-only: {points} (the kernel does this after file system or disk errors)"
        quotes = tuple(m.evidence for m in bad[:3])
        yield Issue("disk.read_only", title, "high", quotes, ("eviction_disk",), weight=2)
