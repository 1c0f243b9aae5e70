"""Section ipamd: is the address daemon up, how full is its pool, and does its own arithmetic see it?"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, LineRef, NodeFacts, Reading, Section
from .readers.capacity import shortage
from .readers.checkpoint import allocations, read_checkpoints
from .readers.containers import read_container_ids
from .readers.datastore import Counts, NetworkCard, count
from .readers.eni_limit import EniLimit, read_eni_limit
from .readers.ipamd_health import read_health
from .readers.leaks import find_leaks
from .readers.pool_log import PoolStat, latest_stats, latest_too_low
from .readers.pool_readings import attached_share, capacity_reading, count_readings, per_eni
from .readers.vpc_cni import VpcCni, conclude, read_vpc_cni

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("enis", "ipam-checkpoint", "ipamd-metrics", "ipamd-log", "processes", "containerd-state")
FRESH = timedelta(minutes=2)
"""A line of the log speaks for the capture when it is at most so old (ipamd writes one every five seconds)."""
_COUNTERS = ("awscni_no_available_ip_addresses", "awscni_force_removed_enis", "awscni_force_removed_ips")
_LABELLED = {
    "awscni_aws_api_error_count": "error",
    "awscni_ec2api_error_count": "fn",
    "awscni_ipamd_error_count": "fn",
    "awscni_pod_eni_error_count": "fn",
}


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section. The pool is that of enis.json; without it, what the log said within two minutes of the capture."""
    cni = read_vpc_cni(bundle, facts)
    health, limit = read_health(bundle, cni), read_eni_limit(bundle, cni)
    stock = cni.pool.datastore
    cards = [card.number for card in stock.cards] if stock else [0]
    stats = latest_stats(bundle, cards, cni.release.number if cni.release else None)
    readings = (
        *health.readings(),
        *_pool(bundle, cni, limit),
        *_said(stats, cni),
        *_counters(cni),
        *_targets(cni),
        _leaked(bundle, cni),
    )
    issues = (*health.issues(bundle), *_pool_issues(bundle, cni, stats), *_leak_issue(bundle, cni))
    known = stock is not None or (health.up is not None and bool(stats))
    return Section("ipamd", conclude(known, issues), readings, issues, tuple(bundle.coverage(s) for s in SOURCES))


# ---- the pool by the dump -------------------------------------------------------------------------------------------
def _pool(bundle: "Bundle", cni: VpcCni, limit: EniLimit) -> Iterator[Reading]:
    stock = cni.pool.datastore
    if stock is None:
        yield from _without_dump(bundle, cni)
        yield capacity_reading(limit)
        return
    whole = LineRef(cni.pool.file, 1)
    if cni.mode == "ipv6":
        yield Reading("ips_assigned", len(stock.assigned), "addresses", whole, note="IPv6")
        yield Reading("ips_capacity", None, "addresses", note="one /80 prefix holds more than any node can use")
        return
    pool = count(stock.enis, cni.prefixes)
    yield from count_readings(pool, whole)
    yield capacity_reading(limit)
    yield attached_share(pool, whole)
    for card in stock.cards:
        ref, scope = card.evidence.ref if card.evidence else whole, f"card {card.number}"
        held = count(card.enis, cni.prefixes)
        yield from count_readings(held, ref, scope)
        yield capacity_reading(limit, scope)
        yield attached_share(held, ref, scope)
    yield from per_eni(stock, cni, limit)


