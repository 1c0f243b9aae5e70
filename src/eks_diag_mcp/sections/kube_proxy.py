"""Section kube_proxy: does it run, in which mode, when did it last write its rules, and what of ipvs and conntrack?"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section
from .readers.conntrack_table import read_conntrack
from .readers.iptables_save import Ruleset, read_ruleset
from .readers.processes import running
from .readers.proxy_mode import ProxyRead, read_proxy_mode, service_causes
from .readers.state_files import json_file
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("kube-proxy", "iptables", "processes", "ipvs", "sysctls", "conntrack")
LOG = ("kube-proxy",)
FRESH = timedelta(minutes=15)
_SYNCED = r"SyncProxyRules complete|syncProxyRules took|syncProxyRules complete|Syncing (?:iptables|nftables|ipvs) rules|Reloading service (?:iptables|nftables) data"
_VERSION = r"\"Version info\" version=\"v?[^\"]+\"|Version: v\d+\.\d+\.\d+|GitVersion:\"v[^\"]+\""
_MAX_SET = r"Setting nf_conntrack_max\"? nfConntrackMax=(\d+)|Setting nf_conntrack_max to (\d+)"
_ERRORS = {
    "sync_errors": r"Failed to execute (?:iptables|ip6tables)-restore|Sync failed; retrying|Failed to ensure(?: that)? chain|exit status \d+ \((?:iptables|ip6tables)",
    "lock_errors": r"xtables lock",
    "watch_errors": r"Failed to (?:list|watch) \*|failed to list \*",
    "unauthorized_errors": r"Unauthorized",
    "conntrack_errors": r"nf_conntrack\w*[^\n]{0,120}(?:permission denied|read-only file system|no such file)",
}
_ERROR_WORDS = r"-restore|Sync failed|Failed to|xtables lock|exit status|failed to list|Unauthorized|nf_conntrack"
"""What each of these has: plain words, because wide patterns are slow to compile."""


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section. not_applicable: another data path carries the services."""
    rules = read_ruleset(bundle)
    mode, (process, row) = read_proxy_mode(bundle, rules), running(bundle, "kube-proxy")
    log = bundle.coverage("kube-proxy").readable
    errors = _errors(bundle) if log else {}
    synced = bundle.latest(_SYNCED, LOG) if log else None
    readings = (
        *_process(bundle, mode, process, row),
        *_sync(bundle, synced),
        *_error_readings(errors, log),
        *_chains(rules),
        *_ipvs(bundle),
        *_limit(bundle),
        *read_conntrack(bundle).readings(),
    )
    coverage = tuple(bundle.coverage(source) for source in SOURCES)
    if mode.mode == "replaced" and not process and not log:
        return Section("kube_proxy", "not_applicable", readings, (), coverage)
    issues = (*_down(bundle, mode, process), *_failing(bundle, errors, synced), *_ipvs_issue(bundle, mode))
    known = process is not None and mode.mode != "unknown"
    return Section("kube_proxy", conclude(known, issues), readings, issues, coverage)


# ---- readings -------------------------------------------------------------------------------------------------------
def _process(bundle: "Bundle", mode: ProxyRead, process: bool | None, row: Evidence | None) -> Iterator[Reading]:
    yield Reading("kube_proxy_running", process, ref=row.ref if row else None, note="kube-proxy in the process list")
    known = mode.mode if mode.mode != "unknown" else None
    yield Reading("kube_proxy_mode", known, ref=mode.evidence.ref if mode.evidence else None, note=mode.why)
    line = bundle.latest(_VERSION, LOG)
    version = re.search(r"v\d+\.\d+\.\d+[\w.+-]*", line.text) if line else None
    yield Reading("kube_proxy_version", version[0] if version else None, ref=line.ref if line else None)


def _sync(bundle: "Bundle", synced: Evidence | None) -> Iterator[Reading]:
    ref = synced.ref if synced else None
    age = round((bundle.captured - synced.time).total_seconds()) if synced and synced.time else None
    note = "rules are written when services change: a quiet cluster has old ones"
    yield Reading("last_sync", synced.time.isoformat() if synced and synced.time else None, ref=ref)
    yield Reading("last_sync_age_seconds", age, "seconds before the capture", ref, note=note)


def _errors(bundle: "Bundle") -> dict[str, list[Evidence]]:
    """Lines of the log by kind of error, in order; one look at the log for all kinds."""
    found: dict[str, list[Evidence]] = {name: [] for name in _ERRORS}
    for line in bundle.grep(_ERROR_WORDS, LOG):
        for name, pattern in _ERRORS.items():
            if re.search(pattern, line.text, re.IGNORECASE):
                found[name].append(line)
    return found


