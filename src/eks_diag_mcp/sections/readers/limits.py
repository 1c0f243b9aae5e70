"""What an instance type can hold: network interfaces and IPv4 addresses (data: instance_limits.jsonl).

Facts from: the generated limit table of the VPC CNI (pkg/vpc/vpc_ip_resource_limit.go), 1,391 types. `enis` counts
the default network card only, as max-pods does. A row: [type, enis, IPv4 per ENI, hypervisor, bare metal, cards]."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...model import NodeFacts

_FILE = Path(__file__).with_name("instance_limits.jsonl")


@dataclass(frozen=True, slots=True)
class InstanceLimits:
    """Limits of one instance type. `hypervisor` is nitro, xen or unknown; bare metal types have none."""

    enis: int
    ipv4_per_eni: int
    hypervisor: str
    bare_metal: bool
    cards: int

    @property
    def max_pods(self) -> int:
        """The value of eni-max-pods.txt: one pod a secondary address, and two for the pods on the host network."""
        return self.enis * (self.ipv4_per_eni - 1) + 2

    @property
    def prefix_delegation(self) -> bool:
        """Whether /28 prefixes can be put on its interfaces; on Xen ipamd silently uses single addresses instead."""
        return self.bare_metal or self.hypervisor != "xen"


@cache
def _table() -> Mapping[str, InstanceLimits]:
    rows = (json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines() if line)
    return {name: InstanceLimits(*limits) for name, *limits in rows}


def limits_of(instance_type: str | None) -> InstanceLimits | None:
    """The limits of a type by its name; None where the type is unknown to the table."""
    return _table().get(instance_type.strip().lower()) if instance_type else None


def limits_from_facts(facts: NodeFacts | None) -> InstanceLimits | None:
    """The limits EC2 itself told (facts `instance_limits`: enis, ipv4_per_eni, and where known hypervisor, bare_metal,
    cards); None where it was not asked."""
    told = facts.values.get("instance_limits") if facts else None
    if not isinstance(told, Mapping):
        return None
    enis, ipv4, cards = told.get("enis"), told.get("ipv4_per_eni"), told.get("cards")
    if not isinstance(enis, int) or not isinstance(ipv4, int):
        return None
    hypervisor = str(told.get("hypervisor") or "unknown")
    return InstanceLimits(enis, ipv4, hypervisor, told.get("bare_metal") is True, cards if isinstance(cards, int) else 1)
