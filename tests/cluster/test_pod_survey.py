"""The pods of a cluster that is too large to read them all: what is pending, and the DaemonSets that are not all ready."""

from datetime import UTC, datetime, timedelta

from eks_diag_mcp.app import App
from eks_diag_mcp.cluster.daemons import judge, read_daemons, suspects
from eks_diag_mcp.cluster.nodes import read_node
from eks_diag_mcp.cluster.pod_survey import survey_pods

from ..doubles.kubernetes import CLUSTER, KubeDouble
from ..doubles.kubernetes.pod_objects import PodState

NODES = [f"ip-10-0-1-{n}.us-west-2.compute.internal" for n in range(5, 9)]
NOW = datetime.now(UTC)


def large(kube: KubeDouble) -> None:
    for n, name in enumerate(NODES):
        kube.node(name, f"i-0aaaaaaaaaaaaaaa{n}", daemons=("kube-proxy",) if n == 3 else ("aws-node", "kube-proxy"))
        kube.pod(f"web-{n}", "shop", node=name)
    kube.pod("stuck", "shop", node=NODES[0], phase="Pending", waiting="ContainerCreating")
    kube.pod("evicted", "shop", node=NODES[0], ip="", state=PodState(phase="Failed", reason="Evicted"))
    kube.pod("unplaced", "shop", phase="Pending")
    kube.pod("on-host", "shop", node=NODES[0], phase="Pending", waiting="ContainerCreating", host_network=True)


def test_a_large_cluster_is_not_read_whole_and_still_tells_what_is_stuck_and_what_is_missing(
    kube: KubeDouble, by_kubeconfig: App
) -> None:
    large(kube)
    clusters = by_kubeconfig.outside.clusters
    api = clusters.kube(clusters.ref(CLUSTER))
    nodes = [read_node(item) for item in api.all(api.kind("Node"))]
    daemons = read_daemons(api)
    assert [p.name for p in survey_pods(api, lambda: (), NOW, lambda: False).stuck] == ["stuck"]
    found = survey_pods(api, lambda: suspects(daemons, nodes), NOW, lambda: False, all_up_to=3)
    assert found.by_node is None and "too many" not in found.gaps[0] and "not counted" in found.gaps[0]
    assert [p.name for p in found.stuck] == ["stuck"]
    assert set(found.daemon_pods) == {"aws-node"}  # all kube-proxies are ready: nobody looked at them
    health = judge(daemons.sets["aws-node"], nodes, found.daemon_pods["aws-node"], NOW, whole=found.whole)
    assert health.missing_on == (NODES[3],)


def test_a_node_that_was_just_made_is_not_blamed_for_a_pod_that_is_on_its_way(kube: KubeDouble, by_kubeconfig: App) -> None:
    large(kube)
    clusters = by_kubeconfig.outside.clusters
    api = clusters.kube(clusters.ref(CLUSTER))
    nodes = [read_node(item) for item in api.all(api.kind("Node"))]
    born = next(n.created for n in nodes if n.name == NODES[3])
    assert born is not None
    daemon = read_daemons(api).sets["aws-node"]
    assert judge(daemon, nodes, {}, born + timedelta(minutes=1), whole=True).missing_on == ()
    assert len(judge(daemon, nodes, {}, NOW, whole=True).missing_on) == 4
    assert judge(daemon, nodes, {}, NOW, whole=False).missing_on == ()


def test_pods_that_were_not_all_read_prove_no_absence(kube: KubeDouble, by_kubeconfig: App) -> None:
    kube.node(NODES[0], "i-0aaaaaaaaaaaaaaa0", daemons=())
    for n in range(520):
        kube.pod(f"web-{n}", "shop", node=NODES[0])
    clusters = by_kubeconfig.outside.clusters
    api = clusters.kube(clusters.ref(CLUSTER))
    found = survey_pods(api, lambda: (), NOW, lambda: True)
    assert not found.whole and found.gaps == ["pods: only the first 500 were read"]
