"""Verdicts: the board read off. Says what is supported, when it held, how sure we are, and what would settle the rest."""

from datetime import datetime, timedelta

from ..model import Confidence, Diagnosis, Reason, Severity, Stand, Verdict, When
from .board import Board, Support, Tally
from .causes import plain

_RECURS = timedelta(hours=1)
_STANDS: dict[Stand, int] = {"supported": 0, "unknown": 1, "ruled_out": 2, "not_applicable": 3}
_GRAVITY: dict[Severity, float] = {"critical": 1.0, "high": 0.5}
"""Of two causes that hold at once and explain nothing of one another, the graver one leads."""
_ENOUGH = 3.0
"""One cause line of this weight (a typical sign) supports a cause alone; weaker ones need company."""


def stand_of(tally: Tally) -> Stand | None:
    """None: nothing speaks for or against it."""
    if tally.not_applicable:
        return "not_applicable"
    if tally.ruled_out:
        return "ruled_out"
    causes = [s for s in tally.supports if s.role == "cause"]
    telling = [s for s in causes if not s.rival and not (s.healed and s.brief)]  # what healed within minutes was a transient
    if any(s.weight >= _ENOUGH for s in telling) or len({s.reason.says for s in telling if s.weight >= 2}) >= 2:
        return "supported"
    if any(s.active for s in tally.supports):
        return "unknown"
    return None


def when_of(supports: list[Support]) -> When:
    """at_capture: it holds; recurring: it holds and began more than an hour before; earlier: it was."""
    live = [s for s in supports if s.active]
    if not live:
        return "earlier"
    timed = [s for s in live if s.first and s.last]
    spans = [s for s in timed if s.first and s.last and s.last - s.first > _RECURS and s.count > 2]
    return "recurring" if spans and not any(s.state for s in live) else "at_capture"


def confidence_of(tally: Tally, stand: Stand) -> Confidence:
    """high: names the mechanism, or line and state agree; low: a single weak sign."""
    causes = [s for s in tally.supports if s.active and s.role == "cause"] or tally.supports
    best = max((s.weight for s in causes), default=0)
    agree = any(s.state for s in causes) and any(not s.state for s in tally.supports)
    if stand != "supported":
        return "low"
    if best >= 5 or (best >= 4 and (agree or len(causes) > 1)):
        return "high"
    return "medium" if best >= 3 or agree else "low"


def since_of(tally: Tally) -> datetime | None:
    """The first time its evidence was seen; None where it carries no time."""
    live = [s for s in tally.supports if s.active] or tally.supports
    return min((s.first for s in live if s.first), default=None)


def chain(board: Board) -> None:
    """Walk echo chains back: a cause that another supported one explains follows from it, unless a line of its own says
    more than any line of the other."""
    standing = {c: t for c, t in board.tallies.items() if stand_of(t) == "supported" and when_of(t.supports) != "earlier"}
    deepest = sorted(standing, key=lambda c: -standing[c].score)
    for name in deepest:
        deeper = standing[name]
        for consequence in board.causes.explained(name):
            tally = standing.get(consequence)
            if tally is not None and deeper.best >= tally.best and not _before(tally, deeper):
                tally.follows_from.append(name)
                if not tally.best or (tally.cause.generic and tally.best < deeper.best):  # no cause of its own
                    tally.ruled_out = True


def _before(consequence: Tally, deeper: Tally) -> bool:
    """A consequence that began long before its cause is none."""
    first, then = since_of(consequence), since_of(deeper)
    return bool(first and then and then - first > timedelta(minutes=30) and not any(s.state for s in deeper.supports))


def read_off(board: Board, values: dict[str, object], gaps: tuple[str, ...]) -> Diagnosis:
    """All verdicts with anything to say, best first."""
    chain(board)
    verdicts = [v for t in board.tallies.values() if (v := _verdict(t, values)) is not None]
    verdicts.sort(key=lambda v: _order(v, board[v.id]))
    return Diagnosis(tuple(verdicts), gaps)


def _order(verdict: Verdict, tally: Tally) -> tuple[float, bool, bool, float, float]:
    since = verdict.since.timestamp() if verdict.since else 0.0
    weight = verdict.score + _GRAVITY.get(verdict.severity, 0.0)
    place = 0.5 if tally.follows_from and verdict.stand == "ruled_out" else float(_STANDS[verdict.stand])
    return (place, verdict.when == "earlier", bool(tally.follows_from), -round(weight, 2), since)


def _verdict(tally: Tally, values: dict[str, object]) -> Verdict | None:
    stand = stand_of(tally)
    if stand is None and not tally.against:
        return None
    stand = stand or "ruled_out"
    cause = tally.cause
    when = when_of(tally.supports) if tally.supports and stand in ("supported", "unknown") else None
    against = list(tally.against)
    if tally.follows_from:
        against.insert(0, Reason(f"its signs follow from {', '.join(tally.follows_from[:3])}"))
    severity: Severity = cause.severity if when != "earlier" else "medium"
    return Verdict(
        cause.id,
        cause.title,
        stand,
        when,
        confidence_of(tally, stand),
        severity,
        because=tuple(_because(tally)),
        against=tuple(against),
        would_settle=cause.settles if stand == "unknown" else (),
        mitigation=plain(cause.mitigation, values) if stand == "supported" else None,
        sops=cause.sops,
        since=since_of(tally),
        score=tally.score,
    )


def _because(tally: Tally) -> list[Reason]:
    """The arguments, the strongest first, each wording once."""
    order = sorted(tally.supports, key=lambda s: (not s.active, s.role != "cause", -s.weight))
    unique: dict[str, Reason] = {}
    for support in order:
        if not (support.healed and support.brief and unique):
            unique.setdefault(support.reason.says.split(" (")[0], support.reason)
    return list(unique.values())[:5]
