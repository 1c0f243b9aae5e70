"""Words that no log line of a bundle holds and that are right in a runbook all the same: states, events and codes that the
cluster or AWS tells (data: known.yaml), and alerts."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from ..rows import Row, RowFile, raise_faults
from .alerts import alerts
from .tie import compiled

_FILE = Path(__file__).with_name("known.yaml")
_LONG = 9  # characters from which a word counts within another
_MOST_OF = 0.6  # share of a word that a pattern must match to mean it


class Known(Row):
    """Words and who tells them."""

    who: str = Field(min_length=3)
    words: tuple[str, ...] = Field(min_length=1)


@cache
def _table(path: Path = _FILE) -> Mapping[str, str]:
    faults: list[str] = []
    rows = [row for _, row in RowFile(path, "known", Known, faults).rows]
    raise_faults(faults, "known words")
    return {word.casefold(): row.who for row in rows for word in row.words} | {
        row.name.casefold(): "alert" for row in alerts().values()
    }


def known_word(phrase: str) -> str:
    """Who tells a word of this phrase ("" where none is known)."""
    find = compiled(phrase).search
    plain = " ".join(re.sub(r"\\[bBsSdDwW][*+?]?|\.[*+]\??|[\\^$(){}\[\]|?*+]", " ", phrase).split()).casefold()
    whole = f" {plain.strip(' /:')} "
    for word, who in _table().items():
        if f" {word} " in whole or (len(word) >= _LONG and word in plain):
            return who
        if (found := find(word)) and found.end() - found.start() >= _MOST_OF * len(word):
            return who
    return ""
