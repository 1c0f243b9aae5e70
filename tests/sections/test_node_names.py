"""What node and cluster are called, by files as real nodes write them."""

import pytest

from eks_diag_mcp.sections import instance
from eks_diag_mcp.sections.readers.node_names import cluster_of, host_name_of

from .conftest import FakeBundle

HELPER = """users:
- name: kubelet
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - token
      - -i
      - shop-prod
      - --region
      - us-west-2
      command: aws-iam-authenticator
"""
FLAG = '      args: ["eks", "get-token", "--cluster-name", "shop-prod", "--region", "us-west-2"]\n'
ARN = "current-context: arn:aws:eks:us-west-2:111122223333:cluster/shop-prod\n"


@pytest.mark.parametrize("text", [HELPER, HELPER.replace("-i\n", '"--cluster-id"\n'), FLAG, ARN])
def test_the_cluster_is_named_by_the_kubeconfig(text: str) -> None:
    found = cluster_of(FakeBundle({"kubelet/kubeconfig.yaml": text}))  # type: ignore[arg-type]
    assert found is not None and found.value == "shop-prod" and found.ref is not None


@pytest.mark.parametrize("text", ["", "clusters:\n- name: kubernetes\n", "      - --region\n      - us-west-2\n"])
def test_a_kubeconfig_without_the_name_gives_none(text: str) -> None:
    assert cluster_of(FakeBundle({"kubelet/kubeconfig.yaml": text})) is None  # type: ignore[arg-type]


def test_the_node_is_named_by_uname_and_both_stand_in_the_section() -> None:
    files = {
        "kernel/uname.txt": "Linux ip-10-0-1-2.ec2.internal 6.1.112-122.189.amzn2023.x86_64 #1 SMP x86_64\n",
        "kubelet/kubeconfig.yaml": ARN,
    }
    section = instance.read(FakeBundle(files), None)  # type: ignore[arg-type]
    assert (section.value("host_name"), section.value("cluster_name")) == ("ip-10-0-1-2.ec2.internal", "shop-prod")
    assert host_name_of(FakeBundle({})) is None  # type: ignore[arg-type]
