"""The restarts of the node (`last reboot`): times without a year, the newest first."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ...bundle.clock import Clock, Stamp
from ...model import Evidence
from .tables import rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

WITHIN = timedelta(days=10)
"""As far back as the bundle's journals reach."""
_ROW = re.compile(r"reboot\s+system boot\s+(\S+)\s+(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d)\b.*")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_boots(bundle: "Bundle") -> list[tuple[datetime, Evidence]] | None:
    """Each boot within those days before the capture; None where the list is absent or holds an error text."""
    rows = list(_boots(bundle))
    if not rows:
        return None
    return [(time, evidence) for time, evidence in rows if time >= bundle.captured - WITHIN]


def _boots(bundle: "Bundle") -> Iterator[tuple[datetime, Evidence]]:
    clock = Clock(bundle.captured)
    for row in rows_of(bundle, "last-reboot"):
        found = _ROW.fullmatch(row.text.strip())
        if found is None or found[2] not in _MONTHS:
            continue
        try:
            place = datetime(2000, _MONTHS.index(found[2]) + 1, int(found[3]), int(found[4]), int(found[5]), tzinfo=UTC)
        except ValueError:
            continue
        if time := clock.resolve(Stamp(place, yearless=True)):
            yield time, row.evidence
