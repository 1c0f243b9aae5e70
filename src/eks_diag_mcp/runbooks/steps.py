"""A SOP's phases as steps: what each bullet asks for, in calls of tools where it names them.

The format: '## Phase N' parts, in them lines 'MUST:', 'SHOULD:', 'MAY:', under them bullets. A bullet names a tool in
backticks ("Use `search` tool with instanceId and query=`...`"), states a rule of thumb ("If all ENIs ...: ..."), wants a
number, or speaks to a person. Nothing here runs anything: a step is data, and its calls are names and values only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from .calls import CONDITION, PlannedCall, calls_of
from .conditions import Condition, condition_of
from .model import Phase, Sop
from .thumb import Rule, rules
from .wording import concluded_causes

Level = Literal["MUST", "SHOULD", "MAY"]
Kind = Literal["call", "read", "rule", "manual"]

MAX_STEPS = 120
"""Steps of one SOP that are read; the longest known runbook has about fifty."""
MAX_TEXT = 4_000
"""Characters of a bullet after which wrapped lines are no longer added."""

LEVEL = re.compile(r"^\W*(?P<level>MUST|SHOULD|MAY)\b(?P<ban>\s+NOT\b)?\W*$")
_BULLET = re.compile(r"^(?P<indent>[ \t]*)(?:[-*+]|\d{1,3}[.)])[ \t]+(?P<text>\S.*)$")
_NO_FAULT = re.compile(
    r":[^.\n]{0,40}\bno (?:fault|finding|problem|trouble)\b", re.IGNORECASE
)  # what such a rule clears, no cause shows
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Step:
    """One bullet of a phase, or one of its nested bullets where these stand on their own. `text` is verbatim. `rule` is
    the row of thumb.yaml that judges it, or what the sentence itself names; None where nothing does."""

    n: int
    phase: int
    level: Level
    text: str
    kind: Kind
    calls: tuple[PlannedCall, ...] = ()
    rule: Rule | Condition | None = None


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
                found.append(_step(sop, len(found) + 1, phase.number, level, text))
    return tuple(found)


def _texts(phase: Phase) -> Iterator[tuple[Level, str]]:
    """Level and text of each step. Nested bullets are steps of their own where they name calls or rules."""
    for bullet in _bullets(phase.text):
        if any(CONDITION.search(text) or re.match(r"\W*use\s+`", text, re.IGNORECASE) for text in bullet.nested):
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
        if named := LEVEL.match(line):
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


def _step(sop: Sop, n: int, phase: int, level: Level, text: str) -> Step:
    calls = calls_of(text)
    if calls:
        return Step(n, phase, level, text, "call", calls)
    conditional = bool(CONDITION.search(text))
    if conditional and _NO_FAULT.search(text):
        return Step(n, phase, level, text, "rule")
    if conditional and (concluded := concluded_causes(text, sop)):  # its own word goes before any row about such sentences
        return Step(n, phase, level, text, "rule", (), Condition(concluded))
    if row := rules().of(text):
        return Step(n, phase, level, text, row.step_kind, (), row)
    return Step(n, phase, level, text, "rule" if conditional else "manual", (), condition_of(text, sop) if conditional else None)
