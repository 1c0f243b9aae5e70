"""The container and task lists of containerd (`ctr containers list`, `ctr tasks list`).

Sandbox ids are container ids, so an address held by a sandbox that neither list knows belongs to no pod any more."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_ROW = re.compile(r"^([0-9a-f]{64})\s+(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ContainerIds:
    """`listed`: in either list; `running`: a task that runs."""

    listed: frozenset[str]
    running: frozenset[str]


def read_container_ids(bundle: "Bundle") -> ContainerIds:
    """The ids of both lists; empty where the lists are absent or hold error text."""
    listed: set[str] = set()
    running: set[str] = set()
    for file in bundle.texts("containerd-state"):
        if not file.path.endswith(("containerd-containers.txt", "containerd-tasks.txt")):
            continue
        for row in _ROW.finditer(file.text):
            listed.add(row[1])
            if row[2].rstrip().endswith("RUNNING"):
                running.add(row[1])
    return ContainerIds(frozenset(listed), frozenset(running))
