"""Section routes: do the policy rules and routes of the host carry the traffic of the pods it has?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, LineRef, NodeFacts, Reading, Section
from .readers.checkpoint import Allocation, allocations, read_checkpoints
from .readers.conflist import in_force, read_configs
from .readers.containers import read_container_ids
from .readers.ip_routing import IpRule, Routing, read_routing
from .readers.pod_routing import (
    ENI_RULE,
    NODEPORT_RULE,
    POD_RULE,
    PodGaps,
    TableGaps,
    duplicates,
    owners_of,
    pod_gaps,
    table_gaps,
    tables_of,
)
from .readers.state_files import quote
from .readers.vpc_cni import VpcCni, conclude, read_vpc_cni

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("ip-rules", "ip-routes", "enis", "ipam-checkpoint")
CAUSE = ("cni_plugin.policy_routing",)
_CLOUD_SETUP = ("30200", "30400")
"""Tables of nm-cloud-setup, a service of RHEL-like images that rewrites the rules of the VPC CNI."""
_QUOTED = 3


@dataclass(frozen=True, slots=True)
class _Look:
    """What the section rests on. `held` None: neither the pool dump nor a checkpoint tells which pods there are."""

    cni: VpcCni
    held: tuple[Allocation, ...] | None
    v4: Routing
    v6: Routing
    pods: PodGaps
    tables: TableGaps

    @property
    def main(self) -> Routing:
        """The family pods live in."""
        return self.v6 if self.cni.mode == "ipv6" else self.v4

    @property
    def judged(self) -> bool:
        return self.held is not None and self.main.rules_whole and self.main.routes_whole


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section. not_applicable: another CNI gives the addresses and nothing of the VPC CNI is on the node."""
    look = _look(bundle, facts)
    coverage = tuple(bundle.coverage(source) for source in SOURCES)
    readings = (*_counts(look), *_enis(look))
    chosen = in_force(read_configs(bundle))
    if look.held is None and chosen and not chosen.aws and not any(r.priority == POD_RULE for r in look.v4.rules):
        return Section("routes", "not_applicable", readings, (), coverage)
    issues = (*_pod_issues(bundle, look), *_table_issues(look), *_node_issues(look))
    return Section("routes", conclude(look.judged, issues), readings, issues, coverage)


def _look(bundle: "Bundle", facts: NodeFacts | None) -> _Look:
    cni = read_vpc_cni(bundle, facts)
    saved, pool = read_checkpoints(bundle), cni.pool.datastore
    held = allocations(pool, saved) if pool is not None or saved is not None else None
    v4, v6 = read_routing(bundle, "IPv4"), read_routing(bundle, "IPv6")
    main = v6 if cni.mode == "ipv6" else v4
    family = [a for a in held or () if a.ip and (":" in a.ip) == (main.family == "IPv6")]
    known = main.rules_whole and main.routes_whole
    pods = pod_gaps(family, main, owners_of(pool), bundle.captured) if known else PodGaps()
    tables = table_gaps(pool, v4) if v4.routes_whole and cni.mode != "ipv6" else TableGaps()
    return _Look(cni, held, v4, v6, pods, tables)


# ---- readings -------------------------------------------------------------------------------------------------------
def _counts(look: _Look) -> Iterator[Reading]:
    main, pods = look.main, look.pods
    held = len(look.held) if look.held is not None else None
    yield Reading(
        "pod_addresses",
        held,
        "addresses",
        note="held by pods, as ipamd has it" if held is not None else "no pool dump, no checkpoint",
    )
    young = f"{pods.young} pods younger than five minutes left out" if pods.young else ""
    yield Reading("pod_rules", _count(main, POD_RULE), "rules", _first(main, POD_RULE), note=f"priority {POD_RULE}, {main.family}")
    missing = (
        ("pod_rules_missing", (*pods.no_rule, *pods.unrouted)),
        ("pod_routes_missing", (*pods.no_route, *pods.unrouted)),
        ("eni_rules_missing", pods.no_eni_rule),
    )
    for name, found in missing:
        yield Reading(
            name,
            len(found) if look.judged else None,
            "pods",
            note=young if look.judged else "rules, routes or pods are not in the bundle",
        )
    whole = look.v4.rules_whole
    yield Reading(
        "eni_rules",
        _count(look.v4, ENI_RULE),
        "rules",
        _first(look.v4, ENI_RULE),
        note=f"priority {ENI_RULE}: pods of secondary ENIs",
    )
    mark = next((r for r in look.v4.rules if r.mark and r.priority == NODEPORT_RULE), None)
    yield Reading("nodeport_mark_rule", bool(mark) if whole else None, ref=mark.evidence.ref if mark else None)
    yield Reading("duplicate_pod_rules", len(duplicates(main)) if main.rules_whole else None, "rules")
    branch = [r for r in look.v4.rules if r.iif.startswith("vlan")]
    yield Reading("branch_eni_rules", len(branch) if whole else None, "rules", branch[0].evidence.ref if branch else None)
    way = look.v4.ways_out.get("main")
    yield Reading("default_route", f"via {way.via} dev {way.dev}" if way else None, ref=way.evidence.ref if way else None)


