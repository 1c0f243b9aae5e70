"""Which known lines a phrase of a runbook stands for: signatures whose sample lines it hits, or whose pattern hits it."""

import re
from functools import cache, lru_cache

SHORTEST = 5
"""Characters below which a phrase stands in too many lines to say anything."""
_LONGEST = 400


@lru_cache(maxsize=4096)
def tied(phrase: str) -> tuple[str, ...]:
    """Ids of the signatures, in the catalogue's order; none for a phrase that no known line holds.

    A line may hold the phrase beside what the signature is about: such count only where no signature is about it."""
    from ..signatures.catalogue import catalogue

    text = phrase.strip()
    if not SHORTEST <= len(text) <= _LONGEST:
        return ()
    find = compiled(text).search
    about, beside = [], []
    for row in catalogue().rows:
        spans = [(found.span(), row.find(line)) for line in row.row.hits if (found := find(line))]
        if any(own and own.start() < end and start < own.end() for (start, end), own in spans):
            about.append(row.row.id)
        elif spans or (len(text) > 12 and row.hits(text)):
            beside.append(row.row.id)
    return tuple(about or beside)


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The author's pattern, or the plain words where it is none."""
    try:
        return re.compile(pattern, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError):
        return re.compile(re.escape(pattern), re.IGNORECASE)


@cache
def causes_behind(signature: str) -> tuple[str, ...]:
    """The causes that a signature speaks for."""
    from ..signatures.catalogue import catalogue

    row = catalogue().by_id.get(signature)
    return row.row.speaks_for if row else ()
