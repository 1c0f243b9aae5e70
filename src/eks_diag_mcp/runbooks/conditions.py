"""What a sentence of a runbook is about, where no row of thumb.yaml knows it: causes it names, lines it quotes, or the
words of a cause's title. Used for rules of thumb ("If X: it is Y") and for escalation conditions.

A sentence that names a cause by its id is judged by that cause. One that quotes a line is judged by whether the line is
there, unless its conclusion names a cause. Words alone must cover most of a title, and the causes of the runbook's own
subject come first; what is said names the cause that was judged, so that a reader sees what the answer rests on."""

import re
from dataclasses import dataclass
from functools import cache

from ..diagnose.causes import Cause, causes
from .contract import contract
from .model import Sop
from .stems import rarity, stems
from .tie import tied
from .wording import concluded_causes, named_causes, subjects

_QUOTED = re.compile(r"`([^`\n]{5,200})`|\"([^\"\n]{8,200})\"|“([^”\n]{8,200})”")
_PREMISE_END = re.compile(r":\s|\s[—–→]\s|\s=>\s|\bthen\b")
_MAX_TIED = 12  # a phrase that more signatures know says nothing in particular
_OWN, _ANY = 0.5, 0.7
"""Share of a title's weight that a sentence must cover, for causes of the runbook's subject and for any other."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What decides a sentence: causes that it concludes or names, signatures that its premise quotes."""

    causes: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()


def condition_of(text: str, sop: Sop) -> Condition | None:
    """What decides the sentence; None where nothing in it can be tied to anything known."""
    if concluded := concluded_causes(text, sop):
        return Condition(concluded)
    premise = _PREMISE_END.split(text, maxsplit=1)[0]
    signatures = _quoted_signatures(premise)
    named = named_causes(text, sop)
    if not named and not signatures:
        named = _by_words(premise, sop) or _by_words(text, sop)
    return Condition(named, signatures) if named or signatures else None


def _quoted_signatures(text: str) -> tuple[str, ...]:
    """The signatures that the quoted phrases stand for."""
    found: dict[str, None] = {}
    for match in _QUOTED.finditer(text):
        phrase = match[1] or match[2] or match[3]
        known = () if phrase in contract().tools or phrase in causes().by_id else tied(phrase)
        if len(known) <= _MAX_TIED:
            found |= dict.fromkeys(known)
    return tuple(found)


def _by_words(text: str, sop: Sop) -> tuple[str, ...]:
    """The one cause whose title the text covers best; none where two are equally near."""
    words = stems(text)
    own = subjects(sop)
    scored = sorted(((_covered(row, words), row.id) for row in causes().rows), reverse=True)
    near = [(share, name) for share, name in scored if share >= (_OWN if name in own else _ANY)]
    near.sort(key=lambda pair: (pair[1] not in own, -pair[0]))
    if not near or (len(near) > 1 and near[0][0] == near[1][0] and (near[0][1] in own) == (near[1][1] in own)):
        return ()
    return (near[0][1],)


def cause_by_title(text: str) -> str:
    """The cause whose title the text covers, whatever runbook it is for; "" where none is near, or two are."""
    words = stems(text)
    scored = sorted(((_covered(row, words), row.id) for row in causes().rows), reverse=True)[:2]
    return scored[0][1] if scored[0][0] >= _OWN and scored[0][0] > scored[1][0] else ""


def _covered(row: Cause, words: frozenset[str]) -> float:
    """Share of the title's weight whose stems stand in the text; nothing below two stems."""
    weights, title = _titles()
    wanted = title[row.id]
    shared = wanted & words
    if len(shared) < min(2, len(wanted)):
        return 0.0
    return sum(weights[w] for w in shared) / sum(weights[w] for w in wanted) if wanted else 0.0


@cache
def _titles() -> tuple[dict[str, float], dict[str, frozenset[str]]]:
    title = {row.id: stems(row.title) for row in causes().rows}
    return dict(rarity(title.values())), title
