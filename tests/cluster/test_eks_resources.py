"""describe_eks_resource on the double of EKS."""

import json
from typing import Any

import pytest

from eks_diag_mcp.cluster.addon_versions import version_key
from eks_diag_mcp.errors import BadInput, Denied, NoCredentials, NotThere

from ..doubles.aws import AwsDouble
from ..doubles.kubernetes import CLUSTER, REGION
from .conftest import Ask

ACCOUNT = "123456789012"


def put(world: AwsDouble, table: str, key: str, **record: Any) -> None:
    world.eks.cluster(REGION, CLUSTER).table(table)[key] = {"clusterName": CLUSTER, **record}


def cni(world: AwsDouble, version: str = "v1.19.6-eksbuild.1", **more: Any) -> None:
    record = {"addonName": "vpc-cni", "addonVersion": version, "status": "ACTIVE", "health": {"issues": []}} | more
    put(world, "addons", "vpc-cni", **record)


def test_an_add_on_comes_with_the_versions_that_fit_the_newest_first(world: AwsDouble, ask_eks: Ask) -> None:
    cni(world)
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="addon", resourceName="vpc-cni")
    assert (answer.found, answer.status, answer.properties["version"]) == (True, "ACTIVE", "v1.19.6-eksbuild.1")
    assert (answer.kubernetes_version, answer.compatible) == ("1.33", True)
    assert (
        answer.compatible_versions == ["v1.20.4-eksbuild.1", "v1.19.6-eksbuild.1"]
        and answer.default_version == "v1.20.4-eksbuild.1"
    )


def test_a_version_that_is_not_offered_for_the_cluster_is_not_compatible(world: AwsDouble, ask_eks: Ask) -> None:
    cni(world, "v1.18.3-eksbuild.3")
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="addon", resourceName="vpc-cni")
    assert answer.compatible is False and "v1.18.3-eksbuild.3" not in answer.compatible_versions


def test_versions_are_ordered_as_numbers() -> None:
    assert version_key("v1.9.0-eksbuild.9") < version_key("v1.10.0-eksbuild.1") < version_key("v1.10.0-eksbuild.2")


def test_a_configuration_conflict_of_an_add_on_is_told_with_its_message_as_text(world: AwsDouble, ask_eks: Ask) -> None:
    issue = {"code": "ConfigurationConflict", "message": f"Conflicts found: arn:aws:iam::{ACCOUNT}:role/x", "resourceIds": []}
    cni(world, status="DEGRADED", health={"issues": [issue]}, configurationValues='{"env":{"DB_PASSWORD":"hunter2-0123456789"}}')
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="addon", resourceName="vpc-cni")
    assert answer.status == "DEGRADED" and answer.issues[0].code == "ConfigurationConflict"
    assert "role/x" in answer.issues[0].text and ACCOUNT not in answer.model_dump_json()
    assert "hunter2" not in answer.model_dump_json() and "DB_PASSWORD" in answer.text


def test_an_add_on_that_is_not_there_is_an_answer_that_names_those_there_are(world: AwsDouble, ask_eks: Ask) -> None:
    cni(world)
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="addon", resourceName="coredns")
    assert answer.found is False and answer.known == ["vpc-cni"] and "self-managed" in answer.next_step


def test_the_cluster_itself_tells_whether_its_logs_are_on(world: AwsDouble, ask_eks: Ask) -> None:
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="cluster")
    assert answer.properties["control_plane_logs"] == "off" and answer.properties["version"] == "1.33"
    assert answer.properties["role"] == f"role/{CLUSTER}-cluster" and answer.status == "ACTIVE" and answer.issues == []


def test_all_add_ons_at_once_when_none_is_named(world: AwsDouble, ask_eks: Ask) -> None:
    cni(world)
    put(
        world,
        "addons",
        "coredns",
        addonName="coredns",
        addonVersion="v1",
        status="DEGRADED",
        health={"issues": [{"code": "InsufficientNumberOfReplicas", "message": "x"}]},
    )
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="addon")
    assert {i.name: (i.status, i.issues) for i in answer.items} == {
        "vpc-cni": ("ACTIVE", None),
        "coredns": ("DEGRADED", ["InsufficientNumberOfReplicas"]),
    }


