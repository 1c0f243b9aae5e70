"""EC2 of the AWS double: moto's instances, with chosen ids, and what tests lay over its records."""

import pytest
from botocore.exceptions import ClientError

from tests import scenarios
from tests.doubles.aws import AwsDouble
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]


def instances(aws: AwsDouble, *filters: tuple[str, str], **more) -> list[dict]:
    asked = [{"Name": name, "Values": [value]} for name, value in filters]
    found = aws.client("ec2").describe_instances(Filters=asked, **more)["Reservations"]
    return [i for r in found for i in r["Instances"]]


def interfaces(aws: AwsDouble, *filters: tuple[str, str]) -> list[dict]:
    asked = [{"Name": name, "Values": [value]} for name, value in filters]
    return aws.client("ec2").describe_network_interfaces(Filters=asked)["NetworkInterfaces"]


def test_an_instance_has_the_id_that_a_test_chose_everywhere(aws_double: AwsDouble):
    node = aws_double.world.instance("i-0aa11bb22cc33dd44", type="c5.xlarge", tags={"Name": "payments-7"})
    (told,) = instances(aws_double, ("tag:kubernetes.io/cluster/shop", "owned"), ("instance-state-name", "running"))
    assert (told["InstanceId"], told["InstanceType"]) == (node, "c5.xlarge") == ("i-0aa11bb22cc33dd44", "c5.xlarge")
    assert {"Key": "Name", "Value": "payments-7"} in told["Tags"]
    assert [e["Attachment"]["InstanceId"] for e in interfaces(aws_double, ("attachment.instance-id", node))] == [node]
    assert instances(aws_double, InstanceIds=[node])[0]["InstanceId"] == node


def test_a_node_is_found_by_the_name_that_kubernetes_has_for_it(aws_double: AwsDouble):
    node = aws_double.world.node("eni-limit")
    name = scenarios.load("eni-limit").node.node_name
    assert [i["InstanceId"] for i in instances(aws_double, ("private-dns-name", name))] == [node]


@pytest.mark.parametrize("state", ["running", "stopped", "terminated"])
def test_an_instance_is_in_the_state_that_a_test_wants(aws_double: AwsDouble, state: str):
    node = aws_double.world.instance(state=state)
    assert instances(aws_double, InstanceIds=[node])[0]["State"]["Name"] == state


def test_windows_says_so_and_linux_says_nothing(aws_double: AwsDouble):
    windows, linux = aws_double.world.instance(windows=True), aws_double.world.instance()
    assert instances(aws_double, ("platform", "windows"))[0]["InstanceId"] == windows
    assert "Platform" not in instances(aws_double, InstanceIds=[linux])[0]


@pytest.mark.parametrize(
    ("managed_by", "tag"),
    [("nodegroup", "eks:nodegroup-name"), ("karpenter", "karpenter.sh/nodepool"), ("auto", "eks:kubernetes-node-pool-name")],
)
def test_tags_say_who_runs_a_node(aws_double: AwsDouble, managed_by: str, tag: str):
    node = aws_double.world.instance(managed_by=managed_by)
    aws_double.world.instance(managed_by="self")
    assert [i["InstanceId"] for i in instances(aws_double, ("tag-key", tag))] == [node]
    assert len(instances(aws_double, ("tag:kubernetes.io/cluster/shop", "owned"))) == 2


def test_ids_filters_and_pages_that_ec2_refuses_are_refused(aws_double: AwsDouble):
    node, ec2 = aws_double.world.instance(), aws_double.client("ec2")
    for code, asked in (
        ("InvalidInstanceID.NotFound", {"InstanceIds": ["i-0123456789abcdef1"]}),
        ("InvalidParameterCombination", {"InstanceIds": [node], "MaxResults": 5}),
        ("InvalidParameterValue", {"Filters": [{"Name": "node-name", "Values": ["x"]}]}),
    ):
        with pytest.raises(ClientError, match=code):
            ec2.describe_instances(**asked)


def test_instances_come_in_pages(aws_double: AwsDouble):
    made = {aws_double.world.instance() for _ in range(7)}
    pages = aws_double.client("ec2").get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    sizes = [[i["InstanceId"] for r in p["Reservations"] for i in r["Instances"]] for p in pages]
    assert [len(s) for s in sizes] == [5, 2] and {i for s in sizes for i in s} == made


