"""A runbook's escalation conditions, answered for one node: yes, no or unknown."""

import re
from dataclasses import dataclass

from ..diagnose.causes import causes
from .conditions import Condition, condition_of
from .judging import Known, judge
from .model import Sop
from .stems import stems
from .thumb import Rule, rules

_LIST = re.compile(r"escalation_conditions:[ \t]*\r?\n(?P<items>(?:[ \t]*-[ \t]+[^\n]*\r?\n?)+)")
_ITEM = re.compile(r"-[ \t]+[\"']?(?P<text>.*?)[\"']?[ \t]*\r?$", re.MULTILINE)
_FLEET = re.compile(
    r"\b(?:multiple|several|many|most|all|other|[2-9]|\d\d+|two|three) (?:or more )?(?:nodes|nodegroups|clusters|azs|zones|instances)\b"
    r"|across (?:the )?(?:cluster|nodes|fleet|azs|zones)|fleet|cluster-wide|entire cluster|whole cluster|more than (?:one|two|\d+) nodes?",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"(?:more than|over|longer than|at least|exceeds?|above|>=?)\s*\d|\bfor\s+\d+\s*(?:s|m|h|sec|min|hour|day)|\d+\s*(?:times|minutes|hours)"
    r"|\b(?:persists?|repeatedly|after|again|continues?|still|between two)\b",
    re.IGNORECASE,
)


_ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Escalated:
    """One condition and its answer."""

    condition: str
    met: str
    why: str = ""


def conditions(sop: Sop) -> tuple[str, ...]:
    """The texts under `escalation_conditions` in the Guardrails."""
    part = next((text for title, text in sop.parts.items() if title.casefold().startswith("guardrail")), "")
    found = _LIST.search(part)
    return tuple(m["text"] for m in _ITEM.finditer(found["items"]) if m["text"]) if found else ()


def escalations(sop: Sop, known: Known) -> list[Escalated]:
    """Each condition answered from what is known of the node. What one node cannot tell is unknown."""
    return [_answer(sop, text, known) for text in conditions(sop)]


def _answer(sop: Sop, text: str, known: Known) -> Escalated:
    if _FLEET.search(text):
        return Escalated(text, "unknown", "one node's bundle does not tell of others: cluster_health or compare_nodes does")
    sentence = f"If {text}"  # rows of thumb.yaml are about rules of thumb, which begin so
    row = rules().of(sentence)
    rule = row if row is not None and row.asks == "rule" else condition_of(sentence, sop)
    if rule is None:
        return Escalated(text, "unknown", "the bundle does not tell")
    judgement = judge(rule, known)
    if judgement.outcome == "unmet":
        return Escalated(text, "no", judgement.note)
    if judgement.outcome != "done":
        return Escalated(text, "unknown", judgement.note)
    if _FIGURE.search(text):
        return Escalated(text, "unknown", f"{judgement.note}; how often or how long, judge by its times")
    if _told(text, rule) < _ENOUGH:
        return Escalated(text, "unknown", f"{judgement.note}; of the rest of the condition the bundle does not tell")
    return Escalated(text, "yes", judgement.note)


def _told(text: str, rule: Rule | Condition) -> float:
    """Share of the condition's words that its causes, or the sentences of its kind, speak of: the rest is more than is known."""
    rows = [causes().by_id[name] for name in rule.causes]
    known = " ".join(f"{row.id} {row.title} {row.supported_by}" for row in rows)
    if isinstance(rule, Rule):
        known += " ".join((rule.pattern, rule.says, *rule.hits))
    else:
        known += " ".join(rule.signatures)
    words = stems(text)
    return len(words & stems(known.replace("_", " "))) / len(words) if words else 1.0
