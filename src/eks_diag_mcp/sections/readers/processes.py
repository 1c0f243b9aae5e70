"""The process list (system/ps.txt): is a daemon running? Three answers: yes, no, or the list does not tell."""

import re
from typing import TYPE_CHECKING

from ...model import Evidence
from .state_files import QUOTE_CHARS

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_FOREST = re.compile(r"^(?:[|\\_]+\s+)+")
_ENOUGH_ROWS = 5
"""A killed ps leaves half a table without saying so; a node that runs pods has far more processes than this."""


def running(bundle: "Bundle", program: str) -> tuple[bool | None, Evidence | None]:
    """Whether a process of that program name runs, and its row. Only the program's own name counts: arguments are
    written by whoever starts a pod. None where the list is not there or too short to prove absence."""
    rows = 0
    for file in bundle.texts("processes"):
        if not file.path.endswith("ps.txt"):
            continue
        for number, line in enumerate(file.text.split("\n"), 1):
            words = line.split(None, 10)
            if len(words) < 11 or not words[1].isdigit():
                continue
            rows += 1
            command = _FOREST.sub("", words[10])
            if command.split(None, 1)[:1] and command.split(None, 1)[0].rpartition("/")[2] == program:
                return True, Evidence("processes", file.path, number, line.strip()[:QUOTE_CHARS])
    return (False if rows >= _ENOUGH_ROWS else None), None
