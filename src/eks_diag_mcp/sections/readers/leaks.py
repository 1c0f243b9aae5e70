"""Addresses held for sandboxes that no longer exist: ipamd counts them as assigned, and no pod uses them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .checkpoint import Allocation
from .containers import ContainerIds

YOUNG = timedelta(minutes=2)
"""An address this fresh may belong to a sandbox that was made after the container list was taken."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """`addresses` None: nothing proves it either way, and `why` says what is missing."""

    addresses: tuple[Allocation, ...] | None
    why: str = ""


def find_leaks(allocations: tuple[Allocation, ...], containers: ContainerIds, captured: datetime) -> Leaks:
    """The allocations whose sandbox containerd does not list. A list that knows less than half of the sandboxes is
    taken for incomplete (a cut file, another runtime), never for proof of a leak."""
    named = [a for a in allocations if a.sandbox]
    if not named:
        return Leaks(None, "no file names the sandboxes that hold addresses")
    if not containers.listed:
        return Leaks(None, "no list of containers")
    missing = tuple(a for a in named if a.sandbox not in containers.listed)
    if (len(named) - len(missing)) * 2 < len(named):
        return Leaks(None, "the list of containers knows fewer than half of the sandboxes, so it proves nothing")
    return Leaks(tuple(a for a in missing if a.time is None or captured - a.time > YOUNG))
