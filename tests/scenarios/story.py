"""Turns the story of a description into Rows: happenings are unfolded, repetitions spread, `${...}` filled in."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import yaml

from .describe import BadScenario, Event, duration, moment
from .lines import LOGS, Row, ec2_error, iso, klog, pool_stats
from .node import Node, Pod

_PLACE = re.compile(r"\$\{(\w+)\}")
_LINE_KEYS = {"log", "text", "after", "level", "caller", "raw", "program", "fields", "cni", "runtime", "os"}


@cache
def happenings() -> dict[str, list[dict]]:
    """The named happenings of all happenings*.yaml."""
    found: dict[str, list[dict]] = {}
    for path in sorted(Path(__file__).parent.glob("happenings*.yaml")):
        more = yaml.safe_load(path.read_text(encoding="utf-8"))
        if twice := found.keys() & more.keys():
            raise BadScenario(f"{path.name}: {sorted(twice)[0]} stands elsewhere, too")
        found |= more
    return found


def rows(node: Node, events: tuple[Event, ...]) -> list[Row]:
    """Every line of the story, in no particular order."""
    out: list[Row] = []
    for event in events:
        start = moment(event.at, node.captured, node.boot)
        step = duration(event.every) if event.every else timedelta()
        for n in range(event.times):
            when = start + n * step + timedelta(microseconds=node.rng.randrange(1000, 90000))
            if when > node.captured:
                raise BadScenario(f"{node.name_of_scenario}: a step at {event.at} reaches past the capture")
            out += _occurrence(node, event, when)
    return out


def _occurrence(node: Node, event: Event, when: datetime) -> list[Row]:
    facts = facts_at(node, when)
    if event.error:
        facts["error"] = ec2_error(node, event.error, facts["req"])
    if event.log:
        if event.log not in LOGS:
            raise BadScenario(f"{node.name_of_scenario}: no log {event.log!r}; known are {', '.join(LOGS)}")
        text = fill(node, event.text, facts)
        return [Row(when, event.log, text, event.level, event.caller, event.raw, event.program, ec2=_counted(event))]
    if event.happens not in happenings():
        raise BadScenario(f"{node.name_of_scenario}: no happening {event.happens!r}; known are {', '.join(happenings())}")
    out = _unfold(node, event.happens, when, facts)
    return [replace(out[0], ec2=_counted(event)), *out[1:]] if out else []


def unfold(node: Node, happening: str, when: datetime, pod: Pod | None = None) -> list[Row]:
    """The lines of one happening at one time; about `pod` where it is about a pod that runs here."""
    about = {} if pod is None else pod_facts(node, pod)
    return _unfold(node, happening, when, facts_at(node, when) | about)


def _unfold(node: Node, happening: str, when: datetime, facts: dict[str, str]) -> list[Row]:
    return [_row(node, line, when, facts) for line in happenings()[happening] if _worded_so(node, line)]


def _counted(event: Event) -> tuple[str, str]:
    return (event.error["op"], event.error["code"]) if event.error else ("", "")


def _row(node: Node, line: dict, when: datetime, facts: dict[str, str]) -> Row:
    unknown = set(line) - _LINE_KEYS
    if unknown:
        raise BadScenario(f"happenings.yaml: unknown key {sorted(unknown)[0]!r}")
    at = when + duration(line.get("after", "0s"))
    fields = tuple((k, fill(node, v, facts)) for k, v in line.get("fields", {}).items())
    caller, program = line.get("caller", ""), line.get("program", "")
    text = fill(node, line["text"], facts)
    return Row(at, line["log"], text, line.get("level", "info"), caller, line.get("raw", False), program, fields)


def _worded_so(node: Node, line: dict) -> bool:
    """Whether this node's release, runtime and system print the line."""
    since, before = line.get("cni", ("", ""))
    old_enough = not since or node.at_least(*map(int, since.split(".")))
    young_enough = not before or not node.at_least(*map(int, before.split(".")))
    runtime = line.get("runtime", "docker" if node.docker else "containerd")
    return old_enough and young_enough and (runtime == "docker") == node.docker and line.get("os", node.os) == node.os


