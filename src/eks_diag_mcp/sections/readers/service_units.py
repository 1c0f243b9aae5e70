"""The systemd units (`systemctl list-units`): loaded units that are active, failed, or about to start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence
from .tables import rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

# The bullet before a unit is a filled, an open or a crossed circle, by release and state.
_UNIT = re.compile(r"[^\w/@-]*([\w@:.\\-]+\.[a-z]+)\s+(loaded|not-found|masked|bad-setting|error)\s+(\w+)\s+([\w-]+)\b.*")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit and its state, as in `loaded active running`."""

    name: str
    load: str
    active: str
    sub: str
    evidence: Evidence

    @property
    def state(self) -> str:
        return f"{self.active} {self.sub}"

    @property
    def failed(self) -> bool:
        """It ended with an error, or is started over and over."""
        return self.active == "failed" or self.sub in ("failed", "auto-restart", "auto-restart-queued")


def read_units(bundle: "Bundle") -> Mapping[str, Unit]:
    """The units by name; none where the list is absent or holds error text (`Failed to connect to bus`)."""
    units: dict[str, Unit] = {}
    for row in rows_of(bundle, "services"):
        if found := _UNIT.fullmatch(row.text):
            units.setdefault(found[1], Unit(found[1], found[2], found[3], found[4], row.evidence))
    return units
