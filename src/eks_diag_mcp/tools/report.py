"""The report in a SOP's own Output Format: its keys, its order, its words, filled with what is known and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from ..model import Issue, Section, Verdict
from .shapes import Line

if TYPE_CHECKING:
    from ..runbooks.model import Sop

_DEFAULT: Mapping[str, object] = {
    "root_cause": "",
    "evidence": [],
    "severity": "",
    "mitigation": {"immediate": "", "long_term": ""},
}
_KEPT = frozenset({"sop", "sopid", "runbook", "runbookid", "category", "title"})
"""Keys whose constant stands in the report as the runbook wrote it."""
_MOST = 3
_STATE: Mapping[str, tuple[str, ...]] = {
    "network_diagnostics": ("cni", "ipamd", "eni", "routes", "iptables", "dns", "kube_proxy", "conntrack", "ena", "api_server"),
    "storage_diagnostics": ("disk", "inodes", "kubelet", "ebs_csi", "efs_csi", "pv_pvc", "instance", "io"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a report may say. `escalate` are the conditions that are met, `rivals` the causes that were weighed and not found."""

    sop: "Sop | None"
    root: Verdict | None
    cited: Sequence[Line]
    sections: Mapping[str, Section]
    instance_id: str
    affected: Sequence[str] = ()
    escalate: Sequence[str] = ()
    gaps: Sequence[str] = ()
    rivals: Sequence[Verdict] = ()
    settles: str | None = None
    """What would settle the question first, where no cause is shown."""


def report(told: Told) -> str:
    """YAML text. When no cause of the SOP holds it says `undetermined` or the other family's id, never the SOP's words.
    Evidence is named by place and by our own words: text of the node's logs stands in the answer's `evidence` only."""
    from ..runbooks.output import template

    shape = (template(told.sop) if told.sop is not None else {}) or _DEFAULT
    document = {key: _filled(key, value, told) for key, value in shape.items()}
    if not any(_folded(key) in ("rootcause", "diagnosis") for key in document):
        document = {"root_cause": _root(told), **document}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=160)


def _filled(key: str, shape: object, told: Told) -> object:
    """What stands under a key: what is known of it, a word of its choice, a reading of that name, or `undetermined`."""
    from ..runbooks.output import OPEN, choices

    known = _FIELDS.get(_folded(key))
    if isinstance(shape, dict) and _folded(key) != "evidence":
        return {str(name): _filled(str(name), value, told) for name, value in shape.items()}
    if known is not None:
        said = known(told)
        return OPEN if said == "" else said
    if words := choices(shape):
        word = _word(told.sop, told.root) if told.root else OPEN
        return word if word in words else OPEN
    if _folded(key) in _KEPT and isinstance(shape, str | int | float) and "<" not in str(shape):
        return shape
    value = next((v for s in told.sections.values() if (v := s.value(key)) is not None), None)
    return OPEN if value is None else value


def _folded(key: str) -> str:
    return key.replace("_", "").replace("-", "").replace(" ", "").casefold()


def _word(sop: "Sop | None", root: Verdict) -> str:
    """The SOP's own word for the cause; the cause's id where it has none."""
    from ..runbooks.wording import word_for

    return (word_for(sop, root.id) if sop is not None else None) or root.id


def _root(told: Told) -> str:
    from ..runbooks.output import OPEN

    return f"{_word(told.sop, told.root)} — {told.root.title}" if told.root else f"{OPEN} — the evidence does not show a cause"


def _evidence(told: Told) -> list[dict[str, str]]:
    from ..runbooks.output import template

    items = template(told.sop).get("evidence") if told.sop is not None else None
    wanted = (
        [item for item in items if isinstance(item, dict)]
        if isinstance(items, list)
        else [{"type": "network_diagnostics", "content": "IP"}]
    )
    found = []
    for item in wanted:
        kind = str(item.get("type", ""))
        if kind in _STATE and (text := _state(kind, str(item.get("content", "")), told)):
            found.append({"type": kind, "content": text})
    says = [r.says for r in told.root.because] if told.root else []
    found += [{"type": "finding", "content": text} for text in says[:_MOST]]
    return found + [{"type": "log", "content": f"{q.file}:{q.line}" + (f" at {q.time}" if q.time else "")} for q in told.cited[:4]]


