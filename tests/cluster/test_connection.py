"""To which hosts the server connects, and whom it trusts there."""

import base64

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.errors import BadInput, NoCredentials, Unavailable, Unreachable

from ..doubles.aws import AwsDouble
from ..doubles.kubernetes import CLUSTER, REGION, KubeDouble
from .conftest import Ask, asking


def test_the_identity_of_the_server_opens_the_cluster(world: AwsDouble, kube: KubeDouble, ask_eks: Ask) -> None:
    assert ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Node").total == 0
    assert [c.user for c in kube.calls] == ["arn:aws:sts::123456789012:assumed-role/eks-diag-mcp/session"]


def test_a_server_of_another_authority_is_not_talked_to(world: AwsDouble, kube: KubeDouble, ask_eks: Ask) -> None:
    data = base64.b64encode(kube.wrong_ca_pem.encode()).decode()
    world.eks.cluster(REGION, CLUSTER).described["certificateAuthority"] = {"data": data}
    with pytest.raises(Unreachable, match="certificate"):
        ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Pod")
    assert kube.calls == []


@pytest.mark.parametrize("data", ["", "no base64!", base64.b64encode(b"\xff\xfe").decode()])
def test_an_authority_that_cannot_be_read_is_told(world: AwsDouble, ask_eks: Ask, data: str) -> None:
    world.eks.cluster(REGION, CLUSTER).described["certificateAuthority"] = {"data": data}
    with pytest.raises(Unavailable):
        ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Pod")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://eks.amazonaws.com.evil.example",
        "http://ABC.gr7.us-west-2.eks.amazonaws.com",
        "https://evil.example/.eks.amazonaws.com",
    ],
)
def test_no_token_goes_to_a_host_that_is_not_eks_s(world: AwsDouble, ask_eks: Ask, endpoint: str) -> None:
    world.eks.cluster(REGION, CLUSTER).described["endpoint"] = endpoint
    with pytest.raises(Unavailable, match="no token is sent"):
        ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Pod")


def test_a_region_that_is_not_allowed_is_not_asked(world: AwsDouble, ask_eks: Ask) -> None:
    with pytest.raises(BadInput, match="eu-west-1"):
        ask_eks("cluster_health", clusterName=CLUSTER, region="eu-west-1")
    assert world.calls == []


def test_a_principal_without_an_access_entry_is_told_what_to_make(world: AwsDouble, kube: KubeDouble, ask_eks: Ask) -> None:
    kube.access.drop_entry("arn:aws:sts::123456789012:assumed-role/eks-diag-mcp/session")
    with pytest.raises(NoCredentials, match="access entry"):
        ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Pod")


def test_a_connection_that_breaks_is_told_and_the_next_call_works(kube: KubeDouble, ask_eks: Ask) -> None:
    kube.reset_connection("list", "pods", times=5)
    with pytest.raises(Unreachable, match="does not answer"):
        ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Pod")
    kube.faults.clear()
    kube.cut_body("list", "pods")
    with pytest.raises(Unavailable):
        ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Pod")
    assert ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Pod").total == 0


def test_an_api_server_that_keeps_silent_is_given_up(kube: KubeDouble, ask_eks: Ask) -> None:
    kube.keep_silent("list", "pods", times=5)
    with pytest.raises(Unreachable, match=r"does not answer.*private"):
        ask_eks("list_k8s_resources", clusterName=CLUSTER, kind="Pod")


def test_a_kubeconfig_alone_is_enough_and_what_aws_would_know_is_a_gap(kube: KubeDouble, by_kubeconfig: App) -> None:
    alone = asking(App(by_kubeconfig.settings.model_copy(update={"region": None})))
    kube.node("ip-10-0-1-5.us-west-2.compute.internal", "i-0123456789abcdef0")
    assert alone("list_k8s_resources", kind="Node").total == 1
    health = alone("cluster_health")
    assert health.nodes_total == 1 and health.gaps and not health.subnets
