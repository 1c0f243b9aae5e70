"""Which runbooks fit what was found. One matcher (runbooks/match.py) serves list_sops and every answer that suggests."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..model import Finding
from .room import Room
from .shapes import Answer

if TYPE_CHECKING:
    from ..runbooks.match import Match

_MOST = 3
BEST = 2
"""So many stand in an answer that is about something else."""
_LEAST = 0.3  # below this a runbook only shares words with what was found
_ECHO = 0.7  # an echo tells less of what to do than a cause
_NEXT = 0.08  # each further finding counts a little less
_ID = re.compile(r"[FR]-[0-9a-f]{8}")


class SopHint(Answer):
    """A runbook that fits, and why. The id says its title in short."""

    id: str
    why: str


def suggest(room: Room, findings: Iterable[Finding], causes: Sequence[str] = ()) -> list[SopHint]:
    """The runbooks that fit the judge's causes and the findings that stand, best first."""
    from ..runbooks.match import rank

    best: dict[str, tuple[float, Match]] = {}
    live = [f for f in findings if f.role != "context" and f.healed_at is None]
    asked = [(rank(room.app.sops, "", _MOST, _reasons(causes)), 1.0)] if causes else []
    for place, finding in enumerate(live):
        share = max(0.3, 1.0 - _NEXT * (place + len(asked))) * (_ECHO if finding.role == "echo" else 1.0)
        asked.append((of_finding(room, finding), share))
    for matches, share in asked:
        for match in matches:
            score = match.score * share
            if score >= _LEAST and score > best.get(match.sop.id, (0.0, match))[0]:
                best[match.sop.id] = (score, match)
    ranked = sorted(best.values(), key=lambda pair: -pair[0])[:_MOST]
    return [SopHint(id=m.sop.id, why=m.why) for _, m in ranked]


def of_finding(room: Room, finding: Finding) -> "tuple[Match, ...]":
    """The runbooks that fit one finding: its line and the causes it speaks for."""
    from ..runbooks.match import rank

    text = finding.evidence[0].text if finding.evidence else finding.title
    return rank(room.app.sops, text, _MOST, _reasons(finding.speaks_for))


def matches(room: Room, symptom: str) -> "tuple[Match, ...]":
    """The runbooks that fit a symptom; the id of a finding or issue of any bundle at hand stands for what it is."""
    from ..runbooks.match import rank

    wanted = symptom.strip().strip("`")
    return (_of_id(room, wanted) if _ID.fullmatch(wanted) else None) or rank(room.app.sops, symptom)


def _of_id(room: Room, wanted: str) -> "tuple[Match, ...] | None":
    from ..runbooks.match import rank

    library = room.app.library
    for bundle in (bundle for instance in library.instances() for bundle in library.bundles(instance)):
        found = next((f for f in room.app.findings(bundle) if f.id == wanted), None)
        if found is not None:
            text = found.evidence[0].text if found.evidence else found.title
            return rank(room.app.sops, text, None, _reasons(found.speaks_for))
        issues = (i for s in room.app.sections(bundle).values() for i in s.issues) if wanted.startswith("R-") else ()
        issue = next((i for i in issues if i.id == wanted), None)
        if issue is not None:
            return rank(room.app.sops, issue.title, None, _reasons(issue.speaks_for))
    return None


def _reasons(causes: Iterable[str]) -> list[tuple[str, str]]:
    return [(cause, f"cause {cause}") for cause in causes]
