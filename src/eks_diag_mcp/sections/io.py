"""Section io: what block devices do to the node. Most numbers are totals since a process or the node started."""

from typing import TYPE_CHECKING

from ..model import NodeFacts, Section
from .readers.io_load import read_io
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("throttling", "pressure", "processes", "xfs")


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    look = read_io(bundle)
    coverage = tuple(bundle.coverage(s) for s in SOURCES)
    return Section("io", conclude(look.known, look.issues), look.readings, look.issues, coverage)
