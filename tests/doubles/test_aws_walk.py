"""A collection from start to end against the double, as the server does it."""

import io
import tarfile

from tests import scenarios
from tests.doubles.aws import AwsDouble
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]


def test_an_automation_walks_step_by_step_and_leaves_the_nodes_archive_in_the_bucket(aws_double: AwsDouble):
    aws = aws_double
    aws.world.cluster("shop")
    node = aws.world.node("eni-limit", cluster="shop")
    bucket, role = aws.world.bucket("shop-logs"), aws.world.role("collector")
    ssm, s3 = aws.client("ssm"), aws.client("s3")

    parameters = {"EKSInstanceId": [node], "LogDestination": [bucket], "AutomationAssumeRole": [role]}
    asked = {"DocumentName": "AWSSupport-CollectEKSInstanceLogs", "Parameters": parameters}
    execution = ssm.start_automation_execution(**asked)["AutomationExecutionId"]
    seen = [ssm.get_automation_execution(AutomationExecutionId=execution)["AutomationExecution"] for _ in range(6)]

    assert [e["AutomationExecutionStatus"] for e in seen] == ["InProgress"] * 4 + ["Success"] * 2
    assert [len(e["StepExecutions"]) for e in seen] == [1, 2, 3, 4, 4, 4]
    key = f"eks_{node}_{execution}.tar.gz"
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix=f"eks_{node}_")["Contents"]] == [key]
    body = s3.get_object(Bucket=bucket, Key=key, ExpectedBucketOwner=aws.account)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        packed = {m.name.removeprefix("./"): tar.extractfile(m).read() for m in tar if m.isfile()}
    assert packed == scenarios.load("eni-limit").files()
