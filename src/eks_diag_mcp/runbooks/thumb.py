"""Rules of thumb that runbooks state, and how each is judged on what is known of a node (data: thumb.yaml).

A runbook says "if all ENIs are at max IPs: the limit is reached". Taken by the letter such a sentence misleads (all
attached ENIs may be full because the subnet is). So a row names the sentence, and the causes or the reading that decide
whether it applies."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from ..diagnose.causes import causes
from ..model import Diagnosis, Verdict
from ..rows import Row, RowFile, raise_faults, repeated

_FILE = Path(__file__).with_name("thumb.yaml")
_FIELD = re.compile(r"\{(\w+)\.(\w+)\}")

Asks = Literal["rule", "numbers", "root_cause", "fix", "person"]
"""rule: does it apply? numbers: name them; root_cause, fix: the report does; person: nobody else can."""
Outcome = Literal["done", "failed", "unmet", "skipped", "manual"]
"""done: made, or the rule applies; failed: the call did not answer; unmet: the evidence contradicts the rule; skipped:
not known, not needed or no time; manual: a person must do it."""


class Test(Row):
    """A section's reading, and what it must be for the rule to apply; `above` and `equals` exclude one another."""

    section: str
    reading: str
    equals: bool | str | None = None
    above: float | None = None


class Rule(Row):
    """A kind of bullet. `pattern` finds it in the bullet's text (the first row that hits, counts).

    A rule applies when `test` holds or one of `causes` is supported at the capture; else it is contradicted when a cause
    of `unless` is supported, the test fails, or its causes are ruled out and none is left open. Where a cause of
    `not_for` is not applicable (another IPAM), the rule says nothing. `says`, `denies` and `lacks` are the notes for
    the three answers; `{section.reading}` is filled in, and a clause (up to ';') with an unknown one is left out."""

    id: str = Field(pattern=r"^[a-z_]+$")
    pattern: str
    asks: Asks
    causes: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    not_for: tuple[str, ...] = ()
    test: Test | None = None
    says: str = ""
    denies: str = ""
    lacks: str = "the bundle does not tell"
    hits: tuple[str, ...] = Field(min_length=1)
    misses: tuple[str, ...] = ()

    @property
    def step_kind(self) -> Literal["read", "rule", "manual"]:
        """Of a step that this row judges."""
        return "rule" if self.asks == "rule" else "manual" if self.asks == "person" else "read"

    def found_in(self, text: str) -> bool:
        """Is the bullet of this kind?"""
        return re.search(self.pattern, text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the node: the diagnosis, and readings by section and name (None = unknown)."""

    diagnosis: Diagnosis
    value: Callable[[str, str], object]

    def verdict(self, cause: str) -> Verdict | None:
        """What the judge says about a cause; None where nothing speaks for or against it."""
        return next((v for v in self.diagnosis.verdicts if v.id == cause), None)

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


def judge(rule: Rule, known: Known) -> Judgement:
    """Does the rule of thumb apply to this node?"""
    if any((v := known.verdict(name)) and v.stand == "not_applicable" for name in rule.not_for):
        return Judgement("skipped", "does not apply to this node")
    verdicts = [v for name in rule.causes if (v := known.verdict(name)) is not None]
    holding = next((v for v in verdicts if v.stand == "supported" and v.when != "earlier"), None)
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


class Rules:
    """All rows, proven while loading: each pattern hits its `hits` before any other row does, and none of its `misses`."""

    def __init__(self, path: Path = _FILE) -> None:
        faults: list[str] = []
        file = RowFile(path, "rules", Rule, faults)
        self.rows = tuple(row for _, row in file.rows)
        faults += [f"{path.name}: rule {name!r} stands twice" for name in repeated(self.rows, lambda r: r.id)]
        broken = [f"{file.place(index)}: {fault}" for index, row in file.rows for fault in _pattern_fault(row)]
        if not broken:
            broken = [f"{file.place(index)}: {row.id}: {fault}" for index, row in file.rows for fault in self._faults(row)]
        raise_faults([*faults, *broken], "rules of thumb")

    def _faults(self, row: Rule) -> list[str]:
        faults = [
            f"hits nothing in {text!r}, or {other.id} does first"
            for text in row.hits
            if (other := self.of(text) or row) is not row or not row.found_in(text)
        ]
        faults += [f"hits the miss {text!r}" for text in row.misses if row.found_in(text)]
        return faults + [
            f"unknown cause {name!r}" for name in (*row.causes, *row.unless, *row.not_for) if name not in causes().by_id
        ]

    def of(self, text: str) -> Rule | None:
        """The first row that hits the bullet."""
        return next((row for row in self.rows if row.found_in(text)), None)


def _pattern_fault(row: Rule) -> list[str]:
    try:
        re.compile(row.pattern)
    except re.error as error:
        return [f"{row.id}: pattern: {error}"]
    return []


@cache
def rules() -> Rules:
    """The shipped rows, loaded once."""
    return Rules()
