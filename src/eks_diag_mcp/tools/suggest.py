"""Which runbooks fit what was found."""

from collections.abc import Iterable

from ..model import Finding
from .room import Room
from .shapes import Answer


class SopHint(Answer):
    """A runbook that fits, and why."""

    id: str
    title: str
    why: str


def suggest(room: Room, findings: Iterable[Finding], causes: Iterable[str] = ()) -> list[SopHint]:
    """Runbooks linked by the causes that findings speak for, then those whose triggers match their lines."""
    from ..diagnose.causes import causes as table
    from ..runbooks.match import rank

    found: dict[str, SopHint] = {}
    live = [f for f in findings if f.role != "context" and f.healed_at is None]
    for cause in [*causes, *(c for f in live for c in f.speaks_for)]:
        row = table().by_id.get(cause)
        for name in row.sops if row else ():
            sop = next((s for s in room.app.sops.sops if name in (s.short_id, s.id)), None)
            if sop is not None:
                found.setdefault(sop.id, SopHint(id=sop.id, title=sop.title, why=f"cause {cause}"))
    for finding in live:
        for match in rank(room.app.sops, finding.evidence[0].text if finding.evidence else finding.title, 2):
            if match.trigger:
                found.setdefault(match.sop.id, SopHint(id=match.sop.id, title=match.sop.title, why=f"trigger {match.trigger!r}"))
    return list(found.values())[:3]
