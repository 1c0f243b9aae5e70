"""Which nodes of a cluster to collect from: unhealthy ones that can be reached first, spread over groups of like nodes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .node_health import NodeHealth

Filter = Literal["all", "unhealthy", "notready"]
GroupBy = Literal["auto", "az", "nodegroup", "instance-type", "ami"]


@dataclass(frozen=True, slots=True)
class Pick:
    """A node to collect from: how, and why it was chosen."""

    instance_id: str
    node: str
    bucket: str
    via: str
    healthy: bool
    why: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A node that nothing can be collected from now, and why."""

    node: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to collect. `left_out` counts reachable nodes that the limits left out."""

    picks: tuple[Pick, ...]
    unreachable: tuple[Unreachable, ...]
    grouped_by: str
    left_out: int


@dataclass(frozen=True, slots=True)
class Sample:
    """How much: `strategy` all takes every node up to `most`, sample at most `per_bucket` of each bucket."""

    strategy: Literal["sample", "all"]
    group_by: GroupBy
    per_bucket: int
    most: int


def plan(nodes: Iterable[NodeHealth], which: Filter, sample: Sample, *, ssm_set_up: bool) -> Plan:
    """The plan for these nodes, the worst first. `ssm_set_up`: this server has a role and a bucket for SSM."""
    wanted = [n for n in nodes if _wanted(n, which)]
    grouped_by = _grouping(wanted, sample.group_by)
    picks: list[Pick] = []
    unreachable: list[Unreachable] = []
    for node in wanted:
        via, why = way(node, ssm_set_up=ssm_set_up)
        if via is None:
            unreachable.append(Unreachable(node.name, why))
            continue
        reason = "; ".join(node.reasons[:3]) or "healthy, to compare with"
        picks.append(Pick(_id(node), node.name, _bucket(node, grouped_by), via, node.healthy, reason))
    chosen = _spread(picks, sample)
    return Plan(tuple(chosen), tuple(unreachable), grouped_by, len(picks) - len(chosen))


def _id(node: NodeHealth) -> str:
    return (node.node.instance_id if node.node else "") or (node.instance.id if node.instance else "") or node.name


def _wanted(node: NodeHealth, which: Filter) -> bool:
    if which == "unhealthy":
        return not node.healthy
    if which == "notready":
        return node.node is None or node.node.ready is not True
    return True


def way(health: NodeHealth, *, ssm_set_up: bool) -> tuple[str | None, str]:
    """(collector, "") for a node that can be reached, else (None, why not)."""
    node, instance = health.node, health.instance
    if node is not None and node.kind == "fargate":
        return None, "a Fargate node has no log bundle"
    if (node is not None and node.windows) or (instance is not None and instance.windows):
        return None, "a Windows node; the collectors here are for Linux"
    if instance is not None and instance.state != "running":
        return None, f"its instance is {instance.state}"
    if node is not None and node.kind == "auto_mode":
        return "node", ""
    if health.ssm == "Online" and ssm_set_up:
        return "ssm", ""
    if node is not None and node.agent:
        return "node", ""
    told = (
        f"SSM says {health.ssm}"
        if health.ssm and health.ssm != "Online"
        else "SSM is not set up here"
        if not ssm_set_up
        else "SSM was not asked"
    )
    return None, f"{told}, and no node monitoring agent reports"


def _grouping(nodes: Sequence[NodeHealth], asked: GroupBy) -> str:
    """auto: the first of node group, zone and instance type that tells the nodes apart."""
    if asked != "auto":
        return asked
    for word in ("nodegroup", "az", "instance-type"):
        if len({_bucket(n, word) for n in nodes}) > 1:
            return word
    return "nodegroup"


def _bucket(health: NodeHealth, grouped_by: str) -> str:
    node, instance = health.node, health.instance
    if grouped_by == "az":
        return (node.zone if node else "") or (instance.zone if instance else "") or "unknown"
    if grouped_by == "instance-type":
        return (node.instance_type if node else "") or (instance.type if instance else "") or "unknown"
    if grouped_by == "ami":
        return (f"{node.image}, {node.kubelet}" if node else "") or "unknown"
    return (node.group if node else "") or "no group"


def _spread(picks: Sequence[Pick], sample: Sample) -> list[Pick]:
    """One of each bucket in turn, the worst first, so that a limit cuts all buckets alike."""
    limit = sample.per_bucket if sample.strategy == "sample" else len(picks)
    buckets: dict[str, list[Pick]] = {}
    for pick in picks:
        buckets.setdefault(pick.bucket, []).append(pick)
    turns = [bucket[turn] for turn in range(limit) for bucket in buckets.values() if turn < len(bucket)]
    return sorted(turns, key=lambda p: p.healthy)[: sample.most]
