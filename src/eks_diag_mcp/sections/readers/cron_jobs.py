"""Jobs that cron starts more often than every five minutes (node agent reason RapidCron): each start costs a node that is
short of processor time or processes."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ...model import Evidence

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_OFTEN = timedelta(minutes=5)
_LINE = r"\bCMD \("
_COMMAND = re.compile(r"\bCMD \((.{1,300})\)\s*$")


@dataclass(frozen=True, slots=True)
class RapidJob:
    """A command (as it stands in the log), the shortest time between two starts, and the later of the two."""

    command: str
    gap: timedelta
    evidence: Evidence


def rapid_jobs(bundle: "Bundle") -> tuple[RapidJob, ...]:
    """The commands that were started twice within five minutes, the most frequent first."""
    last: dict[str, datetime] = {}
    found: dict[str, RapidJob] = {}
    for line in bundle.grep(_LINE, ("cron",)):
        command = _COMMAND.search(line.text)
        if command is None or line.time is None:
            continue
        name = command[1]
        gap = line.time - last[name] if name in last else None
        last[name] = line.time
        if gap is not None and timedelta() < gap < _OFTEN and (name not in found or gap < found[name].gap):
            found[name] = RapidJob(name, gap, line)
    return tuple(sorted(found.values(), key=lambda job: (job.gap, job.command)))
