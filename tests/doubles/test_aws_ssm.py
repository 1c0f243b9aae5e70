"""SSM of the AWS double: what starts an automation, what refuses to, how it is looked at and stopped."""

from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.doubles.aws import ENDINGS, AwsDouble
from tests.doubles.aws.models import service_model
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]

DOCUMENT = "AWSSupport-CollectEKSInstanceLogs"
STATUSES = service_model("ssm").shape_for("AutomationExecutionStatus").enum


def start(aws: AwsDouble, node: str, region: str | None = None, **more) -> str:
    parameters = {"EKSInstanceId": [node], **more.pop("parameters", {})}
    return aws.client("ssm", region).start_automation_execution(DocumentName=DOCUMENT, Parameters=parameters, **more)[
        "AutomationExecutionId"
    ]


def look(aws: AwsDouble, execution: str, times: int = 1) -> dict:
    for _ in range(times):
        told = aws.client("ssm").get_automation_execution(AutomationExecutionId=execution)["AutomationExecution"]
    return told


def code_of(failed: pytest.ExceptionInfo[ClientError]) -> str:
    return failed.value.response["Error"]["Code"]


def test_the_same_client_token_gives_the_same_execution_and_with_other_parameters_a_mismatch(aws_double: AwsDouble):
    one, two = aws_double.world.instance(), aws_double.world.instance()
    token = str(uuid4())
    first = start(aws_double, one, ClientToken=token)
    assert start(aws_double, one, ClientToken=token.upper()) == first
    assert start(aws_double, one) != first
    with pytest.raises(ClientError) as failed:
        start(aws_double, two, ClientToken=token)
    assert code_of(failed) == "IdempotentParameterMismatch"


def test_a_client_token_that_is_no_uuid_is_refused_by_the_models_own_pattern(aws_double: AwsDouble):
    with pytest.raises(ClientError, match="regular expression pattern") as failed:
        start(aws_double, aws_double.world.instance(), ClientToken="x" * 36)
    assert code_of(failed) == "ValidationException"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"EKSInstanceId": ["i-12345"]}, "InvalidAutomationExecutionParametersException"),
        ({"EKSInstanceId": ["i-0123456789abcdef0; reboot"]}, "InvalidAutomationExecutionParametersException"),
        ({"LogFolder": ["x"]}, "InvalidAutomationExecutionParametersException"),
        ({"LogDestination": ["x" * 513]}, "ValidationException"),
        ({"AutomationAssumeRole": ["collector"]}, "InvalidAutomationExecutionParametersException"),
    ],
)
def test_parameters_that_the_document_does_not_take_are_refused(aws_double: AwsDouble, parameters: dict, code: str):
    node = aws_double.world.instance()
    with pytest.raises(ClientError) as failed:
        start(aws_double, node, parameters=parameters)
    assert code_of(failed) == code


def test_a_role_that_may_not_be_passed_and_one_that_cannot_be_assumed_are_told_apart(aws_double: AwsDouble):
    node = aws_double.world.instance()
    stranger = aws_double.world.role("stranger", "not passable")
    broken = aws_double.world.role("broken", "not assumable")
    with pytest.raises(
        ClientError, match=r"not authorized to perform: iam:PassRole on resource: arn:aws:iam::\d+:role/stranger"
    ) as failed:
        start(aws_double, node, parameters={"AutomationAssumeRole": [stranger]})
    assert code_of(failed) == "AccessDeniedException"
    with pytest.raises(ClientError, match="unable to be assumed") as failed:
        start(aws_double, node, parameters={"AutomationAssumeRole": [broken]})
    assert code_of(failed) == "InvalidAutomationExecutionParametersException"


def test_the_document_is_absent_in_the_regions_that_a_test_names(aws_double: AwsDouble):
    node = aws_double.world.instance(region="eu-south-2")
    aws_double.ssm.absent_in.add("eu-south-2")
    with pytest.raises(ClientError) as failed:
        start(aws_double, node, "eu-south-2")
    assert code_of(failed) == "AutomationDefinitionNotFoundException"
    with pytest.raises(ClientError) as failed:
        aws_double.client("ssm", "eu-south-2").describe_document(Name=DOCUMENT)
    assert code_of(failed) == "InvalidDocument"
    here = aws_double.client("ssm").describe_document(Name=DOCUMENT)["Document"]
    assert [p["Name"] for p in here["Parameters"]] == ["EKSInstanceId", "LogDestination", "AutomationAssumeRole"]


def test_an_execution_is_known_in_its_own_region_only(aws_double: AwsDouble):
    execution = start(aws_double, aws_double.world.instance())
    elsewhere = aws_double.client("ssm", "eu-west-1")
    with pytest.raises(elsewhere.exceptions.AutomationExecutionNotFoundException):
        elsewhere.get_automation_execution(AutomationExecutionId=execution)
    assert elsewhere.describe_automation_executions()["AutomationExecutionMetadataList"] == []


