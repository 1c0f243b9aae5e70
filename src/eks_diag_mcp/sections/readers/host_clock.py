"""The node's clock: which service keeps it, and whether that has a source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence
from .service_units import Unit

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_KEEPERS = ("chronyd.service", "chrony.service", "systemd-timesyncd.service", "ntpd.service", "ntp.service")
# Only the line's own program counts: other programs' text in the same log is anybody's.
_HEAD = r"^(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT\S{8,30}) \S{1,80} "
_LOST = _HEAD + (
    r"(?:chronyd(?:\[\d+\])?: Can't synchronise"
    r"|systemd-timesyncd(?:\[\d+\])?: (?:Timed out waiting for reply|No network connectivity)"
    r"|ntpd(?:\[\d+\])?: (?:no servers reachable|no server suitable))"
)
_FOUND = _HEAD + (
    r"(?:chronyd(?:\[\d+\])?: Selected source|systemd-timesyncd(?:\[\d+\])?: (?:Initial s|S)ynchroni[sz]ed to"
    r"|systemd-timesyncd(?:\[\d+\])?: Contacted time server|ntpd(?:\[\d+\])?: (?:clock_sync|synchronized to))"
)
_STEP = _HEAD + r"chronyd(?:\[\d+\])?: System clock wrong by -?\d"
_NOT_SYNCHRONISED = r"System clock synchronized: no|NTP synchronized: no|Leap status\s{1,8}: Not synchronised|STA_UNSYNC"


@dataclass(frozen=True, slots=True)
class ClockState:
    """`keeper`: the unit that keeps time; `lost`: the newest line that says it has no source, unless one was found later;
    `step`: the newest line that says by how much the clock was wrong; `said`: a state file that says it is not synchronised."""

    keeper: Unit | None
    lost: Evidence | None
    found: Evidence | None
    step: Evidence | None
    said: Evidence | None


def read_clock(bundle: "Bundle", units: Mapping[str, Unit]) -> ClockState:
    """The state of the clock at capture."""
    known = [units[name] for name in _KEEPERS if name in units]
    known.sort(key=lambda u: u.active != "active")
    lost, found = bundle.latest(_LOST, ("messages",)), bundle.latest(_FOUND, ("messages",))
    if lost and found and (not lost.time or not found.time or found.time >= lost.time):
        lost = None
    said = bundle.latest(_NOT_SYNCHRONISED, ("host-info",))
    return ClockState(known[0] if known else None, lost, found, bundle.latest(_STEP, ("messages",)), said)


def wrong_by_seconds(line: Evidence) -> float | None:
    """By how much chronyd found the clock wrong (`System clock wrong by -1.234 seconds`)."""
    found = re.search(r"wrong by (-?\d{1,12}(?:\.\d{1,9})?) seconds", line.text)
    return float(found[1]) if found else None
