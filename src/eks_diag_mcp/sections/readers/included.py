"""Showing another section's look inside a section (runbooks expect `instance` to include disk, inodes and io)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import Issue, Outcome, Reading
from .disk_space import read_disk
from .inode_space import read_inodes
from .io_load import read_io
from .tables import Look
from .vpc_cni import conclude

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_READERS = {"disk": read_disk, "inodes": read_inodes, "io": read_io}


def look_at(bundle: "Bundle", *names: str) -> dict[str, Look]:
    """The looks of those names: disk, inodes, io."""
    return {name: _READERS[name](bundle) for name in names}


def outcome_readings(looks: dict[str, Look]) -> Iterator[Reading]:
    """Their outcomes, and the readings that are about the node as a whole."""
    for name, look in looks.items():
        outcome: Outcome = conclude(look.known, look.issues)
        yield Reading(f"{name}_outcome", outcome, note=f"section {name} has the details")
        yield from (r for r in look.readings if r.scope is None)


def shown_issues(looks: Iterable[Look]) -> tuple[Issue, ...]:
    """Their issues, for showing only: the section they belong to speaks for the causes, so that nothing counts twice."""
    return tuple(replace(i, speaks_for=(), role="context") for look in looks for i in look.issues)
