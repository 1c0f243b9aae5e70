"""compare_nodes: what tells the bad nodes from their healthy peers."""

from typing import Annotated, Literal

from pydantic import Field

from ..errors import BadInput
from .room import PAGE_CHARS, Room
from .shapes import Answer


class NodeRow(Answer):
    """A node and its root cause, where its evidence shows one."""

    instanceId: str
    root_cause: str | None = None
    captured: str | None = None


class TraitRow(Answer):
    """One difference. `nodes` says how many of all have it (findings); `values` are by instance."""

    kind: str
    name: str
    title: str | None = None
    nodes: str | None = None
    separation: float
    values: dict[str, int | float | str | bool]


class CompareAnswer(Answer):
    """Differences between nodes, the one that separates bad from good best first."""

    nodes: list[NodeRow]
    differences: list[TraitRow]
    shown: int
    total: int
    shared_findings: list[str]
    insight: str


_BOTH: list[Literal["errors", "config"]] = ["errors", "config"]


def compare_nodes(
    room: Room,
    instanceIds: Annotated[list[str], Field(min_length=2, max_length=20, description="2 to 20 nodes with a bundle")],
    compareFields: Annotated[list[Literal["errors", "config"]], Field(description="findings, settings or both")] = _BOTH,
) -> CompareAnswer:
    """What differs between EKS nodes: findings, versions, settings and counters, ranked by how well they separate bad from healthy."""
    from ..fleet.compare import compare, shared, view
    from .room import stamp

    names = list(dict.fromkeys(instanceIds))
    if len(names) < 2:
        raise BadInput("compare_nodes needs two different nodes.", f"Known: {', '.join(room.app.known_instances()[:20])}.")
    views, rows = [], []
    for place, name in enumerate(names):
        room.checkpoint()
        room.progress(place, len(names), f"reading {name}")
        bundle, _ = room.bundle(name)
        node = view(bundle.instance_id, room.app.findings(bundle), room.app.sections(bundle), room.app.diagnosis(bundle))
        views.append(node)
        rows.append(NodeRow(instanceId=node.instance_id, root_cause=node.root_cause, captured=stamp(bundle.captured)))
    traits = compare(views, errors="errors" in compareFields, config="config" in compareFields)
    out: list[TraitRow] = []
    used = 0
    for trait in traits:
        having = sum(bool(v) for v in trait.values.values())
        row = TraitRow(
            kind=trait.kind,
            name=trait.name,
            title=trait.title if trait.kind == "finding" else None,
            nodes=f"{having} of {len(views)}" if trait.kind == "finding" else None,
            separation=trait.separation,
            values=dict(trait.values),
        )
        used += len(row.model_dump_json(exclude_none=True))
        if out and used > PAGE_CHARS:
            break
        out.append(row)
    bad = [v for v in views if v.bad]
    best = next((t for t in traits if t.separation >= 0.9 and t.role != "echo"), None)
    insight = f"{len(bad)} of {len(views)} nodes have a supported cause"
    insight += (
        f"; {best.name} separates them from the rest"
        if best and bad and len(bad) < len(views)
        else "; nothing separates them cleanly"
        if bad
        else ""
    )
    return CompareAnswer(
        nodes=rows, differences=out, shown=len(out), total=len(traits), shared_findings=list(shared(views)), insight=insight + "."
    )
