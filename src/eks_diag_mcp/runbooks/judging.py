"""Whether what a runbook says applies to a node: a row of thumb.yaml, or a condition read from the sentence itself."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..diagnose.causes import causes
from ..model import Diagnosis, Verdict
from .conditions import Condition
from .thumb import Rule, Test

_FIELD = re.compile(r"\{(\w+)\.(\w+)\}")

Outcome = Literal["done", "failed", "unmet", "skipped", "manual"]
"""done: made, or the rule applies; failed: the call did not answer; unmet: the evidence contradicts the rule; skipped:
not known, not needed or no time; manual: a person must do it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the node: the diagnosis, readings by section and name (None = unknown), and the ids of what a
    signature found, healed faults left out (None: where it would stand was not read)."""

    diagnosis: Diagnosis
    value: Callable[[str, str], object]
    seen: Callable[[str], tuple[str, ...] | None] = lambda _signature: None

    def verdict(self, cause: str) -> Verdict | None:
        """What the judge says about a cause; None where nothing speaks for or against it."""
        return next((v for v in self.diagnosis.verdicts if v.id == cause), None)

    def deeper(self, verdict: Verdict) -> Verdict | None:
        """The supported cause that what shows of this one follows from; None where there is none."""
        if verdict.stand != "ruled_out" or not verdict.because:
            return None
        live = (v for v in self.diagnosis.verdicts if v.stand == "supported" and v.when != "earlier")
        return next((v for v in live if verdict.id in causes().explained(v.id)), None)

    def fill(self, text: str) -> str:
        """`text` with its readings; clauses that need an unknown one are left out."""
        kept = []
        for clause in text.split(";"):
            values = {m[0]: self.value(m[1], m[2]) for m in _FIELD.finditer(clause)}
            if None not in values.values():
                kept.append(_FIELD.sub(lambda m: str(values[m[0]]), clause).strip())  # noqa: B023 - used at once
        return "; ".join(kept)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a rule applies, why, and the findings and issues that say so."""

    outcome: Outcome
    note: str
    ids: tuple[str, ...] = ()


def judge(rule: Rule | Condition, known: Known) -> Judgement:
    """Does the rule of thumb apply to this node?"""
    return _by_rule(rule, known) if isinstance(rule, Rule) else _by_condition(rule, known)


def _by_condition(condition: Condition, known: Known) -> Judgement:
    """A conclusion stands or falls with its causes; a sentence that only quotes lines, with these."""
    found = [known.seen(name) for name in condition.signatures]
    ids = tuple(dict.fromkeys(i for each in found if each for i in each))[:3]
    verdicts = [v for name in condition.causes if (v := known.verdict(name)) is not None]
    for verdict in verdicts:
        if verdict.stand == "supported" and verdict.when != "earlier":
            return Judgement("done", f"applies: {verdict.id}", _ids(verdict) or ids)
        if deeper := known.deeper(verdict):
            return Judgement("done", f"it is so, and follows from {deeper.id}", _ids(verdict) or ids)
    if not condition.causes and ids:
        return Judgement("done", "such lines are in the logs", ids)
    if found and not ids and None not in found:
        return Judgement("unmet", "no such line in the logs")
    if not condition.causes:
        return Judgement("skipped", "where it would stand was not read")
    return _unsupported(condition.causes[0], verdicts, ids)


def _unsupported(cause: str, verdicts: list[Verdict], ids: tuple[str, ...]) -> Judgement:
    """What can be said where none of the causes holds at the capture."""
    if past := next((v for v in verdicts if v.stand == "supported"), None):
        return Judgement("unmet", f"{past.id}: it was so earlier, not at the capture", _ids(past))
    if not verdicts:
        return Judgement("skipped", f"nothing speaks for or against {cause}", ids)
    against = next((r.says for v in verdicts for r in v.against), "see root_causes")
    if all(v.stand == "ruled_out" for v in verdicts):
        return Judgement("unmet", f"{verdicts[0].id} is ruled out: {against}", ids)
    if all(v.stand == "not_applicable" for v in verdicts):
        return Judgement("skipped", f"{verdicts[0].id} does not apply to this node")
    return Judgement("skipped", f"{cause}: not settled", ids)


def _by_rule(rule: Rule, known: Known) -> Judgement:
    """A row of thumb.yaml: by its test, its causes, and the rivals it names."""
    if any((v := known.verdict(name)) and v.stand == "not_applicable" for name in rule.not_for):
        return Judgement("skipped", "does not apply to this node")
    verdicts = [v for name in rule.causes if (v := known.verdict(name)) is not None]
    holding = next((v for v in verdicts if (v.stand == "supported" and v.when != "earlier") or known.deeper(v)), None)
    rival = next((v for name in rule.unless if (v := known.verdict(name)) and v.stand == "supported" and v.when != "earlier"), None)
    tested = _tested(rule.test, known)
    if holding is not None or tested is True:
        telling = holding or next((v for v in verdicts if _ids(v)), None)  # a state that holds has its evidence, cause or not
        return Judgement("done", _note(known, rule.says, "it applies"), _ids(telling))
    if rival is not None:
        return Judgement("unmet", _note(known, rule.denies, f"contradicted: {rival.id.split('.')[-1]} is supported"), _ids(rival))
    settled = verdicts and all(v.stand in ("ruled_out", "not_applicable") for v in verdicts)
    if tested is False or (tested is None and settled):
        against = next((r.says for v in verdicts for r in v.against), "the evidence contradicts it")
        return Judgement("unmet", _note(known, rule.denies, against))
    return Judgement("skipped", known.fill(rule.lacks) or "the bundle does not tell")


def _tested(test: Test | None, known: Known) -> bool | None:
    """None: there is no test, or its reading is unknown."""
    value = known.value(test.section, test.reading) if test else None
    if test is None or value is None:
        return None
    if test.above is not None:
        return value > test.above if isinstance(value, int | float) and not isinstance(value, bool) else None
    return value == test.equals


def _note(known: Known, text: str, otherwise: str) -> str:
    return known.fill(text) or otherwise


def _ids(verdict: Verdict | None) -> tuple[str, ...]:
    return tuple(i for r in verdict.because for i in r.ids)[:2] if verdict else ()
