"""Section host: memory, load, processes, open files, services, clock and restarts of the node at capture."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..model import Issue, NodeFacts, Reading, Section, Severity
from .readers.cron_jobs import rapid_jobs
from .readers.eviction import hard_thresholds
from .readers.host_clock import ClockState, read_clock, wrong_by_seconds
from .readers.host_limits import file_use, large_environments, pid_issues, pid_readings, read_pid_use, throttling
from .readers.host_load import Stall, Top, available_memory, cpu_count, read_stalls, read_top, stall_readings
from .readers.kubelet_config import read_kubelet_config
from .readers.process_list import read_processes
from .readers.quantities import GIB, share
from .readers.reboots import read_boots
from .readers.service_units import Unit, read_units
from .readers.sysctls import read_sysctls
from .readers.tables import plain, rows_of
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("processes", "services", "sysctls", "pressure", "throttling", "selinux", "last-reboot", "environments", "cron")
_LOAD_PER_CPU = 4.0
_STALL_PERCENT = 20.0
_STEP_SECONDS = 300.0
"""AWS takes signatures whose time is off by up to 5 minutes."""
_RESTARTS = 2
_IMPORTANT = (
    "nodeadm-config.service",
    "nodeadm-run.service",
    "systemd-networkd.service",
    "systemd-resolved.service",
    "iptables-restore.service",
    "sandbox-image.service",
    "docker.service",
    "dbus.service",
    "eks-healthchecker.service",
)


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    top, stalls, units = read_top(bundle), read_stalls(bundle), read_units(bundle)
    listed, sysctls = read_processes(bundle), read_sysctls(bundle)
    pids, clock = read_pid_use(listed, top.tasks, sysctls), read_clock(bundle, units)
    file_readings, file_issues = file_use(sysctls)
    readings = (
        *_memory_readings(top),
        *_load_readings(bundle, top),
        *stall_readings(stalls, "cpu", "memory", "io"),
        *pid_readings(pids, listed),
        *file_readings,
        *throttling(bundle),
        *large_environments(bundle),
        *_service_readings(units),
        *_clock_readings(clock),
        *_selinux(bundle),
        *_boot_readings(bundle),
    )
    issues = (
        *_memory_issues(bundle, top, stalls),
        *_load_issues(bundle, top),
        *pid_issues(pids, listed),
        *file_issues,
        *_service_issues(units),
        *_clock_issues(bundle, clock),
        *_boot_issues(bundle),
        *_habit_issues(bundle),
    )
    known = listed.processes is not None or top.memory is not None or bool(units)
    return Section("host", conclude(known, issues), readings, issues, tuple(bundle.coverage(s) for s in SOURCES))


# ---- memory and load ------------------------------------------------------------------------------------------------
def _memory_readings(top: Top) -> Iterator[Reading]:
    memory, left = top.memory, available_memory(top)
    ref = memory.evidence.ref if memory else None
    yield Reading("memory_total_gib", round(memory.total / GIB, 1) if memory else None, "GiB", ref)
    free = memory.free if memory else None
    yield Reading(
        "memory_free_gib", round(free / GIB, 1) if free is not None else None, "GiB", ref, note="unused; caches not counted"
    )
    yield Reading("memory_available_gib", round(left[0] / GIB, 1) if left else None, "GiB", left[1].ref if left else None)
    percent = share(left[0], memory.total) if left and memory else None
    yield Reading("memory_available_percent", percent, "percent", left[1].ref if left else None)
    swap = top.swap
    yield Reading("swap_total_gib", round(swap.total / GIB, 1) if swap else None, "GiB", swap.evidence.ref if swap else None)


def _load_readings(bundle: "Bundle", top: Top) -> Iterator[Reading]:
    number, where = cpu_count(bundle)
    yield Reading("cpus", number, "processors", where.ref if where else None)
    ref = top.load_row.ref if top.load_row else None
    for name, place in (("load_1min", 0), ("load_5min", 1), ("load_15min", 2)):
        yield Reading(name, top.load[place] if top.load else None, "", ref, note="runnable and uninterruptible tasks")
    cpu = top.cpu_row.ref if top.cpu_row else None
    yield Reading("cpu_steal_percent", top.steal_percent, "percent", cpu, note="taken by the hypervisor")


def _memory_issues(bundle: "Bundle", top: Top, stalls: tuple[Stall, ...]) -> Iterator[Issue]:
    left, threshold = available_memory(top), hard_thresholds(read_kubelet_config(bundle)).get("memory.available")
    if left and top.memory and threshold:
        limit = threshold.amount if threshold.amount is not None else (threshold.percent or 0) / 100 * top.memory.total
        if left[0] < limit:
            title = f"{left[0] / (1 << 20):.0f} MiB of memory are available, below the eviction threshold {threshold.text}"
            quotes = (left[1], *([threshold.evidence] if threshold.evidence else []))
            yield Issue("host.memory_threshold", title, "high", quotes, ("eviction_memory",), weight=3)
    full = next((s for s in stalls if s.resource == "memory" and s.kind == "full"), None)
    if full and full.avg60 >= _STALL_PERCENT:
        title = f"For {full.avg60:.0f} % of the last minute all work stood still for memory"
        yield Issue("host.memory_stalled", title, "medium", (full.evidence,), ("eviction_memory",), weight=2)


def _load_issues(bundle: "Bundle", top: Top) -> Iterator[Issue]:
    number, _ = cpu_count(bundle)
    if number and top.load and top.load_row and top.load[1] >= _LOAD_PER_CPU * number:
        title = f"The load is {top.load[1]:.0f} over five minutes on {number} processors"
        yield Issue("host.load", title, "medium", (top.load_row,), (), weight=2)


# ---- services -------------------------------------------------------------------------------------------------------
def _service_readings(units: Mapping[str, Unit]) -> Iterator[Reading]:
    failed = [u for u in units.values() if u.failed]
    yield Reading("units_failed", len(failed) if units else None, "units", failed[0].evidence.ref if failed else None)
    for name in ("kubelet.service", "containerd.service"):
        unit = units.get(name)
        ref = unit.evidence.ref if unit else None
        yield Reading(name.replace(".service", "_unit"), unit.state if unit else None, "", ref)
    for unit in failed[:10]:
        if scope := plain(unit.name, 100):
            yield Reading("unit_state", unit.state, "", unit.evidence.ref, scope)


def _service_issues(units: Mapping[str, Unit]) -> Iterator[Issue]:
    """containerd speaks for its cause here, kubelet in its own section. Other failed units are common on healthy nodes."""
    runtime = units.get("containerd.service")
    if runtime and (runtime.failed or runtime.state == "inactive dead"):
        title = f"containerd is not running: its unit is {runtime.state}"
        yield Issue("host.containerd_failed", title, "critical", (runtime.evidence,), ("containerd_crash",), weight=4)
    elif runtime and runtime.active == "activating":
        title = f"containerd's unit was {runtime.state} at capture: it is just starting, or does so again and again"
        yield Issue("host.containerd_starting", title, "medium", (runtime.evidence,), ("containerd_crash",), weight=2)
    failed = [u for u in units.values() if u.failed and u is not runtime]
    if failed:
        known = [u for u in failed if u.name in (*_IMPORTANT, "kubelet.service")]
        names = ", ".join(plain(u.name) or "?" for u in (known or failed)[:4])
        title = f"{len(failed)} units have failed, among them {names}"
        level: Severity = "medium" if known else "low"
        quotes = tuple(u.evidence for u in [*known, *(u for u in failed if u not in known)][:4])
        yield Issue("host.units_failed", title, level, quotes, (), "echo" if known else "context", 1)


# ---- clock, restarts, SELinux -----------------------------------------------------------------------------------------
def _clock_readings(clock: ClockState) -> Iterator[Reading]:
    keeper = clock.keeper
    note = plain(keeper.name) or "" if keeper else ""
    yield Reading("clock_unit", keeper.state if keeper else None, "", keeper.evidence.ref if keeper else None, None, note)
    known = bool(clock.lost or clock.said or clock.found)
    where = clock.lost or clock.said or clock.found
    ref = where.ref if where else None
    yield Reading("clock_has_source", not (clock.lost or clock.said) if known else None, "", ref)
    step = wrong_by_seconds(clock.step) if clock.step else None
    yield Reading("clock_last_step", step, "seconds", clock.step.ref if clock.step else None, note="found wrong by")


def _clock_issues(bundle: "Bundle", clock: ClockState) -> Iterator[Issue]:
    keeper = clock.keeper
    unit = [keeper.evidence] if keeper else []
    lost = clock.said or clock.lost
    if lost:
        title = "The clock is not synchronised: its service has no source of time"
        # A line of the log may be of a moment ago; the signatures see whether it repeats.
        weight = 3 if clock.said else 2
        yield Issue("host.clock_unsynchronised", title, "medium", (lost, *unit), ("clock_skew",), weight=weight)
    elif keeper and (keeper.failed or keeper.state == "inactive dead"):
        title = f"Nothing keeps the clock: {plain(keeper.name)} is {keeper.state}"
        yield Issue("host.clock_unkept", title, "medium", tuple(unit), ("clock_skew",), weight=2)
    step = wrong_by_seconds(clock.step) if clock.step else None
    if clock.step and step is not None and abs(step) >= _STEP_SECONDS:
        title = f"The clock was wrong by {abs(step):.0f} seconds; AWS refuses signatures beyond 300"
        yield Issue("host.clock_step", title, "medium", (clock.step,), ("clock_skew",), weight=3)


def _selinux(bundle: "Bundle") -> Iterator[Reading]:
    """`SELinux mode:` with the mode on the next line (node script) or behind it (node agent)."""
    rows = [r for r in rows_of(bundle, "selinux") if r.text.strip()]
    words = " ".join(r.text for r in rows).partition("mode:")[2].split()
    known = " ".join(words[:2]) if words[:1] == ["Not"] else words[0] if words else None
    modes = ("Enforcing", "Permissive", "Disabled", "Not installed")
    yield Reading("selinux", known if known in modes else None, "", rows[-1].ref if rows else None)


def _boot_readings(bundle: "Bundle") -> Iterator[Reading]:
    boots = read_boots(bundle)
    ref = boots[0][1].ref if boots else None
    yield Reading("boots_in_10_days", len(boots) if boots is not None else None, "boots", ref)


def _boot_issues(bundle: "Bundle") -> Iterator[Issue]:
    """The first boot is the launch of the instance (within the days of the bundle), and one restart may be user data's."""
    boots = read_boots(bundle) or []
    restarts = len(boots) - 1
    if restarts >= _RESTARTS:
        title = f"The node was restarted {restarts} times within ten days"
        quotes = tuple(evidence for _, evidence in boots[:4])
        yield Issue("host.restarts", title, "medium", quotes, ("kernel_panic_softlockup",), weight=2)


# ---- habits that cost, without being a fault --------------------------------------------------------------------------
def _habit_issues(bundle: "Bundle") -> Iterator[Issue]:
    """What the node monitoring agent warns of as well; nothing of it is a cause by itself."""
    jobs = rapid_jobs(bundle)
    if jobs:
        title = (
            f"cron starts {len(jobs)} jobs more often than every five minutes, one every {jobs[0].gap.total_seconds():.0f} seconds"
        )
        yield Issue("host.rapid_cron", title, "low", tuple(j.evidence for j in jobs[:3]), (), "context", 1)
    large = [r for r in large_environments(bundle) if r.name == "large_environments" and r.value]
    if large:
        title = f"{large[0].value} processes have more than 1000 environment variables: each service of a namespace adds some"
        quotes = tuple(r.evidence for r in rows_of(bundle, "environments") if large[0].ref == r.ref)
        yield Issue("host.large_environment", title, "low", quotes, (), "context", 1)
