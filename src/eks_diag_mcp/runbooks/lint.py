"""The linter of runbooks: what a machine can prove wrong in one, as file:line with the fix.

Tool calls are checked by what is handed in (`check`: the server's own schemas) and by the contract's table for tools that this
server does not have; lines, phrases and sources by the catalogues below. A fault that is right after all is explained, in
the runbook's own front matter (`explained`) or, for one that is kept word for word, in accepted.yaml."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from ..errors import CatalogueError
from ..rows import Row, RowFile, raise_faults
from .model import Sop
from .parse import parse

Check = Callable[[str, Mapping[str, str]], "list[str] | None"]
"""(tool, arguments as written) -> what the server would say is wrong with them; None for a tool it does not have."""

_FILE = Path(__file__).with_name("accepted.yaml")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong at a place and how it is put right. `advice` does not fail a run of the linter."""

    path: str
    line: int
    says: str
    fix: str = ""
    level: Literal["error", "advice"] = "error"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'' if self.level == 'error' else 'advice: '}{self.says}" + (
            f" ({self.fix})" if self.fix else ""
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A runbook under the linter: `places` turn positions of its text into lines; `accepted` are phrases and links that are
    right though they look wrong, each with why."""

    sop: Sop
    accepted: Mapping[str, str] = field(default_factory=dict)

    def line(self, at: int) -> int:
        """1-based line of a position in the whole text."""
        return self.sop.text.count("\n", 0, at) + 1

    def find(self, needle: str, start: int = 0) -> int:
        """1-based line where the text stands; that of `start` where it does not."""
        at = self.sop.text.find(needle, start)
        return self.line(at if at >= 0 else start)

    def fault(self, line: int, says: str, fix: str = "", level: Literal["error", "advice"] = "error") -> Fault:
        """A fault of this file."""
        return Fault(self.sop.path, line, says, fix, level)

    def explained(self, phrase: str) -> bool:
        """Does the runbook, or accepted.yaml, say why that phrase is right?"""
        wanted = phrase.casefold()
        return any(wanted in known.casefold() or known.casefold() in wanted for known in (*self.sop.explained, *self.accepted))


class Accepted(Row):
    """A phrase or a link of a runbook that is kept word for word, and why it is right."""

    sop: str
    text: str = Field(min_length=2)
    why: str = Field(min_length=10)


@cache
def accepted(path: Path = _FILE) -> tuple[Accepted, ...]:
    """The shipped exceptions."""
    faults: list[str] = []
    rows = tuple(row for _, row in RowFile(path, "accepted", Accepted, faults).rows)
    raise_faults(faults, "accepted")
    return rows


def lint(files: Iterable[tuple[str, bytes]], check: Check, beside: Iterable[Sop] = ()) -> list[Fault]:
    """All faults of these runbooks (path, bytes), in the order of their places. `beside` are runbooks that links may lead to."""
    from .lint_calls import call_faults
    from .lint_front import front_faults
    from .lint_links import link_faults
    from .lint_parts import part_faults

    faults: list[Fault] = []
    sops: list[Sop] = []
    for path, data in files:
        try:
            sops.append(parse(data, path))
        except CatalogueError as error:
            faults.append(_unreadable(path, error))
    known = [*sops, *(sop for sop in beside if sop.id not in {s.id for s in sops})]
    for sop in sops:
        page = Page(sop, {row.text: row.why for row in accepted() if row.sop == sop.id})
        for faults_of in (front_faults, part_faults):
            faults += faults_of(page)
        faults += call_faults(page, check)
        faults += link_faults(page, known)
    return sorted(faults + _twins(sops))


def _unreadable(path: str, error: CatalogueError) -> Fault:
    """A file that cannot be read as a runbook; its message may name the line."""
    name, message = path.rsplit("/", 1)[-1], error.message
    rest = message.removeprefix(f"{name}:")
    line, _, says = rest.partition(":")
    if line.strip().isdigit():
        return Fault(path, int(line), says.strip(), error.next_step)
    return Fault(path, 1, rest.strip(), error.next_step)


def _twins(sops: list[Sop]) -> list[Fault]:
    """Two runbooks under one short id: "D1" would be ambiguous."""
    first: dict[str, Sop] = {}
    found = []
    for sop in sops:
        other = first.setdefault(sop.short_id.casefold(), sop)
        if other is not sop:
            found.append(Fault(sop.path, 1, f"the id {sop.short_id} is that of {other.path} too", "Give it the next free number."))
    return found
