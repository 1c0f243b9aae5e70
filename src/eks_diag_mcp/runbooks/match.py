"""Which SOPs fit a symptom: by what their authors wrote (triggers, title, description, common issues) and by the causes that
stand behind the symptom.

A symptom is anything an agent holds: a sentence, a log line, the id of a signature or a cause
(`ip_allocation.subnet_exhausted`), the name of an alert (`KubeNodeNotReady`), a search pattern. The score is between 0 and
1; the same symptom always gives the same ranking, and each match says what it rests on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ..diagnose.causes import causes as cause_table
from .library import SopLibrary
from .model import Sop
from .stems import rarity, stems
from .symptom import Symptom, symptom_of
from .tie import compiled
from .wording import DECLARED, subjects

_FLOOR = 0.12  # below this only a chance word is shared
_TRIGGER_SHARE, _WORD_SHARE = 0.7, 0.3
_LINK_SHARE = 0.7
_BOTH_LINK, _BOTH_TRIGGER = 0.5, 0.4  # a trigger and a cause that agree say more than either
_SPOKEN = 0.75  # a runbook that has a word for a cause is not yet the one about it
_NOT_FIRST = 0.93
_MORE = 0.06  # each further cause behind the symptom that the runbook is about too
_REVERSED = 0.8  # the symptom stands within the trigger: as telling, but less than a whole line that the trigger hits
_OVERLAP = 0.6  # most words of the trigger stand in the symptom, in another order
_TELLING = 4  # telling words of a trigger that say all; one of fewer hits lines of many kinds
_FIELDS: tuple[tuple[str, float], ...] = (("subject", 1.0), ("triggers", 0.7), ("issues", 0.5), ("context", 0.4), ("body", 0.2))
_SYMPTOMS = re.compile(r"^-[ \t]+symptoms:[ \t]*(?P<text>[^\n]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Match:
    """How well a SOP fits, 0 to 1, its trigger that says so ("" where none does), and what the score rests on."""

    sop: Sop
    score: float
    trigger: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """What is compared, made once for a library: the words of each SOP with their weight, and how rare each word is."""

    sops: tuple[Sop, ...]
    words: Mapping[str, Mapping[str, float]]
    rare: Mapping[str, float]
    mean: float = field(default=1.0)

    @classmethod
    def of(cls, sops: tuple[Sop, ...]) -> "Index":
        words = {sop.id: _weighted(sop) for sop in sops}
        rare = rarity(frozenset(w for w, weight in each.items() if weight >= _FIELDS[-2][1]) for each in words.values())
        return cls(sops, words, rare, sum(rare.values()) / len(rare) if rare else 1.0)

    def weigh(self, words: Iterable[str]) -> float:
        """How much those words tell together."""
        return sum(self.rare.get(word, self.mean) for word in words)


def rank(library: SopLibrary, symptom: str, limit: int | None = None, causes: Iterable[tuple[str, str]] = ()) -> tuple[Match, ...]:
    """The SOPs that fit the symptom, best first; none where nothing is shared. `causes` are (cause, why) that the caller
    knows to stand behind it."""
    read = symptom_of(symptom, causes)
    if not read.text and not read.causes:
        return ()
    index = _index(library)
    found = [_match(sop, read, index) for sop in index.sops]
    kept = sorted((m for m in found if m.score >= _FLOOR), key=lambda m: -m.score)  # equal scores stay in id order
    return tuple(kept[:limit])


@lru_cache(maxsize=4)
def _index(library: SopLibrary) -> Index:
    return Index.of(library.sops)


def _match(sop: Sop, symptom: Symptom, index: Index) -> Match:
    if symptom.text.casefold() in (sop.id.casefold(), sop.short_id.casefold()):
        return Match(sop, 1.0, why="its name")
    scored = [(_by_trigger(each, symptom, index), each) for each in sop.triggers] if symptom.text else []
    best, trigger = max(scored, default=(0.0, ""), key=lambda pair: pair[0])
    telling = best >= _OVERLAP / 2
    words = _share(symptom.words, index.words[sop.id], index)
    link, why = _linked(sop, symptom)
    written = _TRIGGER_SHARE * best + _WORD_SHARE * words
    linked = _LINK_SHARE * link + _WORD_SHARE * words if link else 0.0
    both = _BOTH_LINK * link + _BOTH_TRIGGER * best + (1.0 - _BOTH_LINK - _BOTH_TRIGGER) * words if link and telling else 0.0
    reasons = [f"trigger {trigger!r}"] if telling else []
    reasons += [why] if why else []
    return Match(sop, round(max(written, linked, both), 3), trigger if telling else "", "; ".join(reasons) or "words of its text")


def _by_trigger(trigger: str, symptom: Symptom, index: Index) -> float:
    """Near 1 where the trigger hits the symptom, less where the symptom stands in the trigger or shares its words."""
    words = _stems_of(trigger)
    if compiled(trigger).search(symptom.text):
        return 0.8 + 0.2 * min(1.0, index.weigh(words) / (_TELLING * index.mean))
    plain = trigger.casefold()  # the caller's pattern is never compiled here: its alternatives are compared as text
    if any(phrase in plain for phrase in symptom.phrases):
        return _REVERSED
    both = words & symptom.words
    if len(both) < 2:
        return 0.0
    shared = index.weigh(both) / index.weigh(words) * (0.5 + 0.5 * index.weigh(both) / index.weigh(symptom.words))
    return _OVERLAP * shared if shared >= 0.5 else 0.0


def _linked(sop: Sop, symptom: Symptom) -> tuple[float, str]:
    """How surely the SOP is about a cause behind the symptom, and why."""
    own = subjects(sop)
    found = [(sure * _tied(sop, cause, own[cause]), why) for cause, (sure, why) in symptom.causes.items() if cause in own]
    best, why = max(found, default=(0.0, ""), key=lambda pair: pair[0])
    return min(1.0, best + _MORE * (sum(sure for sure, _ in found) - best)), why


def _tied(sop: Sop, cause: str, strength: int) -> float:
    """How closely a SOP is tied to a cause that it is about: the first that causes.yaml names for it is the closest."""
    if strength != DECLARED:
        return _SPOKEN
    row = cause_table().by_id.get(cause)
    return 1.0 if row is None or not row.sops or row.sops[0] in (sop.id, sop.short_id) else _NOT_FIRST


def _share(wanted: frozenset[str], own: Mapping[str, float], index: Index) -> float:
    """How much of the symptom the SOP's own words cover. Rare words weigh more; of a long one some will do. One word of
    several says something only where it is the SOP's subject."""
    both = wanted & own.keys()
    if len(both) == 1 < len(wanted) and own[min(both)] < _FIELDS[0][1]:
        return 0.0
    shared = sum(index.rare.get(word, index.mean) * own[word] for word in both)
    needed = (min(len(wanted), 4) + 0.4 * max(0, len(wanted) - 4)) * index.mean
    return min(1.0, shared / needed) if needed else 0.0


def _weighted(sop: Sop) -> Mapping[str, float]:
    """The stems of a SOP, each with the weight of the best place it stands in."""
    parts = {
        "subject": f"{sop.id} {sop.title} {sop.description}",
        "triggers": " ".join(sop.triggers),
        "issues": " ".join(m["text"] for text in sop.parts.values() for m in _SYMPTOMS.finditer(text)),
        "context": f"{sop.objective} {sop.context}",
        "body": " ".join(phase.text for phase in sop.phases),
    }
    found: dict[str, float] = {}
    for name, weight in reversed(_FIELDS):
        found |= dict.fromkeys(stems(parts[name]), weight)
    return found


@lru_cache(maxsize=4096)
def _stems_of(text: str) -> frozenset[str]:
    return stems(text)