def _count(routing: Routing, priority: int) -> int | None:
    return sum(r.priority == priority for r in routing.rules) if routing.rules_whole else None


def _first(routing: Routing, priority: int) -> LineRef | None:
    return next((r.evidence.ref for r in routing.rules if r.priority == priority), None)


def _enis(look: _Look) -> Iterator[Reading]:
    pool = look.cni.pool.datastore
    for eni in pool.enis if pool and look.cni.mode != "ipv6" else ():
        if eni.primary or eni.card != 0:
            continue
        tables = tables_of(eni, pool) if pool else ()
        way = next((w for t in tables if (w := look.v4.ways_out.get(t))), None)
        yield Reading("route_table", int(tables[0]) if tables else None, ref=eni.ref, scope=eni.id)
        known = bool(tables) and look.v4.routes_whole
        yield Reading("table_has_default", way is not None if known else None, ref=way.evidence.ref if way else None, scope=eni.id)


# ---- issues: pods ---------------------------------------------------------------------------------------------------
def _pod_issues(bundle: "Bundle", look: _Look) -> Iterator[Issue]:
    pods = look.pods
    lacks = (
        ("pod_rule_missing", pods.no_rule, f"no rule {POD_RULE} to the main table: what is sent to them may leave by another ENI"),
        ("pod_route_missing", pods.no_route, "no host route: nothing reaches them"),
        (
            "eni_rule_missing",
            pods.no_eni_rule,
            f"no rule {ENI_RULE} to the table of their secondary ENI: their packets leave by the wrong one",
        ),
    )
    for key, found, what in lacks:
        if found:
            yield Issue(
                f"routes.{key}",
                f"{_names(found)} of {pods.judged} {_have(found)} {what}",
                "high",
                _quotes(bundle, look, found),
                CAUSE,
                weight=5,
            )
    if pods.unrouted:
        yield _unrouted(bundle, look)
    if pods.wrong_table:
        pod, rule = pods.wrong_table[0]
        title = f"{_names([p for p, _ in pods.wrong_table])}: rule {ENI_RULE} leads to table {rule.table}, which is of another ENI"
        yield Issue("routes.wrong_table", title, "high", (rule.evidence, *_quotes(bundle, look, [pod])), CAUSE, weight=4)


def _unrouted(bundle: "Bundle", look: _Look) -> Issue:
    """Neither rule nor route. One such pod may have ended while the files were collected, unless its sandbox runs; an
    address whose sandbox is gone is a leak, which is for another section."""
    pods, running = look.pods.unrouted, read_container_ids(bundle)
    alive = [p for p in pods if p.sandbox in running.running]
    gone = [p for p in pods if running.running and p.sandbox and p.sandbox not in running.listed]
    certain = bool(alive) or (len(pods) - len(gone) >= 2 and len(pods) * 10 >= look.pods.judged)
    title = f"{_names(pods)} of {look.pods.judged} {_have(pods)} neither rule {POD_RULE} nor a host route" + (
        "" if certain else " (or ended while the files were collected)"
    )
    quotes = _quotes(bundle, look, alive or pods)
    if certain:
        return Issue("routes.pod_unrouted", title, "high", quotes, CAUSE, weight=5)
    return Issue("routes.pod_unrouted", title, "medium", quotes, CAUSE, weight=2)


def _have(pods: Iterable[object]) -> str:
    return "has" if len(list(pods)) == 1 else "have"


