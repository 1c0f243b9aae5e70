"""Section iptables: source NAT of pods, rules of services, and whatever drops traffic."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, LineRef, NodeFacts, Reading, Section, Severity
from .readers.drop_rules import of_pods_only, unusual_drops, victim
from .readers.ip_routing import read_routing
from .readers.iptables_save import Program, Ruleset, SavedRule, packets_of, read_ruleset
from .readers.proxy_mode import ProxyRead, read_proxy_mode, service_causes
from .readers.vpc_cni import VpcCni, conclude, read_vpc_cni

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("iptables", "nftables", "networkutils-env", "ip-routes")
_SLOW_ENDPOINTS = 5_000
"""KUBE-SEP chains above which a sync of all rules takes seconds; twice as many take minutes on small nodes."""
_SNAT = "AWS-SNAT-CHAIN-"
_SHOWN_DROPS = 5


@dataclass(frozen=True, slots=True)
class _Look:
    """What the section rests on. `main` is the family pods live in; `excluded` are the networks that are not translated."""

    cni: VpcCni
    v4: Ruleset
    v6: Ruleset
    main: Ruleset
    mode: ProxyRead
    primary: str | None
    snat: tuple[SavedRule, ...]
    excluded: tuple[tuple[str, SavedRule], ...]

    @property
    def translates(self) -> bool | None:
        """Whether pods are to be translated to the node's address; None where the setting is not known."""
        name = "AWS_VPC_K8S_CNI_EXTERNALSNAT"
        if self.cni.mode == "ipv6":
            return False
        return not self.cni.settings.flag(name) if self.cni.settings.known(name) else None


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section, by iptables-save; counters by the listings beside it."""
    look = _look(bundle, facts)
    drops = [(r, look.v4, "iptables") for r in unusual_drops(look.v4)] + [(r, look.v6, "ip6tables") for r in unusual_drops(look.v6)]
    readings = (*_rules(look), *_source_nat(look), Reading("unusual_drop_rules", len(drops) if look.main else None, "rules"))
    issues = (
        *_snat_issues(look),
        *_service_issues(look),
        *_forward_issue(look),
        *(
            _drop_issue(bundle, rule, rules, "iptables" if name == "iptables" else "ip6tables")
            for rule, rules, name in drops[:_SHOWN_DROPS]
        ),
        *_kubelet_port(look),
    )
    return Section("iptables", conclude(look.main.whole, issues), readings, issues, tuple(bundle.coverage(s) for s in SOURCES))


def _look(bundle: "Bundle", facts: NodeFacts | None) -> _Look:
    cni = read_vpc_cni(bundle, facts)
    v4, v6 = read_ruleset(bundle), read_ruleset(bundle, "ip6tables")
    main = v6 if cni.mode == "ipv6" else v4
    chains = [c for c in v4.chains if c.table == "nat" and c.name.startswith(_SNAT)]
    ours = [r for c in chains for r in v4.of("nat", c.name)]
    excluded = tuple((found[1], r) for r in ours if (found := _excluded(r)))
    snat = tuple(r for r in ours if r.target == "SNAT")
    return _Look(cni, v4, v6, main, read_proxy_mode(bundle, main), read_routing(bundle).primary_address, snat, excluded)


def _excluded(rule: SavedRule) -> re.Match[str] | None:
    """`-d <network> ... -j RETURN`; up to CNI 1.12 `! -d <network> ... -j AWS-SNAT-CHAIN-<n>` from chain to chain."""
    if rule.target == "RETURN":
        return re.search(r"(?<!! )-d (\S+)", rule.spec)
    return re.search(r"! -d (\S+)", rule.spec) if rule.target.startswith(_SNAT) else None


# ---- readings -------------------------------------------------------------------------------------------------------
def _rules(look: _Look) -> Iterator[Reading]:
    main, there = look.main, bool(look.main)
    yield Reading("rules", len(main.rules) if there else None, "rules", main.ref)
    yield Reading("backend", main.backend, ref=main.ref)
    for name in ("INPUT", "FORWARD", "OUTPUT"):
        chain = main.chain("filter", name)
        note = f"{chain.packets} packets met it" if chain and chain.packets is not None else ""
        yield Reading(
            f"{name.lower()}_policy", chain.policy if chain else None, ref=_at(main, chain.line) if chain else None, note=note
        )
    services = main.chain("nat", "KUBE-SERVICES")
    yield Reading(
        "kube_services_chain", services is not None if there else None, ref=_at(main, services.line) if services else main.ref
    )
    yield Reading("kube_proxy_mode", look.mode.mode if look.mode.mode != "unknown" else None, note=look.mode.why)
    for name, prefix in (("service_chains", "KUBE-SVC-"), ("service_endpoint_chains", "KUBE-SEP-")):
        yield Reading(name, len(main.named(prefix)) if there else None, "chains", main.ref)
    empty = [r for r in main.of("filter", "KUBE-SERVICES") if "no endpoints" in r.comment]
    note = ", ".join(r.comment.split(" has no ")[0] for r in empty[:3])
    yield Reading(
        "services_without_endpoints",
        len(empty) if there else None,
        "services",
        _at(main, empty[0].line) if empty else None,
        note=note,
    )


def _at(rules: Ruleset, line: int) -> LineRef:
    return LineRef(rules.file, line)


def _source_nat(look: _Look) -> Iterator[Reading]:
    chain = look.v4.chain("nat", f"{_SNAT}0")
    there = bool(look.v4)
    yield Reading("aws_snat_chain", chain is not None if there else None, ref=_at(look.v4, chain.line) if chain else None)
    yield Reading("snat_wanted", look.translates, note="AWS_VPC_K8S_CNI_EXTERNALSNAT is not set" if look.translates else "")
    first = look.snat[0] if look.snat else None
    yield Reading("snat_to_source", _source_of(first) if first else None, ref=_at(look.v4, first.line) if first else None)
    yield Reading("primary_address", look.primary, note="of the interface of the default route")
    networks = ", ".join(network for network, _ in look.excluded[:10])
    yield Reading("snat_excluded_networks", networks or None, ref=_at(look.v4, look.excluded[0][1].line) if look.excluded else None)
    older = [c for c in look.v4.named(_SNAT) if c.name != f"{_SNAT}0"]
    yield Reading("older_snat_chains", len(older) if there else None, "chains", note="of releases with a chain a network")


def _source_of(rule: SavedRule) -> str | None:
    found = re.search(r"--to-source (\S+)", rule.spec)
    return found[1] if found else None


# ---- issues: source NAT ---------------------------------------------------------------------------------------------
def _snat_issues(look: _Look) -> Iterator[Issue]:
    if not look.v4.whole or not look.translates:
        return
    if not look.snat:
        yield _no_snat(look)
        return
    source, first = _source_of(look.snat[0]), look.snat[0]
    if look.primary and source and source != look.primary:
        title = f"Pods are translated to {source}, but the node's address is {look.primary}: answers go astray"
        yield Issue("iptables.snat_source", title, "high", (look.v4.quote(first),), ("cni_plugin",), weight=4)
    inside = [a for a in _addresses(look) if not _covered(a, (network for network, _ in look.excluded))]
    if inside:
        title = (
            f"{len(inside)} addresses of the node and its pods ({', '.join(inside[:3])}) are in no network the source NAT leaves "
            "alone: a VPC network is missing, so traffic within the VPC is translated"
        )
        quotes = look.v4.quotes([*(r for _, r in look.excluded[:3]), first])
        yield Issue("iptables.vpc_network_missing", title, "medium", quotes, ("cni_plugin",), weight=3)


def _no_snat(look: _Look) -> Issue:
    """ipamd writes the rule when it starts: without an ipamd that answers, that it is not there only follows."""
    title = "There is no AWS-SNAT-CHAIN rule although the node is to translate its pods: they reach nothing outside the VPC"
    quotes = look.cni.settings.evidence("AWS_VPC_K8S_CNI_EXTERNALSNAT")
    if look.cni.pool.datastore is not None:
        return Issue("iptables.no_snat", title, "high", quotes, ("cni_plugin",), weight=4)
    return Issue("iptables.no_snat", f"{title} (ipamd, which writes it, does not answer)", "low", quotes, (), "context", 1)


def _addresses(look: _Look) -> list[str]:
    pool = look.cni.pool.datastore
    held = [a.ip for a in pool.assigned if ":" not in a.ip] if pool else []
    return [*([look.primary] if look.primary else []), *held]


def _covered(address: str, networks: Iterable[str]) -> bool:
    """Whether a network holds the address; what is no address or no network counts as held."""
    try:
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(n, strict=False) for n in networks)
    except ValueError:
        return True


# ---- issues: services and drops -------------------------------------------------------------------------------------
def _service_issues(look: _Look) -> Iterator[Issue]:
    main = look.main
    if main.whole and look.mode.mode in ("iptables", "unknown") and not main.chain("nat", "KUBE-SERVICES"):
        title = "There is no KUBE-SERVICES chain: kube-proxy has written no rules, so no service address works from here"
        quotes = (look.mode.evidence,) if look.mode.evidence else ()
        certain = look.mode.mode == "iptables"
        severity: Severity = "high" if certain else "medium"
        causes = service_causes(look.cni.pool.datastore is not None)
        yield Issue(
            "iptables.no_services",
            title,
            severity,
            quotes,
            causes,
            weight=4 if certain else 2,
        )
    chains = main.named("KUBE-SEP-")
    if len(chains) > _SLOW_ENDPOINTS:
        title = f"{len(chains)} service endpoints in iptables: a sync of all rules is slow, and changes reach the node late"
        yield Issue(
            "iptables.many_endpoints",
            title,
            "medium",
            main.quotes(chains[:1]),
            ("kube_proxy",),
            "context",
            1 if len(chains) <= 10_000 else 2,
        )


def _forward_issue(look: _Look) -> Iterator[Issue]:
    main = look.main
    chain = main.chain("filter", "FORWARD")
    if not main.whole or chain is None or chain.policy not in ("DROP", "REJECT"):
        return
    accepts = [
        r
        for r in main.of("filter", "FORWARD")
        if r.target in ("ACCEPT", "KUBE-FORWARD") or r.target.startswith(("cali-", "CILIUM"))
    ]
    quotes = main.quotes([chain, *accepts[:2]])
    if not accepts:
        title = "FORWARD drops whatever no rule accepts, and no rule accepts: pods reach nothing and nothing reaches them"
        yield Issue("iptables.forward_drop", title, "high", quotes, ("cni_plugin",), weight=4)
    elif not any(r.target == "ACCEPT" for r in accepts):
        title = (
            "FORWARD drops whatever no rule accepts; KUBE-FORWARD accepts services and answers, not new connections between pods"
        )
        yield Issue("iptables.forward_drop", title, "medium", quotes, ("cni_plugin",), weight=2)


def _drop_issue(bundle: "Bundle", rule: SavedRule, rules: Ruleset, program: Program) -> Issue:
    """A rule nobody of the usual ones writes. Its counter tells whether it does anything."""
    packets, row = packets_of(bundle, rules, rule, program)
    whose = victim(rule)
    met = "packets unknown" if packets is None else f"{packets} packets"
    words = {"dns": " stops DNS", "metadata": " stops the metadata service", "other": ""}[whose]
    title = f"Unusual {rule.target} in {rule.table}/{rule.chain}{words} ({met})"
    quotes: tuple[Evidence, ...] = (rules.quote(rule), *((row,) if row else ()))
    key = f"iptables.unusual_drop_{whose}"
    if packets == 0 or (whose == "metadata" and of_pods_only(rule)):
        return Issue(key, title, "low", quotes, (), "context", 1)
    cause = {"dns": ("dns",), "metadata": ("imds",), "other": ("network_policy",)}[whose]
    telling = packets is not None and whose != "other"
    return Issue(key, title, "medium", quotes, cause, weight=3 if telling else 2 if packets else 1)


def _kubelet_port(look: _Look) -> Iterator[Issue]:
    taken = [
        r
        for r in look.main.rules
        if "10250" in r.spec and re.search(r"--dports? \S*\b10250\b", r.spec) and r.target in ("DNAT", "REDIRECT")
    ]
    if taken:
        title = "Port 10250 is redirected by a NAT rule: the API server does not reach kubelet for logs, exec and metrics"
        yield Issue("iptables.kubelet_port_taken", title, "high", look.main.quotes(taken[:3]), ("kubelet_notready",), weight=2)
