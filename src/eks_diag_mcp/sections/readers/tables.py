"""Plain tables and reports that commands of the node printed: one file of a source, its lines, and citing them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, Issue, LineRef, Reading
from .state_files import QUOTE_CHARS

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file, without its line break."""

    source: str
    file: str
    number: int
    text: str

    @property
    def ref(self) -> LineRef:
        return LineRef(self.file, self.number)

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.source, self.file, self.number, self.text.strip()[:QUOTE_CHARS])


@dataclass(frozen=True, slots=True)
class Look:
    """What a shared reader saw. Several sections show it: its own, and those that runbooks expect to include it.
    `known`: the files that would tell were readable."""

    readings: tuple[Reading, ...] = ()
    issues: tuple[Issue, ...] = ()
    known: bool = False


def rows_of(bundle: "Bundle", source: str, *names: str) -> Iterator[Row]:
    """The lines of the files of a source whose name ends so (all its files when no name is given)."""
    for file in bundle.texts(source):
        if not names or file.path.endswith(names):
            yield from _rows(source, file)


def _rows(source: str, file: "FileText") -> Iterator[Row]:
    for number, line in enumerate(file.text.split("\n"), 1):
        yield Row(source, file.path, number, line.rstrip("\r"))


def plain(text: str, chars: int = 60) -> str | None:
    """A name that may stand in a reading or a title: words, dots and slashes only. None for anything else, because
    names on a node are written by whoever runs pods on it."""
    return text if re.fullmatch(rf"[\w./:@~+-]{{1,{chars}}}", text, re.ASCII) else None