def _names(pods: Iterable[Allocation]) -> str:
    """ "2 pods (10.0.1.7 shop/web-1, 10.0.1.8)"."""
    found = list(pods)
    shown = ", ".join(f"{p.ip} {p.namespace}/{p.pod}" if p.pod else p.ip for p in found[:_QUOTED])
    return f"{len(found)} {'pod' if len(found) == 1 else 'pods'} ({shown}{', ...' if len(found) > _QUOTED else ''})"


def _quotes(bundle: "Bundle", look: _Look, pods: Iterable[Allocation]) -> tuple[Evidence, ...]:
    """Where each pod's address stands as held, and what it does have of rules and routes. What is missing has no line."""
    found: list[Evidence] = []
    for pod in list(pods)[:_QUOTED]:
        if held := _holding(bundle, pod.ip):
            found.append(held)
        route = look.main.hosts.get(pod.ip)
        rules: list[IpRule] = look.main.to_main.get(pod.ip, [])
        found += [route.evidence] if route else [r.evidence for r in rules[:1]]
    return tuple(found)


def _holding(bundle: "Bundle", ip: str) -> Evidence | None:
    for source in ("enis", "ipam-checkpoint"):
        for file in bundle.texts(source):
            for spelled in (f'"Address": "{ip}"', f'"Address":"{ip}"', f'"{ip}"'):
                start = file.text.find(spelled)
                if start >= 0:
                    return quote(source, file, start, min(start + len(spelled) + 160, len(file.text)))
    return None


# ---- issues: tables and the node ------------------------------------------------------------------------------------
def _table_issues(look: _Look) -> Iterator[Issue]:
    for eni, table in look.tables.enis:
        rules = [r.evidence for r in look.v4.rules if r.table == table and r.priority == ENI_RULE]
        there = [r.evidence for r in look.v4.routes if r.table == table]
        title = f"Table {table} of secondary {eni.id} has no default route: pods on it reach nothing outside their subnet"
        others = [w.evidence for t, w in look.v4.ways_out.items() if t.isdigit()]
        yield Issue("routes.table_without_default", title, "high", tuple([*rules[:2], *there[:2]] or others[:1]), CAUSE, weight=5)
    if look.tables.rules and look.v4.routes_whole:
        title = f"Rules {ENI_RULE} lead to tables without a default route: {', '.join(sorted(r.table for r in look.tables.rules))}"
        yield Issue(
            "routes.table_without_default", title, "high", tuple(r.evidence for r in look.tables.rules[:_QUOTED]), CAUSE, weight=5
        )


def _node_issues(look: _Look) -> Iterator[Issue]:
    v4, settings = look.v4, look.cni.settings
    switched = [r.evidence for r in v4.rules if r.table in _CLOUD_SETUP] + [
        r.evidence for r in v4.routes if r.table in _CLOUD_SETUP
    ]
    if switched:
        title = "nm-cloud-setup writes rules of its own (tables 30200, 30400): it takes those of the VPC CNI away"
        yield Issue("routes.nm_cloud_setup", title, "high", tuple(switched[:_QUOTED]), CAUSE, weight=4)
    if v4.routes_whole and "main" not in v4.ways_out:
        title = "The main table has no default route: the node reaches nothing outside its subnet"
        yield Issue(
            "routes.no_default", title, "high", tuple(r.evidence for r in v4.routes if r.table == "main")[:2], CAUSE, weight=4
        )
    marked = any(r.mark and r.table == "main" for r in v4.rules)
    wanted = settings.known("AWS_VPC_CNI_NODE_PORT_SUPPORT") and settings.flag("AWS_VPC_CNI_NODE_PORT_SUPPORT")
    up = look.cni.pool.datastore is not None and look.cni.mode != "ipv6"
    if v4.rules_whole and wanted and up and not marked:
        title = f"NodePort support is on, but the rule for marked packets (priority {NODEPORT_RULE}) is missing: answers leave by the wrong ENI"
        quotes = settings.evidence("AWS_VPC_CNI_NODE_PORT_SUPPORT") or tuple(r.evidence for r in v4.rules[:2])
        yield Issue("routes.nodeport_rule_missing", title, "high", quotes, CAUSE, weight=4)
    twice = duplicates(look.main)
    if twice:
        title = f"{len(twice)} pod addresses have rule {POD_RULE} more than once: one stays behind when the pod goes"
        yield Issue("routes.duplicate_rules", title, "medium", tuple(r.evidence for r in twice[:_QUOTED]), CAUSE, weight=2)