def _error_readings(errors: dict[str, list[Evidence]], log: bool) -> Iterator[Reading]:
    for name in _ERRORS:
        lines = errors.get(name, [])
        last = lines[-1] if lines else None
        note = f"last {last.time.isoformat()}" if last and last.time else "" if log else "no log of kube-proxy in the bundle"
        yield Reading(name, len(lines) if log else None, "lines", last.ref if last else None, note=note)


def _chains(rules: Ruleset) -> Iterator[Reading]:
    there = "nat" in rules.tables
    services = rules.chain("nat", "KUBE-SERVICES")
    yield Reading(
        "kube_services_chain", services is not None if there else None, ref=rules.quote(services).ref if services else rules.ref
    )
    yield Reading(
        "service_endpoint_chains", len(rules.named("KUBE-SEP-")) if there else None, "chains", rules.ref, note="KUBE-SEP-*"
    )


def _ipvs(bundle: "Bundle") -> Iterator[Reading]:
    """ipvsadm's list; blank where IPVS is not used."""
    for file in bundle.texts("ipvs"):
        if file.path.endswith("ipvsadm.txt") and "IP Virtual Server" in file.text:
            lines = file.text.split("\n")
            at = next(
                (Evidence("ipvs", file.path, n, t.strip()[:200]).ref for n, t in enumerate(lines, 1) if "IP Virtual Server" in t),
                None,
            )
            yield Reading("ipvs_services", sum(t.startswith(("TCP ", "UDP ", "SCTP ", "FWM ")) for t in lines), "services", at)
            yield Reading(
                "ipvs_endpoints", sum(t.lstrip().startswith("-> ") and "RemoteAddress" not in t for t in lines), "endpoints", at
            )
            return
    yield Reading("ipvs_services", None, "services", note="no list of IPVS services in the bundle")


def _limit(bundle: "Bundle") -> Iterator[Reading]:
    line = bundle.latest(_MAX_SET, LOG)
    found = re.search(_MAX_SET, line.text, re.IGNORECASE) if line else None
    value = int(found[1] or found[2]) if found else None
    yield Reading("conntrack_max_set", value, "entries", line.ref if line else None, note="what kube-proxy set at its start")


# ---- issues ---------------------------------------------------------------------------------------------------------
def _down(bundle: "Bundle", mode: ProxyRead, process: bool | None) -> Iterator[Issue]:
    """No process. Where neither log nor chains show that there ever was one, something else may carry the services."""
    if process is not False:
        return
    last = bundle.latest(r"\b[IWEF]\d{4} \d\d:", LOG)
    was_here = last is not None or mode.mode in ("iptables", "ipvs", "nftables")
    title = "kube-proxy does not run" + (": rules of services go stale" if was_here else ", and nothing shows that it ever did")
    quotes = tuple(e for e in (last, mode.evidence) if e)
    causes = service_causes(bool(json_file(bundle, "enis")[1].documents))
    if was_here:
        yield Issue("kube_proxy.not_running", title, "high", quotes, causes, weight=4)
    else:
        yield Issue("kube_proxy.not_running", title, "medium", quotes, causes, weight=2)


def _failing(bundle: "Bundle", errors: dict[str, list[Evidence]], synced: Evidence | None) -> Iterator[Issue]:
    """The last thing heard of its rules is a failure, shortly before the capture."""
    failed = next(iter(errors.get("sync_errors", [])[-1:]), None)
    if failed is None or failed.time is None or abs(bundle.captured - failed.time) > FRESH:
        return
    if synced and synced.time and synced.time > failed.time + timedelta(seconds=1) and "complete" in synced.text.lower():
        return
    title = f"kube-proxy fails to write its rules ({len(errors['sync_errors'])} lines, the last at {failed.time.isoformat()})"
    yield Issue("kube_proxy.sync_failing", title, "high", (failed,), ("kube_proxy",), weight=4)


def _ipvs_issue(bundle: "Bundle", mode: ProxyRead) -> Iterator[Issue]:
    services = next((r.value for r in _ipvs(bundle) if r.name == "ipvs_services"), None)
    if mode.mode == "ipvs" and services == 0:
        title = "kube-proxy runs in ipvs mode, but there is no IPVS service on the node"
        yield Issue("kube_proxy.ipvs_empty", title, "high", (mode.evidence,) if mode.evidence else (), ("kube_proxy",), weight=4)
