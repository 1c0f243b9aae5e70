"""compare_nodes: what tells the bad nodes from their healthy peers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ..errors import BadInput
from .fleet_shapes import Unanswered, hand_of, unanswered
from .room import Room, stamp
from .shapes import Answer, page_of

if TYPE_CHECKING:
    from ..bundle.search import Budget
    from ..fleet.at_hand import Hand
    from ..fleet.compare import NodeView, Trait

FEW = 20
"""So many nodes are diagnosed and compared in full; of more, first of all the findings."""
_SECONDS = 15.0
_NAMED = 12
"""Nodes of many that a difference names."""
_LISTED = 60
"""Nodes of many that are listed, the bad ones first."""


class NodeRow(Answer):
    """A node and its root cause, where its evidence shows one."""

    instanceId: str
    root_cause: str | None = None
    captured: str | None = None


class TraitRow(Answer):
    """One difference. `nodes` says how many of all have it (findings); `values` are by instance, of many nodes those of some
    that have it."""

    kind: str
    name: str
    title: str | None = None
    nodes: str | None = None
    separation: float
    values: dict[str, int | float | str | bool]


class CompareAnswer(Answer):
    """Differences between nodes, the one that separates bad from good best first. Of more than 20 nodes `nodes` lists some of
    `nodes_total`, the bad ones first."""

    nodes: list[NodeRow]
    differences: list[TraitRow]
    shown: int
    total: int
    shared_findings: list[str]
    insight: str
    nodes_total: int | None = None
    notes: list[str] | None = None
    unanswered: list[Unanswered] | None = None


_BOTH: list[Literal["errors", "config"]] = ["errors", "config"]


def compare_nodes(
    room: Room,
    instanceIds: Annotated[list[str] | None, Field(max_length=500, description="2 to 500 nodes with a bundle")] = None,
    compareFields: Annotated[list[Literal["errors", "config"]], Field(description="findings, settings or both")] = _BOTH,
    clusterName: Annotated[str | None, Field(description="All nodes of this cluster with a bundle")] = None,
) -> CompareAnswer:
    """What differs between EKS nodes: findings, versions, settings and counters, ranked by how well they separate bad from healthy."""
    names = list(dict.fromkeys(instanceIds or ()))
    if clusterName is None and len(names) < 2:
        known = ", ".join(room.app.known_instances()[:20])
        raise BadInput("compare_nodes needs two different nodes, or clusterName.", f"Known: {known}.")
    if clusterName is None and len(names) <= FEW:
        return _few(room, names, compareFields)
    budget = room.budget(_SECONDS)
    hand = hand_of(room, budget, clusterName, names or None)
    found = sorted({held.instance_id for held in hand.held})
    if len(found) < 2:
        raise BadInput(
            f"{len(found)} of those nodes have a bundle at hand; a comparison needs two.",
            f"history(clusterName={clusterName or ''!r}) lists bundles, batch_collect gets more.",
        )
    left = unanswered(hand) or None
    if len(found) <= FEW:
        return _few(room, found, compareFields).model_copy(update={"unanswered": left})
    return _many(room, hand, budget, compareFields)


def _few(room: Room, names: Sequence[str], fields: Sequence[str]) -> CompareAnswer:
    """Every node diagnosed, findings and readings."""
    from ..fleet.compare import compare, shared, view
    from ..fleet.whose import proven

    views, rows, ledger = [], [], room.app.intake.ledger.clusters()
    for place, name in enumerate(names):
        room.checkpoint()
        room.progress(place, len(names), f"reading {name}")
        bundle, _ = room.bundle(name)
        told, app = proven(bundle, ledger), room.app
        sections = app.sections(bundle)
        named = next((str(r.value) for r in sections["instance"].readings if r.name == "cluster_name" and r.value), None)
        cluster = told.cluster if told else named
        node = view(bundle.instance_id, app.findings(bundle), sections, app.diagnosis(bundle), cluster)
        views.append(node)
        rows.append(NodeRow(instanceId=node.instance_id, root_cause=node.root_cause, captured=stamp(bundle.captured)))
    traits = compare(views, errors="errors" in fields, config="config" in fields)
    out = _page(traits, views, None)
    notes = _of_clusters(views) if "config" in fields else []
    return CompareAnswer(
        nodes=rows,
        differences=out,
        shown=len(out),
        total=len(traits),
        shared_findings=list(shared(views)),
        insight=_insight(traits, views),
        notes=notes or None,
    )


def _many(room: Room, hand: "Hand", budget: "Budget", fields: Sequence[str]) -> CompareAnswer:
    """Findings of all nodes, from findings/; causes of as many as the time allows, those with the worst findings first."""
    from ..fleet.compare import compare, shared, view
    from ..fleet.shared import read_findings

    app = room.app
    read = read_findings(hand.held, app.catalogue, lambda: budget.spent, room.checkpoint)
    views = {n.held.instance_id: view(n.held.instance_id, n.findings, {}, None) for n in read.nodes}
    captured = {n.held.instance_id: stamp(n.held.captured) for n in read.nodes}
    diagnosed = 0
    for node in sorted(read.nodes, key=lambda n: (not views[n.held.instance_id].bad, n.held.instance_id)):
        if budget.spent:
            break
        room.checkpoint()
        room.progress(diagnosed, len(views), f"diagnosing {node.held.instance_id}")
        bundle = next((b for b in app.library.bundles(node.held.instance_id) if b.digest == node.held.digest), None)
        if bundle is None:  # purged meanwhile; its findings were read before
            continue
        views[bundle.instance_id] = view(bundle.instance_id, node.findings, {}, app.diagnosis(bundle))
        diagnosed += 1
    every = list(views.values())
    traits = compare(every, errors="errors" in fields, config=False)
    out = _page(traits, every, _NAMED)
    listed = sorted(every, key=lambda v: (not v.bad, v.instance_id))[:_LISTED]
    notes = [
        f"Causes of {diagnosed} of {len(every)} nodes were diagnosed in the time of one call; the others count as bad when they show a cause of high or critical severity."
    ]
    notes += ["Settings are compared of up to 20 nodes: name those that matter in instanceIds."] if "config" in fields else []
    return CompareAnswer(
        nodes=[NodeRow(instanceId=v.instance_id, root_cause=v.root_cause, captured=captured[v.instance_id]) for v in listed],
        differences=out,
        shown=len(out),
        total=len(traits),
        shared_findings=list(shared(every)),
        insight=_insight(traits, every),
        nodes_total=len(every),
        notes=notes,
        unanswered=unanswered(hand, *read.unreadable.items()) or None,
    )


def _page(traits: "Sequence[Trait]", views: "Sequence[NodeView]", named: int | None) -> list[TraitRow]:
    """The first differences; `named`: for so many nodes the value is told."""

    def row(trait: "Trait") -> TraitRow:
        having = [name for name, value in trait.values.items() if value]
        told = trait.values if named is None else {name: trait.values[name] for name in having[:named]}
        return TraitRow(
            kind=trait.kind,
            name=trait.name,
            title=trait.title if trait.kind == "finding" else None,
            nodes=f"{len(having)} of {len(views)}" if trait.kind == "finding" else None,
            separation=trait.separation,
            values=dict(told),
        )

    return page_of(map(row, traits))


def _insight(traits: "Sequence[Trait]", views: "Sequence[NodeView]") -> str:
    bad, diagnosed = [v for v in views if v.bad], all(v.diagnosed for v in views)
    best = next((t for t in traits if t.separation >= 0.9 and t.role != "echo"), None)
    what = "have a supported cause" if diagnosed else "have a supported cause or show a grave one"
    insight = f"{len(bad)} of {len(views)} nodes {what}"
    if best and bad and len(bad) < len(views):
        return f"{insight}; {best.name} separates them from the rest."
    return f"{insight}; nothing separates them cleanly." if bad else f"{insight}."


def _of_clusters(views: "Sequence[NodeView]") -> list[str]:
    from ..fleet.compare import clusters

    found = clusters(views)
    if len(found) < 2:
        return []
    return [
        f"The nodes are of {len(found)} clusters: what is a cluster's or its VPC's own (API server, cluster DNS, name servers, networks) is compared within each only."
    ]
