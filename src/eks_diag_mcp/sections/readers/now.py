"""What AWS and Kubernetes say now, read from NodeFacts: missing or odd values read as unknown, never as zero.

Shapes: cluster/facts.py writes them (facts.json); here they are only read, since neither stack imports the other."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...model import NodeFacts

FRESH = timedelta(hours=1)
"""How far a fact may lie from the capture and still be put beside it."""


@dataclass(frozen=True, slots=True)
class SubnetNow:
    """A subnet. `free_28s` None: not counted. `orphaned`: addresses that ENIs hold which the CNI lost."""

    id: str
    cidr: str
    free: int
    free_28s: int | None
    orphaned: int
    orphaned_enis: int

    @property
    def size(self) -> int:
        """How many addresses the subnet has at all; 0 where its CIDR is not told."""
        length = self.cidr.partition("/")[2]
        return 2 ** (32 - int(length)) if length.isdigit() and int(length) <= 32 else 0


@dataclass(frozen=True, slots=True)
class EniNow:
    """An ENI that EC2 has attached to the instance. `for_cni`: made by the VPC CNI. `managed` False: tagged no_manage."""

    id: str
    card: int
    for_cni: bool
    managed: bool
    attached: datetime | None


@dataclass(frozen=True, slots=True)
class AddonNow:
    """An EKS add-on. `compatible` None: EKS was not asked."""

    name: str
    version: str
    compatible: bool | None
    default: str
    issues: tuple[str, ...]


def subnets_now(facts: NodeFacts | None) -> dict[str, SubnetNow]:
    """The subnets by id; without those whose free addresses are not told."""
    found = {}
    for id_, row in _map(facts, "subnets").items():
        free = _number(row, "free")
        if free is not None:
            holders = row.get("holders")
            orphaned = _number(holders, "orphaned") if isinstance(holders, Mapping) else None
            found[id_] = SubnetNow(
                id_, str(row.get("cidr", "")), free, _number(row, "free_28s"), orphaned or 0, _number(row, "orphaned_enis") or 0
            )
    return found


def enis_now(facts: NodeFacts | None) -> tuple[EniNow, ...] | None:
    """The ENIs of the instance; None where EC2 was not asked."""
    rows = facts.values.get("enis") if facts else None
    if not isinstance(rows, list):
        return None
    return tuple(
        EniNow(
            str(row["id"]),
            _number(row, "card") or 0,
            row.get("for_cni") is True,
            row.get("managed") is not False,
            _time(row.get("attached")),
        )
        for row in rows
        if isinstance(row, Mapping) and row.get("id")
    )


def addon_now(facts: NodeFacts | None, name: str) -> AddonNow | None:
    """One add-on; None where the cluster has none of that name, or EKS was not asked."""
    row = _map(facts, "addons").get(name)
    if row is None:
        return None
    issues = row.get("issues")
    told = tuple(str(i) for i in issues) if isinstance(issues, list) else ()
    compatible = row.get("compatible")
    fits = compatible if isinstance(compatible, bool) else None
    return AddonNow(name, str(row.get("version", "")), fits, str(row.get("default") or ""), told)


def text_now(facts: NodeFacts | None, name: str, key: str | None = None) -> str:
    """A word among the facts, or in one of their tables; "" where it is not told."""
    value = facts.values.get(name) if facts else None
    if key is not None:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def told_at(facts: NodeFacts | None, name: str) -> datetime | None:
    """When a fact was asked for."""
    return facts.called_at.get(name) if facts else None


def fresh(facts: NodeFacts | None, name: str, captured: datetime) -> bool:
    """Was that fact asked for near enough to the capture?"""
    at = told_at(facts, name)
    return at is not None and abs(at - captured) <= FRESH


def unknown_enis(facts: NodeFacts | None, known: Collection[str], captured: datetime) -> tuple[EniNow, ...]:
    """ENIs that EC2 has attached to the instance since before the capture, and that are not among `known` (ipamd's)."""
    enis = enis_now(facts) if fresh(facts, "enis", captured) else None
    if not enis or not known:
        return ()
    return tuple(e for e in enis if e.id not in known and (e.attached is None or e.attached < captured))


def _map(facts: NodeFacts | None, name: str) -> dict[str, Mapping[str, Any]]:
    rows = facts.values.get(name) if facts else None
    return {str(k): v for k, v in rows.items() if isinstance(v, Mapping)} if isinstance(rows, Mapping) else {}


def _number(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
