"""Section conntrack: is the connection tracking table full, and do the kernel settings beside it let traffic through?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section
from .readers.conntrack_table import ConntrackTable, read_conntrack
from .readers.ena_counters import AVAILABLE, counter_readings, read_ena
from .readers.ip_routing import read_routing
from .readers.sysctls import Sysctls
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("sysctls", "conntrack", "dmesg", "ethtool")
FULL, NEAR = 90.0, 75.0
"""Percent of the table: from the first on it is full for all that matters, below the second it is healthy."""
_TABLE_FULL = r"nf_conntrack: (?:nf_conntrack: )?table full, dropping packet"
_NEIGHBOURS_FULL = r"neighbou?r table overflow"
_RACES = 100
"""Failed inserts since boot below which nobody notices."""
_SHOWN = (
    ("ip_forward", "net.ipv4.ip_forward", ""),
    ("ipv6_forwarding", "net.ipv6.conf.all.forwarding", ""),
    ("neighbour_gc_thresh3", "net.ipv4.neigh.default.gc_thresh3", "entries"),
    ("tcp_mtu_probing", "net.ipv4.tcp_mtu_probing", ""),
    ("pid_max", "kernel.pid_max", "processes"),
    ("inotify_max_user_instances", "fs.inotify.max_user_instances", "instances"),
    ("inotify_max_user_watches", "fs.inotify.max_user_watches", "watches"),
)


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section. sysctls are those of the host's namespace; pods have their own for some."""
    table = read_conntrack(bundle)
    device = read_routing(bundle).primary_device
    full, neighbours = _kernel_lines(bundle, _TABLE_FULL), _kernel_lines(bundle, _NEIGHBOURS_FULL)
    ena = read_ena(bundle)
    readings = (
        *table.readings(),
        _lines_reading("table_full_lines", bundle, full),
        *counter_readings(ena, ("conntrack_allowance_exceeded", AVAILABLE)),
        *_settings(table.sysctls, device),
        _lines_reading("neighbour_overflow_lines", bundle, neighbours),
    )
    issues = (*_table_issues(table, full), *_setting_issues(table.sysctls, device), *_neighbour_issue(table.sysctls, neighbours))
    return Section(
        "conntrack", conclude(table.share is not None, issues), readings, issues, tuple(bundle.coverage(s) for s in SOURCES)
    )


def _kernel_lines(bundle: "Bundle", pattern: str) -> tuple[Evidence, ...]:
    """The lines of the kernel's log, once: its files repeat one another, so the fullest counts."""
    files: dict[str, list[Evidence]] = {}
    for line in bundle.grep(pattern, ("dmesg",)):
        files.setdefault(line.file, []).append(line)
    if not files:
        return ()
    fullest = max(files.values(), key=len)
    return tuple(fullest)


def _lines_reading(name: str, bundle: "Bundle", lines: tuple[Evidence, ...]) -> Reading:
    readable = bundle.coverage("dmesg").readable
    note = f"last {lines[-1].time.isoformat()}" if lines and lines[-1].time else ""
    return Reading(
        name,
        len(lines) if readable else None,
        "lines",
        lines[-1].ref if lines else None,
        note=note or "kernel log, which leaves repeats out",
    )


# ---- readings -------------------------------------------------------------------------------------------------------
def _settings(settings: Sysctls, device: str | None) -> Iterator[Reading]:
    for name, key, unit in _SHOWN:
        found = settings.get(key)
        yield Reading(name, settings.number(key), unit, found.ref if found else None)
    for scope in dict.fromkeys(("all", device or "eth0")):
        found = settings.get(f"net.ipv4.conf.{scope}.rp_filter")
        yield Reading(
            "rp_filter", settings.number(f"net.ipv4.conf.{scope}.rp_filter"), ref=found.ref if found else None, scope=scope
        )
    ports = settings.get("net.ipv4.ip_local_port_range")
    ends = ports.numbers if ports else ()
    yield Reading(
        "local_ports",
        ends[1] - ends[0] + 1 if len(ends) == 2 else None,
        "ports",
        ports.ref if ports else None,
        note="for outgoing connections",
    )
    used, ref = _file_share(settings)
    yield Reading("open_files_percent", used, "percent", ref.ref if ref else None, note="of fs.file-max, for the whole node")


