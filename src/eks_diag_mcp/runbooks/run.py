"""A SOP carried out: its steps in order, each with its outcome and evidence.

Calls go through the desk that is handed in (the server's own tools); facts that one step learns fill the calls of later
ones. A rule of thumb is judged by what is known of the node, never by its own words, and what only a person can do is
named as such. Nothing in a SOP can make this code do more than call those tools."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..model import Verdict
from ..quoting import one_line
from .by_hand import by_hand
from .calling import MAX_IDS, Caller, Desk, Made, Ticked, ToolShape, note
from .calls import PlannedCall
from .facts import Facts
from .judging import Known, judge
from .steps import Step
from .thumb import Rule

_WORTH_POINTING = 24  # a shorter note is said again: that reads better than "as step 9"
_OUTRIGHT = re.compile(
    r"\b(?:that|this) is the root cause\b|\broot cause\b.{0,40}\b(?:identified|confirmed|found)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"root cause\b.{0,300}?[\"“](?P<words>[^\"”\n]{8,160})[\"”]", re.DOTALL | re.IGNORECASE)
_SAID = re.compile(
    r"^\W*(?:only\s+)?(?:if|when|where)\s+(?P<words>[^:\n]{8,160}?)(?:\s*:|\s[—–]\s|,\s+(?:that|this)\b)", re.IGNORECASE
)


@dataclass(slots=True)
class Transcript:
    """A run: its steps, the facts at its end, and the SOP's own headline where one of its rules gave it."""

    steps: list[Ticked]
    facts: Facts
    headline: str = ""


def plan(steps: tuple[Step, ...], tools: Mapping[str, ToolShape]) -> list[Ticked]:
    """What a run would do, with the arguments that facts would fill as `<name>`. Makes no call."""
    return [_planned(step, [call for call in step.calls if call.tool in tools]) for step in steps]


def _planned(step: Step, calls: list[PlannedCall]) -> Ticked:
    if step.kind in ("rule", "read"):
        return Ticked(step, "skipped", "would be judged from the bundle")
    if not calls:
        return Ticked(step, "manual", note(by_hand(step, {})))
    made = tuple(Made(c.tool, dict(c.arguments) | {name: f"<{name}>" for name in c.required}, "not called") for c in calls)
    return Ticked(step, "skipped", note(f"would call {', '.join(map(str, calls))}"), (), made)


def run(steps: tuple[Step, ...], desk: Desk, facts: Facts) -> Transcript:
    """Carry out the steps in order. `facts` is what the caller gave; it grows."""
    transcript = Transcript([], facts)
    caller = Caller(desk, facts)
    for place, step in enumerate(steps):
        desk.checkpoint()
        desk.progress(place, len(steps), f"step {step.n}: {step.calls[0].tool if step.calls else step.kind}")
        ticked = caller.step(step) if step.kind == "call" else _judged(step, desk.known(), facts)
        transcript.steps.append(ticked)
        if step.kind == "rule" and ticked.outcome == "done":
            transcript.headline = transcript.headline or headline(step.text)
    desk.progress(len(steps), len(steps), "report")
    transcript.steps = _once([_with_facts(ticked, caller) for ticked in transcript.steps])
    return transcript


def headline(text: str) -> str:
    """What a rule calls the root cause outright: the report it quotes, else its own condition; "" where it does not say so."""
    if not _OUTRIGHT.search(text):
        return ""
    said = _QUOTED.search(text) or _SAID.search(text)
    return one_line(said["words"].replace("`", "").replace("**", ""), 160) if said else ""


def _with_facts(ticked: Ticked, caller: Caller) -> Ticked:
    """A command for a person is written when all facts are known, whichever step found them."""
    by_person = ticked.outcome == "manual" and not (isinstance(ticked.step.rule, Rule) and ticked.step.rule.says)
    return replace(ticked, note=note(caller.by_person(ticked.step))) if by_person else ticked


def _once(steps: list[Ticked]) -> list[Ticked]:
    """A step that says what an earlier one said points to it."""
    first: dict[tuple[str, str], int] = {}
    found = []
    for ticked in steps:
        n = first.setdefault((ticked.outcome, ticked.note), ticked.step.n)
        repeated = n != ticked.step.n and ticked.outcome in ("done", "skipped") and len(ticked.note) > _WORTH_POINTING
        found.append(replace(ticked, note=f"as step {n}", ids=()) if repeated else ticked)
    return found


# ---- steps that are judged ----------------------------------------------------------------------------------------------
def _judged(step: Step, known: Known, facts: Facts) -> Ticked:
    """A step that asks for no call: a rule of thumb, a number, a part of the report, or a person."""
    rule, root = step.rule, known.diagnosis.root_cause
    if step.kind == "manual":
        told = known.fill(rule.says) if isinstance(rule, Rule) and rule.says else by_hand(step, facts)
        return Ticked(step, "manual", note(told))
    if rule is None:
        return Ticked(step, "skipped", "no known rule: judge it by root_causes")
    if not isinstance(rule, Rule) or rule.asks == "rule":
        judgement = judge(rule, known)
        return Ticked(step, judgement.outcome, note(judgement.note), judgement.ids)
    if rule.asks == "numbers":
        return _numbers(step, rule, known)
    if root is None:
        return Ticked(step, "skipped", "undetermined: the evidence does not show a root cause")
    if rule.asks == "fix":
        return Ticked(step, "done", f"in report_yaml ({root.mitigation.safety})" if root.mitigation else "none is on record")
    return Ticked(step, "done", note(f"{root.id}, confidence {root.confidence}"), _ids(root))


def _numbers(step: Step, rule: Rule, known: Known) -> Ticked:
    """A step that wants numbers; where causes are named, they are known only when one of them holds."""
    named = [v for name in rule.causes if (v := known.verdict(name)) and v.stand == "supported"]
    told = known.fill(rule.says) if named or not rule.causes else ""
    if not told:
        return Ticked(step, "skipped", note(rule.lacks))
    return Ticked(step, "done", note(told), _ids(named[0]) if named else ())


def _ids(verdict: Verdict) -> tuple[str, ...]:
    return tuple(dict.fromkeys(i for r in verdict.because for i in r.ids))[:MAX_IDS]
