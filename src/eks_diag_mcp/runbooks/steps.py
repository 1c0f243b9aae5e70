"""A SOP's phases as steps: what each bullet asks for, in calls of tools where it names them.

The format: '## Phase N' parts, in them lines 'MUST:', 'SHOULD:', 'MAY:', under them bullets. A bullet names a tool in
backticks ("Use `search` tool with instanceId and query=`...`"), states a rule of thumb ("If all ENIs ...: ..."), wants a
number, or speaks to a person. Nothing here runs anything: a step is data, and its calls are names and values only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from .model import Phase, Sop
from .thumb import Rule, rules

Level = Literal["MUST", "SHOULD", "MAY"]
Kind = Literal["call", "read", "rule", "manual"]

MAX_STEPS = 120
"""Steps of one SOP that are read; the longest known runbook has about fifty."""
MAX_CALLS = 8
"""Calls read from one bullet."""
MAX_TEXT = 4_000
"""Characters of a bullet after which wrapped lines are no longer added."""

_NAMES = """
collect status validate errors search read network_diagnostics storage_diagnostics correlate quick_triage summarize
history cluster_health compare_nodes batch_collect batch_status artifact list_sops get_sop run_sop list_k8s_resources
read_k8s_resource get_k8s_events get_pod_logs describe_eks_resource get_cloudwatch_logs tcpdump_capture tcpdump_analyze"""
TOOL_NAMES = frozenset(_NAMES.split())
"""Tools that runbooks of this family name, whether or not this server has them."""

_PARAMETERS = """
instanceId instanceIds executionId clusterName region namespace podName podNamespace kind name apiVersion labelSelector
fieldSelector query logTypes sections severity source pivotEvent timeWindow components maxEvents maxResults contextLines
finding_ids startTime endTime incidentTime resourceType resourceName log_type resource_type resource_name filter_pattern
minutes interface durationSeconds filter commandId section sopName sop symptom category phase file compareFields
containerName tailLines previous batchId response_format includeStepDetails includeRecommendations"""
_OTHER_SPELLINGS = {"duration": "durationSeconds", "captureid": "commandId"}


def fold(name: str) -> str:
    """A parameter's name without case and underscores."""
    return name.replace("_", "").casefold()


_BY_FOLD = {fold(name): name for name in _PARAMETERS.split()} | _OTHER_SPELLINGS
_EXACT = {name: name for name in _PARAMETERS.split()}  # resourceType and resource_type are parameters of two tools

_LEVEL = re.compile(r"^\W*(?P<level>MUST|SHOULD|MAY)\b(?P<ban>\s+NOT\b)?\W*$")
_BULLET = re.compile(r"^(?P<indent>[ \t]*)(?:[-*+]|\d{1,3}[.)])[ \t]+(?P<text>\S.*)$")
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})")
_TOOL = re.compile(r"`(?P<name>[a-z][a-z0-9_]{2,40})`(?P<word>\s+tool\b)?|(?<![\w`.])(?P<called>[a-z][a-z0-9_]{2,40})\(")
_CONDITION = re.compile(r"^\W*(?:only\s+)?(?:if|when|where)\b|\bthat is the root cause\b", re.IGNORECASE)
_ASKED = re.compile(r"\b(?:use|run|call|check with)\s+(?:the\s+)?$", re.IGNORECASE)
_VALUE = r"(?:`(?P<tick>[^`]*)`|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|\[(?P<list>[^\]]*)\]|(?P<bare>[^\s`\"'()\[\];]+))"
_ARGUMENT = re.compile(r"(?<![\w\-.])(?P<key>[a-z][A-Za-z_]{1,30})\s?=\s?" + _VALUE)
_SECTIONS = re.compile(r"^\s+(?P<names>[a-z_]+(?:[/,][a-z_]+)*)\s+sections?\b")
_HEAD_END = re.compile(r"\s(?:to|for|from)\s|\s[—–]\s|[;.](?:\s|$)")
_PLACEHOLDER = re.compile(r"(?<!\?)(?<!\?P)<(?!(?:nil|none|null|unknown|defunct|invalid)>)[A-Za-z][\w -]*>")


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that a step names. `required` are parameters it mentions without a value, or with a placeholder: facts of
    earlier steps fill them."""

    tool: str
    arguments: tuple[tuple[str, str], ...] = ()
    required: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As a client would write it."""
        given = [f"{key}={value}" for key, value in self.arguments] + list(self.required)
        return f"{self.tool}({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class Step:
    """One bullet of a phase, or one of its nested bullets where these stand on their own. `text` is verbatim. `rule` is
    the row that knows how to judge it; None where none does."""

    n: int
    phase: int
    level: Level
    text: str
    kind: Kind
    calls: tuple[PlannedCall, ...] = ()
    rule: Rule | None = None


