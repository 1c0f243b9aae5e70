"""The catalogue of signatures: YAML rows that each prove themselves on real-shaped lines before they may load."""

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import Field

from ..bundle.rules import LineRule
from ..bundle.sources import Sources, sources
from ..errors import CatalogueError
from ..model import Role, Severity
from ..rows import Row, RowFile, raise_faults, repeated

_FOLDER = Path(__file__).with_name("catalogue")


class Signature(Row):
    """One known line.

    `pattern` is a case-insensitive regular expression searched in a single line; `unless` drops lines it would hit wrongly.
    `sources` are source names of bundle/sources.yaml; `name/program` takes only lines of that syslog program, which keeps
    other people's text in a shared log out. `speaks_for` are cause ids (diagnose/causes.yaml) that a hit supports, with
    `weight` from 1 (hints) to 5 (names the mechanism). `healed_by` are signatures whose later line shows the fault gone.
    Fewer lines than `repeats` are a passing trouble that healthy nodes show too: they only hint.
    `provenance` says where the wording comes from and for which versions it holds."""

    id: str = Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")
    title: str = Field(max_length=110)
    pattern: str = Field(min_length=4)
    unless: str | None = None
    sources: tuple[str, ...] = Field(min_length=1)
    severity: Severity
    role: Role
    weight: int = Field(default=3, ge=1, le=5)
    repeats: int = Field(default=1, ge=1, le=20)
    speaks_for: tuple[str, ...] = ()
    healed_by: tuple[str, ...] = ()
    provenance: str = Field(min_length=3)
    hits: tuple[str, ...] = Field(min_length=1)
    misses: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The part of the id before the dot: one of the contract's families."""
        return self.id.split(".")[0]


class Compiled(LineRule):
    """A signature with its patterns compiled."""

    __slots__ = ("index", "row")

    def __init__(self, index: int, row: Signature) -> None:
        super().__init__(row.id, row.pattern, row.unless, row.sources, sampled=row.role == "context")
        self.index, self.row = index, row


class Catalogue:
    """All signatures, in a fixed order. `digest` changes with any change of a pattern."""

    def __init__(self, folder: Path = _FOLDER, table: Sources | None = None, *, prove: bool = True) -> None:
        faults: list[str] = []
        rows: list[Signature] = []
        for path in sorted(folder.glob("*.yaml")):
            file = RowFile(path, "signatures", Signature, faults)
            for index, row in file.rows:
                rows.append(row)
                if prove:
                    faults += [f"{file.place(index)}: {row.id}: {fault}" for fault in disproved(row, table or sources())]
        known = {row.id for row in rows}
        faults += [f"{name}: the id stands twice" for name in repeated(rows, lambda r: r.id)]
        faults += [f"{r.id}: healed_by names no signature: {h}" for r in rows for h in r.healed_by if h not in known]
        raise_faults(faults, "signatures")
        self.rows = tuple(Compiled(i, row) for i, row in enumerate(rows))
        self.by_id = {c.row.id: c for c in self.rows}
        text = "\n".join(f"{r.id}\t{r.pattern}\t{r.unless}\t{','.join(r.sources)}" for r in rows)
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]

    def get(self, signature: str) -> Signature:
        """The row of that id."""
        try:
            return self.by_id[signature].row
        except KeyError as error:
            raise CatalogueError(f"No signature {signature!r} in the catalogue.") from error


def disproved(row: Signature, table: Sources) -> Iterable[str]:
    """Why a row may not load: it does not compile, misses its own hits, hits its misses, or names unknown sources."""
    for scope in row.sources:
        if scope.partition("/")[0] not in table.by_name:
            yield f"unknown source {scope!r}"
    try:
        compiled = Compiled(0, row)
    except re.error as error:
        yield f"the pattern does not compile: {error}"
        return
    if re.search(r"\(\?(?:[=!]|<[=!])|\\[1-9]", row.pattern):
        yield "look-around and back-references are beyond the scan, which then takes minutes to build: use `unless`"
    if re.search(r"(?<!\\)\.[*+]\??(\)|\|?$)", row.pattern):
        yield "the pattern ends in an open repeat, which matches at every place of the line"
    for line in row.hits:
        if "\n" in line:
            yield "a sample is one line"
        if not compiled.hits(line):
            yield f"does not hit its own line: {line!r}"
    for line in row.misses:
        if compiled.hits(line):
            yield f"hits a line it must miss: {line!r}"


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue. Samples are proven by the tests and by lint, not at every start."""
    return Catalogue(prove=False)
