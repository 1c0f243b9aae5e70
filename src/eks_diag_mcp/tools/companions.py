"""What always accompanies the pivot of correlate, over the whole bundle and not only the window that is shown."""

from typing import TYPE_CHECKING

from .room import Room
from .shapes import Answer, Line

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

_NEAR_S = 30
"""Seconds each side that count as near; wider windows stand near everything."""
_MOST_LINES, _MOST_ROWS = 400, 8


class CompanionOut(Answer):
    """A signature near `near` ("18 of 19") occurrences of the pivot, `offset_seconds` from it in the median (negative:
    before). `chance`: the share it would have if the two had nothing to do with one another."""

    signature: str
    title: str | None = None
    role: str
    near: str
    offset_seconds: float
    chance: float


def companions(room: Room, bundle: "Bundle", at: Line | None, event: str | None, side_s: int) -> list[CompanionOut] | None:
    """The companions of the pivot's signature, or of the lines that match `event`; None where nothing always is."""
    from ..signatures.company import company

    known = room.app.known_lines(bundle)
    row = known.get(at.file, at.line) if at else None
    name = row[0] if row else None
    rows = dict(known.times)
    pivot = rows.pop(name) if name else _times(room, bundle, event)
    out = []
    for found in company(pivot, rows, min(side_s, _NEAR_S) * 1000)[:_MOST_ROWS]:
        signature = room.app.catalogue.by_id.get(found.signature)
        if signature is not None:
            near = f"{found.near} of {found.occurrences}"
            out.append(
                CompanionOut(
                    signature=found.signature,
                    title=signature.row.title,
                    role=signature.row.role,
                    near=near,
                    offset_seconds=found.offset_s,
                    chance=found.expected,
                )
            )
    return out or None


def _times(room: Room, bundle: "Bundle", event: str | None) -> list[int]:
    """The times of the lines that match, in epoch milliseconds; at most so many a file, the newest."""
    from ..bundle.matches import quoted
    from ..bundle.query import Query
    from ..bundle.search import in_order, search
    from ..model import Window

    if event is None:
        return []
    query = Query(event)
    result = search(bundle, query, in_order(bundle, None), Window(None, None, ""), room.budget(2))
    matches = [m for f in result.files for m in quoted(bundle, query, f, f.newest(_MOST_LINES), 0)]
    return [int(m.time.timestamp() * 1000) for m in matches if m.time]