def test_instances_live_in_their_region(aws_double: AwsDouble):
    node = aws_double.world.instance(region="eu-west-1")
    assert instances(aws_double) == []
    found = aws_double.client("ec2", "eu-west-1").describe_instances()["Reservations"]
    assert [i["InstanceId"] for r in found for i in r["Instances"]] == [node]


def test_a_subnet_has_as_many_free_addresses_as_a_test_says(aws_double: AwsDouble):
    full = aws_double.world.subnet("10.0.64.0/24", free=7, id="subnet-0aa11bb22cc33dd44")
    counted = aws_double.world.subnet("10.0.65.0/28")
    told = aws_double.client("ec2").describe_subnets(SubnetIds=[full, counted])["Subnets"]
    assert [(s["SubnetId"], s["AvailableIpAddressCount"]) for s in told] == [(full, 7), (counted, 11)]
    node = aws_double.world.instance(subnet=full)
    assert instances(aws_double, ("subnet-id", full))[0]["InstanceId"] == node
    with pytest.raises(ClientError, match=r"InvalidSubnetID\.NotFound"):
        aws_double.client("ec2").describe_subnets(SubnetIds=["subnet-0123456789abcdef0"])


def test_reservations_of_a_subnet_are_told(aws_double: AwsDouble):
    subnet = aws_double.world.subnet("10.0.64.0/24")
    aws_double.world.reserve(subnet, "10.0.64.128/25")
    told = aws_double.client("ec2").get_subnet_cidr_reservations(SubnetId=subnet)["SubnetIpv4CidrReservations"]
    assert [(r["Cidr"], r["ReservationType"]) for r in told] == [("10.0.64.128/25", "prefix")]


@pytest.mark.parametrize("name", ["eni-limit", "prefix-fragmented", "eni-limit-unmanaged", "branch-eni"])
def test_the_enis_of_a_scenarios_node_are_those_of_its_bundle(aws_double: AwsDouble, name: str):
    node, told = aws_double.world.node(name), scenarios.load(name).node
    found = sorted(interfaces(aws_double, ("attachment.instance-id", node)), key=lambda e: e["Attachment"]["DeviceIndex"])
    assert [e["NetworkInterfaceId"] for e in found[1:]] == told.eni_ids[1:]
    assert found[0]["PrivateIpAddress"] == told.primary
    held = {p["PrivateIpAddress"] for e in found for p in e["PrivateIpAddresses"] if not p["Primary"]}
    prefixes = {p["Ipv4Prefix"] for e in found for p in e.get("Ipv4Prefixes", [])}
    assert held | prefixes == {a.cidr if told.prefix else a.ip for a in told.addresses}
    assert len(instances(aws_double, InstanceIds=[node])[0]["NetworkInterfaces"]) == len(told.eni_ids)


def test_an_orphaned_eni_is_available_and_says_whose_it_was_and_since_when(aws_double: AwsDouble):
    subnet = aws_double.world.subnet()
    orphan = aws_double.world.orphan(subnet, "i-0123456789abcdef1", created="2026-01-09T04:00:00Z")
    (told,) = interfaces(aws_double, ("status", "available"), ("tag-key", "node.k8s.amazonaws.com/*"))
    assert told["NetworkInterfaceId"] == orphan and "Attachment" not in told
    tags = {t["Key"]: t["Value"] for t in told["TagSet"]}
    assert tags["node.k8s.amazonaws.com/instance_id"] == "i-0123456789abcdef1"
    assert tags["node.k8s.amazonaws.com/createdAt"] == "2026-01-09T04:00:00Z"
    assert interfaces(aws_double, ("subnet-id", subnet), ("description", "aws-K8S-*")) == [told]


def test_an_impaired_instance_fails_its_status_checks(aws_double: AwsDouble):
    sick, well = aws_double.world.instance(), aws_double.world.instance()
    stopped = aws_double.world.instance(state="stopped")
    aws_double.ec2.statuses[sick] = {
        "InstanceStatus": {"Status": "impaired", "Details": [{"Name": "reachability", "Status": "failed"}]}
    }
    ec2 = aws_double.client("ec2")
    told = {s["InstanceId"]: s["InstanceStatus"]["Status"] for s in ec2.describe_instance_status()["InstanceStatuses"]}
    assert told == {sick: "impaired", well: "ok"}
    everything = ec2.describe_instance_status(IncludeAllInstances=True)["InstanceStatuses"]
    assert {s["InstanceId"] for s in everything} == {sick, well, stopped}