def _without_dump(bundle: "Bundle", cni: VpcCni) -> Iterator[Reading]:
    """What the checkpoint and the gauges still tell; all else is unknown."""
    saved = read_checkpoints(bundle)
    total, assigned = cni.metrics.one("awscni_total_ip_addresses"), cni.metrics.one("awscni_assigned_ip_addresses")
    why = f"enis.json: {cni.pool.detail or cni.pool.outcome}"
    unit = "addresses"
    yield Reading("ips_total", int(total.value) if total else None, unit, cni.metrics.ref(total) if total else None, note=why)
    if assigned:
        yield Reading("ips_assigned", int(assigned.value), unit, cni.metrics.ref(assigned), note="ipamd metric")
    else:
        ref = LineRef(saved[0].file, 1) if saved else None
        yield Reading("ips_assigned", len(saved) if saved is not None else None, unit, ref, note="checkpoint" if saved else why)
    for name in ("ips_cooling", "ips_free"):
        yield Reading(name, None, unit, note=why)
    yield Reading("utilization_percent", None, "percent", note=why)


# ---- the pool by the log, counters, targets -------------------------------------------------------------------------
def _said(stats: tuple[PoolStat, ...], cni: VpcCni) -> Iterator[Reading]:
    """The pool by the log; usual where the dump counts the same."""
    stock = cni.pool.datastore
    held = {card.number: count(card.enis, cni.prefixes) for card in stock.cards} if stock else {}
    for stat in stats:
        scope = None if stat.card is None else f"card {stat.card}"
        when = f"log, {stat.time:%Y-%m-%dT%H:%M:%SZ}" if stat.time else "log"
        dumped = held.get(stat.card or 0)
        for name, value in (("total", stat.total), ("assigned", stat.assigned), ("cooling", stat.cooling)):
            usual = dumped is not None and value == getattr(dumped, name)
            yield Reading(f"log_ips_{name}", value, "addresses", stat.evidence.ref, scope, when, usual)


def _counters(cni: VpcCni) -> Iterator[Reading]:
    """Counters since ipamd started. A counter that is not there stays unknown: older releases do not have it."""
    for name in _COUNTERS:
        sample = cni.metrics.one(name)
        ref = cni.metrics.ref(sample) if sample else None
        yield Reading(
            name.removeprefix("awscni_"),
            int(sample.value) if sample else None,
            "events",
            ref,
            note="since ipamd started" if sample else "not among ipamd's metrics",
        )
    for name, label in _LABELLED.items():
        sums: dict[str, tuple[float, LineRef]] = {}
        for sample in cni.metrics.all(name):
            key = sample.labels.get(label, "")
            value, ref = sums.get(key, (0.0, cni.metrics.ref(sample)))
            sums[key] = value + sample.value, ref
        for key, (value, ref) in sums.items():
            if value > 0:
                yield Reading(name.removeprefix("awscni_"), int(value), "events", ref, f"{label} {key}", "since ipamd started")


def _targets(cni: VpcCni) -> Iterator[Reading]:
    """ipamd's own arithmetic on its targets; only where IP targets are set does it reckon so."""
    stock, targets = cni.pool.datastore, cni.targets
    if stock is None or targets.deciding != "ip":
        return
    pool = count(next((c.enis for c in stock.cards if c.number == 0), ()), cni.prefixes)
    sums = shortage(pool.total, pool.assigned, targets.warm_ip, targets.minimum_ip)
    note = "ipamd's reckoning, which counts cooling addresses as available"
    yield Reading("ips_available_to_ipamd", sums.available, "addresses", scope="card 0", note=note)
    yield Reading("ips_short", sums.short, "addresses", scope="card 0", note=note)
    yield Reading("ips_over", sums.over, "addresses", scope="card 0", note=note)


# ---- leaks ----------------------------------------------------------------------------------------------------------
def _leaked(bundle: "Bundle", cni: VpcCni) -> Reading:
    held = allocations(cni.pool.datastore, read_checkpoints(bundle))
    leaks = find_leaks(held, read_container_ids(bundle), bundle.captured)
    ref = LineRef(cni.pool.file, 1) if cni.pool.datastore else None
    found = len(leaks.addresses) if leaks.addresses is not None else None
    return Reading("ips_leaked", found, "addresses", ref, note=leaks.why or "held by a sandbox that containerd does not know")


