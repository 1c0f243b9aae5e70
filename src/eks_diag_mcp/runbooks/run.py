"""A SOP carried out: its steps in order, each with its outcome and evidence.

Calls go through the desk that is handed in (the server's own tools); facts that one step learns fill the calls of later
ones. A rule of thumb is judged by what is known of the node, never by its own words, and what only a person can do is
named as such. Nothing in a SOP can make this code do more than call those tools."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ..errors import DiagError
from ..model import Verdict
from ..quoting import one_line
from .by_hand import by_hand
from .calls import PlannedCall
from .steps import Step
from .thumb import Known, Outcome, Rule, judge

NOTE_CHARS = 80
"""A note is one line of a list."""
_WORTH_POINTING = 24  # a shorter note is said again: that reads better than "as step 9"
MAX_IDS = 3
"""Findings cited by one step."""

Facts = dict[str, str | tuple[str, ...]]
"""What steps hand on, by parameter name: instanceId, executionId, namespace, podName, clusterName, finding_ids ..."""

_HEADLINE = re.compile(r"root cause\b.{0,300}?[\"“](?P<words>[^\"”\n]{8,160})[\"”]", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a call's answer says, in our words, the ids it gives, and what later steps may use."""

    says: str
    ids: tuple[str, ...] = ()
    facts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolShape:
    """Parameters that a tool takes, and those it cannot do without."""

    accepts: frozenset[str]
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a run's calls go. `late(level)` says that no time is left for steps of that level."""

    tools: Mapping[str, ToolShape]
    call: Callable[[str, Mapping[str, object]], Seen]
    known: Callable[[], Known]
    late: Callable[[str], bool] = lambda _level: False
    checkpoint: Callable[[], None] = lambda: None
    progress: Callable[[float, float | None, str], None] = lambda _done, _total, _message: None


@dataclass(frozen=True, slots=True)
class Ticked:
    """A step with its outcome. `calls` as they were made, `learned` what they added to the facts."""

    step: Step
    outcome: Outcome
    note: str
    ids: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()


@dataclass(slots=True)
class Transcript:
    """A run: its steps, the facts at its end, and the SOP's own headline where one of its rules gave it."""

    steps: list[Ticked]
    facts: Facts
    headline: str = ""


def plan(steps: tuple[Step, ...], tools: Mapping[str, ToolShape]) -> list[Ticked]:
    """What a run would do. Makes no call."""
    found = []
    for step in steps:
        calls = tuple(str(call) for call in step.calls if call.tool in tools)
        if step.kind == "call" and calls:
            note, outcome = f"would call {', '.join(calls)}", "skipped"
        elif step.kind in ("rule", "read"):
            note, outcome = "would be judged from the bundle", "skipped"
        else:
            note, outcome = by_hand(step, {}), "manual"
        found.append(Ticked(step, outcome, _note(note), (), calls))  # type: ignore[arg-type]
    return found


def run(steps: tuple[Step, ...], desk: Desk, facts: Facts) -> Transcript:
    """Carry out the steps in order. `facts` is what the caller gave; it grows."""
    transcript = Transcript([], facts)
    answered: dict[tuple[str, str], Seen] = {}
    for place, step in enumerate(steps):
        desk.checkpoint()
        desk.progress(place, len(steps), f"step {step.n}: {step.calls[0].tool if step.calls else step.kind}")
        ticked = _call_step(step, desk, facts, answered) if step.kind == "call" else _judged(step, desk.known(), facts)
        transcript.steps.append(ticked)
        if step.kind == "rule" and ticked.outcome == "done" and (said := _HEADLINE.search(step.text)):
            transcript.headline = transcript.headline or one_line(said["words"], 160)
    desk.progress(len(steps), len(steps), "report")
    transcript.steps = _once([_with_facts(ticked, facts) for ticked in transcript.steps])
    return transcript


def _with_facts(ticked: Ticked, facts: Facts) -> Ticked:
    """A command for a person is written when all facts are known, whichever step found them."""
    by_person = ticked.outcome == "manual" and not (ticked.step.rule and ticked.step.rule.says)
    return replace(ticked, note=_note(by_hand(ticked.step, facts))) if by_person else ticked


def _once(steps: list[Ticked]) -> list[Ticked]:
    """A step that says what an earlier one said points to it."""
    first: dict[tuple[str, str], int] = {}
    found = []
    for ticked in steps:
        n = first.setdefault((ticked.outcome, ticked.note), ticked.step.n)
        repeated = n != ticked.step.n and ticked.outcome in ("done", "skipped") and len(ticked.note) > _WORTH_POINTING
        found.append(replace(ticked, note=f"as step {n}", ids=()) if repeated else ticked)
    return found


