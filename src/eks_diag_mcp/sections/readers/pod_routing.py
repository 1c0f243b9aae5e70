"""Do the rules and routes of the host lead to and from the pods that hold an address? Plain values in, plain values out.

The VPC CNI gives each pod `512: from all to <ip> lookup main` and a host route, and pods on a secondary ENI also
`1536: from <ip> lookup <table of that ENI>`; the table of each secondary ENI has a default route. IPv6 uses the primary
ENI alone, so there are no such tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .checkpoint import Allocation
from .datastore import Datastore, Eni
from .ip_routing import IpRule, Routing, plain

SETTLED = timedelta(minutes=5)
"""ipamd and the rules are dumped up to minutes apart: a pod younger than that may rightly be in one and not the other."""
POD_RULE, NODEPORT_RULE, ENI_RULE = 512, 1024, 1536


@dataclass(frozen=True, slots=True)
class PodGaps:
    """The pods of one family. `unrouted` have neither rule nor route, which a pod that ended during the collection
    shows as well; `wrong_table` pairs a pod with the rule that sends its packets out of another ENI."""

    judged: int = 0
    young: int = 0
    no_rule: tuple[Allocation, ...] = ()
    no_route: tuple[Allocation, ...] = ()
    unrouted: tuple[Allocation, ...] = ()
    no_eni_rule: tuple[Allocation, ...] = ()
    wrong_table: tuple[tuple[Allocation, IpRule], ...] = ()


def pod_gaps(held: Iterable[Allocation], routing: Routing, owners: dict[str, Eni], captured: datetime) -> PodGaps:
    """What pods lack. `owners` names the ENI of an address where the pool dump tells it."""
    no_rule, no_route, unrouted, no_eni_rule, wrong = [], [], [], [], []
    judged = young = 0
    # With IPv6 all routes are in the main table: rules that are not used at all are no gap.
    needed = routing.family == "IPv4" or bool(routing.to_main)
    for pod in held:
        if pod.time and captured - pod.time < SETTLED:
            young += 1
            continue
        judged += 1
        ip = plain(pod.ip)
        rule, route = ip in routing.to_main or not needed, ip in routing.hosts
        if not route and (not rule or not needed):
            unrouted.append(pod)
            continue
        if not rule:
            no_rule.append(pod)
        if not route:
            no_route.append(pod)
        eni = owners.get(ip)
        if eni is None or eni.card != 0 or routing.family == "IPv6":
            continue
        ours = [r for r in routing.from_address.get(ip, ()) if r.priority == ENI_RULE]
        if not eni.primary and not ours:
            no_eni_rule.append(pod)
        wrong += [(pod, r) for r in ours if _astray(r, eni)]
    return PodGaps(judged, young, tuple(no_rule), tuple(no_route), tuple(unrouted), tuple(no_eni_rule), tuple(wrong))


def _astray(rule: IpRule, eni: Eni) -> bool:
    """The rule leads to the table of another ENI. Dumps without RouteTableID number tables in more than one way, so a
    secondary ENI is judged only where the dump names its table."""
    if eni.primary:
        return rule.table != "main"
    return eni.route_table is not None and eni.route_table < 253 and rule.table != str(eni.route_table)


def owners_of(pool: Datastore | None) -> dict[str, Eni]:
    """The ENI each held address is on."""
    return {plain(a.ip): eni for eni in (pool.enis if pool else ()) for cidr in (*eni.cidrs, *eni.ipv6) for a in cidr.assigned}


def tables_of(eni: Eni, pool: Datastore) -> tuple[str, ...]:
    """The table of a secondary ENI: RouteTableID, else device number + 1 (dumps up to CNI 1.6 already count from one)."""
    if eni.route_table is not None and eni.route_table < 253:
        return (str(eni.route_table),)
    if eni.device_number is None or eni.device_number < 1:
        return ()
    old = (str(eni.device_number),) if pool.shape == "eni_ip_pools" and eni.device_number > 1 else ()
    return (str(eni.device_number + 1), *old)


@dataclass(frozen=True, slots=True)
class TableGaps:
    """Tables that lead nowhere: of secondary ENIs (with the ENI), and of rules whose ENI is not known."""

    enis: tuple[tuple[Eni, str], ...] = ()
    rules: tuple[IpRule, ...] = ()


def table_gaps(pool: Datastore | None, routing: Routing) -> TableGaps:
    """Tables without a default route. An ENI without addresses may still be being set up; EFA-only ones carry no IP."""
    bare: list[tuple[Eni, str]] = []
    for eni in pool.enis if pool else ():
        if eni.primary or eni.card != 0 or not eni.cidrs or pool is None:
            continue
        tables = tables_of(eni, pool)
        if tables and not any(t in routing.ways_out for t in tables):
            bare.append((eni, tables[0]))
    told = {table for _, table in bare}
    loose = {
        r.table: r for r in routing.rules if r.priority == ENI_RULE and r.table not in routing.ways_out and r.table not in told
    }
    return TableGaps(tuple(bare), tuple(r for t, r in loose.items() if t.isdigit()))


def duplicates(routing: Routing) -> tuple[IpRule, ...]:
    """The second of each two equal rules for one pod: one is left over when the pod goes."""
    return tuple(rules[1] for rules in routing.to_main.values() if len([r for r in rules if r.priority == POD_RULE]) > 1)