def _leak_issue(bundle: "Bundle", cni: VpcCni) -> Iterator[Issue]:
    held = allocations(cni.pool.datastore, read_checkpoints(bundle))
    leaks = find_leaks(held, read_container_ids(bundle), bundle.captured)
    if leaks.addresses:
        names = ", ".join(f"{a.ip} ({a.namespace}/{a.pod})" if a.pod else a.ip for a in leaks.addresses[:3])
        title = f"{len(leaks.addresses)} addresses are held for sandboxes that no longer exist: {names}"
        yield Issue("ipamd.leaked_addresses", title, "medium", _sums(cni), ("cni_plugin",), weight=2)


# ---- what the pool says ---------------------------------------------------------------------------------------------
def _pool_issues(bundle: "Bundle", cni: VpcCni, stats: tuple[PoolStat, ...]) -> Iterator[Issue]:
    if cni.mode == "ipv6":
        return
    fresh = [s for s in stats if s.time and bundle.captured - s.time <= FRESH]
    for card, counts, evidence in _by_card(cni, fresh):
        quotes = (*evidence, *(s.evidence for s in fresh if s.card in (None, card)))
        if counts.total <= 0 or counts.free > 0:
            continue
        if counts.cooling:
            yield _churn(cni, card, counts, quotes)
            continue
        low = latest_too_low(bundle) if card == 0 else None
        recent = (low.evidence,) if low and low.evidence.time and bundle.captured - low.evidence.time <= FRESH else ()
        title = f"Every one of the {counts.total} addresses of network card {card} is held by a pod: the next pod gets none"
        causes = ("ip_allocation.eni_limit", "ip_allocation.subnet_exhausted", "ip_allocation.prefix_fragmented")
        yield Issue("ipamd.pool_full", title, "high", (*quotes, *recent)[:4], causes, "echo", 1)


def _by_card(cni: VpcCni, fresh: list[PoolStat]) -> Iterator[tuple[int, Counts, tuple[Evidence, ...]]]:
    """Counts of each card with pod addresses: by the dump, else by fresh lines of the log."""
    stock = cni.pool.datastore
    for card in stock.cards if stock else ():
        yield card.number, count(card.enis, cni.prefixes), _quoted(card)
    for stat in () if stock else fresh:
        yield stat.card or 0, Counts(stat.total, stat.assigned, stat.cooling or 0), ()


def _churn(cni: VpcCni, card: int, counts: Counts, quotes: tuple[Evidence, ...]) -> Issue:
    """No address is free although pods hold fewer than there are: the rest cools, and ipamd does not enlarge the pool
    for that, because it counts cooling addresses as available (amazon-vpc-cni-k8s #1700, #2896)."""
    sums = shortage(counts.total, counts.assigned, cni.targets.warm_ip, cni.targets.minimum_ip)
    blind = cni.targets.deciding == "ip" and sums.short == 0
    title = (
        f"No address of network card {card} is free: {counts.assigned} of {counts.total} are held by pods and "
        f"{counts.cooling} cool down" + ("; by its targets ipamd sees no shortage, so it asks for no more" if blind else "")
    )
    settings = cni.settings.evidence("WARM_IP_TARGET", "MINIMUM_IP_TARGET", "IP_COOLDOWN_PERIOD")
    # A single cooling address in a pool that pods fill is chance; a tenth of it, or a blind target, is the mechanism.
    telling = blind or counts.cooling * 10 >= counts.total
    return Issue(
        "ipamd.cooldown_dominates",
        title,
        "high" if telling else "medium",
        (*quotes, *settings)[:5],
        ("ip_allocation.cooldown_churn",),
        weight=4 if telling else 2,
    )


def _quoted(card: NetworkCard) -> tuple[Evidence, ...]:
    return (card.evidence,) if card.evidence else ()


def _sums(cni: VpcCni) -> tuple[Evidence, ...]:
    return tuple(e for card in (cni.pool.datastore.cards if cni.pool.datastore else ()) for e in _quoted(card))
