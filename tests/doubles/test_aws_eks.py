"""EKS of the AWS double: what a cluster's owner reads, as tests set it."""

import base64
from datetime import UTC, datetime

import pytest

from tests.doubles.aws import AwsDouble
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/worker"


def test_a_cluster_has_the_endpoint_authority_and_version_that_a_test_gives(aws_double: AwsDouble):
    authority = base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()
    aws_double.world.cluster("shop", "1.33", endpoint="https://127.0.0.1:6443", ca=authority)
    told = aws_double.client("eks").describe_cluster(name="shop")["cluster"]
    assert (told["endpoint"], told["certificateAuthority"]["data"], told["version"]) == (
        "https://127.0.0.1:6443",
        authority,
        "1.33",
    )
    assert told["resourcesVpcConfig"]["vpcId"] == aws_double.world.vpc()
    assert told["arn"] == "arn:aws:eks:us-west-2:123456789012:cluster/shop"


def test_clusters_live_in_regions_and_partitions(aws_double: AwsDouble):
    aws_double.world.cluster("shop")
    aws_double.world.cluster("bank", region="cn-north-1")
    here, china = aws_double.client("eks"), aws_double.client("eks", "cn-north-1")
    assert (here.list_clusters()["clusters"], china.list_clusters()["clusters"]) == (["shop"], ["bank"])
    assert china.describe_cluster(name="bank")["cluster"]["arn"].startswith("arn:aws-cn:eks:cn-north-1:")
    with pytest.raises(here.exceptions.ResourceNotFoundException, match="No cluster found for name: bank"):
        here.describe_cluster(name="bank")


def test_lists_come_in_pages(aws_double: AwsDouble):
    for n in range(5):
        aws_double.world.cluster(f"c{n}")
    pages = list(aws_double.client("eks").get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2}))
    assert [p["clusters"] for p in pages] == [["c0", "c1"], ["c2", "c3"], ["c4"]]


def test_a_node_group_tells_its_health_issues(aws_double: AwsDouble):
    aws_double.world.cluster("shop")
    issue = {"code": "AsgInstanceLaunchFailures", "message": "no capacity", "resourceIds": ["asg-1"]}
    aws_double.world.nodegroup("workers", issues=[issue], instanceTypes=["m5.large"])
    eks = aws_double.client("eks")
    assert eks.list_nodegroups(clusterName="shop")["nodegroups"] == ["workers"]
    told = eks.describe_nodegroup(clusterName="shop", nodegroupName="workers")["nodegroup"]
    assert (told["status"], told["health"]["issues"], told["instanceTypes"]) == ("DEGRADED", [issue], ["m5.large"])
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_nodegroup(clusterName="shop", nodegroupName="others")


def test_an_add_on_tells_a_configuration_conflict_and_what_would_fit_the_cluster(aws_double: AwsDouble):
    aws_double.world.cluster("shop", "1.31")
    issue = {"code": "ConfigurationConflict", "message": "Conflicts found when trying to apply."}
    aws_double.world.addon("vpc-cni", "v1.18.3-eksbuild.3", issues=[issue])
    eks = aws_double.client("eks")
    assert eks.list_addons(clusterName="shop")["addons"] == ["vpc-cni"]
    told = eks.describe_addon(clusterName="shop", addonName="vpc-cni")["addon"]
    assert (told["status"], told["health"]["issues"], told["addonVersion"]) == ("DEGRADED", [issue], "v1.18.3-eksbuild.3")
    (offer,) = eks.describe_addon_versions(addonName="vpc-cni", kubernetesVersion="1.31")["addons"]
    defaults = {v["addonVersion"]: v["compatibilities"][0]["defaultVersion"] for v in offer["addonVersions"]}
    assert defaults == {"v1.20.4-eksbuild.1": True, "v1.19.6-eksbuild.1": False, "v1.18.3-eksbuild.3": False}
    assert eks.describe_addon_versions(addonName="no-such")["addons"] == []
    with pytest.raises(eks.exceptions.ResourceNotFoundException, match="No addon: coredns found in cluster: shop"):
        eks.describe_addon(clusterName="shop", addonName="coredns")


def test_insights_are_filtered_and_told_in_full_one_by_one(aws_double: AwsDouble):
    aws_double.world.cluster("shop")
    bad = aws_double.world.insight("Kubelet version skew", "ERROR", reason="kubelet 1.27 with control plane 1.31")
    aws_double.world.insight("kube-proxy version skew", "PASSING")
    eks = aws_double.client("eks")
    assert len(eks.list_insights(clusterName="shop")["insights"]) == 2
    (listed,) = eks.list_insights(clusterName="shop", filter={"statuses": ["ERROR"]})["insights"]
    assert (listed["id"], listed["insightStatus"]["reason"]) == (bad, "kubelet 1.27 with control plane 1.31")
    assert "recommendation" in eks.describe_insight(clusterName="shop", id=bad)["insight"]
    assert "recommendation" not in listed


def test_access_entries_and_pod_identities_are_told_and_missed(aws_double: AwsDouble):
    cluster = aws_double.world.cluster("shop")
    cluster.access_entries[ROLE] = {"clusterName": "shop", "principalArn": ROLE, "type": "EC2_LINUX", "createdAt": NOW}
    cluster.pod_identities["a-1"] = {
        "clusterName": "shop",
        "namespace": "kube-system",
        "serviceAccount": "aws-node",
        "roleArn": ROLE,
        "associationId": "a-1",
        "createdAt": NOW,
    }
    eks = aws_double.client("eks")
    assert eks.list_access_entries(clusterName="shop")["accessEntries"] == [ROLE]
    assert eks.describe_access_entry(clusterName="shop", principalArn=ROLE)["accessEntry"]["type"] == "EC2_LINUX"
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_access_entry(clusterName="shop", principalArn=ROLE + "x")
    listed = eks.list_pod_identity_associations(clusterName="shop", serviceAccount="aws-node")["associations"]
    assert [a["associationId"] for a in listed] == ["a-1"] and "roleArn" not in listed[0]
    assert eks.list_pod_identity_associations(clusterName="shop", namespace="default")["associations"] == []
    told = eks.describe_pod_identity_association(clusterName="shop", associationId="a-1")["association"]
    assert told["roleArn"] == ROLE and told["createdAt"] == NOW


def test_an_answer_that_the_model_does_not_allow_is_a_breach(aws_double: AwsDouble):
    aws_double.world.cluster("shop", status="SLEEPING", nickname="x")
    aws_double.client("eks").describe_cluster(name="shop")
    wrong = "\n".join(aws_double.breaches)
    assert "SLEEPING" in wrong and "Cluster has no such member" in wrong
    aws_double.breaches.clear()