def _state(kind: str, asked: str, told: Told) -> str:
    """What the sections say in a line: address use where that is asked for, else their issues, those of the root cause first."""
    if any(word in asked for word in ("ENI", "IP ", "ipamd")) or asked == "IP":
        return utilization(told.sections)
    issues = [i for name in _STATE[kind] if (s := told.sections.get(name)) for i in s.issues]
    own = told.root.id if told.root else ""
    telling: list[Issue] = sorted((i for i in issues if i.severity in ("critical", "high")), key=lambda i: own not in i.speaks_for)
    return "; ".join(dict.fromkeys(i.title for i in telling[:2]))


def _mitigation(told: Told) -> str:
    return (
        told.root.mitigation.immediate
        if told.root and told.root.mitigation
        else f"Operator: none is proven; settle first {told.settles or 'the open questions'}."
    )


def _of_fix(name: str, otherwise: str = "") -> Callable[[Told], str]:
    return lambda told: (str(getattr(told.root.mitigation, name)) if told.root and told.root.mitigation else "") or otherwise


def _rivals(told: Told) -> list[str]:
    return [f"{v.id}: {v.against[0].says}" for v in told.rivals if v.against][:_MOST]


def _detail(told: Told) -> str:
    return told.root.title if told.root else ""


def _node(told: Told) -> str:
    return told.instance_id


def _pods(told: Told) -> list[str]:
    return list(told.affected[:_MOST])


def _since(told: Told) -> str:
    return told.root.since.isoformat() if told.root and told.root.since else ""


def _escalated(told: Told) -> list[str]:
    return list(told.escalate[:_MOST])


def _gaps(told: Told) -> list[str]:
    return list(told.gaps[:_MOST])


_SAYS: tuple[tuple[str, Callable[[Told], object]], ...] = (
    ("root_cause diagnosis", _root),
    ("evidence", _evidence),
    ("severity", lambda told: (told.root.severity if told.root else "info").upper()),
    ("mitigation immediate immediate_action fix resolution remediation", _mitigation),
    ("long_term permanent prevention", _of_fix("long_term", "none proven")),
    ("verify verification validate", _of_fix("verify")),
    ("risk", _of_fix("risk")),
    ("safety safety_rating", _of_fix("safety")),
    ("confidence", lambda told: told.root.confidence if told.root else ""),
    ("detail details description summary", _detail),
    ("instance instance_id node node_id affected_node affected_instance", _node),
    ("affected affected_pods affected_workloads pods", _pods),
    ("since first_seen started started_at", _since),
    ("escalate escalation escalation_conditions_met", _escalated),
    ("gaps unknown unknowns not_seen open_questions", _gaps),
    ("ruled_out rivals rival_causes alternatives", _rivals),
)
_FIELDS = {_folded(name): says for names, says in _SAYS for name in names.split()}
"""What stands under a key, by the key's folded name."""


def utilization(sections: Mapping[str, Section]) -> str:
    """ENI and IP use in one line; empty when nothing is known."""
    ipamd, eni = sections.get("ipamd"), sections.get("eni")
    if ipamd is None or eni is None:
        return ""
    parts = []
    used, most = eni.number("enis_used"), eni.number("enis_max")
    if used is not None:
        parts.append(f"ENIs {used:.0f} of {f'{most:.0f}' if most is not None else 'unknown'}")
    total, assigned = ipamd.number("ips_total"), ipamd.number("ips_assigned")
    if assigned is not None:
        parts.append(f"addresses {assigned:.0f} assigned of {f'{total:.0f}' if total is not None else 'unknown'} attached")
    cooling, free, capacity = ipamd.number("ips_cooling"), ipamd.number("ips_free"), ipamd.number("ips_capacity")
    if cooling is not None and free is not None:
        parts.append(f"{cooling:.0f} cooling, {free:.0f} free")
    if capacity is not None:
        parts.append(f"capacity {capacity:.0f}")
    if ipamd.value("ipamd_up") is False:
        parts.append("ipamd down at the capture")
    return "; ".join(parts)
