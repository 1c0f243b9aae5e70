"""A runbook's own words for root causes, and which causes it is about.

A word of the Output Format (`root_cause: "<a|b|c> — ..."`) stands for causes by what the front matter says (`root_causes`), by
words.yaml for runbooks that are kept word for word, or because it is the cause's id, the tail of that id, or the same
words in another ending (subnet_exhaustion, subnet_exhausted)."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

from pydantic import Field

from ..diagnose.causes import Cause, causes
from ..rows import Row, RowFile, raise_faults
from .contract import fold
from .model import Sop
from .output import vocabulary
from .stems import stems

_FILE = Path(__file__).with_name("words.yaml")
_FAMILY = re.compile(r"[a-z0-9_]+\.\*")
_CONCLUDED = re.compile(r"root causes?:? (?:is |of )?`([a-z0-9_.]+)`|\(`([a-z0-9_.]+)`\)", re.IGNORECASE)

DECLARED, SPOKEN = 2, 1
"""How strongly a runbook is tied to a cause: it (or causes.yaml) says so, or one of its words is that cause's."""


class WordsRow(Row):
    """The words of one runbook."""

    sop: str = Field(min_length=2)
    root_causes: dict[str, tuple[str, ...]]


@cache
def _kept() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    faults: list[str] = []
    file = RowFile(_FILE, "words", WordsRow, faults)
    faults += [
        f"{file.place(index)}: unknown cause {name!r}" for index, row in file.rows for name in unknown_causes(row.root_causes)
    ]
    raise_faults(faults, "words")
    return {row.sop: row.root_causes for _, row in file.rows}


def unknown_causes(declared: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Names in a declaration that are no causes."""
    families = {row.family for row in causes().rows}
    names = dict.fromkeys(name for names in declared.values() for name in names)
    return [n for n in names if n not in causes().by_id and not (_FAMILY.fullmatch(n) and n[:-2] in families)]


def declared(sop: Sop) -> Mapping[str, tuple[str, ...]]:
    """word -> causes, as the runbook or words.yaml says."""
    return sop.root_causes or _kept().get(sop.id, {})


@lru_cache(maxsize=512)
def spoken(sop: Sop) -> Mapping[str, str]:
    """cause -> the runbook's word for it, for every cause that it has a word for."""
    said = declared(sop)
    found = {name: word for word, names in said.items() for name in names if not _FAMILY.fullmatch(name)}
    for word, names in said.items():
        for family in (name[:-2] for name in names if _FAMILY.fullmatch(name)):
            found |= {row.id: word for row in causes().rows if row.family == family and row.id not in found}
    for word in vocabulary(sop, "root_cause"):
        for row in _alike(word):
            found.setdefault(row.id, word)
    return found


@lru_cache(maxsize=512)
def subjects(sop: Sop) -> Mapping[str, int]:
    """The causes that a runbook is about -> DECLARED or SPOKEN. A family is meant where causes.yaml names the runbook for it."""
    found = {row.id: DECLARED for row in causes().rows if {sop.id, sop.short_id} & set(row.sops)}
    said = {name for names in declared(sop).values() for name in names}
    for cause in spoken(sop):
        strength = DECLARED if cause in said or f"{cause.split('.')[0]}.*" in said else SPOKEN
        found[cause] = max(strength, found.get(cause, 0))
    return found


def word_for(sop: Sop, cause: str) -> str | None:
    """The runbook's word for a cause; None where it has none (then the cause's own id is the word)."""
    return spoken(sop).get(cause)


def meant(sop: Sop, word: str) -> tuple[str, ...]:
    """The causes that a word of this runbook stands for."""
    return tuple(cause for cause, said in spoken(sop).items() if fold(said) == fold(word))


@cache
def _alike(word: str) -> tuple[Cause, ...]:
    """The causes that a word names by itself: id, tail or family; else those whose tail has the same stems."""
    folded = fold(word)
    for name in ((lambda r: r.id), (lambda r: _tail(r.id)), (lambda r: r.family)):
        if exact := [row for row in causes().rows if folded == fold(name(row))]:
            return tuple(exact)
    same = [row for row in causes().rows if _stems_of(word) == _stems_of(_tail(row.id))]
    return tuple(same) if len(same) == 1 else ()


def _stems_of(word: str) -> frozenset[str]:
    return stems(word.replace("_", " ").replace("-", " "))


def _tail(cause: str) -> str:
    return cause.rsplit(".", maxsplit=1)[-1]


def own_causes(sop: Sop) -> frozenset[str]:
    """What the runbook is about: the causes declared for it; those it has words for where none is declared."""
    every = subjects(sop)
    return frozenset(c for c, strength in every.items() if strength == DECLARED) or frozenset(every)


def concluded_causes(text: str, sop: Sop) -> tuple[str, ...]:
    """The causes that a sentence concludes ("root cause `x`", or "... (`x`)" at its end); none where it says none so."""
    said = (m[1] or m[2] for m in _CONCLUDED.finditer(text))
    return tuple(dict.fromkeys(cause for word in said for cause in _named(word, sop)))


def _named(word: str, sop: Sop) -> Iterable[str]:
    """The cause of that id, those of that family, or those that the runbook's word stands for."""
    if word in causes().by_id:
        return (word,)
    return [row.id for row in causes().rows if row.family == word] or meant(sop, word)


def named_causes(text: str, sop: Sop | None = None) -> tuple[str, ...]:
    """Cause ids that a text names: dotted ids anywhere, others in backticks; of a runbook also its own words in backticks."""
    found: dict[str, None] = {}
    for match in re.finditer(r"`([a-z0-9_.]+)`|\b([a-z0-9_]+\.[a-z0-9_]+)\b", text):
        name = match[1] or match[2]
        own: Iterable[str] = meant(sop, name) if sop is not None and match[1] else ()
        found |= dict.fromkeys([name] if name in causes().by_id else own)
    return tuple(found)
