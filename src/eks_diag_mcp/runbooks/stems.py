"""Words of a text cut to stems, so that "exhausted" and "exhaustion", `KubeNodeNotReady` and "node not ready" meet."""

import math
import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TOGETHER = re.compile(r"\b(?:pods?[- ]to[- ]pods?|too many pods)\b", re.IGNORECASE)  # words that say nothing but together
_COMMON_WORDS = """
a about after all an and any are as at aws be because been but by can cannot check cluster container due ec2 eks error
errors fail failed failing fails failure failures for from get has have if in instance into is issue issues it its kube
kubernetes log logs my new no node nodes not of on or pod pods problem problems s so some than that the then there they
this to unable up use via was we what when which while why with within without between two one its too many"""
_COMMON = frozenset(_COMMON_WORDS.split())
_ENDINGS = ("ations", "ation", "ings", "ions", "ing", "ion", "ies", "ure", "ed", "es", "s", "e", "y")


def stems(text: str) -> frozenset[str]:
    """The telling words, cut to a stem. CamelCase names fall into their words, as alert names need."""
    words = (word.casefold() for word in _WORD.findall(_TOGETHER.sub(_joined, text)))
    return frozenset(stem(word) for word in words if len(word) > 1 and word not in _COMMON and not word.isdigit())


def _joined(match: re.Match[str]) -> str:
    """One lower-case word, the same for singular and plural."""
    return re.sub(r"[- ]", "", match.group().casefold()).replace("pods", "pod")


def stem(word: str) -> str:
    """The word without its ending, where four letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def rarity(texts: Iterable[frozenset[str]]) -> Mapping[str, float]:
    """How telling each stem is among those texts: 1 where all hold it, more where few do."""
    every = list(texts)
    count: dict[str, int] = {}
    for words in every:
        for word in words:
            count[word] = count.get(word, 0) + 1
    return {word: 1.0 + math.log(len(every) / n) for word, n in sorted(count.items())}
