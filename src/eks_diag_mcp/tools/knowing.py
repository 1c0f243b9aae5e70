"""What the judge and the sections know of a node, as runbooks ask for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..runbooks.judging import Known
from .room import Room

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle


def known_of(room: Room, bundle: "Bundle") -> Known:
    """The diagnosis, readings by section and name, and what signatures found."""
    return Known(room.app.diagnosis(bundle), _values(room, bundle), _seen(room, bundle))


def _values(room: Room, bundle: "Bundle") -> Callable[[str, str], object]:
    return lambda section, reading: room.app.section(bundle, section).value(reading)


def _seen(room: Room, bundle: "Bundle") -> Callable[[str], tuple[str, ...] | None]:
    """Ids of a signature's findings that no later line healed; None where none of its sources could be read."""
    live: dict[str, list[str]] = {}
    for finding in room.app.findings(bundle):
        if finding.healed_at is None:
            live.setdefault(finding.signature, []).append(finding.id)

    def seen(signature: str) -> tuple[str, ...] | None:
        if ids := live.get(signature):
            return tuple(ids)
        row = room.app.catalogue.by_id.get(signature)
        sources = {scope.partition("/")[0] for scope in row.row.sources} if row else set()
        return () if any(bundle.coverage(name).readable for name in sources) else None

    return seen
