"""Every operation that the double answers itself, asked by a real client; and what nobody answers."""

import pytest

from tests.doubles.aws import AwsDouble
from tests.doubles.aws.contract import assert_known, own_operations
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]

DOCUMENT = "AWSSupport-CollectEKSInstanceLogs"
CLUSTER = {"clusterName": "shop"}
ASKED: dict[str, dict] = {
    "ec2:DescribeInstanceStatus": {},
    "ec2:DescribeInstances": {},
    "ec2:DescribeNetworkInterfaces": {},
    "ec2:DescribeSubnets": {},
    "ec2:GetSubnetCidrReservations": {"SubnetId": "{subnet}"},
    "eks:DescribeAccessEntry": {**CLUSTER, "principalArn": "{principal}"},
    "eks:DescribeAddon": {**CLUSTER, "addonName": "vpc-cni"},
    "eks:DescribeAddonVersions": {},
    "eks:DescribeCluster": {"name": "shop"},
    "eks:DescribeInsight": {**CLUSTER, "id": "{insight}"},
    "eks:DescribeNodegroup": {**CLUSTER, "nodegroupName": "workers"},
    "eks:DescribePodIdentityAssociation": {**CLUSTER, "associationId": "a-1"},
    "eks:ListAccessEntries": CLUSTER,
    "eks:ListAddons": CLUSTER,
    "eks:ListClusters": {},
    "eks:ListInsights": CLUSTER,
    "eks:ListNodegroups": CLUSTER,
    "eks:ListPodIdentityAssociations": CLUSTER,
    "logs:DescribeLogGroups": {},
    "logs:DescribeLogStreams": {"logGroupName": "g"},
    "logs:FilterLogEvents": {"logGroupName": "g"},
    "ssm:DescribeAutomationExecutions": {},
    "ssm:DescribeAutomationStepExecutions": {"AutomationExecutionId": "{execution}"},
    "ssm:DescribeDocument": {"Name": DOCUMENT},
    "ssm:DescribeInstanceInformation": {},
    "ssm:GetAutomationExecution": {"AutomationExecutionId": "{execution}"},
    "ssm:GetDocument": {"Name": DOCUMENT},
    "ssm:StartAutomationExecution": {"DocumentName": DOCUMENT, "Parameters": {"EKSInstanceId": ["i-0123456789abcdef0"]}},
    "ssm:StopAutomationExecution": {"AutomationExecutionId": "{execution}"},
}


def snake(operation: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")


@pytest.fixture
def names(aws_double: AwsDouble) -> dict[str, str]:
    """A world with one of each, and the names of what is in it."""
    world, principal = aws_double.world, "arn:aws:iam::123456789012:role/worker"
    cluster = world.cluster("shop")
    world.nodegroup("workers")
    world.addon("vpc-cni", "v1.20.4-eksbuild.1")
    cluster.access_entries[principal] = {"clusterName": "shop", "principalArn": principal, "type": "EC2_LINUX"}
    cluster.pod_identities["a-1"] = {"clusterName": "shop", "namespace": "default", "serviceAccount": "s", "associationId": "a-1"}
    world.instance("i-0123456789abcdef0")
    aws_double.logs.put("us-west-2", "g", [(1, "s", "x")])
    asked = {"DocumentName": DOCUMENT, "Parameters": {"EKSInstanceId": ["i-0123456789abcdef0"]}}
    execution = aws_double.client("ssm").start_automation_execution(**asked)["AutomationExecutionId"]
    return {"subnet": world.subnet(), "principal": principal, "insight": world.insight("Skew"), "execution": execution}


def test_each_operation_of_the_double_is_asked_here():
    assert sorted(ASKED) == sorted(f"{s}:{o}" for s, o in own_operations())


@pytest.mark.parametrize("name", ASKED)
def test_a_real_client_gets_an_answer_that_botocores_model_allows(aws_double: AwsDouble, names: dict[str, str], name: str):
    service, operation = name.split(":")
    asked = {k: v.format(**names) if isinstance(v, str) else v for k, v in ASKED[name].items()}
    answer = getattr(aws_double.client(service), snake(operation))(**asked)
    answer.pop("ResponseMetadata")
    assert answer or operation.startswith("Stop")
    assert aws_double.calls[-1].name == name and aws_double.breaches == []


def test_a_call_that_nobody_answers_is_named():
    assert_known([("ssm", "GetAutomationExecution"), ("s3", "GetObject"), ("eks", "DescribeAddon")])
    with pytest.raises(AssertionError, match=r"neither the double nor moto answers eks:CreateCluster, ssm:SendCommand$"):
        assert_known([("ssm", "SendCommand"), ("eks", "CreateCluster"), ("sts", "GetCallerIdentity")])
