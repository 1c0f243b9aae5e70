"""Escalation conditions of a runbook, answered from the diagnosis: yes, no or unknown."""

import re
from dataclasses import dataclass

from ..model import Diagnosis, Verdict


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition and its answer."""

    condition: str
    met: str
    why: str = ""


def escalations(guardrails: str, diagnosis: Diagnosis) -> list[Condition]:
    """The `escalation_conditions` of a SOP's Guardrails, each answered. What one node's bundle cannot tell is unknown."""
    part = re.search(r"escalation_conditions:\s*\n((?:\s*-\s+.*\n?)+)", guardrails)
    texts = re.findall(r"-\s+\"?(.*?)\"?\s*$", part[1], re.MULTILINE) if part else []
    return [_answer(text, diagnosis) for text in texts]


def _answer(text: str, diagnosis: Diagnosis) -> Condition:
    low = text.lower()
    if re.search(r"multiple nodes|all nodes|across (?:the )?(?:cluster|nodes)|several nodes|fleet|cluster-wide", low):
        return Condition(text, "unknown", "one node's bundle does not tell of others: cluster_health or compare_nodes does")
    if "subnet" in low and re.search(r"exhausted|0 available|no free", low):
        return _by_cause(text, diagnosis, "ip_allocation.subnet_exhausted", "EC2 answers InsufficientFreeAddressesInSubnet")
    return Condition(text, "unknown", "the bundle does not tell")


def _by_cause(text: str, diagnosis: Diagnosis, cause: str, why: str) -> Condition:
    verdict: Verdict | None = next((v for v in diagnosis.verdicts if v.id == cause), None)
    if verdict is None or verdict.stand == "unknown":
        return Condition(text, "unknown", "the evidence does not decide")
    if verdict.stand == "supported":
        return Condition(
            text, "yes" if verdict.when != "earlier" else "no", why if verdict.when != "earlier" else "it was so earlier"
        )
    return Condition(text, "no", verdict.against[0].says if verdict.against else "")