@dataclass(slots=True)
class _Bullet:
    """A top-level bullet as it stands."""

    level: Level
    text: str
    nested: list[str] = field(default_factory=list)


def steps_of(sop: Sop) -> tuple[Step, ...]:
    """All steps of all phases, numbered from 1 through the whole SOP: a step keeps its number when only some phases run."""
    found: list[Step] = []
    for phase in sop.phases:
        for level, text in _texts(phase):
            if len(found) < MAX_STEPS:
                found.append(_step(len(found) + 1, phase.number, level, text))
    return tuple(found)


def _texts(phase: Phase) -> Iterator[tuple[Level, str]]:
    """Level and text of each step. Nested bullets are steps of their own where they name calls or rules."""
    for bullet in _bullets(phase.text):
        if any(_CONDITION.search(text) or re.match(r"\W*use\s+`", text, re.IGNORECASE) for text in bullet.nested):
            if calls_of(bullet.text):
                yield bullet.level, bullet.text
            for text in bullet.nested:
                yield bullet.level, text
        else:
            yield bullet.level, "\n".join([bullet.text, *(f"  - {text}" for text in bullet.nested)])


def _bullets(text: str) -> list[_Bullet]:
    """The bullets under a level; what stands in code fences or under MUST NOT is no step."""
    found: list[_Bullet] = []
    level: Level | None = None
    fenced = False
    for line in text.splitlines()[1:]:
        fence = bool(_FENCE.match(line))
        fenced ^= fence
        if fence or fenced or not line.strip():
            continue
        if named := _LEVEL.match(line):
            level = None if named["ban"] else named["level"]  # type: ignore[assignment]
            continue
        if level is None:
            continue
        bullet = _BULLET.match(line)
        if bullet is None:
            _continue(found, line.strip())
        elif len(bullet["indent"].expandtabs(4)) < 2 or not found:
            found.append(_Bullet(level, bullet["text"].rstrip()))
        else:
            found[-1].nested.append(bullet["text"].rstrip())
    return found


def _continue(found: list[_Bullet], more: str) -> None:
    """A wrapped line belongs to the bullet above it."""
    if found and len(found[-1].text) + sum(map(len, found[-1].nested)) > MAX_TEXT:
        return
    if found and found[-1].nested:
        found[-1].nested[-1] += f" {more}"
    elif found:
        found[-1].text += f" {more}"


def _step(n: int, phase: int, level: Level, text: str) -> Step:
    calls = calls_of(text)
    rule = None if calls else rules().of(text)
    kind: Kind = "call" if calls else rule.step_kind if rule else "rule" if _CONDITION.search(text) else "manual"
    return Step(n, phase, level, text, kind, calls, rule)


def calls_of(text: str) -> tuple[PlannedCall, ...]:
    """The calls a text asks for. In a condition only what it says to use counts: the rest names where a number is from."""
    conditional = bool(_CONDITION.search(text.split("\n", 1)[0]))
    named = [m for m in _TOOL.finditer(text) if (m["name"] or m["called"]) in TOOL_NAMES or m["word"]]
    found: dict[PlannedCall, None] = {}
    for place, match in enumerate(named):
        if len(found) == MAX_CALLS:
            break
        if conditional and not _ASKED.search(text[max(0, match.start() - 40) : match.start()]):
            continue
        end = named[place + 1].start() if place + 1 < len(named) else len(text)
        found.setdefault(_call(match["name"] or match["called"], text[match.end() : end].split("\n", 1)[0]))
    return tuple(found)


def _call(tool: str, rest: str) -> PlannedCall:
    """A call from the words after the tool's name."""
    arguments: dict[str, str] = {}
    required: dict[str, None] = {}
    for match in _ARGUMENT.finditer(rest):
        name = _parameter(match["key"])
        if name is None:
            continue
        value = next(v for k in ("tick", "double", "single", "list", "bare") if (v := match[k]) is not None)
        value = value.rstrip(".,:") if match["bare"] else value.strip()
        if not value or _PLACEHOLDER.search(value):
            required.setdefault(name)
        else:
            arguments.setdefault(name, value)
    if (sections := _SECTIONS.match(rest)) and "sections" not in arguments:
        arguments["sections"] = sections["names"].replace("/", ",")
    head = _HEAD_END.split(_ARGUMENT.sub(" ", rest), maxsplit=1)[0]
    for word in re.findall(r"\b[a-z]+(?:(?:_[a-z]+)+|(?:[A-Z][a-z]+)+)\b", head):
        name = _parameter(word)
        if name is not None and name not in arguments:
            required.setdefault(name)
    return PlannedCall(tool, tuple(arguments.items()), tuple(required))


def _parameter(word: str) -> str | None:
    """The published name of a parameter; None where the word is none."""
    return _EXACT.get(word) or _BY_FOLD.get(fold(word))
