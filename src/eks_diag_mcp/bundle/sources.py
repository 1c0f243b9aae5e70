"""Sources: the named kinds of file in a bundle, and which member is of which kind (data: sources.yaml)."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from ..errors import BadInput
from ..rows import Row, RowFile, raise_faults, repeated

_FILE = Path(__file__).with_name("sources.yaml")
OTHER = "other"
"""The source of files that no row names."""


class Source(Row):
    """A named kind of file: where it lies, how its lines are stamped, which component it tells of."""

    name: str
    component: str
    paths: tuple[str, ...]
    formats: tuple[str, ...] = ()
    state: Literal["json", "prometheus", "yaml"] | None = None
    mirrors: bool = False
    always: bool = False


def glob_regex(glob: str) -> str:
    """A glob as a regular expression: `**` crosses slashes, `*` does not."""
    parts = re.split(r"(\*\*|\*)", glob)
    return "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)


class Sources:
    """The table of sources. The first row whose path matches a member names its source; `other` takes the rest."""

    def __init__(self, path: Path = _FILE) -> None:
        faults: list[str] = []
        file = RowFile(path, "sources", Source, faults)
        self.rows = tuple(row for _, row in file.rows)
        self.by_name = {row.name: row for row in self.rows}
        faults += [f"{path.name}: source {name!r} stands twice" for name in repeated(self.rows, lambda r: r.name)]
        raw = file.document.get("groups")
        self.groups: dict[str, tuple[str, ...]] = {k: tuple(v) for k, v in raw.items()} if isinstance(raw, dict) else {}
        faults += [
            f"{path.name}: group {group!r} names an unknown source {name!r}"
            for group, names in self.groups.items()
            for name in names
            if name not in self.by_name
        ]
        raise_faults(faults, "sources")
        self._patterns = [(re.compile("|".join(map(glob_regex, row.paths))), row) for row in self.rows]

    def of(self, path: str) -> Source:
        """The source of a member by its normalised name (no leading `./`)."""
        return next(row for pattern, row in self._patterns if pattern.fullmatch(path))

    def expand(self, names: Iterable[str]) -> frozenset[str]:
        """Source names from names of sources and groups. BadInput lists the valid ones."""
        found: set[str] = set()
        for name in names:
            key = name.strip().lower()
            if key in self.groups:
                found.update(self.groups[key])
            elif key in self.by_name:
                found.add(key)
            else:
                raise BadInput(
                    f"Unknown log type or source {name!r}.",
                    f"Groups: {', '.join(sorted(self.groups))}. Sources: {', '.join(sorted(self.by_name))}.",
                )
        return frozenset(found)


@cache
def sources() -> Sources:
    """The shipped table, loaded once."""
    return Sources()
