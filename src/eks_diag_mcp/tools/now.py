"""What AWS and Kubernetes said when the bundle was collected, shown as *now* beside the bundle's *then*."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..model import NodeFacts
from .room import stamp

_OF_SECTION: Mapping[str, tuple[str, ...]] = {
    "cni": ("addons", "kubernetes_version", "eni_configs", "node"),
    "ipamd": ("subnets", "instance_limits"),
    "eni": ("subnets", "enis", "instance_limits", "instance_type"),
    "kube_proxy": ("addons", "node"),
    "dns": ("addons",),
    "instance": ("instance_type", "instance_limits", "instance", "node"),
    "kubelet": ("node", "kubernetes_version"),
}
"""Which facts stand beside which section."""


def now(facts: NodeFacts | None, digest: str, sections: Iterable[str]) -> dict[str, Any] | None:
    """name -> {id, at, value} of the facts that belong to those sections, and what could not be asked. None: nobody asked."""
    from ..diagnose.ip_facts import fact_id

    if facts is None:
        return None
    wanted = dict.fromkeys(name for section in sections for name in _OF_SECTION.get(section, ()))
    shown: dict[str, Any] = {
        name: {"id": fact_id(digest, name), "at": stamp(facts.called_at.get(name)), "value": facts.values[name]}
        for name in wanted
        if name in facts.values
    }
    gaps = facts.values.get("gaps")
    if isinstance(gaps, list) and gaps:
        shown["gaps"] = [f"{g.get('what')}: {g.get('why')}" for g in gaps if isinstance(g, Mapping)]
    return shown