# ---- steps that call ----------------------------------------------------------------------------------------------------
def _call_step(step: Step, desk: Desk, facts: Facts, answered: dict[tuple[str, str], Seen]) -> Ticked:
    """A step whose calls this server can make, all or some of them."""
    here = [call for call in step.calls if call.tool in desk.tools]
    if not here:
        return Ticked(step, "manual", _note(by_hand(step, facts)))
    if desk.late(step.level):
        return Ticked(step, "skipped", f"no time left for a {step.level} step: call {here[0].tool}")
    made: list[str] = []
    seen: list[Seen] = []
    for call in here:
        arguments, missing = filled(call, desk.tools[call.tool], facts)
        if missing:
            continue
        made.append(_shown(call.tool, arguments))
        try:
            found = answered.get((call.tool, made[-1])) or desk.call(call.tool, arguments)
        except DiagError as error:
            return Ticked(step, "failed", _note(f"{call.tool}: {error.message}"), (), tuple(made))
        answered[call.tool, made[-1]] = found
        seen.append(found)
    if not seen:
        _, missing = filled(here[0], desk.tools[here[0].tool], facts)
        return Ticked(step, "skipped", _note(f"{here[0].tool} needs {', '.join(missing)}"))
    learned = _learn(facts, seen)
    note = "; ".join(dict.fromkeys(s.says for s in seen))
    ids = tuple(dict.fromkeys(i for s in seen for i in s.ids))[:MAX_IDS]
    return Ticked(step, "done", _note(note), ids, tuple(made), learned)


def filled(call: PlannedCall, shape: ToolShape, facts: Facts) -> tuple[dict[str, object], list[str]]:
    """The arguments of a call with its facts filled in, and the parameters nobody could fill.

    The run is about one node: an instance id that the SOP itself writes is an example and never taken; which other nodes
    belong beside it, no bundle says."""
    arguments: dict[str, object] = {
        k: v for k, v in call.arguments if k in shape.accepts and k not in ("instanceId", "instanceIds")
    }
    wanted = [*call.required, *shape.needs, *({"instanceId", "sop"} & shape.accepts)]
    for name in wanted:
        if name in shape.accepts and name not in arguments and name in facts:
            arguments[name] = facts[name]
    missing = sorted(shape.needs - arguments.keys())
    return arguments, missing


def _learn(facts: Facts, seen: list[Seen]) -> tuple[str, ...]:
    """Add what the answers taught. What is known already (the caller gave it, an earlier step found it) stands."""
    new: list[str] = []
    for each in seen:
        for name, value in each.facts.items():
            if name not in facts and value:
                facts[name] = value
                new.append(name)
    return tuple(new)


def _shown(tool: str, arguments: Mapping[str, object]) -> str:
    values = ((k, ",".join(v) if isinstance(v, tuple) else v) for k, v in arguments.items())
    return f"{tool}({', '.join(f'{key}={value}' for key, value in values)})"


# ---- steps that are judged ----------------------------------------------------------------------------------------------
def _judged(step: Step, known: Known, facts: Facts) -> Ticked:
    """A step that asks for no call: a rule of thumb, a number, a part of the report, or a person."""
    rule, root = step.rule, known.diagnosis.root_cause
    if step.kind == "manual" or (rule is None and step.kind != "rule"):
        return Ticked(step, "manual", _note(known.fill(rule.says) if rule and rule.says else by_hand(step, facts)))
    if rule is None:
        return Ticked(step, "skipped", "no known rule: judge it by root_causes")
    if rule.asks == "rule":
        judgement = judge(rule, known)
        return Ticked(step, judgement.outcome, _note(judgement.note), judgement.ids)
    if rule.asks == "numbers":
        return _numbers(step, rule, known)
    if root is None:
        return Ticked(step, "skipped", "undetermined: the evidence does not show a root cause")
    if rule.asks == "fix":
        return Ticked(step, "done", f"in report_yaml ({root.mitigation.safety})" if root.mitigation else "none is on record")
    return Ticked(step, "done", _note(f"{root.id}, confidence {root.confidence}"), _ids(root))


def _numbers(step: Step, rule: Rule, known: Known) -> Ticked:
    """A step that wants numbers; where causes are named, they are known only when one of them holds."""
    named = [v for name in rule.causes if (v := known.verdict(name)) and v.stand == "supported"]
    note = known.fill(rule.says) if named or not rule.causes else ""
    return (
        Ticked(step, "done", _note(note), _ids(named[0]) if named else ()) if note else Ticked(step, "skipped", _note(rule.lacks))
    )


def _ids(verdict: Verdict) -> tuple[str, ...]:
    return tuple(dict.fromkeys(i for r in verdict.because for i in r.ids))[:MAX_IDS]


def _note(text: str) -> str:
    line = one_line(text, 400)
    return line if len(line) <= NOTE_CHARS else line[: NOTE_CHARS - 1].rstrip() + "…"
