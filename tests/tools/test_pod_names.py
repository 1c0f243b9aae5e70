"""Pods as log lines name them: in three forms for one and the same."""

from eks_diag_mcp.tools.pod_names import pods_in, pods_named

KUBELET = 'E1120 "Error syncing pod, skipping" err="x" pod="default/web-0" podUID="aa"'
QUOTED = r"for \"web-0_default(0e2d6a8a-1111-2222-3333-444455556666)\" with CreatePodSandboxError: for pod \"web-0\""
CNI = "Args: K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=ab"
CONTAINERD = 'msg="RunPodSandbox for &PodSandboxMetadata{Name:web-1}" failed to setup network for pod "web-1"'


def test_a_pod_that_lines_name_in_several_forms_is_listed_once() -> None:
    assert pods_named([QUOTED, KUBELET, CNI]) == ["default/web-0"]
    assert pods_named(['for pod "web-0"', KUBELET]) == ["default/web-0"], "the short form may come first"


def test_pods_of_one_name_in_two_namespaces_are_two() -> None:
    assert pods_named([KUBELET, KUBELET.replace("default/", "other/"), 'for pod "web-0"']) == ["default/web-0", "other/web-0"]


def test_a_name_without_a_namespace_stands_alone() -> None:
    assert pods_named([CONTAINERD, KUBELET]) == ["web-1", "default/web-0"]
    assert pods_in(CONTAINERD) == []
