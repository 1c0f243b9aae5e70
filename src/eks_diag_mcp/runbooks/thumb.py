"""Rules of thumb that runbooks state, and what decides each (data: thumb.yaml; judging.py applies them to a node).

A runbook says "if all ENIs are at max IPs: the limit is reached". Taken by the letter such a sentence misleads (all
attached ENIs may be full because the subnet is). So a row names the sentence, and the causes or the reading that decide
whether it applies."""

import re
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from ..diagnose.causes import causes
from ..rows import Row, RowFile, raise_faults, repeated

_FILE = Path(__file__).with_name("thumb.yaml")

Asks = Literal["rule", "numbers", "root_cause", "fix", "person"]
"""rule: does it apply? numbers: name them; root_cause, fix: the report does; person: nobody else can."""


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
