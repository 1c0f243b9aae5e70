"""A room that answers about the very bundles it was given, not about the newest of their nodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..tools.room import Room

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle


@dataclass(frozen=True, slots=True)
class PinnedRoom(Room):
    """As Room; `pinned` are bundles by the name they are asked for with (their digest)."""

    pinned: "Mapping[str, Bundle]" = field(default_factory=dict)

    def bundle(self, instance_id: str | None) -> "tuple[Bundle, str | None]":
        """The pinned bundle of that name, else the newest one of that instance."""
        found = self.pinned.get(instance_id or "")
        return (found, None) if found is not None else Room.bundle(self, instance_id)
