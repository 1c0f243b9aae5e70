"""Phrases that searches use and that nothing prints (any more), with what to look for instead (data: phrases.yaml)."""

import re
from functools import cache
from pathlib import Path

from ..model import Finding
from ..rows import Row, RowFile, raise_faults

_FILE = Path(__file__).with_name("phrases.yaml")


class Phrase(Row):
    """A phrase no current component prints. `families` name findings that mean the same."""

    phrase: str
    why: str
    now: str = ""
    tool: str = ""
    families: tuple[str, ...] = ()

    def says(self, findings: tuple[Finding, ...]) -> str:
        """The hint for a query that holds the phrase, with the findings of this bundle that mean it."""
        meant = [f.id for f in findings if f.family in self.families and f.role != "context"][:3]
        parts = [f'"{self.phrase}": {self.why}.']
        parts += [f"Printed instead: {self.now}."] if self.now else []
        parts += [f"Ask: {self.tool}."] if self.tool else []
        parts += [f"Findings that mean it: {', '.join(meant)}."] if meant else []
        return " ".join(parts)


class Phrases:
    """The table of phrases."""

    def __init__(self, path: Path = _FILE) -> None:
        faults: list[str] = []
        self.rows = tuple(row for _, row in RowFile(path, "phrases", Phrase, faults).rows)
        raise_faults(faults, "phrases")

    def in_query(self, query: str) -> list[Phrase]:
        """As `matching`, the first few: what a caller is told."""
        return self.matching(query)[:4]

    def matching(self, query: str) -> list[Phrase]:
        """The phrases that a query asks for: each alternative is compared word by word, `.*` and blanks alike."""
        parts = [_plain(part) for part in query.split("|")]
        return [row for row in self.rows if any(_plain(row.phrase) in part for part in parts)]


def _plain(text: str) -> str:
    return re.sub(r"(?:\.\*\??|\.\+|\\[sS][*+]?|[\s:()\[\]'\"\\])+", " ", text.lower()).strip()


@cache
def phrases() -> Phrases:
    """The shipped table, loaded once."""
    return Phrases()
