"""Which SOPs fit a symptom, judged by what their authors wrote: the triggers first, then the words of the title.

A symptom is anything an agent holds: a sentence, a log line, the id of a signature (`ip_allocation.subnet_exhausted`),
the name of an alert (`KubePodNotReady`), a search pattern. The score is between 0 and 1; the same symptom always gives
the same ranking."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from .library import SopLibrary
from .model import Sop

_LONGEST = 4_000  # characters of a symptom that are looked at; triggers may hold `.*`, which costs by length
_FLOOR = 0.12  # below this only a chance word is shared
_TRIGGER_SHARE, _WORD_SHARE = 0.7, 0.3
_REVERSED = 0.8  # the symptom stands within the trigger: as telling, but less than a whole line that the trigger hits
_OVERLAP = 0.6  # most words of the trigger stand in the symptom, in another order

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_COMMON_WORDS = """
a about after all an and any are as at aws be because been but by can cannot check cluster container due ec2 eks error
errors fail failed failing fails failure failures for from get has have if in instance into is issue issues it its kube
kubernetes log logs my new no node nodes not of on or pod pods problem problems s so some than that the then there they
this to unable up use via was we what when which while why with within without"""
_COMMON = frozenset(_COMMON_WORDS.split())
_ENDINGS = ("ations", "ation", "ings", "ions", "ing", "ion", "ies", "ure", "ed", "es", "s", "e", "y")


@dataclass(frozen=True, slots=True)
class Match:
    """How well a SOP fits, 0 to 1, and its trigger that says so ("" where only words of its title do)."""

    sop: Sop
    score: float
    trigger: str = ""


def rank(library: SopLibrary, symptom: str, limit: int | None = None) -> tuple[Match, ...]:
    """The SOPs that fit the symptom, best first; none where nothing is shared."""
    text = symptom[:_LONGEST].strip().strip("`")
    if not text:
        return ()
    weights = _weights(library.sops)
    wanted = _stems(text)
    found = [_match(sop, text, wanted, weights) for sop in library.sops]
    kept = sorted((m for m in found if m.score >= _FLOOR), key=lambda m: -m.score)  # equal scores stay in id order
    return tuple(kept[:limit])


def _match(sop: Sop, text: str, wanted: frozenset[str], weights: dict[str, float]) -> Match:
    scored = [(_by_trigger(each, text, wanted), each) for each in sop.triggers]
    best, trigger = max(scored, default=(0.0, ""), key=lambda pair: pair[0])
    words = _share(wanted, _stems(_subject(sop)), weights)
    named = 1.0 if text.casefold() in (sop.id.casefold(), sop.short_id.casefold()) else 0.0
    score = max(named, _TRIGGER_SHARE * best + _WORD_SHARE * words)
    return Match(sop, round(score, 3), trigger if best >= _OVERLAP / 2 else "")


def _by_trigger(trigger: str, text: str, wanted: frozenset[str]) -> float:
    """1 where the trigger hits the symptom, less where the symptom stands in the trigger or shares its words."""
    if _regex(trigger).search(text):
        return 1.0
    plain = trigger.casefold()  # the caller's pattern is never compiled here: its alternatives are compared as text
    for choice in text.split("|") if "\n" not in text else ():
        phrase = choice.strip().casefold()
        if len(phrase) >= 6 and _stems(phrase) and phrase in plain:
            return _REVERSED
    words = _stems(trigger)
    shared = len(words & wanted) / len(words) if words else 0.0
    return _OVERLAP * shared if shared >= 0.5 and len(words & wanted) >= 2 else 0.0


def _share(wanted: frozenset[str], own: frozenset[str], weights: dict[str, float]) -> float:
    """How much of the symptom the SOP's own words cover. Rare words weigh more; of a long one four will do."""
    shared = sum(weights.get(word, 0.0) for word in wanted & own)
    mean = sum(weights.values()) / len(weights) if weights else 1.0
    needed = min(len(wanted), 4) * mean
    return min(1.0, shared / needed) if needed else 0.0


def _weights(sops: Iterable[Sop]) -> dict[str, float]:
    every = [_stems(_subject(sop)) for sop in sops]
    count: dict[str, int] = {}
    for words in every:
        for word in words:
            count[word] = count.get(word, 0) + 1
    return {word: 1.0 + math.log(len(every) / n) for word, n in sorted(count.items())}


def _subject(sop: Sop) -> str:
    return f"{sop.id} {sop.title} {sop.description}"


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    """The author's pattern, or the plain words where it is none."""
    try:
        return re.compile(pattern, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError):
        return re.compile(re.escape(pattern), re.IGNORECASE)


@lru_cache(maxsize=8192)
def _stems(text: str) -> frozenset[str]:
    """The telling words, cut to a stem. CamelCase names fall into their words, as alert names need."""
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(_stem(word) for word in words if len(word) > 1 and word not in _COMMON and not word.isdigit())


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
