"""The health of a cluster's nodes and of what they stand on: Kubernetes first, then EC2, SSM, EKS and the subnets.

Every call that fails leaves a gap and nothing else; all of it ends before the deadline, with what is known by then."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from ..cloud.aws import Aws
from ..cloud.clusters import ClusterRef, Clusters
from ..cloud.eks_cluster import describe_cluster
from ..cloud.kube import Kube
from .addon_versions import AddonVersions, addon_versions
from .daemons import DaemonHealth, Daemons, judge, read_daemons, suspects
from .eks_overview import overview
from .eks_resource import EksResource
from .events import Event, read_events
from .fanout import Fanout
from .gaps import Gap
from .machines import Machines, read_machines
from .network import Subnet, read_subnets
from .node_health import NodeHealth, judge_nodes
from .nodes import Node, read_node
from .pod_survey import Survey, survey_pods
from .reading import part, text

_NODES = 10_000
_SUBNETS = 40
SANDBOX = "FailedCreatePodSandBox"


@dataclass(slots=True)
class ClusterHealth:
    """All that was found. Parts that could not be had are empty, and `gaps` says why. `nodes_seen` False: the cluster did
    not tell its nodes, so that an empty list means nothing."""

    ref: ClusterRef
    version: str = ""
    status: str = ""
    nodes: list[NodeHealth] = field(default_factory=list)
    nodes_seen: bool = False
    daemons: Daemons = field(default_factory=Daemons)
    daemon_health: list[DaemonHealth] = field(default_factory=list)
    survey: Survey | None = None
    sandbox_events: dict[tuple[str, str], Event] = field(default_factory=dict)
    nodegroups: dict[str, EksResource | None] = field(default_factory=dict)
    addons: dict[str, EksResource | None] = field(default_factory=dict)
    addon_versions: dict[str, AddonVersions] = field(default_factory=dict)
    insights: dict[str, EksResource | None] = field(default_factory=dict)
    cluster_issues: tuple[str, ...] = ()
    subnets: dict[str, Subnet] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


Progress = Callable[[float, float | None, str], None]


class HealthCheck:
    """One look at one cluster."""

    def __init__(
        self,
        aws: Aws,
        clusters: Clusters,
        ref: ClusterRef,
        *,
        now: datetime,
        clock: Callable[[], float],
        deadline_s: float,
        checkpoint: Callable[[], None] = lambda: None,
        progress: Progress = lambda _done, _total, _message: None,
    ) -> None:
        self._aws, self._clusters, self._ref, self._now = aws, clusters, ref, now
        self._fan, self._progress = Fanout(clock, deadline_s, checkpoint), progress
        self._enough_s = deadline_s / 2
        self._found = ClusterHealth(ref)
        self._nodes: list[Node] = []
        self._all_nodes = False
        self._cluster: dict[str, Any] = {}

    def run(self, *, ssm: bool = True) -> ClusterHealth:
        """The health. Raises only what the checkpoint raises, and BadInput for a cluster that may not be asked."""
        self._progress(0, 3, "asking the cluster and EKS")
        self._first()
        self._progress(1, 3, "asking EC2 and SSM")
        machines = read_machines(self._aws, self._ref.region, self._ref.name, self._nodes, self._fan, ssm=ssm)
        if not self._all_nodes:  # an instance that is no node of a list with holes may be one all the same
            machines = replace(machines, unjoined=())
        self._found.nodes = judge_nodes(self._nodes, self._found.survey, self._found.daemon_health, machines, self._now)
        self._progress(2, 3, "counting the subnets")
        self._found.subnets = read_subnets(self._aws, self._ref.region, self._subnet_ids(machines), self._fan)
        self._found.gaps = list(dict.fromkeys([*self._found.gaps, *self._fan.gaps]))
        self._progress(3, 3, "done")
        return self._found

    # ---- the cluster and EKS ----------------------------------------------------------------------------------------------
    def _first(self) -> None:
        aws, ref, fan = self._aws, self._ref, self._fan
        kube = fan.one("Kubernetes API", lambda: self._clusters.kube(ref))
        calls: dict[str, Callable[[], Any]] = {
            "cluster": partial(describe_cluster, aws, ref.name, ref.region),
            **{f"EKS {t}s": partial(self._overview, t) for t in ("nodegroup", "addon", "insight")},
        }
        if kube is not None:
            calls |= {
                "nodes": partial(self._read_nodes, kube),
                "pods": partial(self._read_pods, kube),
                "events": partial(read_events, kube, kube.kind("Event"), reason=SANDBOX, types=("type=Warning",)),
            }
        answers = fan.run(calls)
        self._cluster = answers.get("cluster") or {}
        found = self._found
        found.nodes_seen, self._all_nodes = "nodes" in answers or bool(self._nodes), answers.get("nodes") is True
        found.version, found.status = text(self._cluster, "version"), text(self._cluster, "status")
        found.cluster_issues = tuple(text(i, "code") for i in part(self._cluster, "health").get("issues") or ())
        found.nodegroups, found.addons = answers.get("EKS nodegroups") or {}, answers.get("EKS addons") or {}
        found.insights = answers.get("EKS insights") or {}
        for event in answers["events"].events if "events" in answers else ():
            found.sandbox_events.setdefault((event.namespace, event.name), event)
        self._daemons()
        if found.version and found.addons:
            self._versions()

    def _overview(self, type_: Any) -> dict[str, EksResource | None]:
        """On a fan of its own: these calls run inside one of the first fan's threads."""
        inner = Fanout(self._fan.clock, self._fan.left_s)
        found = overview(self._aws, self._ref, type_, inner)
        self._found.gaps += inner.gaps
        return found

    def _late(self) -> bool:
        """Half of the time is for what comes after nodes and pods."""
        return self._fan.left_s < self._enough_s

    def _read_nodes(self, kube: Kube) -> bool:
        """Node by node into a list that is there even when the time runs out."""
        for item in kube.all(kube.kind("Node"), most=_NODES):
            self._nodes.append(read_node(item))
            if len(self._nodes) % 500 == 0 and self._late():
                self._found.gaps.append(Gap("nodes", f"only the first {len(self._nodes)} were read in time"))
                return False
        return True

    def _read_pods(self, kube: Kube) -> bool:
        self._found.daemons = daemons = read_daemons(kube)
        survey = survey_pods(kube, lambda: suspects(daemons, self._nodes), self._now, self._late)
        self._found.survey = survey
        self._found.gaps += [Gap(*gap.split(": ", 1)) for gap in survey.gaps]
        return True

    def _daemons(self) -> None:
        """Which sets lack a pod on which node, by the pods that were seen."""
        survey = self._found.survey
        for daemon in self._found.daemons.sets.values() if survey else ():
            seen = survey.daemon_pods.get(daemon.name, {}) if survey else {}
            if survey is not None and (survey.by_node is not None or seen):
                self._found.daemon_health.append(judge(daemon, self._nodes, seen, self._now, whole=survey.whole))
            else:
                self._found.daemon_health.append(DaemonHealth(daemon))

    def _versions(self) -> None:
        wanted = [n for n, addon in self._found.addons.items() if addon is not None][:10]
        version = self._found.version
        calls = {f"versions of {n}": partial(addon_versions, self._aws, self._ref.region, n, version) for n in wanted}
        answers = self._fan.run(calls)
        self._found.addon_versions = {n: answers[f"versions of {n}"] for n in wanted if f"versions of {n}" in answers}

    # ---- the subnets ------------------------------------------------------------------------------------------------------
    def _subnet_ids(self, machines: Machines) -> list[str]:
        """Subnets that nodes are in first, then those that groups and the cluster may use."""
        used = [i.subnet for i in machines.instances.values()]
        groups = [s for g in self._found.nodegroups.values() if g for s in g.properties.get("subnets") or ()]
        own = part(self._cluster, "resourcesVpcConfig").get("subnetIds") or ()
        ids = list(dict.fromkeys(i for i in (*used, *groups, *own) if i))
        if len(ids) > _SUBNETS:
            self._found.gaps.append(Gap("subnets", f"only {_SUBNETS} of {len(ids)} were counted"))
        return ids[:_SUBNETS]
