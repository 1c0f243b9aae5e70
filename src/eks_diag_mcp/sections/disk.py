"""Section disk: how full the file systems are against kubelet's thresholds, and who writes into container layers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import NodeFacts, Reading, Section
from .readers.disk_space import local_storage, read_disk
from .readers.quantities import GIB
from .readers.tables import plain
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("mounts", "pod-local-storage", "kubelet-config", "kubelet-service")
_MOST = 5


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    look = read_disk(bundle)
    readings = (*look.readings, *_local_storage(bundle))
    coverage = tuple(bundle.coverage(s) for s in SOURCES)
    return Section("disk", conclude(look.known, look.issues), readings, look.issues, coverage)


def _local_storage(bundle: "Bundle") -> Iterator[Reading]:
    """The writers with most in their own layer. A snapshot number leads to its container with `ctr` on the node only."""
    writers = local_storage(bundle)
    total = round(sum(size for size, _, _ in writers) / GIB, 1) if writers is not None else None
    ref = writers[0][2].ref if writers else None
    yield Reading("container_layers_gib", total, "GiB", ref, note="written by containers into their own layers")
    for size, path, evidence in (writers or [])[:_MOST]:
        if scope := plain(path, 200):
            yield Reading("layer_gib", round(size / GIB, 3), "GiB", evidence.ref, scope)
