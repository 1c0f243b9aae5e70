"""What block devices do to the node: time waited since each process started, pressure, and broken-up free space.

Counters are totals since a process started, never rates: a large one on an old process is normal."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model import Evidence, Issue, Reading
from .host_load import Stall, Top, read_stalls, read_top, stall_readings
from .process_list import ProcessList, read_processes, read_stats
from .sysctls import read_sysctls
from .tables import Look, plain, rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_MOST = 5
_IOWAIT_PERCENT = 30.0
_STALL_PERCENT = 30.0
_STUCK = 5
_SMALL_EXTENT = 16.0
"""Blocks; below it the node monitoring agent warns (XFSSmallAverageClusterSize)."""
_THROTTLED = re.compile(r"(\d{1,10}) \(?([^()]{1,40})\)? (\d{1,15})")
_SINCE_START = "waited since the process started, not a rate"


def read_io(bundle: "Bundle") -> Look:
    """Readings and issues of block input and output."""
    top, stalls, listed = read_top(bundle), read_stalls(bundle), read_processes(bundle)
    waits, extents = _waits(bundle), list(_extents(bundle))
    stuck = [p for p in listed.rows if p.state.startswith("D")] if listed.processes else None
    readings = [
        Reading(
            "iowait_percent",
            top.iowait_percent,
            "percent",
            top.cpu_row.ref if top.cpu_row else None,
            None,
            "of processor time; since boot in most releases of top",
        ),
        *stall_readings(stalls, "io"),
        Reading("processes_waiting", len(stuck) if stuck is not None else None, "processes", note="in state D at capture"),
        *_wait_readings(bundle, waits),
        *(Reading("average_free_extent", size, "blocks", evidence.ref, device) for device, size, evidence in extents),
    ]
    issues = (*_load_issues(top, stalls), *_stuck_issue(listed), *_extent_issue(extents))
    known = top.iowait_percent is not None or bool(stalls) or waits is not None
    return Look(tuple(readings), issues, known)


# ---- what was read --------------------------------------------------------------------------------------------------
def _waits(bundle: "Bundle") -> list[tuple[int, str, Evidence]] | None:
    """(centiseconds, process, its row), the longest first; None where nothing tells. /proc/PID/stat goes before the
    script's own list: that list splits at blanks, so processes with a blank in their name have another column in it,
    and until May 2025 it left out every number that ends in 0."""
    stats = [s for s in read_stats(bundle) if s.block_wait_cs is not None]
    if stats:
        counted = [(s.block_wait_cs or 0, f"{s.name}[{s.pid}]", s.row.evidence) for s in stats]
        return sorted((c for c in counted if c[0]), key=lambda c: -c[0])
    found, headed = [], False
    for row in rows_of(bundle, "throttling", "io_throttling.txt"):
        headed = headed or row.text.startswith("PID Name")
        cells = _THROTTLED.fullmatch(row.text.strip())
        # With a blank in its name the second word lacks its closing bracket, and the number is another column.
        whole = cells and (row.text.count("(") == row.text.count(")")) and " " not in cells[2]
        if cells and whole:
            found.append((int(cells[3]), f"{plain(cells[2], 20) or '?'}[{cells[1]}]", row.evidence))
    return sorted(found, key=lambda c: -c[0]) if headed else None


def _wait_readings(bundle: "Bundle", waits: list[tuple[int, str, Evidence]] | None) -> Iterator[Reading]:
    accounting = read_sysctls(bundle).get("kernel.task_delayacct")
    off = accounting is not None and accounting.value == "0"  # so by default since Linux 5.14
    note = _SINCE_START
    if off:
        note = "the kernel counts no delays here (kernel.task_delayacct=0): nothing can be said"
        waits = None
    total = round(sum(w[0] for w in waits) / 100, 1) if waits is not None else None
    ref = waits[0][2].ref if waits else accounting.ref if accounting and off else None
    yield Reading("block_io_delay_total", total, "seconds", ref, None, note)
    for centiseconds, process, evidence in (waits or [])[:_MOST]:
        yield Reading("block_io_delay_seconds", centiseconds / 100, "seconds", evidence.ref, process, note)


def _extents(bundle: "Bundle") -> Iterator[tuple[str, float, Evidence]]:
    """(device, average free extent in blocks, row) of each XFS file system."""
    device = "xfs"
    for row in rows_of(bundle, "xfs"):
        if head := re.match(r"meta-data=(\S{1,100})", row.text):
            device = plain(head[1], 100) or "xfs"
        elif size := re.match(r"average free extent size (\d{1,12}(?:\.\d{1,6})?(?:e\+\d{1,2})?)\s*$", row.text):
            yield device, float(size[1]), row.evidence


# ---- what is wrong --------------------------------------------------------------------------------------------------
def _load_issues(top: Top, stalls: tuple[Stall, ...]) -> Iterator[Issue]:
    if top.iowait_percent is not None and top.cpu_row and top.iowait_percent >= _IOWAIT_PERCENT:
        title = f"The processors wait {top.iowait_percent:.0f} % of their time for block devices"
        yield Issue("io.iowait", title, "medium", (top.cpu_row,), (), weight=2)
    full = next((s for s in stalls if s.resource == "io" and s.kind == "full"), None)
    if full and full.avg60 >= _STALL_PERCENT:
        title = f"For {full.avg60:.0f} % of the last minute all work stood still for block devices"
        yield Issue("io.stalled", title, "medium", (full.evidence,), (), weight=2)


def _stuck_issue(listed: ProcessList) -> Iterator[Issue]:
    stuck = [p for p in listed.rows if p.state.startswith("D")]
    if len(stuck) >= _STUCK:
        title = f"{len(stuck)} processes wait for a device or NFS server and cannot be interrupted (state D)"
        yield Issue("io.processes_stuck", title, "medium", tuple(p.evidence for p in stuck[:3]), (), weight=2)


def _extent_issue(extents: list[tuple[str, float, Evidence]]) -> Iterator[Issue]:
    small = [(device, size, evidence) for device, size, evidence in extents if size < _SMALL_EXTENT]
    if small:
        title = (
            f"Free space on {small[0][0]} is broken up: {small[0][1]:.1f} blocks on average; large writes and new "
            "inodes can fail although df shows room"
        )
        yield Issue("io.xfs_fragmented", title, "medium", tuple(s[2] for s in small[:3]), ("eviction_disk",), weight=2)