def _file_share(settings: Sysctls) -> tuple[float | None, Evidence | None]:
    """Percent of the open files the system allows; the maximum of today's kernels is next to infinite."""
    found = settings.get("fs.file-nr")
    numbers = found.numbers if found else ()
    if found is None or len(numbers) != 3 or numbers[2] <= 0:
        return None, None
    return round(100 * numbers[0] / numbers[2], 1), found.evidence


# ---- issues ---------------------------------------------------------------------------------------------------------
def _table_issues(table: ConntrackTable, full: tuple[Evidence, ...]) -> Iterator[Issue]:
    share, dropped, failed = table.share, table.dropped(), table.counters.get("insert_failed", 0)
    quotes = (*table.quotes(), *table.rows[:2], *full[-1:])
    if share is not None and share >= FULL:
        lost = f", and {dropped} packets or entries were lost since boot" if dropped else ""
        yield Issue(
            "conntrack.full", f"The connection tracking table is {share:g} % full{lost}", "high", quotes, ("conntrack",), weight=4
        )
    elif dropped and share is not None and share >= NEAR:
        title = f"The connection tracking table is {share:g} % full and has lost {dropped} packets or entries since boot"
        yield Issue("conntrack.dropping", title, "high", quotes, ("conntrack",), weight=4)
    elif dropped:
        now = "how full it is, is unknown" if share is None else f"it is {share:g} % full now"
        title = f"The connection tracking table has lost {dropped} packets or entries since boot; {now}"
        yield Issue("conntrack.dropped_before", title, "low", quotes, ("conntrack",), weight=2 if share is None else 1)
    if failed >= _RACES:
        title = f"{failed} entries could not be inserted since boot: packets that raced for one entry (parallel DNS queries), no sign of a full table"
        yield Issue("conntrack.insert_races", title, "medium", table.rows[:2], ("dns",), "context", 1)


def _setting_issues(settings: Sysctls, device: str | None) -> Iterator[Issue]:
    forward = settings.get("net.ipv4.ip_forward")
    if forward and forward.value == "0":
        title = "The kernel does not forward packets (net.ipv4.ip_forward = 0): no pod reaches anything outside the node"
        yield Issue("conntrack.ip_forward_off", title, "high", (forward.evidence,), ("cni_plugin",), weight=4)
    scopes = ("all", device or "eth0")
    filters = [f for s in scopes if (f := settings.get(f"net.ipv4.conf.{s}.rp_filter"))]
    modes = [f.numbers[0] for f in filters if len(f.numbers) == 1]
    # The kernel takes the higher of the two; 1 is strict and drops what comes back by another ENI.
    if device and modes and max(modes) == 1:
        title = f"Reverse path filtering on {device} is strict (1): node port traffic of pods on secondary ENIs is dropped"
        yield Issue(
            "conntrack.rp_filter_strict",
            title,
            "medium",
            tuple(f.evidence for f in filters),
            ("cni_plugin.policy_routing",),
            weight=2,
        )


def _neighbour_issue(settings: Sysctls, lines: tuple[Evidence, ...]) -> Iterator[Issue]:
    if not lines:
        return
    limit = settings.get("net.ipv4.neigh.default.gc_thresh3")
    title = f"The kernel's neighbour table overflowed ({len(lines)} lines): new addresses cannot be reached" + (
        f"; its limit is {limit.value} entries" if limit else ""
    )
    yield Issue("conntrack.neighbour_overflow", title, "medium", (*lines[-1:], *((limit.evidence,) if limit else ())))
