"""Which runbooks are about a cause."""

from collections.abc import Iterable

from ..diagnose.causes import causes
from .model import Sop
from .wording import DECLARED, subjects


def about(sops: Iterable[Sop], cause: str) -> tuple[Sop, ...]:
    """The runbooks about a cause: those that say so (or that causes.yaml names, in its order) first, then those that have a
    word for it."""
    row = causes().by_id.get(cause)
    named = list(row.sops) if row else []
    ranked = [(strength, sop) for sop in sops if (strength := subjects(sop).get(cause))]
    ranked.sort(key=lambda pair: (-pair[0], named.index(pair[1].short_id) if pair[1].short_id in named else len(named)))
    best = [sop for strength, sop in ranked if strength == DECLARED]
    return tuple(best or [sop for _, sop in ranked])
