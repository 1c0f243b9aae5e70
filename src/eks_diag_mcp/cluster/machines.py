"""The machines behind the nodes: EC2's state and checks, and whether SSM reaches them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..cloud.aws import Aws
from .fanout import Fanout
from .gaps import Gap
from .instances import Instance, StatusChecks, read_checks, read_instances, read_of_cluster
from .nodes import Node
from .reading import text, word

MOST = 300
"""Machines that are asked for one by one; of larger clusters only the unhealthy ones."""
_SSM_IDS = 50


@dataclass(frozen=True, slots=True)
class Machines:
    """By instance id. What was not asked, or not answered, is missing. `unjoined` run, belong to the cluster and are no
    node of it."""

    instances: dict[str, Instance] = field(default_factory=dict)
    checks: dict[str, StatusChecks] = field(default_factory=dict)
    ssm: dict[str, str] = field(default_factory=dict)
    unjoined: tuple[Instance, ...] = ()


def read_machines(aws: Aws, region: str, cluster: str, nodes: Iterable[Node], fan: Fanout, *, ssm: bool) -> Machines:
    """The machines of those nodes, and running ones of the cluster that are no node. Failures are gaps of `fan`."""
    known = list(nodes)
    chosen = known if len(known) <= MOST else [n for n in known if not n.healthy][:MOST]
    if len(chosen) < len(known):
        what = "EC2 status checks and SSM" if ssm else "EC2 status checks"
        fan.gaps.append(Gap(what, f"asked for {len(chosen)} of {len(known)} nodes only, those in trouble"))
    ids = [n.instance_id for n in chosen if n.instance_id]
    of_cluster = fan.run({"EC2 instances": partial(read_of_cluster, aws, region, cluster)}).get("EC2 instances")
    instances: dict[str, Instance] = dict(of_cluster or {})
    more = [i for i in ids if i not in instances]
    reached = [n.instance_id for n in chosen if n.instance_id and n.kind != "auto_mode"]
    calls: dict[str, Callable[[], Any]] = {
        **({"EC2 instances by id": partial(read_instances, aws, region, more)} if more and of_cluster is not None else {}),
        **({"EC2 status checks": partial(read_checks, aws, region, [i for i in ids if i in instances])} if instances else {}),
        **({"SSM": partial(_pings, aws, region, reached)} if ssm and reached else {}),
    }
    found = fan.run(calls)
    instances |= found.get("EC2 instances by id") or {}
    joined = {n.instance_id for n in known}
    return Machines(
        instances,
        found.get("EC2 status checks") or {},
        found.get("SSM") or {},
        tuple(i for i in instances.values() if i.id not in joined and i.state == "running"),
    )


def _pings(aws: Aws, region: str, ids: list[str]) -> dict[str, str]:
    """SSM's ping status by instance: Online, ConnectionLost, Inactive, or "not managed" where SSM does not know it."""
    found = dict.fromkeys(ids, "not managed")
    for at in range(0, len(ids), _SSM_IDS):
        filters = [{"Key": "InstanceIds", "Values": ids[at : at + _SSM_IDS]}]
        rows = aws.pages("ssm", "describe_instance_information", region, "InstanceInformationList", Filters=filters)
        found |= {text(row, "InstanceId"): word(row.get("PingStatus")) for row in rows}
    return found
