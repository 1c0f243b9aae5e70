"""Section kubelet: is it running, with which limits and thresholds, and what has it evicted. Includes io."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section
from .readers.eviction import hard_thresholds, soft_thresholds
from .readers.included import look_at, outcome_readings, shown_issues
from .readers.kubelet_config import KubeletConfig, read_kubelet_config
from .readers.node_identity import kubelet_version
from .readers.node_size import read_max_pods
from .readers.processes import running
from .readers.service_units import Unit, read_units
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("kubelet-config", "kubelet-service", "services", "processes", "kubelet-log")
_UNITS = ("kubelet.service", "snap.kubelet-eks.daemon.service")
_SETTINGS: tuple[tuple[str, str, str, int | bool | str | None], ...] = (
    # reading, key, unit, kubelet's default where the configuration does not name it
    ("image_gc_high_percent", "imageGCHighThresholdPercent", "percent", 85),
    ("image_gc_low_percent", "imageGCLowThresholdPercent", "percent", 80),
    ("cgroup_driver", "cgroupDriver", "", "cgroupfs"),
    ("cluster_dns", "clusterDNS", "", None),
    ("serialize_image_pulls", "serializeImagePulls", "", True),
    ("max_parallel_image_pulls", "maxParallelImagePulls", "pulls", None),
    ("container_log_max_size", "containerLogMaxSize", "", "10Mi"),
    ("container_log_max_files", "containerLogMaxFiles", "files", 5),
    ("pod_pids_limit", "podPidsLimit", "processes", -1),
)
_EVICTED = r"eviction manager: pod (?:\S{1,300} )?is evicted successfully"
_RECLAIMING = r"eviction manager: (?:attempting to reclaim|must evict pod)"
_RECENT = timedelta(minutes=15)


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    config, units = read_kubelet_config(bundle), read_units(bundle)
    unit = next((units[name] for name in _UNITS if name in units), None)
    alive, process = running(bundle, "kubelet")
    looks = look_at(bundle, "io")
    evicted, reclaiming = _evictions(bundle)
    readings = (
        *_process(bundle, unit, alive, process),
        *_limits(bundle, config),
        *_thresholds(config),
        *_eviction_readings(bundle, evicted, reclaiming),
        *outcome_readings(looks),
    )
    own = (*_unit_issue(unit, alive), *_eviction_issue(bundle, evicted, reclaiming))
    shown = shown_issues(looks.values())
    known = unit is not None or alive is not None or config.read
    outcome = conclude(known, (*own, *(i for look in looks.values() for i in look.issues)))
    return Section("kubelet", outcome, readings, (*own, *shown), tuple(bundle.coverage(s) for s in SOURCES))


# ---- readings -------------------------------------------------------------------------------------------------------
def _process(bundle: "Bundle", unit: Unit | None, alive: bool | None, process: Evidence | None) -> Iterator[Reading]:
    yield Reading("running", alive, ref=process.ref if process else None, note="in the process list at capture")
    yield Reading("unit_state", unit.state if unit else None, ref=unit.evidence.ref if unit else None)
    version = kubelet_version(bundle)
    yield Reading("version", version.value if version else None, ref=version.ref if version else None)


def _limits(bundle: "Bundle", config: KubeletConfig) -> Iterator[Reading]:
    most = read_max_pods(bundle)
    yield Reading(
        "max_pods",
        most.value if most else None,
        "pods",
        most.ref if most else None,
        note=most.origin if most else "",
    )
    for name, key, unit, default in _SETTINGS:
        setting = config.get(key)
        if setting:
            yield setting.reading(name, unit)
        else:
            usual = default if config.read else None
            yield Reading(name, usual, unit, note="kubelet's default, not set" if usual is not None else "")
    for kind, key in (("kube reserved", "kubeReserved"), ("system reserved", "systemReserved")):
        for name, setting in config.under(key).items():
            yield setting.reading(name, scope=kind)


def _thresholds(config: KubeletConfig) -> Iterator[Reading]:
    """Assumed ones are left out: the sections that judge by them say so."""
    for threshold in hard_thresholds(config).values():
        if not threshold.origin.startswith("assumed"):
            yield threshold.reading("hard")
    for threshold in soft_thresholds(config).values():
        yield threshold.reading("soft")
    for signal, setting in config.under("evictionSoftGracePeriod").items():
        yield setting.reading(signal, scope="eviction soft grace period")


# ---- evictions ------------------------------------------------------------------------------------------------------
def _evictions(bundle: "Bundle") -> tuple[tuple[Evidence, ...], Evidence | None]:
    """(pods it evicted, its newest attempt to reclaim)."""
    return bundle.grep(_EVICTED, ("kubelet-log",)), bundle.latest(_RECLAIMING, ("kubelet-log",))


def _eviction_readings(bundle: "Bundle", evicted: tuple[Evidence, ...], reclaiming: Evidence | None) -> Iterator[Reading]:
    readable = bundle.coverage("kubelet-log").readable
    last = evicted[-1] if evicted else None
    ref = last.ref if last else None
    yield Reading("pods_evicted", len(evicted) if readable else None, "pods", ref, note="lines of kubelet.log")
    newest = reclaiming or last
    when = newest.time.strftime("%Y-%m-%dT%H:%M:%SZ") if newest and newest.time else None
    yield Reading("last_eviction", when, ref=newest.ref if newest else None)


def _eviction_issue(bundle: "Bundle", evicted: tuple[Evidence, ...], reclaiming: Evidence | None) -> Iterator[Issue]:
    """For showing: the log's signatures speak for the cause, since each line names the resource."""
    newest = reclaiming or (evicted[-1] if evicted else None)
    if newest is None:
        return
    recent = newest.time is not None and bundle.captured - newest.time <= _RECENT
    title = f"kubelet evicted {len(evicted)} pods" if evicted else "kubelet tried to reclaim a resource"
    title += ", lastly within a quarter of an hour before the capture" if recent else ""
    quotes = tuple(dict.fromkeys(e for e in (reclaiming, *evicted[-2:]) if e))
    yield Issue("kubelet.evictions", title, "medium" if recent else "low", quotes, (), "echo" if recent else "context", 1)


# ---- the unit -------------------------------------------------------------------------------------------------------
def _unit_issue(unit: Unit | None, alive: bool | None) -> Iterator[Issue]:
    cause = ("kubelet_notready",)
    if unit and (unit.failed or unit.state == "inactive dead"):
        title = f"kubelet is not running: its unit is {unit.state}"
        yield Issue("kubelet.unit_failed", title, "critical", (unit.evidence,), cause, weight=4)
    elif unit and unit.active in ("activating", "deactivating", "reloading"):
        title = f"kubelet's unit was {unit.state} at capture: it is just starting, or does so again and again"
        weight = 4 if unit.active == "activating" and alive is False else 2
        yield Issue("kubelet.unit_starting", title, "high" if weight > 2 else "medium", (unit.evidence,), cause, weight=weight)
    elif unit and unit.active == "active" and unit.sub == "running" and alive is False:
        title = "systemd says that kubelet runs, the process list does not show it"
        yield Issue("kubelet.process_missing", title, "low", (unit.evidence,), cause, "context", 1)
