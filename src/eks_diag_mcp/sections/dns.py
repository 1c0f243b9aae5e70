"""Section dns: can the host and its pods resolve names? With it the time sync and the API server, which fail alike."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section
from .readers.api_check import read_api_check
from .readers.host_clock import read_clock, wrong_by_seconds
from .readers.host_dns import KubeletDns, ResolvConf, read_kubelet_dns, read_resolv_conf
from .readers.iptables_save import read_ruleset
from .readers.processes import running
from .readers.service_units import read_units
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("resolv-conf", "kubelet-config", "coredns", "messages", "api-server-check")
_STUB = "127.0.0.53"
_NODE_LOCAL = "169.254.20.10"
_MOST = 3
"""Nameservers that the resolver libraries and kubelet use; further ones are left out."""
_COREDNS = {
    "coredns_timeouts": r"i/o timeout",
    "coredns_servfail": r"SERVFAIL",
    "coredns_loops": r"Loop \([^)]*\) detected",
    "coredns_refused": r"connection refused",
}
_LIMITS = r"Nameserver limits (?:were )?exceeded"


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section. The host's resolver serves the host and what CoreDNS forwards to; pods ask the cluster's DNS."""
    host, kubelet, api = read_resolv_conf(bundle), read_kubelet_dns(bundle), read_api_check(bundle)
    loop = bundle.latest(_COREDNS["coredns_loops"], ("coredns",))
    readings = (*_host(host), *_pods(bundle, kubelet), *_lines(bundle), *_time(bundle), *api.readings())
    issues = (*_host_issues(bundle, host, kubelet, loop), *_pod_issues(bundle, kubelet))
    return Section("dns", conclude(host is not None, issues), readings, issues, tuple(bundle.coverage(s) for s in SOURCES))


# ---- readings -------------------------------------------------------------------------------------------------------
def _host(host: ResolvConf | None) -> Iterator[Reading]:
    ref = host.lines[0].ref if host and host.lines else None
    yield Reading("nameservers", ", ".join(host.nameservers[:6]) or "none" if host else None, ref=ref, note="of the host")
    yield Reading("nameserver_count", len(host.nameservers) if host else None, "nameservers", ref)
    yield Reading("search_domains", len(host.search) if host else None, "domains")
    yield Reading("resolver_options", " ".join(host.options[:8]) or "none" if host else None)


def _pods(bundle: "Bundle", kubelet: KubeletDns) -> Iterator[Reading]:
    at, path = kubelet.cluster_dns_at, kubelet.resolv_conf_at
    note = "NodeLocal DNSCache on the node" if kubelet.cluster_dns and _NODE_LOCAL in kubelet.cluster_dns else "what pods ask"
    yield Reading(
        "cluster_dns", ", ".join(kubelet.cluster_dns[:4]) if kubelet.cluster_dns else None, ref=at.ref if at else None, note=note
    )
    default = "kubelet's default, /etc/resolv.conf" if kubelet.known and not kubelet.resolv_conf else ""
    yield Reading("kubelet_resolv_conf", kubelet.resolv_conf, ref=path.ref if path else None, note=default)
    cut = bundle.grep(_LIMITS, ("kubelet-log",))
    readable = bundle.coverage("kubelet-log").readable
    yield Reading(
        "nameserver_limit_lines", len(cut) if readable else None, "lines", cut[-1].ref if cut else None, note="kubelet log"
    )


def _lines(bundle: "Bundle") -> Iterator[Reading]:
    """Counts of CoreDNS' complaints; CoreDNS logs here only where one of its pods ran on this node."""
    there = bundle.coverage("coredns").readable
    found = bundle.grep("|".join(_COREDNS.values()), ("coredns",)) if there else ()
    for name, pattern in _COREDNS.items():
        kind = [e for e in found if re.search(pattern, e.text, re.IGNORECASE)]
        last = kind[-1] if kind else None
        note = (
            f"last {last.time.isoformat()}" if last and last.time else "" if there else "no CoreDNS log: none of its pods ran here"
        )
        yield Reading(name, len(kind) if there else None, "lines", last.ref if last else None, note=note)


