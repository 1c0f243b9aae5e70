"""The real AWS CLI against the AWS double: the same answers as boto3's, over the environment alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.aws import AwsDouble
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]

CLI = Path(sys.executable).with_name("aws")
DOCUMENT = "AWSSupport-CollectEKSInstanceLogs"


def cli(aws: AwsDouble, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CLI), *words, "--output", "json"], env=aws.env(), capture_output=True, text=True, timeout=120, check=False
    )


def test_the_command_line_walks_a_collection_and_reads_what_boto3_reads(aws_double: AwsDouble, tmp_path: Path):
    node, bucket = aws_double.world.node("eni-limit"), aws_double.world.bucket("shop-logs")
    aws_double.world.cluster("shop", "1.31")
    parameters = json.dumps({"EKSInstanceId": [node], "LogDestination": [bucket]})
    started = cli(aws_double, "ssm", "start-automation-execution", "--document-name", DOCUMENT, "--parameters", parameters)
    execution = json.loads(started.stdout)["AutomationExecutionId"]
    ssm = aws_double.client("ssm")
    for _ in range(5):
        ssm.get_automation_execution(AutomationExecutionId=execution)
    seen = json.loads(cli(aws_double, "ssm", "get-automation-execution", "--automation-execution-id", execution).stdout)
    told = ssm.get_automation_execution(AutomationExecutionId=execution)
    assert seen["AutomationExecution"]["AutomationExecutionStatus"] == "Success"
    assert seen["AutomationExecution"]["Outputs"] == told["AutomationExecution"]["Outputs"]

    key, target = f"eks_{node}_{execution}.tar.gz", tmp_path / "bundle.tar.gz"
    cli(aws_double, "s3", "cp", f"s3://{bucket}/{key}", str(target))
    assert target.read_bytes() == aws_double.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    cluster = json.loads(cli(aws_double, "eks", "describe-cluster", "--name", "shop").stdout)["cluster"]
    assert cluster["endpoint"] == aws_double.client("eks").describe_cluster(name="shop")["cluster"]["endpoint"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("eks", "describe-cluster", "--name", "nowhere"),
            "(ResourceNotFoundException) when calling the DescribeCluster operation",
        ),
        (("ec2", "describe-instances", "--instance-ids", "i-0123456789abcdef1"), "(InvalidInstanceID.NotFound)"),
        (("logs", "filter-log-events", "--log-group-name", "g"), "(ResourceNotFoundException)"),
    ],
)
def test_the_command_line_reads_the_same_errors(aws_double: AwsDouble, words: tuple[str, ...], says: str):
    failed = cli(aws_double, *words)
    assert failed.returncode != 0 and says in failed.stderr
