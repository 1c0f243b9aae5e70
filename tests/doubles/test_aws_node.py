"""The fake node: what its collector and its upload come to, and what SSM tells of it."""

import gzip
import io
import tarfile

import pytest
from botocore.exceptions import ClientError

from tests import scenarios
from tests.doubles.aws import NODE, AwsDouble
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]


def run(aws: AwsDouble, node: str, bucket: str | None = "shop-logs", looks: int = 6) -> dict:
    """The execution as it is after so many looks."""
    if bucket == "shop-logs":
        aws.world.bucket(bucket)
    destination = {"LogDestination": [bucket]} if bucket else {}
    asked = {"DocumentName": "AWSSupport-CollectEKSInstanceLogs", "Parameters": {"EKSInstanceId": [node], **destination}}
    execution = aws.client("ssm").start_automation_execution(**asked)["AutomationExecutionId"]
    for _ in range(looks):
        told = aws.client("ssm").get_automation_execution(AutomationExecutionId=execution)["AutomationExecution"]
    return told


def stored(aws: AwsDouble, told: dict, bucket: str = "shop-logs") -> bytes:
    key = f"eks_{told['Parameters']['EKSInstanceId'][0]}_{told['AutomationExecutionId']}.tar.gz"
    return aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def failed_step(told: dict) -> dict:
    (step,) = [s for s in told["StepExecutions"] if s["StepStatus"] == "Failed"]
    return step


def test_the_collector_packs_what_the_node_has_under_dot_names_with_the_capture_time(aws_double: AwsDouble):
    told = run(aws_double, aws_double.world.node("healthy-1-23"))
    scenario = scenarios.load("healthy-1-23")
    with tarfile.open(fileobj=io.BytesIO(stored(aws_double, told))) as tar:
        members = tar.getmembers()
        assert {m.name for m in members if m.isfile()} == {f"./{name}" for name in scenario.files()}
        assert {m.mtime for m in members} == {int(scenario.captured.timestamp())}
    assert "your bundled logs are located in /var/log/eks_" in told["StepExecutions"][1]["Outputs"]["Output"][0]
    assert NODE in {c.actor for c in aws_double.calls if c.name == "s3:PutObject"}


def test_a_full_disk_is_told_in_the_scripts_own_words_with_its_exit_status(aws_double: AwsDouble):
    told = run(aws_double, aws_double.world.instance(plan="disk full"))
    step = failed_step(told)
    assert told["AutomationExecutionStatus"] == "Failed" and told["FailureMessage"] == step["FailureMessage"]
    assert "Free space on root volume is less than or equal to 1464MB" in step["FailureMessage"]
    assert step["ResponseCode"] == "1" and step["Action"] == "aws:runCommand"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"windows": True}, "not in the desired value list. Desired values: [Linux]"),
        ({"ssm": "absent"}, "not in the desired value list"),
        ({"ssm": "lost"}, "InvalidInstanceId"),
        ({"state": "stopped"}, "not in a valid state for account"),
        ({"state": "terminated"}, "not in a valid state for account"),
        ({"plan": "upload refused"}, "AccessDenied"),
        ({"plan": "no route to S3"}, "Could not connect to the endpoint URL"),
        ({"plan": "role may not send commands"}, "ssm:SendCommand"),
    ],
)
def test_what_is_wrong_with_a_node_stands_in_the_failure_message(aws_double: AwsDouble, how: dict, says: str):
    told = run(aws_double, aws_double.world.instance(**how))
    assert told["AutomationExecutionStatus"] == "Failed"
    assert says in told["FailureMessage"]
    assert failed_step(told)["FailureMessage"] == told["FailureMessage"]


def test_an_instance_that_does_not_exist_fails_at_the_assertion(aws_double: AwsDouble):
    assert "desired value list" in run(aws_double, "i-0123456789abcdef1")["FailureMessage"]


@pytest.mark.parametrize(("plan", "status"), [("stays pending", "Pending"), ("stuck running", "InProgress")])
def test_an_execution_may_never_end(aws_double: AwsDouble, plan: str, status: str):
    assert run(aws_double, aws_double.world.instance(plan=plan), looks=9)["AutomationExecutionStatus"] == status


