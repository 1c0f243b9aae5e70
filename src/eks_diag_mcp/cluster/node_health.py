"""One node's health: what Kubernetes, EC2 and SSM say of it, and in words why it is not well."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .daemons import DaemonHealth
from .instances import Instance, StatusChecks
from .machines import Machines
from .nodes import Node
from .pod_survey import Survey

JOINING = timedelta(minutes=10)
"""An instance younger than this may still be on its way into the cluster."""


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """`node` None: an instance that never joined. `pods` None: not counted. `ssm` "": not asked. `reasons`: why it is not
    well, the gravest first; none for a healthy node."""

    name: str
    node: Node | None
    instance: Instance | None
    checks: StatusChecks | None
    ssm: str
    pods: int | None
    stuck: int
    reasons: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        return not self.reasons


def judge_nodes(
    nodes: Iterable[Node], survey: Survey | None, daemons: Iterable[DaemonHealth], machines: Machines, now: datetime
) -> list[NodeHealth]:
    """All nodes, and the instances that are none; what is not well first."""
    faults = _daemon_faults(daemons)
    stuck: dict[str, int] = {}
    for pod in survey.stuck if survey else ():
        stuck[pod.node] = stuck.get(pod.node, 0) + 1
    found = [_node(node, survey, faults.get(node.name, ()), stuck.get(node.name, 0), machines) for node in nodes]
    found += [_unjoined(i, machines, now) for i in machines.unjoined if i.launched is None or now - i.launched >= JOINING]
    return sorted(found, key=lambda n: (n.healthy, n.node is not None and n.node.ready is True, n.name))


def _daemon_faults(daemons: Iterable[DaemonHealth]) -> Mapping[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for health in daemons:
        for name in health.missing_on:
            faults.setdefault(name, []).append(f"no {health.daemon.name} pod")
        for pod in health.broken:
            faults.setdefault(pod.node, []).append(f"{health.daemon.name} {pod.status}")
    return faults


def _node(node: Node, survey: Survey | None, faults: Iterable[str], stuck: int, machines: Machines) -> NodeHealth:
    instance, checks = machines.instances.get(node.instance_id), machines.checks.get(node.instance_id)
    pods = survey.by_node[node.name] if survey and survey.by_node is not None else None
    reasons = [t.condition for t in node.troubles]
    reasons += faults
    reasons += [f"{stuck} pods without an address"] if stuck else []
    if instance is not None and instance.state != "running":
        reasons.append(f"instance {instance.state}" + (f" ({instance.reason})" if instance.reason else ""))
    if checks is not None:
        reasons += [f"{k} check {v}" for k, v in (("system", checks.system), ("instance", checks.instance)) if v == "impaired"]
    return NodeHealth(
        node.name, node, instance, checks, machines.ssm.get(node.instance_id, ""), pods, stuck, tuple(dict.fromkeys(reasons))
    )


def _unjoined(instance: Instance, machines: Machines, now: datetime) -> NodeHealth:
    since = f", runs for {int((now - instance.launched).total_seconds() // 60)} minutes" if instance.launched else ""
    return NodeHealth(
        instance.id,
        None,
        instance,
        machines.checks.get(instance.id),
        machines.ssm.get(instance.id, ""),
        None,
        0,
        (f"never joined the cluster{since}",),
    )
