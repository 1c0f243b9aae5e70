"""What mitigation texts may speak of: the node's readings, and the figures that follow from them (bundle-format 4.4, 4.5)."""

import re
from collections.abc import Iterable

from ..model import Finding, Section
from .board import Case

_UNSET = ("", "0", "not set", "none", "unset")
_SUBNET = re.compile(r"\bsubnet-[0-9a-f]{8,17}\b")


def values_of(case: Case) -> dict[str, object]:
    """Readings of the node as a whole by name; a setting that is not set has none. Derived figures by their own names."""
    values: dict[str, object] = {}
    for section in case.sections.values():
        for reading in section.readings:
            if reading.scope in (None, "settings") and reading.value is not None and str(reading.value).lower() not in _UNSET:
                values.setdefault(reading.name, reading.value)
    return values | {name: value for name, value in _derived(case).items() if value is not None}


def _derived(case: Case) -> dict[str, object]:
    cni, cooling = case.sections.get("cni"), case.number("ipamd", "ips_cooling")
    return {
        "cni_version": cni.value("version") if cni else None,
        "warm_target_needed": int(cooling) + 1 if cooling else None,
        "prefix_capacity": _prefix_capacity(cni, case.number("eni", "ips_capacity")),
        "subnet": _subnet(case.findings),
    }


def _prefix_capacity(cni: Section | None, capacity: float | None) -> int | None:
    """Addresses of the node with prefix mode on: each slot then holds a /28. None where it is on, or cannot be."""
    if cni is None or capacity is None or cni.value("mode") not in ("secondary_ip", "custom_networking"):
        return None
    return int(capacity) * 16


def _subnet(findings: Iterable[Finding]) -> str | None:
    """The subnet that EC2's refusals name: the ENIConfig's with custom networking, not always the node's."""
    for finding in findings:
        if finding.role != "context" and any(c.startswith("ip_allocation.") for c in finding.speaks_for):
            for evidence in finding.evidence:
                if found := _SUBNET.search(evidence.text):
                    return found.group()
    return None
