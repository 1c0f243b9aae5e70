"""The described cluster looks like an EKS cluster, and every object fits the official client's models."""

from typing import Any

import pytest
from kubernetes import client

from .kube_asking import api_client, ask
from .kubernetes import KubeDouble, PodState

pytest_plugins = ["tests.doubles.kube_fixtures"]

NAME = "ip-10-0-1-23.us-west-2.compute.internal"
ID = "i-0123456789abcdef0"


def conditions(node: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["status"], c["reason"]) for c in node["status"]["conditions"]}


def test_a_node_carries_its_instance_zone_group_and_address(kube: KubeDouble) -> None:
    node = kube.node(NAME, ID)
    assert node["spec"] == {"providerID": f"aws:///us-west-2a/{ID}"}
    assert node["metadata"]["labels"]["eks.amazonaws.com/nodegroup"] == "workers"
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "us-west-2a"
    assert node["status"]["addresses"][0] == {"type": "InternalIP", "address": "10.0.1.23"}
    assert node["status"]["allocatable"]["pods"] == "29"
    assert conditions(node)["Ready"] == ("True", "KubeletReady")


def test_a_node_brings_its_daemons_and_their_daemonsets_count_them(kube: KubeDouble) -> None:
    kube.node(NAME, ID)
    pods = kube.store.all("pods", "kube-system")
    assert [(p["metadata"]["labels"]["k8s-app"], p["status"]["podIP"]) for p in pods] == [
        ("aws-node", "10.0.1.23"),
        ("kube-proxy", "10.0.1.23"),
    ]
    status = kube.get("DaemonSet", "aws-node", "kube-system")["status"]
    assert (status["desiredNumberScheduled"], status["numberReady"]) == (1, 1)


def test_a_node_without_aws_node_leaves_its_daemonset_short(kube: KubeDouble) -> None:
    kube.node(NAME, ID, daemons=("kube-proxy",))
    status = kube.get("DaemonSet", "aws-node", "kube-system")["status"]
    assert (status["desiredNumberScheduled"], status["currentNumberScheduled"], status["numberUnavailable"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("compute", "label", "provider"),
    [
        ("nodegroup", ("eks.amazonaws.com/nodegroup", "p"), f"aws:///us-west-2b/{ID}"),
        ("karpenter", ("karpenter.sh/nodepool", "p"), f"aws:///us-west-2b/{ID}"),
        ("auto", ("eks.amazonaws.com/compute-type", "auto"), f"aws:///us-west-2b/{ID}"),
        ("fargate", ("eks.amazonaws.com/compute-type", "fargate"), f"aws:///us-west-2b/4f7b1c9d2e-0a1b2c3d4e5f/{ID}"),
        ("hybrid", ("eks.amazonaws.com/compute-type", "hybrid"), f"eks-hybrid:///us-west-2/demo/{ID}"),
    ],
)
def test_each_way_to_run_a_node_shows_in_its_labels_and_provider(kube: KubeDouble, compute, label, provider) -> None:
    node = kube.node(NAME, ID, compute=compute, pool="p", zone="us-west-2b")
    assert node["metadata"]["labels"][label[0]] == label[1]
    assert node["spec"]["providerID"] == provider
    daemons = [p for p in kube.store.all("pods") if p["spec"].get("nodeName") == NAME]
    assert bool(daemons) == (compute in ("nodegroup", "karpenter"))


def test_a_self_managed_node_has_no_pool(kube: KubeDouble) -> None:
    labels = kube.node(NAME, ID, compute="self-managed")["metadata"]["labels"]
    assert not [k for k in labels if "nodegroup" in k or "nodepool" in k or "compute-type" in k]


def test_a_node_that_is_not_ready_says_why_and_is_tainted(kube: KubeDouble) -> None:
    node = kube.node(NAME, ID, ready="False", taints=["team=a:NoSchedule"], cordoned=True)
    assert conditions(node)["Ready"] == ("False", "KubeletNotReady")
    keys = [t["key"] for t in node["spec"]["taints"]]
    assert keys == ["team", "node.kubernetes.io/not-ready", "node.kubernetes.io/not-ready", "node.kubernetes.io/unschedulable"]


def test_a_node_that_no_longer_reports_is_unknown_in_all_that_the_kubelet_told(kube: KubeDouble) -> None:
    node = kube.node(NAME, ID, ready="Unknown")
    assert set(conditions(node).values()) == {("Unknown", "NodeStatusUnknown")}


def test_the_agents_conditions_stand_beside_the_kubelets(kube: KubeDouble) -> None:
    told = {"NetworkingReady": ("False", "IPAMDNotReady", "ipamd"), "DiskPressure": "True", "AcceleratedHardwareReady": "True"}
    found = conditions(kube.node(NAME, ID, agent_conditions=True, conditions=told))
    assert found["KernelReady"] == ("True", "KernelIsReady")
    assert found["NetworkingReady"] == ("False", "IPAMDNotReady")
    assert found["DiskPressure"][0] == "True"
    assert found["AcceleratedHardwareReady"][0] == "True"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (PodState(), ("Running", "running", True, True)),
        (PodState(waiting="CrashLoopBackOff", restarts=7, ended=("OOMKilled", 137)), ("Running", "waiting", False, True)),
        (PodState(phase="Pending", waiting="ContainerCreating"), ("Pending", "waiting", False, False)),
        (PodState(phase="Failed"), ("Failed", "terminated", False, True)),
        (PodState(phase="Succeeded"), ("Succeeded", "terminated", False, True)),
        (PodState(ready=False), ("Running", "running", False, True)),
    ],
)
def test_a_pods_status_follows_from_its_state(kube: KubeDouble, state: PodState, expected: tuple[str, str, bool, bool]) -> None:
    kube.node(NAME, ID)
    status = kube.pod("p", node=NAME, state=state)["status"]
    (container,) = status["containerStatuses"]
    assert (status["phase"], next(iter(container["state"])), container["ready"], "podIP" in status) == expected
    last = container["lastState"].get("terminated", {}).get("reason")
    assert (container["restartCount"], last) == (state.restarts, "OOMKilled" if state.restarts else None)


