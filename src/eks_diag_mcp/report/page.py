"""A whole report: one node or several, and what tells them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import BadInput
from ..tools.comparing import CompareAnswer, compare_nodes
from ..tools.room import Room, stamp
from .node import NodeReport, node_report

NODES_MAX = 20
TRAITS_MAX = 40


@dataclass(frozen=True, slots=True)
class Page:
    """The report. `made` is when it was written, `version` that of this program."""

    nodes: tuple[NodeReport, ...]
    comparison: CompareAnswer | None
    made: str
    version: str

    @property
    def title(self) -> str:
        names = [n.summary.instanceId for n in self.nodes]
        return f"EKS node diagnosis: {names[0] if len(names) == 1 else f'{len(names)} nodes'}"


def page(room: Room, instance_ids: Sequence[str | None], made: datetime, version: str) -> Page:
    """The report of these nodes, in that order. BadInput for more than 20 of them. Two bundles of one node are two parts of
    the report; in the comparison of nodes stands the later named one."""
    names = list(dict.fromkeys(instance_ids))
    if not 1 <= len(names) <= NODES_MAX:
        raise BadInput(f"A report is about 1 to {NODES_MAX} nodes, not {len(names)}.", "Name fewer instances or files.")
    nodes = []
    for number, name in enumerate(names, 1):
        room.progress(number - 1, len(names), f"reading {name or 'the node'}")
        nodes.append(node_report(room, name, number))
    apart = {node.summary.instanceId: name for node, name in zip(nodes, names, strict=True)}
    comparison = compare_nodes(room, [name or known for known, name in apart.items()]) if len(apart) > 1 else None
    return Page(tuple(nodes), comparison, stamp(made) or "", version)
