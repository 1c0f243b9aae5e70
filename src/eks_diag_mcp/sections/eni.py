"""Section eni: how many network interfaces the node has and may have, how full each is, and what they are set to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section, Severity
from .readers.cni_settings import DEFAULTS
from .readers.datastore import Eni, count
from .readers.eni_limit import EniLimit, full_enis, giving_enis, read_eni_limit, usable
from .readers.interfaces import Interface, read_interfaces
from .readers.node_size import MaxPods, read_max_pods
from .readers.now import enis_now, fresh, subnets_now, unknown_enis
from .readers.pool_log import SOURCES as LOG
from .readers.pool_readings import capacity_reading, count_readings, per_eni
from .readers.vpc_cni import VpcCni, conclude, read_vpc_cni

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("enis", "ipamd-metrics", "ipamd-log", "kubelet-config", "kubelet-service", "dmesg", "ifconfig")


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    cni = read_vpc_cni(bundle, facts)
    limit, max_pods, interfaces = read_eni_limit(bundle, cni), read_max_pods(bundle), read_interfaces(bundle)
    readings = (
        *_node(cni, limit),
        *_pods(cni, max_pods),
        *_enis(cni, limit),
        *_interfaces(interfaces),
        *_now(bundle, facts),
        Reading("security_groups", None, note="never in a bundle: ask EC2 for the ENIs of the instance"),
    )
    issues = (
        *_limit_issue(bundle, cni, limit),
        *_pods_issue(cni, limit, max_pods),
        *_branch_issues(cni),
        *_interface_issues(cni, interfaces),
        *_unknown_issue(bundle, cni, facts),
    )
    known = cni.pool.datastore is not None and limit.enis_max is not None
    return Section("eni", conclude(known, issues), readings, issues, tuple(bundle.coverage(s) for s in SOURCES))


# ---- readings -------------------------------------------------------------------------------------------------------
def _node(cni: VpcCni, limit: EniLimit) -> Iterator[Reading]:
    kind = cni.instance
    yield Reading(
        "instance_type",
        kind.name or None if kind else None,
        ref=kind.ref if kind else None,
        note=kind.origin if kind else "",
    )
    known = kind.limits if kind else None
    yield Reading("network_cards", known.cards if known else None, "cards", usual=known is not None and known.cards == 1)
    pool = cni.pool.datastore
    first = pool.enis[0].ref if pool and pool.enis else None
    yield Reading("enis_used", limit.used, "ENIs", first, None, "default network card, ENIs that can give addresses")
    yield Reading("enis_max", limit.enis_max, "ENIs", limit.ref, None, limit.origin)
    yield Reading("enis_excluded", limit.excluded, "ENIs", first if limit.excluded else None, usual=limit.excluded == 0)
    for card in pool.cards if pool else ():
        ref = card.evidence.ref if card.evidence else first
        yield Reading("enis_used", sum(map(usable, card.enis)), "ENIs", ref, f"card {card.number}")
        yield Reading(
            "enis_max",
            limit.enis_max if card.number == 0 else None,
            "ENIs",
            limit.ref,
            f"card {card.number}",
            limit.origin,
        )
    trunk = next((e for e in pool.enis if e.trunk), None) if pool else None
    yield Reading(
        "trunk_eni", (trunk.id if trunk else "none") if pool else None, ref=trunk.ref if trunk else None, usual=trunk is None
    )
    yield capacity_reading(limit)
    if pool and first and cni.mode != "ipv6":
        counts = count(pool.enis, cni.prefixes)
        yield from count_readings(counts, first)
        share = round(100 * counts.assigned / limit.ips_capacity, 1) if limit.ips_capacity else None
        yield Reading("utilization_percent", share, "percent", first, note="assigned of the most the node can hold")


def _pods(cni: VpcCni, max_pods: MaxPods | None) -> Iterator[Reading]:
    limits = cni.instance.limits if cni.instance else None
    yield Reading(
        "max_pods",
        max_pods.value if max_pods else None,
        "pods",
        max_pods.ref if max_pods else None,
        None,
        max_pods.origin if max_pods else "",
    )
    note = "eni-max-pods.txt: single addresses, two pods on the host network"
    yield Reading("max_pods_of_type", limits.max_pods if limits else None, "pods", note=note)


def _enis(cni: VpcCni, limit: EniLimit) -> Iterator[Reading]:
    stock = cni.pool.datastore
    if stock is None:
        return
    for eni in stock.enis:
        yield Reading("role", _role(eni), ref=eni.ref, scope=eni.id)
        yield Reading("device_number", eni.device_number, ref=eni.ref, scope=eni.id, note=f"network card {eni.card}")
        yield Reading("subnet", eni.subnet or None, ref=eni.ref, scope=eni.id)
        yield Reading("route_table", eni.route_table, ref=eni.ref, scope=eni.id)
    yield from per_eni(stock, cni, limit)


def _role(eni: Eni) -> str:
    words = (("primary", eni.primary), ("trunk", eni.trunk), ("EFA", eni.efa), ("excluded from pods", eni.excluded))
    return ", ".join(word for word, holds in words if holds) or "secondary"


def _interfaces(interfaces: tuple[Interface, ...]) -> Iterator[Reading]:
    for one in interfaces:
        if one.kind == "eni":
            yield Reading(
                "interface_mtu", one.mtu, "bytes", one.evidence.ref, one.name, usual=str(one.mtu) == DEFAULTS["AWS_VPC_ENI_MTU"]
            )
            yield Reading("interface_up", one.up, ref=one.evidence.ref, scope=one.name, usual=one.up is True)
    if interfaces:
        branches = [i for i in interfaces if i.kind == "branch"]
        ref = branches[0].evidence.ref if branches else None
        yield Reading(
            "branch_interfaces", len(branches), "interfaces", ref, note="pods with a branch ENI of their own", usual=not branches
        )


def _now(bundle: "Bundle", facts: NodeFacts | None) -> Iterator[Reading]:
    """What EC2 says now, where it was asked near the capture."""
    attached = enis_now(facts) if fresh(facts, "enis", bundle.captured) else None
    if attached is not None:
        yield Reading("enis_attached_now", len(attached), "ENIs", note="all network cards, by EC2 now")
    for subnet in subnets_now(facts).values() if fresh(facts, "subnets", bundle.captured) else ():
        yield Reading("subnet_free_now", subnet.free, "addresses", scope=subnet.id, note="by EC2 now")
        yield Reading("subnet_free_28s_now", subnet.free_28s, "blocks", scope=subnet.id, note="by EC2 now")


# ---- issues ---------------------------------------------------------------------------------------------------------
def _limit_issue(bundle: "Bundle", cni: VpcCni, limit: EniLimit) -> Iterator[Issue]:
    """Every usable ENI is attached and every slot of each is taken. One slot that is not even attached, or a limit that
    nobody knows, is enough to say nothing: then the bottleneck is elsewhere, or unknown."""
    full, giving = full_enis(cni, limit), giving_enis(cni)
    if not full or limit.enis_max is None or limit.used is None or limit.used < limit.enis_max or len(full) < len(giving):
        return
    counts = count(full, cni.prefixes)
    max_eni = cni.settings.number("MAX_ENI")
    lowered = max_eni is not None and max_eni > 0 and max_eni <= limit.enis_max
    title = (
        f"Every slot of every usable ENI is taken: {limit.used} of {limit.enis_max} ENIs, {counts.assigned} IPs held"
        + (f" and {counts.cooling} cooling" if counts.cooling else "")
        + (f" (MAX_ENI={max_eni})" if lowered else "")
    )
    said = bundle.latest(
        r"Skipping ENI allocation as the max ENI limit is already reached|no available device number for network card",
        LOG,
    )
    card = next((c for c in cni.pool.datastore.cards if c.number == 0), None) if cni.pool.datastore else None
    quotes: list[Evidence | None] = [card.evidence if card else None, said, *limit.evidence]
    evidence = (*(q for q in quotes if q), *(cni.settings.evidence("MAX_ENI") if lowered else ()))
    # With much of it cooling, churn explains the shortage of the moment better than the limit does.
    mere = counts.cooling * 10 >= counts.total
    severity: Severity = "medium" if mere else "high"
    yield Issue("eni.limit_reached", title, severity, evidence, ("ip_allocation.eni_limit",), weight=2 if mere else 4)


def _pods_issue(cni: VpcCni, limit: EniLimit, max_pods: MaxPods | None) -> Iterator[Issue]:
    """kubelet takes more pods than there can be addresses; branch ENIs bring their own, so not with them."""
    capacity = limit.ips_capacity
    if max_pods is None or capacity is None or cni.settings.flag("ENABLE_POD_ENI"):
        return
    quotes = cni.settings.evidence("ENABLE_PREFIX_DELEGATION", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "MAX_ENI")
    of_type = cni.instance.limits.max_pods if cni.instance and cni.instance.limits else None
    if cni.prefixes and max_pods.value == of_type and capacity > 2 * max_pods.value:
        title = f"The node holds up to {capacity} pod addresses, but kubelet takes {max_pods.value} pods, as without prefix mode"
        yield Issue("eni.max_pods_below_capacity", title, "low", quotes, (), "context", 1)
    if max_pods.value <= capacity + 2:
        return
    title = f"kubelet takes {max_pods.value} pods, but the node holds at most {capacity} pod addresses ({cni.mode})"
    yield Issue("eni.max_pods_above_capacity", title, "medium", quotes, ("ip_allocation.eni_limit",), "context", 2)


def _branch_issues(cni: VpcCni) -> Iterator[Issue]:
    pool, wanted = cni.pool.datastore, cni.settings.flag("ENABLE_POD_ENI")
    if pool is None or not cni.settings.known("ENABLE_POD_ENI"):
        return
    quotes = cni.settings.evidence("ENABLE_POD_ENI")
    trunk = next((e for e in pool.enis if e.trunk), None)
    if trunk and not wanted:
        title = f"Trunk {trunk.id} is attached although security groups for pods are off: left from before"
        yield Issue("eni.trunk_left_over", title, "low", quotes, ("ip_allocation.branch_eni",), "context", 1)
    if wanted and trunk is None:
        title = "Security groups for pods are on, but no trunk ENI is attached: pods that need a branch ENI cannot start"
        yield Issue("eni.no_trunk", title, "low", quotes, ("ip_allocation.branch_eni",), weight=2)


def _interface_issues(cni: VpcCni, interfaces: tuple[Interface, ...]) -> Iterator[Issue]:
    enis = [i for i in interfaces if i.kind == "eni"]
    mtus = sorted({i.mtu for i in enis if i.mtu is not None})
    if len(mtus) > 1:
        title = f"The node's interfaces differ in MTU ({', '.join(map(str, mtus))}): large packets are lost on some paths"
        yield Issue("eni.mtu_mixed", title, "medium", tuple(i.evidence for i in enis[:4]), ("mtu",), weight=3)
    down = [i for i in enis if not i.up]
    if down:
        title = f"Interfaces that are down: {', '.join(i.name for i in down)}"
        yield Issue(
            "eni.interface_down",
            title,
            "low",
            tuple(i.evidence for i in down[:3]),
            ("cni_plugin.policy_routing",),
            weight=2,
        )
    if interfaces and not any(i.name == "lo" for i in interfaces):
        title = "The node has no loopback interface: programs that speak to themselves over 127.0.0.1 cannot"
        yield Issue("eni.no_loopback", title, "low", tuple(i.evidence for i in interfaces[:2]), (), "context", 2)
    known = len(cni.pool.datastore.enis) if cni.pool.datastore else None
    single_card = cni.instance is not None and cni.instance.limits is not None and cni.instance.limits.cards == 1
    if known and single_card and len(enis) > known:
        title = f"The host has {len(enis)} interfaces, ipamd knows {known} ENIs: the rest is unmanaged or was lost"
        yield Issue(
            "eni.unknown_to_ipamd",
            title,
            "low",
            tuple(i.evidence for i in enis[:4]),
            ("ip_allocation.ipamd_crash",),
            weight=2,
        )


def _unknown_issue(bundle: "Bundle", cni: VpcCni, facts: NodeFacts | None) -> Iterator[Issue]:
    """EC2 itself lists more ENIs than ipamd does. Whose they are, and whether they matter, the judge says."""
    stock = cni.pool.datastore
    unknown = unknown_enis(facts, {e.id for e in stock.enis} if stock else (), bundle.captured)
    if unknown:
        names = ", ".join(e.id for e in unknown[:4])
        title = f"EC2 has {len(unknown)} more ENIs attached than ipamd knows: {names}"
        yield Issue("eni.attached_unknown", title, "low", (), (), "context", 1)
