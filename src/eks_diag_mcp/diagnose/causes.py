"""Causes: what each possible root cause means, what it explains, and what an operator can do (data: causes.yaml)."""

from functools import cache
from pathlib import Path

from pydantic import Field

from ..model import Mitigation, Safety, Severity
from ..rows import Row, RowFile, raise_faults, repeated
from .versions import COMPONENTS

_FILE = Path(__file__).with_name("causes.yaml")


class MitigationRow(Row):
    """What an operator can do; `{name}` in a text is filled with a reading of that name where it is known, and the
    sentence that holds it is dropped where it is not."""

    immediate: str
    long_term: str = ""
    verify: str = ""
    risk: str = ""
    safety: Safety = "YELLOW"


class Cause(Row):
    """One possible root cause.

    `generic` ones name a state (a daemon down, a node not ready): beside a stronger reason they are its consequence.
    `explains` are causes whose evidence is a consequence of this one: when both show, they rank below it.
    `supported_by`, `ruled_out_by` say in words what tells (for people; the judge works on signatures and sections).
    `versions` are components (diagnose/versions.py) whose release belongs beside it, because it is often a regression.
    `settles` is asked for when the evidence does not decide."""

    id: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)?$")
    title: str = Field(max_length=110)
    severity: Severity
    explains: tuple[str, ...] = ()
    generic: bool = False
    supported_by: str
    ruled_out_by: str
    mistaken_for: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    settles: tuple[str, ...] = Field(min_length=1)
    mitigation: MitigationRow
    sops: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".")[0]


class Causes:
    """The table of causes."""

    def __init__(self, path: Path = _FILE) -> None:
        faults: list[str] = []
        file = RowFile(path, "causes", Cause, faults)
        self.rows = tuple(row for _, row in file.rows)
        self.by_id = {row.id: row for row in self.rows}
        faults += [f"{path.name}: cause {name!r} stands twice" for name in repeated(self.rows, lambda r: r.id)]
        for index, row in file.rows:
            unknown = [c for c in (*row.explains, *row.mistaken_for) if c not in self.by_id]
            faults += [f"{file.place(index)}: {row.id} names an unknown cause {c!r}" for c in unknown]
            faults += [f"{file.place(index)}: {row.id}: no component {c!r}" for c in row.versions if c not in COMPONENTS]
        raise_faults(faults, "causes")

    def explained(self, cause: str) -> frozenset[str]:
        """All causes whose evidence may follow from `cause`, through any number of steps."""
        found: set[str] = set()
        todo = [cause]
        while todo:
            for name in self.by_id[todo.pop()].explains:
                if name not in found:
                    found.add(name)
                    todo.append(name)
        return frozenset(found - {cause})


def plain(row: MitigationRow, values: dict[str, object]) -> Mitigation:
    """The mitigation with its readings filled in."""
    return Mitigation(
        fill(row.immediate, values), fill(row.long_term, values), fill(row.verify, values), fill(row.risk, values), row.safety
    )


def fill(text: str, values: dict[str, object]) -> str:
    """`text` with `{name}` replaced; a sentence that needs an unknown reading is left out."""
    import re

    sentences = re.split(r"(?<=[.;])\s+", text)
    kept = []
    for sentence in sentences:
        names = re.findall(r"\{(\w+)\}", sentence)
        if all(values.get(name) is not None for name in names):
            kept.append(re.sub(r"\{(\w+)\}", lambda m: str(values[m[1]]), sentence))
    return " ".join(kept)


@cache
def causes() -> Causes:
    """The shipped table, loaded once."""
    return Causes()