def test_access_entries_are_found_by_the_name_of_the_role(world: AwsDouble, ask_eks: Ask) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/path/node-role"
    put(
        world,
        "access_entries",
        arn,
        principalArn=arn,
        kubernetesGroups=["system:nodes"],
        type="EC2_LINUX",
        username="system:node:{{EC2PrivateDNSName}}",
    )
    for name in ("node-role", "role/path/node-role", arn):
        answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="accessentry", resourceName=name)
        assert answer.found and answer.properties["type"] == "EC2_LINUX" and ACCOUNT not in answer.model_dump_json()
    listed = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="accessentry")
    assert [i.name for i in listed.items] == ["role/path/node-role"]


def test_pod_identities_are_found_by_namespace_and_service_account(world: AwsDouble, ask_eks: Ask) -> None:
    record = {
        "namespace": "kube-system",
        "serviceAccount": "aws-node",
        "associationId": "a-1",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/cni",
    }
    put(world, "pod_identities", "a-1", **record)
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="podidentity", resourceName="kube-system/aws-node")
    assert answer.found and answer.properties["role"] == "role/cni"


def test_node_groups_and_insights_are_described(world: AwsDouble, ask_eks: Ask) -> None:
    issue = {"code": "NodeCreationFailure", "message": "Instances failed to join", "resourceIds": ["i-0a"]}
    group = {"nodegroupName": "workers", "status": "DEGRADED", "version": "1.32", "amiType": "AL2023_x86_64_STANDARD"}
    put(world, "nodegroups", "workers", **group, health={"issues": [issue]})
    insight = {"id": "11111111-1111-4111-8111-111111111111", "name": "Kubelet version skew", "category": "UPGRADE_READINESS"}
    put(
        world,
        "insights",
        insight["id"],
        **insight,
        insightStatus={"status": "WARNING", "reason": "skew"},
        recommendation="Upgrade nodes",
    )
    world.eks.cluster(REGION, CLUSTER).insights[insight["id"]].pop("clusterName")
    group_answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="nodegroup", resourceName="workers")
    assert (group_answer.status, group_answer.issues[0].code, group_answer.issues[0].resources) == (
        "DEGRADED",
        "NodeCreationFailure",
        ["i-0a"],
    )
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="insight", resourceName="kubelet version skew")
    assert (answer.status, answer.properties["recommendation"]) == ("WARNING", "Upgrade nodes")


def test_a_cluster_that_is_not_there_names_those_that_are(world: AwsDouble, ask_eks: Ask) -> None:
    for arguments in ({"resourceType": "cluster"}, {"resourceType": "addon", "resourceName": "vpc-cni"}, {"resourceType": "addon"}):
        with pytest.raises(NotThere, match=f"no EKS cluster 'nowhere'.*{CLUSTER}"):
            ask_eks("describe_eks_resource", clusterName="nowhere", **arguments)


def test_a_cluster_left_out_is_the_only_one_of_the_region(world: AwsDouble, ask_eks: Ask) -> None:
    answer = ask_eks("describe_eks_resource", resourceType="cluster")
    assert answer.clusterName == CLUSTER and "left out" in answer.note
    assert "example" in ask_eks("describe_eks_resource", resourceType="cluster", clusterName="my-cluster").note
    world.world.cluster("second")
    with pytest.raises(BadInput, match=f"{CLUSTER}, second"):
        ask_eks("describe_eks_resource", resourceType="cluster")


@pytest.mark.parametrize("operation", ["eks:DescribeCluster", "eks:DescribeAddonVersions"])
def test_without_the_versions_the_add_on_is_still_described(world: AwsDouble, ask_eks: Ask, operation: str) -> None:
    cni(world)
    world.deny(operation)
    answer = ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="addon", resourceName="vpc-cni")
    assert answer.found and answer.compatible is None and any(operation in g for g in answer.gaps)


@pytest.mark.parametrize("operation", ["eks:ListAddons", "eks:DescribeAddon"])
def test_a_missing_permission_is_named(world: AwsDouble, ask_eks: Ask, operation: str) -> None:
    cni(world)
    world.deny(operation)
    with pytest.raises(Denied) as refused:
        ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="addon", resourceName="vpc-cni")
    assert refused.value.action == operation and ACCOUNT not in str(refused.value)


def test_an_expired_token_says_to_renew_it(world: AwsDouble, ask_eks: Ask) -> None:
    world.fail("eks:DescribeCluster", "expired token")
    with pytest.raises(NoCredentials, match="Renew"):
        ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType="cluster")


def test_the_answer_is_plain_json(world: AwsDouble, ask_eks: Ask) -> None:
    cni(world)
    for kind in ("cluster", "addon", "nodegroup", "insight", "accessentry", "podidentity"):
        json.loads(ask_eks("describe_eks_resource", clusterName=CLUSTER, resourceType=kind).model_dump_json())
