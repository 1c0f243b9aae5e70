"""A step that asks for calls: its arguments filled from what is known, made through the desk, and what came of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import DiagError, Unavailable
from ..quoting import one_line
from .by_hand import by_hand
from .calls import PlannedCall
from .facts import Facts, filled_in, open_blanks
from .judging import Known, Outcome
from .steps import Step

NOTE_CHARS = 80
"""A note is one line of a list."""
MAX_IDS = 3
"""Findings cited by one step."""
_ASKED_OF_CALLER = ("instanceId", "instanceIds", "clusterName")
"""Never taken from a runbook: what it writes there is an example."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a call's answer says, in our words, the ids it gives, and what later steps may use. `answer` is the digest of
    the whole answer, by which a replay is compared."""

    says: str
    ids: tuple[str, ...] = ()
    facts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    answer: str = ""


@dataclass(frozen=True, slots=True)
class ToolShape:
    """Parameters that a tool takes, those it cannot do without, and whose door it stands behind (its set)."""

    accepts: frozenset[str]
    needs: frozenset[str]
    toolset: str = "core"


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made: as the desk got it, what it said, and the digest of its answer (failed: what was wrong)."""

    tool: str
    arguments: Mapping[str, object]
    says: str
    answer: str = ""
    failed: bool = False

    def __str__(self) -> str:
        return shown(self.tool, self.arguments)


@dataclass(frozen=True, slots=True)
class Ticked:
    """A step with its outcome. `calls` as they were made, `learned` what they added to the facts."""

    step: Step
    outcome: Outcome
    note: str
    ids: tuple[str, ...] = ()
    calls: tuple[Made, ...] = ()
    learned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a run's calls go. `late(level)` says that no time is left for steps of that level; `absent` why a tool that
    runbooks name cannot be called here."""

    tools: Mapping[str, ToolShape]
    call: Callable[[str, Mapping[str, object]], Seen]
    known: Callable[[], Known]
    late: Callable[[str], bool] = lambda _level: False
    checkpoint: Callable[[], None] = lambda: None
    progress: Callable[[float, float | None, str], None] = lambda _done, _total, _message: None
    absent: Mapping[str, str] = field(default_factory=dict)


class Caller:
    """The calls of one run. The same call is made once; a door that is shut is not tried again."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self._desk, self._facts = desk, facts
        self._made: dict[str, tuple[Made, Seen | None]] = {}
        self._shut: dict[str, str] = {}

    def step(self, step: Step) -> Ticked:
        """A step whose calls this server can make, all or some of them."""
        here = [call for call in step.calls if call.tool in self._desk.tools]
        if not here:
            return Ticked(step, "manual", note(self.by_person(step)))
        if self._desk.late(step.level):
            return Ticked(step, "skipped", f"no time left for a {step.level} step: call {here[0].tool}")
        made, seen, missing = self._all(here)
        if not made:
            return Ticked(step, "skipped", note(f"{here[0].tool} needs {', '.join(missing)}"))
        learned = self._learn(seen)
        ids = tuple(dict.fromkeys(i for s in seen for i in s.ids))[:MAX_IDS]
        failed = [each for each in made if each.failed]
        says = [f"{each.tool}: {each.says}" for each in failed] or list(dict.fromkeys(s.says for s in seen))
        return Ticked(step, "failed" if failed else "done", note("; ".join(dict.fromkeys(says))), ids, tuple(made), learned)

    def by_person(self, step: Step) -> str:
        """What a person does instead, or how the tool would be had."""
        by_command = by_hand(step, self._facts)
        absent = next((why for call in step.calls if (why := self._desk.absent.get(call.tool))), "")
        return absent if absent and by_command.startswith("call ") else by_command

    def _all(self, calls: list[PlannedCall]) -> tuple[list[Made], list[Seen], list[str]]:
        made: list[Made] = []
        seen: list[Seen] = []
        missing: list[str] = []
        for call in calls:
            arguments, lacks = filled(call, self._desk.tools[call.tool], self._facts)
            if lacks:
                missing += [name for name in lacks if name not in missing]
                continue
            each, answer = self._one(call.tool, arguments)
            made.append(each)
            seen += [answer] if answer else []
        return made, seen, missing

    def _one(self, tool: str, arguments: dict[str, object]) -> tuple[Made, Seen | None]:
        key, toolset = shown(tool, arguments), self._desk.tools[tool].toolset
        if key in self._made:
            return self._made[key]
        if toolset in self._shut:
            return Made(tool, arguments, self._shut[toolset], failed=True), None
        if wrong := sorted(arguments.keys() - self._desk.tools[tool].accepts):
            return Made(tool, arguments, f"there is no such argument: {', '.join(wrong)}", failed=True), None
        self._desk.checkpoint()
        try:
            found = self._desk.call(tool, arguments)
        except DiagError as error:
            if isinstance(error, Unavailable) and toolset != "core":
                self._shut[toolset] = error.message
            result: tuple[Made, Seen | None] = Made(tool, arguments, error.message, failed=True), None
        else:
            result = Made(tool, arguments, found.says, found.answer), found
        self._made[key] = result
        return result

    def _learn(self, seen: list[Seen]) -> tuple[str, ...]:
        """Add what the answers taught. What is known already (the caller gave it, an earlier step found it) stands."""
        new: list[str] = []
        for each in seen:
            for name, value in each.facts.items():
                if name not in self._facts and value:
                    self._facts[name] = value
                    new.append(name)
        return tuple(new)


def filled(call: PlannedCall, shape: ToolShape, facts: Facts) -> tuple[dict[str, object], list[str]]:
    """The arguments of a call with its facts filled in, and the parameters nobody could fill.

    The run is about one node: an instance id or a cluster that the SOP itself writes is an example and never taken; which
    other nodes belong beside it, no bundle says."""
    arguments: dict[str, object] = {k: v for k, v in call.arguments if k not in _ASKED_OF_CALLER}
    wanted = [*call.required, *shape.needs, *({"instanceId", "clusterName", "sop"} & shape.accepts)]
    for name in wanted:
        if name in shape.accepts and name not in arguments and name in facts:
            arguments[name] = facts[name]
    for name, written in call.templates:
        value = filled_in(written, facts)
        if name not in arguments and not open_blanks(value):
            arguments[name] = value
    missing = sorted(shape.needs - arguments.keys())
    return arguments, missing


def shown(tool: str, arguments: Mapping[str, object]) -> str:
    """A call on one line."""
    values = ((k, ",".join(v) if isinstance(v, tuple) else v) for k, v in arguments.items())
    return f"{tool}({', '.join(f'{key}={value}' for key, value in values)})"


def note(text: str) -> str:
    """A text cut to a note."""
    line = one_line(text, 400)
    return line if len(line) <= NOTE_CHARS else line[: NOTE_CHARS - 1].rstrip() + "…"
