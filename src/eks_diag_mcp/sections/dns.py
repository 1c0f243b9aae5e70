"""Section dns: can the host and its pods resolve names? With it the time sync and the API server, which fail alike."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section
from .api_check import read_api_check
from .host_dns import KubeletDns, ResolvConf, read_kubelet_dns, read_resolv_conf
from .iptables_save import read_ruleset
from .processes import running
from .vpc_cni import conclude

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
_SYSLOG = r"^(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT\S+) \S+ "
_CLOCK = _SYSLOG + r"(?:chronyd|systemd-timesyncd|ntpd)(?:\[\d+\])?: "
_CLOCK_SET = _CLOCK + r"(?:Selected source|Initial synchronization|Contacted time server|Synchronized to time server)"
_CLOCK_LOST = _CLOCK + r"(?:Can't synchronise|No suitable source|Timed out waiting for reply|System clock wrong by|Forward time jump|Backward time jump)"


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
    yield Reading("cluster_dns", ", ".join(kubelet.cluster_dns[:4]) if kubelet.cluster_dns else None, ref=at.ref if at else None, note=note)
    default = "kubelet's default, /etc/resolv.conf" if kubelet.known and not kubelet.resolv_conf else ""
    yield Reading("kubelet_resolv_conf", kubelet.resolv_conf, ref=path.ref if path else None, note=default)
    cut = bundle.grep(_LIMITS, ("kubelet-log",))
    readable = bundle.coverage("kubelet-log").readable
    yield Reading("nameserver_limit_lines", len(cut) if readable else None, "lines", cut[-1].ref if cut else None, note="kubelet log")


def _lines(bundle: "Bundle") -> Iterator[Reading]:
    """Counts of CoreDNS' complaints; CoreDNS logs here only where one of its pods ran on this node."""
    there = bundle.coverage("coredns").readable
    found = bundle.grep("|".join(_COREDNS.values()), ("coredns",)) if there else ()
    for name, pattern in _COREDNS.items():
        kind = [e for e in found if re.search(pattern, e.text, re.IGNORECASE)]
        last = kind[-1] if kind else None
        note = f"last {last.time.isoformat()}" if last and last.time else "" if there else "no CoreDNS log: none of its pods ran here"
        yield Reading(name, len(kind) if there else None, "lines", last.ref if last else None, note=note)


def _time(bundle: "Bundle") -> Iterator[Reading]:
    """Whether the clock follows a source, by what the time daemon said last. Silence tells nothing: it logs changes only."""
    held, lost = bundle.latest(_CLOCK_SET, ("messages",)), bundle.latest(_CLOCK_LOST, ("messages",))
    in_step: bool | None = None
    if held or lost:
        in_step = lost is None or (held is not None and _after(held, lost))
    last = held if in_step else lost
    yield Reading("time_in_step", in_step, ref=last.ref if last else None, note=_said(last) if last else "no line of a time daemon in the bundle")
    source = re.search(r"(?:source|server) ([\w.:-]+)", held.text) if held else None
    yield Reading("time_source", source[1] if source else None, ref=held.ref if held else None, note="169.254.169.123 is the Amazon time service")


def _after(one: Evidence, other: Evidence) -> bool:
    if one.time and other.time:
        return one.time >= other.time
    return one.line >= other.line


def _said(line: Evidence) -> str:
    return f"said {line.time.isoformat()}" if line.time else ""


# ---- issues ---------------------------------------------------------------------------------------------------------
def _host_issues(bundle: "Bundle", host: ResolvConf | None, kubelet: KubeletDns, loop: Evidence | None) -> Iterator[Issue]:
    if host is None:
        if bundle.coverage("resolv-conf").state == "empty":
            yield Issue("dns.no_nameserver", "The host's resolv.conf is empty: it resolves no name", "high", (), ("dns",), weight=3)
        return
    if not host.nameservers:
        yield Issue("dns.no_nameserver", "The host's resolv.conf names no nameserver: it resolves no name", "high", (), ("dns",), weight=4)
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