def test_over_the_limit_executions_wait_as_pending_and_over_the_queue_they_are_refused(aws_double: AwsDouble):
    aws_double.ssm.running_at_once, aws_double.ssm.queue = 1, 1
    first, second = (start(aws_double, aws_double.world.instance()) for _ in range(2))
    with pytest.raises(ClientError) as failed:
        start(aws_double, aws_double.world.instance())
    assert code_of(failed) == "AutomationExecutionLimitExceededException"
    assert look(aws_double, first)["AutomationExecutionStatus"] == "InProgress"
    assert look(aws_double, second, times=3)["AutomationExecutionStatus"] == "Pending"
    assert look(aws_double, first, times=4)["AutomationExecutionStatus"] == "Success"
    assert look(aws_double, second)["AutomationExecutionStatus"] == "InProgress"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_the_model_can_be_shown(aws_double: AwsDouble, status: str):
    execution = start(aws_double, aws_double.world.instance())
    aws_double.ssm.executions[execution].end(status, "because")
    told = look(aws_double, execution, times=2)
    assert told["AutomationExecutionStatus"] == status
    assert ("ExecutionEndTime" in told) == (status in ENDINGS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_plan_for_each_terminal_status_ends_in_it(aws_double: AwsDouble, ending: str):
    aws_double.world.bucket("shop-logs")
    execution = start(aws_double, aws_double.world.instance(plan=f"ends {ending}"), parameters={"LogDestination": ["shop-logs"]})
    told = look(aws_double, execution, times=6)
    assert told["AutomationExecutionStatus"] == ending
    left = aws_double.client("s3").list_objects_v2(Bucket="shop-logs")["KeyCount"]
    assert left == (1 if ending in ("Success", "CompletedWithSuccess") else 0)


def test_stopped_it_is_cancelling_then_cancelled_and_cannot_be_stopped_again(aws_double: AwsDouble):
    ssm, execution = aws_double.client("ssm"), start(aws_double, aws_double.world.instance())
    ssm.stop_automation_execution(AutomationExecutionId=execution)
    (listed,) = ssm.describe_automation_executions()["AutomationExecutionMetadataList"]
    assert listed["AutomationExecutionStatus"] == "Cancelling"
    assert look(aws_double, execution)["AutomationExecutionStatus"] == "Cancelled"
    with pytest.raises(ssm.exceptions.InvalidAutomationStatusUpdateException):
        ssm.stop_automation_execution(AutomationExecutionId=execution)


def test_executions_are_listed_newest_first_in_pages_and_by_filter(aws_double: AwsDouble):
    executions = []
    for _ in range(3):
        executions.append(start(aws_double, aws_double.world.instance()))
        aws_double.advance(minutes=1)
    pages = aws_double.client("ssm").get_paginator("describe_automation_executions").paginate(PaginationConfig={"PageSize": 2})
    pages = list(pages)
    assert [len(p["AutomationExecutionMetadataList"]) for p in pages] == [2, 1]
    assert [e["AutomationExecutionId"] for p in pages for e in p["AutomationExecutionMetadataList"]] == executions[::-1]
    aws_double.ssm.executions[executions[1]].end("Failed")
    failed = aws_double.client("ssm").describe_automation_executions(Filters=[{"Key": "ExecutionStatus", "Values": ["Failed"]}])
    assert [e["AutomationExecutionId"] for e in failed["AutomationExecutionMetadataList"]] == [executions[1]]


def test_steps_that_the_execution_does_not_show_are_listed_apart(aws_double: AwsDouble):
    aws_double.ssm.steps_shown = 1
    execution = start(aws_double, aws_double.world.instance())
    told = look(aws_double, execution, times=5)
    assert told["StepExecutionsTruncated"] and len(told["StepExecutions"]) == 1
    steps = aws_double.client("ssm").describe_automation_step_executions(AutomationExecutionId=execution)["StepExecutions"]
    assert [s["Action"] for s in steps] == ["aws:assertAwsResourceProperty", "aws:runCommand", "aws:branch", "aws:runCommand"]


def test_managed_nodes_say_whether_their_agent_is_online_and_what_they_are(aws_double: AwsDouble):
    online, lost = aws_double.world.instance(), aws_double.world.instance(ssm="lost")
    stopped, windows = aws_double.world.instance(state="stopped"), aws_double.world.instance(windows=True)
    aws_double.world.instance(ssm="absent")
    pages = aws_double.client("ssm").get_paginator("describe_instance_information").paginate(PaginationConfig={"PageSize": 5})
    told = {i["InstanceId"]: (i["PingStatus"], i["PlatformType"]) for p in pages for i in p["InstanceInformationList"]}
    assert told == {
        online: ("Online", "Linux"),
        lost: ("ConnectionLost", "Linux"),
        stopped: ("ConnectionLost", "Linux"),
        windows: ("Online", "Windows"),
    }
    one = aws_double.client("ssm").describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [lost]}])
    assert [i["InstanceId"] for i in one["InstanceInformationList"]] == [lost]


def test_a_page_size_that_the_model_forbids_is_refused_although_boto3_lets_it_through(aws_double: AwsDouble):
    with pytest.raises(ClientError, match="less than or equal to 50") as failed:
        aws_double.client("ssm").describe_instance_information(MaxResults=51)
    assert code_of(failed) == "ValidationException"
