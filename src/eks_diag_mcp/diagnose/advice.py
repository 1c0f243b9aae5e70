"""What mitigation texts may speak of: the node's readings, and the figures that follow from them (bundle-format 4.4, 4.5)."""

import math
import re
from collections.abc import Iterable

from ..model import Finding, Section
from ..sections.readers.limits import limits_of
from .board import Case

_UNSET = ("", "0", "not set", "none", "unset")
_SHARED_SLOTS, _OWN_SLOTS = 28, 7
"""EC2's volume limits: so many attachments, ENIs included; from that generation on volumes have slots of their own."""
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
    cni = case.sections.get("cni")
    return {
        "cni_version": cni.value("version") if cni else None,
        **_warm_target(case, cni),
        "prefix_capacity": _prefix_capacity(cni, case.number("eni", "ips_capacity")),
        "prefix_max_pods": _prefix_max_pods(case.number("host", "cpus")),
        "subnet": _subnet(case.findings),
        "eniconfig_subnet": _subnet(case.findings) if cni and cni.value("mode") == "custom_networking" else None,
        "conntrack_max_wanted": _double(case.number("conntrack", "conntrack_max")),
        "conntrack_per_core": _per_core(case.number("conntrack", "conntrack_max"), case.number("host", "cpus")),
        "kube_reserved_mib": _kube_reserved(case.number("kubelet", "max_pods")),
        "attachment_slots": _slots(case),
        "volume_limit": _volume_limit(case),
        "smallest_mtu": _smallest_mtu(case.sections.get("eni")),
        "pid_limit_wanted": _pid_limit(case.number("host", "pid_limit")),
    }


def _warm_target(case: Case, cni: Section | None) -> dict[str, object]:
    """WARM_IP_TARGET must exceed what one cooldown period holds back, because ipamd counts cooling addresses as available."""
    cooling = case.number("ipamd", "ips_cooling")
    if not cooling or cni is None:
        return {}
    needed = int(cooling) + 1
    today = cni.value("WARM_IP_TARGET", "settings")
    unset = str(today).lower() in _UNSET or today is None
    target = cni.value("WARM_ENI_TARGET", "settings")
    return {
        "warm_target_needed": needed,
        "warm_target_step": None if unset else f"{today} -> {needed}",
        "warm_target_unset": f"not set -> {needed}" if unset else None,
        "warm_eni_overridden": (1 if target is None else target) if unset else None,
        "cooldown_s": cni.value("IP_COOLDOWN_PERIOD", "settings") or 30 if _at_least(cni.value("version"), 1, 15) else None,
    }


def _at_least(version: object, *wanted: int) -> bool:
    found = re.match(r"v?(\d+)\.(\d+)", str(version or ""))
    return bool(found) and (int(found[1]), int(found[2])) >= wanted if found else False


def _prefix_max_pods(cpus: float | None) -> int | None:
    """AWS's ceilings for prefix mode: 110 pods below 30 vCPU, 250 above."""
    return None if cpus is None else 110 if cpus < 30 else 250


def _double(number: float | None) -> int | None:
    return int(number) * 2 if number else None


def _per_core(maximum: float | None, cpus: float | None) -> int | None:
    """kube-proxy multiplies maxPerCore by the processors."""
    return math.ceil(2 * maximum / cpus) if maximum and cpus else None


def _kube_reserved(max_pods: float | None) -> int | None:
    """nodeadm and bootstrap.sh: 11 MiB a pod and 255."""
    return 11 * int(max_pods) + 255 if max_pods else None


def _slots(case: Case) -> int | None:
    """The attachment slots that volumes and ENIs share: as the driver logged them, else the 28 of Nitro types before the
    seventh generation. None where volumes have slots of their own, or the type is not known."""
    told = case.number("ebs_csi", "attachment_slots")
    if told:
        return int(told)
    name = str(case.value("eni", "instance_type") or "")
    limits, generation = limits_of(name), re.match(r"[a-z]+(\d)", name)
    shared = limits is not None and limits.hypervisor == "nitro" and generation is not None and int(generation[1]) < _OWN_SLOTS
    return _SHARED_SLOTS if shared else None


def _volume_limit(case: Case) -> int | None:
    """Volumes that fit beside all ENIs of the type and the root volume."""
    slots, enis = _slots(case), case.number("eni", "enis_max")
    return slots - int(enis) - 1 if slots and enis else None


def _smallest_mtu(eni: Section | None) -> int | None:
    sizes = [r.value for r in eni.readings if r.name == "interface_mtu" and isinstance(r.value, int)] if eni else []
    return min(sizes, default=None)


def _pid_limit(limit: float | None) -> int | None:
    """The most a 64-bit kernel takes, where today's limit is lower."""
    return 4_194_304 if limit and limit < 4_194_304 else None


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
