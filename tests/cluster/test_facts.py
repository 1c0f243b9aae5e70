"""NodeFacts from both doubles: what AWS and Kubernetes say about one node now."""

from datetime import UTC, datetime
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.cluster.facts import GAPS, gather_facts
from eks_diag_mcp.cluster.facts_file import read_facts, write_facts
from eks_diag_mcp.errors import BadBundle
from eks_diag_mcp.model import NodeFacts

from ..doubles.aws import AwsDouble
from ..doubles.kubernetes import CLUSTER, REGION, KubeDouble

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def facts_of(app: App, instance: str, cluster: str | None = None) -> NodeFacts:
    return gather_facts(app.outside.aws, app.outside.clusters, instance, REGION, cluster, lambda: NOW)


@pytest.fixture
def node(world: AwsDouble, kube: KubeDouble) -> str:
    """The node of a scenario, in EC2 and in the cluster, named as EC2 names it."""
    made = world.world.node("eni-limit", cluster=CLUSTER)
    kube.scenario_node("eni-limit")
    name = kube.store.all("nodes")[0]["metadata"]["name"]
    world.ec2.instances.setdefault(made, {})["PrivateDnsName"] = name
    return made


def addon(world: AwsDouble, name: str, version: str, **more: Any) -> None:
    world.eks.cluster(REGION, CLUSTER).addons[name] = {
        "addonName": name,
        "clusterName": CLUSTER,
        "addonVersion": version,
        "status": "ACTIVE",
        "health": {"issues": []},
        **more,
    }


def test_all_that_is_known_of_a_node_comes_with_the_time_of_its_call(world: AwsDouble, by_eks: App, node: str) -> None:
    addon(world, "vpc-cni", "v1.19.6-eksbuild.1")
    addon(
        world,
        "kube-proxy",
        "v1.31.7-eksbuild.7",
        status="DEGRADED",
        health={"issues": [{"code": "ConfigurationConflict", "message": "x"}]},
    )
    facts = facts_of(by_eks, node)
    told = facts.values
    assert told[GAPS] == []
    assert set(facts.called_at.values()) == {NOW} and set(facts.called_at) == set(told)
    assert told["kubernetes_version"] == "1.33"
    limits = told["instance_limits"]
    assert (
        isinstance(limits, dict) and limits["enis"] > 1 and limits["ipv4_per_eni"] > 1 and limits["hypervisor"] in ("nitro", "xen")
    )
    enis = told["enis"]
    assert isinstance(enis, list) and [e["holder"] for e in enis[:2]] == ["node_primary", "node_pods"]
    subnets = told["subnets"]
    assert isinstance(subnets, dict)
    (subnet,) = subnets.values()
    assert subnet["free"] > 0 and subnet["free_28s"] > 0 and subnet["reservations"] == []
    addons = told["addons"]
    assert isinstance(addons, dict)
    assert addons["vpc-cni"]["compatible"] is True and addons["vpc-cni"]["default"] == "v1.20.4-eksbuild.1"
    assert (addons["kube-proxy"]["compatible"], addons["kube-proxy"]["issues"]) == (False, ["ConfigurationConflict"])
    found = told["node"]
    assert isinstance(found, dict) and found["ready"] is True and found["kind"] == "managed_nodegroup"


def test_facts_go_through_their_file_unchanged(by_eks: App, node: str) -> None:
    facts = facts_of(by_eks, node)
    assert read_facts(write_facts(facts)) == facts


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version":1,"values":[],"called_at":{}}', '{"version":9,"values":{},"called_at":{}}']
)
def test_a_damaged_file_of_facts_is_refused(text: str) -> None:
    with pytest.raises(BadBundle):
        read_facts(text)


@pytest.mark.parametrize(
    ("operation", "lost"),
    [
        ("ec2:DescribeInstances", "instance_type"),
        ("ec2:DescribeInstanceTypes", "instance_limits"),
        ("ec2:DescribeSubnets", "subnets"),
        ("eks:DescribeCluster", "kubernetes_version"),
        ("eks:ListAddons", "addons"),
    ],
)
def test_a_missing_permission_is_a_gap_that_names_it_and_the_rest_is_there(
    world: AwsDouble, by_eks: App, node: str, operation: str, lost: str
) -> None:
    world.deny(operation)
    facts = facts_of(by_eks, node, CLUSTER)
    gaps = facts.values[GAPS]
    assert lost not in facts.values and isinstance(gaps, list)
    assert operation in {g["missing"] for g in gaps}
    assert "enis" in facts.values
    assert "123456789012" not in write_facts(facts)


def test_without_the_interfaces_of_a_subnet_its_free_28s_are_not_guessed(world: AwsDouble, by_eks: App, node: str) -> None:
    world.deny("ec2:DescribeNetworkInterfaces")
    facts = facts_of(by_eks, node)
    subnets = facts.values["subnets"]
    assert isinstance(subnets, dict) and [s["free_28s"] for s in subnets.values()] == [None]
    assert "enis" not in facts.values


def test_a_node_that_is_gone_leaves_gaps_and_no_error(by_eks: App) -> None:
    facts = facts_of(by_eks, "i-0feedfacefeedface", CLUSTER)
    gaps = facts.values[GAPS]
    assert isinstance(gaps, list) and {"instance", "node"} <= {g["what"] for g in gaps}
    assert facts.values["kubernetes_version"] == "1.33"


def test_a_cluster_whose_api_is_shut_still_gives_what_aws_knows(world: AwsDouble, kube: KubeDouble, by_eks: App, node: str) -> None:
    kube.fail("*", "*", 403, times=100)
    facts = facts_of(by_eks, node)
    assert "node" not in facts.values and facts.values["kubernetes_version"] == "1.33" and "subnets" in facts.values


def test_with_custom_networking_the_subnet_of_the_eniconfig_is_counted_too(
    world: AwsDouble, kube: KubeDouble, by_eks: App, node: str
) -> None:
    pods = world.world.subnet("10.0.64.0/24", zone="b", free=7)
    elsewhere = world.world.subnet("10.0.65.0/24", zone="c", free=200)
    for zone, subnet in (("us-west-2b", pods), ("us-west-2c", elsewhere)):
        kube.add(
            {
                "apiVersion": "crd.k8s.amazonaws.com/v1alpha1",
                "kind": "ENIConfig",
                "metadata": {"name": zone},
                "spec": {"subnet": subnet},
            }
        )
    facts = facts_of(by_eks, node)
    subnets = facts.values["subnets"]
    assert isinstance(subnets, dict) and subnets[pods]["free"] == 7 and elsewhere not in subnets
