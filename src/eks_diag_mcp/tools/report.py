"""The report in a SOP's own Output Format."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import yaml

from ..model import Section, Verdict
from .shapes import Line

if TYPE_CHECKING:
    from ..runbooks.model import Sop


def report(
    sop: "Sop | None", root: Verdict | None, cited: list[Line], sections: Mapping[str, Section], settles: str | None = None
) -> str:
    """YAML text. When no cause of the SOP holds it says `undetermined` or the other family's id, never the SOP's words.
    Evidence is named by place and by our own words: text of the node's logs stands in the answer's `evidence` only."""
    fix = root.mitigation if root else None
    evidence = [{"type": "network_diagnostics", "content": text}] if (text := utilization(sections)) else []
    says = [r.says for r in root.because] if root else []
    evidence += [{"type": "finding", "content": text} for text in says[:3]]
    evidence += [{"type": "log", "content": f"{q.file}:{q.line}" + (f" at {q.time}" if q.time else "")} for q in cited[:4]]
    document = {
        "root_cause": f"{_word(sop, root)} — {root.title}" if root else "undetermined — the evidence does not show a cause",
        "evidence": evidence,
        "severity": (root.severity if root else "info").upper(),
        "mitigation": {
            "immediate": fix.immediate if fix else f"Operator: none is proven; settle first {settles or 'the open questions'}.",
            "long_term": (fix.long_term if fix else "") or "none proven",
        },
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=160)


def _word(sop: "Sop | None", root: Verdict) -> str:
    """D1's own word for the cause; the cause's id for other families and runbooks."""
    from ..diagnose.causes import causes

    row = causes().by_id.get(root.id)
    return row.d1 if sop is not None and sop.short_id == "D1" and row is not None and row.d1 else root.id


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