def test_a_pod_that_fits_nowhere_has_no_node_and_says_so(kube: KubeDouble) -> None:
    status = kube.pod("p", phase="Pending")["status"]
    assert "containerStatuses" not in status
    (condition,) = status["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("PodScheduled", "False", "Unschedulable")


def test_a_pod_may_be_evicted_or_stuck_in_deletion(kube: KubeDouble) -> None:
    kube.node(NAME, ID)
    gone = kube.pod(
        "a", node=NAME, state=PodState(phase="Failed", reason="Evicted", message="The node was low on resource: memory.")
    )
    assert (gone["status"]["reason"], "containerStatuses" in gone["status"]) == ("Evicted", False)
    assert "deletionTimestamp" in kube.pod("b", node=NAME, state=PodState(deleting=True))["metadata"]


def test_pods_have_addresses_of_their_own_and_may_be_without(kube: KubeDouble) -> None:
    kube.node(NAME, ID)
    first, second = (kube.pod(n, node=NAME)["status"]["podIP"] for n in ("a", "b"))
    assert first != second
    assert "podIP" not in kube.pod("c", node=NAME, ip="")["status"]


def test_equal_descriptions_make_equal_clusters(kube: KubeDouble) -> None:
    def world() -> list[dict[str, Any]]:
        kube.reset()
        kube.clock = lambda: fixed
        kube.node(NAME, ID)
        kube.pod("p", node=NAME)
        return kube.store.all("pods")

    fixed = kube.now()
    assert world() == world()


def test_the_official_client_can_read_every_built_in_kind(kube: KubeDouble) -> None:
    kube.node(NAME, ID, ready="False")
    kube.pod("p", node=NAME, waiting="CrashLoopBackOff", restarts=2, owner=("ReplicaSet", "p"))
    kube.deployment("coredns", images={"coredns": "coredns:v1"}, app="kube-dns")
    kube.event("Evicted", "x", ("Node", NAME))
    api = api_client(kube)
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    lists = [core.list_node, core.list_pod_for_all_namespaces, core.list_event_for_all_namespaces, core.list_namespace]
    lists += [
        core.list_service_for_all_namespaces,
        core.list_config_map_for_all_namespaces,
        core.list_service_account_for_all_namespaces,
    ]
    lists += [
        apps.list_daemon_set_for_all_namespaces,
        apps.list_deployment_for_all_namespaces,
        apps.list_replica_set_for_all_namespaces,
    ]
    lists += [client.CoordinationV1Api(api).list_lease_for_all_namespaces, client.StorageV1Api(api).list_csi_node]
    lists += [client.StorageV1Api(api).list_storage_class, client.RbacAuthorizationV1Api(api).list_cluster_role]
    for read in lists:
        assert read().items, read


def test_kinds_that_hold_nothing_are_empty_lists(kube: KubeDouble) -> None:
    paths = (
        "/api/v1/persistentvolumes",
        "/api/v1/persistentvolumeclaims",
        "/api/v1/endpoints",
        "/api/v1/secrets",
        "/apis/apps/v1/statefulsets",
    )
    paths += ("/apis/batch/v1/jobs", "/apis/policy/v1/poddisruptionbudgets", "/apis/storage.k8s.io/v1/volumeattachments")
    paths += ("/apis/discovery.k8s.io/v1/endpointslices", "/apis/vpcresources.k8s.aws/v1alpha1/cninodes")
    for path in paths:
        code, body = ask(kube, path)
        assert (code, body["items"]) == (200, []), path


def test_an_object_that_is_replaced_stays_the_same_object(kube: KubeDouble) -> None:
    kube.pod("p")
    before = kube.get("Pod", "p")["metadata"]
    kube.pod("p", phase="Failed")
    after = kube.get("Pod", "p")["metadata"]
    assert (after["uid"], after["creationTimestamp"]) == (before["uid"], before["creationTimestamp"])
    assert int(after["resourceVersion"]) > int(before["resourceVersion"])


def test_any_object_can_be_added(kube: KubeDouble) -> None:
    kube.add({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque", "data": {"k": "dg=="}})
    assert ask(kube, "/api/v1/namespaces/default/secrets", fieldSelector="type=Opaque")[1]["items"][0]["data"] == {"k": "dg=="}