def fill(node: Node, text: str, facts: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in facts:
            raise BadScenario(f"{node.name_of_scenario}: ${{{match[1]}}} is unknown; known are {', '.join(sorted(facts))}")
        return facts[match[1]]

    return _PLACE.sub(value, text)


def pod_facts(node: Node, pod: Pod) -> dict[str, str]:
    """What `${...}` may name of a pod."""
    about = {"pod": pod.name, "ns": pod.namespace, "uid": pod.uid, "sandbox": pod.sandbox, "container": pod.container}
    return about | {"pod_ip": pod.ip, "pod_device": str(pod.eni), "veth": pod.veth}


def facts_at(node: Node, when: datetime) -> dict[str, str]:
    """What `${...}` may name. Ids of a single attempt (sandbox, request, a new ENI) are fresh each time."""
    total, assigned, cooling = node.pool_at(when)
    aws_node, kube_proxy = node.system["aws-node"], node.system["kube-proxy"]
    last = next((a for a in reversed(node.addresses)), None)
    free = next((a.ip for a in node.addresses if a.state == "free"), last.ip if last else node.primary)
    mask = "fffffff0" if node.prefix and not node.ipv6 else "ffffffff"
    return {
        **{f"eni{i}": eni for i, eni in enumerate(node.eni_ids)},
        **{f"eni{i}_ip": ip for i, ip in enumerate(node.eni_ips)},
        "last_eni": node.eni_ids[-1],
        "last_cidr": last.cidr if last else "",
        "new_eni": f"eni-0{node.hexid(16)}",
        "cidr_ip": last.cidr.split("/")[0] if last else node.primary,
        "cidr_mask": mask,
        "free_ip": free,
        **pod_facts(node, node.pending),
        "sandbox": node.hexid(64),
        "netns": node.uuid(),
        "req": node.uuid(),
        "pool_stats": pool_stats(node, total, assigned, cooling),
        "total": str(total),
        "assigned": str(assigned),
        "cooling": str(cooling),
        "max_ips": str(node.ips_per_eni),
        "max_enis": str(node.max_enis),
        "slots": str(node.slots),
        "max_prefixes": str(node.slots if node.prefix else 0),
        "max_pods": str(node.max_pods),
        "warm_ip": node.spec.env.get("WARM_IP_TARGET", "0"),
        "warm_eni": node.spec.env.get("WARM_ENI_TARGET", "1"),
        "warm_prefix": node.spec.env.get("WARM_PREFIX_TARGET", "1"),
        "minimum_ip": node.spec.env.get("MINIMUM_IP_TARGET", "0"),
        "family": "IPv6Addr" if node.ipv6 else "IPv4Addr",
        "enis": str(len(node.managed)),
        "card": " for Network Card 0" if node.at_least(1, 20) else "",
        "type": node.spec.type,
        "version": node.version,
        "node": node.node_name,
        "host": node.host,
        "instance": node.instance_id,
        "primary": node.primary,
        "mac0": node.macs[0],
        "nic0": node.nics[0],
        "kernel": node.kernel,
        "kubernetes": node.kubernetes,
        "word": node.word(5),
        "subnet": node.subnet,
        "pod_subnet": node.pod_subnet,
        "sg": node.security_group,
        "account": node.account,
        "region": node.region,
        "zone": node.zone,
        "endpoint": node.endpoint,
        "service_ip": f"[{node.service_ip}]" if ":" in node.service_ip else node.service_ip,
        "aws_node": aws_node.name,
        "aws_node_uid": aws_node.uid,
        "kube_proxy": kube_proxy.name,
        "kube_proxy_uid": kube_proxy.uid,
        "now": iso(when),
        "second": iso(when, 0),
        "klog": klog(when),
    }