def _time(bundle: "Bundle") -> Iterator[Reading]:
    """Whether the clock follows a source, by what its daemon said last. Silence tells nothing: it logs changes only."""
    clock = read_clock(bundle, read_units(bundle))
    keeper, wrong = clock.keeper, clock.lost or clock.said
    yield Reading("clock_unit", keeper.name if keeper else None, ref=keeper.evidence.ref if keeper else None)
    line = wrong or clock.found
    said = f"said {line.time.isoformat()}" if line and line.time else ""
    yield Reading(
        "clock_has_source",
        wrong is None if line else None,
        ref=line.ref if line else None,
        note=said or "no line of a time daemon in the bundle",
    )
    source = (
        re.search(r"(?:source|server|synchroni[sz]ed to)(?: time server)? ([\w.:-]+)", clock.found.text, re.IGNORECASE)
        if clock.found
        else None
    )
    found = clock.found.ref if clock.found else None
    yield Reading("clock_source", source[1] if source else None, ref=found, note="169.254.169.123 is the Amazon time service")
    step = wrong_by_seconds(clock.step) if clock.step else None
    yield Reading("clock_last_step", step, "seconds", clock.step.ref if clock.step else None, note="found wrong by")


# ---- issues ---------------------------------------------------------------------------------------------------------
def _host_issues(bundle: "Bundle", host: ResolvConf | None, kubelet: KubeletDns, loop: Evidence | None) -> Iterator[Issue]:
    if host is None:
        if bundle.coverage("resolv-conf").state == "empty":
            yield Issue("dns.no_nameserver", "The host's resolv.conf is empty: it resolves no name", "high", (), ("dns",), weight=3)
        return
    if not host.nameservers:
        yield Issue(
            "dns.no_nameserver", "The host's resolv.conf names no nameserver: it resolves no name", "high", (), ("dns",), weight=4
        )
    if _STUB in host.nameservers and kubelet.resolv_conf in (None, "/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf"):
        yield _stub_issue(host, kubelet, loop)
    if len(host.nameservers) > _MOST:
        title = f"The host's resolv.conf names {len(host.nameservers)} nameservers; only the first {_MOST} are used"
        yield Issue("dns.too_many_nameservers", title, "medium", host.lines[:5], ("dns",), "context", 1)


def _stub_issue(host: ResolvConf, kubelet: KubeletDns, loop: Evidence | None) -> Issue:
    """CoreDNS takes its upstream from the file kubelet hands it; the stub's address means itself inside a pod."""
    quotes = tuple(e for e in (*host.lines[:1], kubelet.resolv_conf_at, loop) if e)
    title = f"The host's resolver is the stub {_STUB}, and kubelet hands that file to pods: CoreDNS forwards to itself"
    if loop:
        return Issue("dns.stub_loop", f"{title}; it has found the loop", "high", quotes, ("dns",), weight=5)
    told = " (kubelet's resolvConf is not in the bundle)" if not kubelet.known else ""
    return Issue("dns.stub_resolver", title + told, "medium", quotes, ("dns",), weight=2)


def _pod_issues(bundle: "Bundle", kubelet: KubeletDns) -> Iterator[Issue]:
    quotes = (kubelet.cluster_dns_at,) if kubelet.cluster_dns_at else ()
    if kubelet.cluster_dns and _NODE_LOCAL in kubelet.cluster_dns and running(bundle, "node-cache")[0] is False:
        title = f"Pods ask {_NODE_LOCAL}, but no node-cache process (NodeLocal DNSCache) runs on the node"
        yield Issue("dns.node_cache_down", title, "high", quotes, ("dns",), weight=4)
    rules = read_ruleset(bundle)
    for rule in rules.of("filter", "KUBE-SERVICES"):
        server = next((s for s in kubelet.cluster_dns or () if f"-d {s}/32" in rule.spec), None)
        if server and "has no endpoints" in rule.comment:
            title = f"The cluster's DNS service ({server}) has no endpoint as this node sees it: no CoreDNS pod is ready"
            yield Issue("dns.no_endpoints", title, "high", (rules.quote(rule), *quotes), ("dns",), weight=4)
            return