def test_queued_it_is_pending_for_a_while_and_then_runs(aws_double: AwsDouble):
    told = run(aws_double, aws_double.world.instance(plan="queued"), looks=7)
    assert told["AutomationExecutionStatus"] == "Success"


@pytest.mark.parametrize("bucket", ["shop-logs", None])
def test_success_need_not_mean_that_there_is_an_object(aws_double: AwsDouble, bucket: str | None):
    aws_double.world.bucket("other")
    told = run(aws_double, aws_double.world.instance(plan="success without object" if bucket else "success"), bucket)
    assert told["AutomationExecutionStatus"] == "Success"
    assert aws_double.called("s3:PutObject", actor=None) == []


def test_another_nodes_archive_may_stand_under_this_nodes_key(aws_double: AwsDouble):
    other = scenarios.load("healthy-1-23")
    node = aws_double.world.node("eni-limit", plan="wrong object")
    aws_double.nodes[node].others = other.archive()
    with tarfile.open(fileobj=io.BytesIO(stored(aws_double, run(aws_double, node)))) as tar:
        assert tar.extractfile("./system/instance-id.txt").read().decode().strip() == other.instance_id


def test_a_scenario_whose_archive_is_cut_is_uploaded_cut(aws_double: AwsDouble):
    with pytest.raises(EOFError):
        gzip.decompress(stored(aws_double, run(aws_double, aws_double.world.node("truncated-archive"))))


def test_half_an_archive_does_not_unpack_and_an_empty_object_has_no_bytes(aws_double: AwsDouble):
    half = stored(aws_double, run(aws_double, aws_double.world.node("eni-limit", plan="truncated object")))
    with pytest.raises(EOFError):
        gzip.decompress(half)
    empty = run(aws_double, aws_double.world.instance(plan="empty object"), aws_double.world.bucket("second"))
    assert stored(aws_double, empty, "second") == b""


def test_nothing_is_uploaded_to_a_public_bucket_or_to_one_that_does_not_exist(aws_double: AwsDouble):
    aws_double.world.bucket("everybody", public=True)
    node = aws_double.world.instance()
    assert "publicly accessible" in run(aws_double, node, "everybody")["FailureMessage"]
    assert "NoSuchBucket" in run(aws_double, node, "nowhere")["FailureMessage"]
    with pytest.raises(ClientError, match="NoSuchBucket"):
        aws_double.client("s3").list_objects_v2(Bucket="nowhere")


def test_each_node_may_be_given_another_plan_while_the_test_goes_on(aws_double: AwsDouble):
    node = aws_double.world.instance(plan="disk full")
    assert run(aws_double, node)["AutomationExecutionStatus"] == "Failed"
    aws_double.world.plan(node, "success")
    assert run(aws_double, node, aws_double.world.bucket("second"))["AutomationExecutionStatus"] == "Success"


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1", "us-gov-west-1"])
def test_a_collection_goes_the_same_way_in_any_region_and_partition(aws_double: AwsDouble, region: str):
    node, bucket = aws_double.world.instance(region=region), aws_double.world.bucket("abroad", region=region)
    role, ssm = aws_double.world.role("collector", region=region), aws_double.client("ssm", region)
    parameters = {"EKSInstanceId": [node], "LogDestination": [bucket], "AutomationAssumeRole": [role]}
    asked = {"DocumentName": "AWSSupport-CollectEKSInstanceLogs", "Parameters": parameters}
    execution = ssm.start_automation_execution(**asked)["AutomationExecutionId"]
    for _ in range(5):
        told = ssm.get_automation_execution(AutomationExecutionId=execution)["AutomationExecution"]
    assert told["AutomationExecutionStatus"] == "Success", told["FailureMessage"]
    (found,) = aws_double.client("s3", region).list_objects_v2(Bucket=bucket)["Contents"]
    assert found["Key"] == f"eks_{node}_{execution}.tar.gz"
    assert role.split(":")[1] == ssm.meta.partition


def test_an_unknown_plan_names_the_known_ones(aws_double: AwsDouble):
    with pytest.raises(KeyError, match="disk full"):
        aws_double.world.instance(plan="disk fill")
