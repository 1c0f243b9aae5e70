"""Section inodes: how many inodes each file system has left, against kubelet's threshold."""

from typing import TYPE_CHECKING

from ..model import NodeFacts, Section
from .readers.inode_space import read_inodes
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("inodes", "mounts", "kubelet-config")


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    look = read_inodes(bundle)
    coverage = tuple(bundle.coverage(s) for s in SOURCES)
    return Section("inodes", conclude(look.known, look.issues), look.readings, look.issues, coverage)
