"""Which known lines a phrase of a runbook stands for: signatures whose sample lines it hits, or whose pattern hits it."""

import re
from functools import cache, lru_cache

SHORTEST = 5
"""Characters below which a phrase stands in too many lines to say anything."""
_LONGEST = 400
_LONG_RUN = 20
_RUN = re.compile(r"[A-Za-z0-9 ,='/_-]+")
_COMPONENT = re.compile(r"(?P<name>[A-Za-z][\w-]{2,30})\.\*\??(?P<words>.{6,})")


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
    return tuple(about or beside or _by_part(text))


def _by_part(text: str) -> tuple[str, ...]:
    """Signatures known by the one telling part of a pattern: `component.*words` where the words stand in that component's own
    file, which does not name it, or a long run of plain words beside a choice of names."""
    component = _COMPONENT.fullmatch(text)
    if component:
        known = tied(component["words"])
        own = [name for name in known if component["name"].casefold() in _writers(name)]
        if own:
            return tuple(own)
    longest = max(_RUN.findall(text), key=len, default="")
    return tied(longest.strip()) if _LONG_RUN <= len(longest.strip()) < len(text) else ()


@cache
def _writers(signature: str) -> str:
    """The sources and programs of a signature, in lower case."""
    from ..signatures.catalogue import catalogue

    return " ".join(catalogue().by_id[signature].row.sources).casefold()


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
