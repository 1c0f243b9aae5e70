"""The limits of the host as a whole: processes and threads, open files, processor shares of containers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, Issue, Reading
from .process_list import ProcessList
from .quantities import share
from .sysctls import Sysctl, Sysctls
from .tables import rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_NEAR_PERCENT = 70.0
"""At this share of a limit the node monitoring agent warns (ApproachingKernelPidMax, ApproachingMaxOpenFiles)."""
_FULL_PERCENT = 90.0
_ZOMBIES = 20
_THROTTLED = re.compile(r"(nr_periods|nr_throttled) (\d{1,15})")


@dataclass(frozen=True, slots=True)
class PidUse:
    """Threads (each takes a process id) against the smaller kernel limit. None: not known."""

    processes: int | None
    threads: int | None
    limit: int | None
    limit_from: Sysctl | None
    counted: Evidence | None

    @property
    def percent(self) -> float | None:
        number = self.threads if self.threads is not None else self.processes
        return share(number, self.limit) if number is not None and self.limit else None


def read_pid_use(listed: ProcessList, tasks: int | None, sysctls: Sysctls) -> PidUse:
    """Counts of the process list (of top where that is not there) against kernel.pid_max and kernel.threads-max."""
    limits = [
        (number, found)
        for name in ("kernel.pid_max", "kernel.threads-max")
        if (found := sysctls.get(name)) and (number := sysctls.number(name))
    ]
    limit = min(limits, key=lambda row: row[0], default=None)
    processes = listed.processes if listed.processes is not None else tasks
    return PidUse(processes, listed.threads, limit[0] if limit else None, limit[1] if limit else None, listed.threads_of)


def pid_readings(use: PidUse, listed: ProcessList) -> Iterator[Reading]:
    """Processes, threads, zombies, and the limit."""
    where = use.counted.ref if use.counted else None
    yield Reading("processes", use.processes, "processes")
    yield Reading("threads", use.threads, "threads", where)
    limit = use.limit_from
    yield Reading("pid_limit", use.limit, "threads", limit.ref if limit else None, note="smaller of pid_max and threads-max")
    yield Reading("pid_used_percent", use.percent, "percent", limit.ref if limit else None)
    zombies = sum(p.zombie for p in listed.rows) if listed.processes is not None else None
    yield Reading("zombies", zombies, "processes", note="ended, not reaped by their parent")


def pid_issues(use: PidUse, listed: ProcessList) -> Iterator[Issue]:
    """Near the limit, and processes nobody reaps."""
    if use.percent is not None and use.percent >= _NEAR_PERCENT and use.limit_from:
        what = "threads" if use.threads is not None else "processes"
        number = use.threads if use.threads is not None else use.processes
        title = f"{number} {what} of at most {use.limit} ({use.percent} %): soon nothing more can be started"
        quotes = (use.limit_from.evidence, *([use.counted] if use.counted else []))
        yield Issue("host.pid_limit", title, "high", quotes, ("pid_pressure",), weight=4)
    zombies = [p for p in listed.rows if p.zombie]
    if len(zombies) >= _ZOMBIES:
        title = f"{len(zombies)} processes have ended and are not reaped: each keeps its process id"
        quotes = tuple(p.evidence for p in zombies[:3])
        yield Issue("host.zombies", title, "medium", quotes, ("pid_pressure",), weight=2)


# ---- open files -----------------------------------------------------------------------------------------------------
def file_use(sysctls: Sysctls) -> tuple[tuple[Reading, ...], tuple[Issue, ...]]:
    """fs.file-nr: allocated, unused, most of the whole node. On new kernels the most is the largest number there is."""
    found = sysctls.get("fs.file-nr")
    numbers = found.numbers if found else ()
    if not found or len(numbers) != 3:
        return (Reading("open_files", None, "files"), Reading("open_files_percent", None, "percent")), ()
    percent = share(numbers[0], numbers[2])
    readings = (
        Reading("open_files", numbers[0], "files", found.ref),
        Reading("open_files_percent", percent, "percent", found.ref, note="of fs.file-max, for the whole node"),
    )
    if percent is None or percent < _NEAR_PERCENT:
        return readings, ()
    full = percent >= _FULL_PERCENT
    title = f"{numbers[0]} files are open of at most {numbers[2]} ({percent} %) on the whole node"
    issue = Issue("host.open_files", title, "high" if full else "medium", (found.evidence,), ("inode",), weight=3 if full else 2)
    return readings, (issue,)


# ---- containers at their processor limit ----------------------------------------------------------------------------
def throttling(bundle: "Bundle") -> Iterator[Reading]:
    """Containers whose processor limit held them back since they started (system/cpu_throttling.txt). Which processes
    they hold is not told: the script looks them up by the beginning of their number."""
    groups: list[tuple[float, int, Evidence]] = []
    periods = 0
    clean = None
    for row in rows_of(bundle, "throttling", "cpu_throttling.txt"):
        clean = clean or ("No CPU Throttling Found" in row.text)
        found = _THROTTLED.fullmatch(row.text.strip())
        if found and found[1] == "nr_periods":
            periods = int(found[2])
        elif found and int(found[2]):
            groups.append((share(int(found[2]), periods) or 0.0, int(found[2]), row.evidence))
            periods = 0
    groups.sort(key=lambda g: -g[0])
    note = "since each started, not a rate"
    # Kubernetes nests groups: one container shows in its pod's group as well.
    yield Reading("cpu_throttled_groups", len(groups) if groups or clean else None, "control groups", note=note)
    for number, (percent, times, evidence) in enumerate(groups[:3], 1):
        scope = f"throttled group {number}"
        yield Reading("throttled_percent", percent, "percent of periods", evidence.ref, scope, note)
        yield Reading("throttled_periods", times, "periods", evidence.ref, scope, note)


def large_environments(bundle: "Bundle") -> Iterator[Reading]:
    """Processes with more than 1000 environment variables: each service of a namespace adds some, and starts get slow."""
    rows = list(rows_of(bundle, "environments"))
    headed = any(re.match(r"PID\s+Count", r.text) for r in rows)
    found = [(int(c[1]), r) for r in rows if (c := re.fullmatch(r"\d{1,10}\s+(\d{1,9})", r.text.strip()))]
    ref = found[0][1].ref if found else None
    yield Reading("large_environments", len(found) if headed else None, "processes", ref, note="above 1000 variables")
    if found:
        yield Reading("largest_environment", max(n for n, _ in found), "variables", ref)
