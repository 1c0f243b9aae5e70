"""Scripted faults of the AWS double, as boto3 meets them."""

import http.client
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from tests.doubles.aws import CALLER, NODE, AwsDouble, AwsError, Corrupt, Cut, Reset, Silence, Slow
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]

DOCUMENT = "AWSSupport-CollectEKSInstanceLogs"
BODY = bytes(range(256)) * 400


def ask(aws: AwsDouble, operation: str, **how):
    """One call of that operation with parameters that would be answered."""
    service, name = operation.split(":")
    client = aws.client(service, **how)
    return {
        "StartAutomationExecution": lambda: client.start_automation_execution(
            DocumentName=DOCUMENT, Parameters={"EKSInstanceId": ["i-0123456789abcdef0"]}
        ),
        "DescribeCluster": lambda: client.describe_cluster(name="shop"),
        "DescribeInstances": client.describe_instances if service == "ec2" else None,
        "FilterLogEvents": lambda: client.filter_log_events(logGroupName="g"),
        "ListObjectsV2": lambda: client.list_objects_v2(Bucket="shop-logs"),
        "GetCallerIdentity": client.get_caller_identity if service == "sts" else None,
        "DescribeAutoScalingGroups": client.describe_auto_scaling_groups if service == "autoscaling" else None,
    }[name]()


@pytest.fixture
def world(aws_double: AwsDouble) -> AwsDouble:
    aws_double.world.cluster("shop")
    aws_double.world.put(aws_double.world.bucket("shop-logs"), "k", BODY)
    aws_double.logs.put("us-west-2", "g")
    return aws_double


CODES = {
    "throttled": {
        "ssm": "ThrottlingException",
        "eks": "ThrottlingException",
        "ec2": "RequestLimitExceeded",
        "s3": "SlowDown",
        "sts": "Throttling",
    },
    "expired token": {
        "ssm": "ExpiredTokenException",
        "eks": "ExpiredTokenException",
        "ec2": "RequestExpired",
        "s3": "ExpiredToken",
        "sts": "ExpiredToken",
    },
    "access denied": {
        "ssm": "AccessDeniedException",
        "eks": "AccessDeniedException",
        "ec2": "UnauthorizedOperation",
        "s3": "AccessDenied",
        "sts": "AccessDenied",
    },
    "unknown key": {
        "ssm": "UnrecognizedClientException",
        "eks": "UnrecognizedClientException",
        "ec2": "AuthFailure",
        "s3": "InvalidAccessKeyId",
        "sts": "InvalidClientTokenId",
    },
    "server error": {
        "ssm": "InternalFailure",
        "eks": "InternalFailure",
        "ec2": "InternalError",
        "s3": "InternalError",
        "sts": "InternalFailure",
    },
}
OPERATIONS = (
    "ssm:StartAutomationExecution",
    "eks:DescribeCluster",
    "ec2:DescribeInstances",
    "s3:ListObjectsV2",
    "sts:GetCallerIdentity",
)


@pytest.mark.parametrize("word", CODES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_word_becomes_what_the_service_at_hand_says(world: AwsDouble, operation: str, word: str):
    world.fail(operation, word, times=1)
    with pytest.raises(ClientError) as failed:
        ask(world, operation)
    assert failed.value.response["Error"]["Code"] == CODES[word][operation.split(":", maxsplit=1)[0]]
    ask(world, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_botocore_takes_the_throttling_for_one_and_tries_again(world: AwsDouble, operation: str):
    world.fail(operation, "throttled", times=2)
    answer = ask(world, operation, max_attempts=3)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert len(world.called(operation)) == 3


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        (
            "ssm:StartAutomationExecution",
            "User: arn:aws:sts::123456789012:assumed-role/eks-diag/session is not authorized to perform: ssm:StartAutomationExecution on "
            f"resource: arn:aws:ssm:us-west-2::document/{DOCUMENT} because no identity-based policy allows the ssm:StartAutomationExecution action",
        ),
        ("eks:DescribeCluster", "eks:DescribeCluster on resource: arn:aws:eks:us-west-2:123456789012:cluster/shop because"),
        ("s3:ListObjectsV2", 's3:ListBucket on resource: "arn:aws:s3:::shop-logs" because'),
        ("ec2:DescribeInstances", "You are not authorized to perform this operation. User: arn:aws:sts::"),
        (
            "logs:FilterLogEvents",
            "logs:FilterLogEvents on resource: arn:aws:logs:us-west-2:123456789012:log-group:g:log-stream: because",
        ),
    ],
)
def test_a_refusal_names_the_action_and_the_resource(world: AwsDouble, operation: str, says: str):
    world.deny(operation)
    for _ in range(2):
        with pytest.raises(ClientError) as failed:
            ask(world, operation)
        assert says in failed.value.response["Error"]["Message"]


def test_a_code_of_the_model_comes_with_the_models_status_and_class(world: AwsDouble):
    world.fail("eks:DescribeCluster", AwsError("ServiceUnavailableException", "down"))
    eks = world.client("eks")
    with pytest.raises(eks.exceptions.ServiceUnavailableException) as failed:
        eks.describe_cluster(name="shop")
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_an_error_that_the_operation_cannot_have_is_a_breach(world: AwsDouble):
    world.fail("ssm:StartAutomationExecution", "InvalidDocument", times=1)
    with pytest.raises(ClientError):
        ask(world, "ssm:StartAutomationExecution")
    assert world.breaches == ["ssm:StartAutomationExecution has no error InvalidDocument"]
    world.breaches.clear()


def test_an_operation_that_nobody_here_answers_is_a_breach(world: AwsDouble):
    with pytest.raises(ClientError):
        world.client("ssm").describe_patch_groups()
    assert world.breaches == ["ssm:DescribePatchGroups: neither the double nor moto is known to answer it"]
    world.breaches.clear()


def test_a_fault_for_an_operation_that_does_not_exist_is_refused_when_it_is_scripted(world: AwsDouble):
    with pytest.raises(ValueError, match="fits no operation"):
        world.fail("ssm:StartAutomation", "throttled")
    with pytest.raises(ValueError, match="access denied"):
        world.fail("ssm:StartAutomationExecution", "no access")


def test_faults_can_be_narrowed_to_parameters_a_region_or_an_actor(world: AwsDouble):
    world.fail("s3:ListObjectsV2", "access denied", Bucket="other")
    world.fail("eks:*", "throttled", region="eu-west-1")
    world.fail("s3:PutObject", "access denied", actor=NODE)
    ask(world, "s3:ListObjectsV2")
    ask(world, "eks:DescribeCluster")
    world.client("s3").put_object(Bucket="shop-logs", Key="x", Body=b"x")
    with pytest.raises(ClientError, match="ThrottlingException"):
        world.client("eks", "eu-west-1").list_clusters()


def test_a_reset_before_the_answer_leaves_nothing_or_the_work_done(world: AwsDouble):
    world.fail("ssm:StartAutomationExecution", Reset(), times=1)
    world.fail("ssm:StartAutomationExecution", Reset(done=True), times=1)
    for _ in range(2):
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            ask(world, "ssm:StartAutomationExecution")
    assert len(world.ssm.executions) == 1


def test_silence_lasts_until_the_client_gives_up(world: AwsDouble):
    world.fail("eks:DescribeCluster", Silence(), times=1)
    with pytest.raises(ReadTimeoutError):
        ask(world, "eks:DescribeCluster", read_timeout=0.2)
    ask(world, "eks:DescribeCluster")


@pytest.mark.parametrize("fault", [Reset(after=5000), Cut(after=5000), Silence(after=5000)])
def test_a_body_that_breaks_off_has_given_what_came_before(world: AwsDouble, fault: Reset | Cut | Silence):
    world.fail("s3:GetObject", fault, times=1)
    body = world.client("s3", read_timeout=0.5).get_object(Bucket="shop-logs", Key="k")["Body"]
    got = body.read(5000)
    with pytest.raises((ResponseStreamingError, IncompleteReadError, ReadTimeoutError)):
        while piece := body.read(5000):
            got += piece
    assert got == BODY[: len(got)] and len(got) >= 5000
    again = world.client("s3").get_object(Bucket="shop-logs", Key="k", Range=f"bytes={len(got)}-")["Body"].read()
    assert got + again == BODY


def test_a_wrong_byte_is_found_by_the_checksum(world: AwsDouble):
    world.client("s3").put_object(Bucket="shop-logs", Key="sum", Body=BODY, ChecksumAlgorithm="CRC32")
    world.fail("s3:GetObject", Corrupt(at=77), times=1)
    with pytest.raises(FlexibleChecksumError):
        world.client("s3").get_object(Bucket="shop-logs", Key="sum")["Body"].read()


def test_a_slow_body_comes_in_pieces_and_is_whole(world: AwsDouble):
    world.fail("s3:GetObject", Slow(pieces=5, pause_s=0.001), times=1)
    assert world.client("s3").get_object(Bucket="shop-logs", Key="k")["Body"].read() == BODY


def test_the_audit_log_tells_service_operation_parameters_and_who_asked(world: AwsDouble):
    world.client("ec2").describe_instances(Filters=[{"Name": "tag:a", "Values": ["b", "c"]}])
    world.client("s3").head_bucket(Bucket="shop-logs", ExpectedBucketOwner=world.account)
    world.client("sts", "eu-west-1").assume_role(
        RoleArn="arn:aws:iam::123456789012:role/x", RoleSessionName="one", Tags=[{"Key": "k", "Value": "v"}]
    )
    assert [(c.service, c.operation, c.params, c.region, c.actor) for c in world.calls] == [
        ("ec2", "DescribeInstances", {"Filters": [{"Name": "tag:a", "Values": ["b", "c"]}]}, "us-west-2", CALLER),
        ("s3", "HeadBucket", {"Bucket": "shop-logs", "ExpectedBucketOwner": world.account}, "us-west-2", CALLER),
        (
            "sts",
            "AssumeRole",
            {"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "one", "Tags": [{"Key": "k", "Value": "v"}]},
            "eu-west-1",
            CALLER,
        ),
    ]


def test_a_reset_double_remembers_nothing(world: AwsDouble):
    world.deny("*")
    world.advance(days=1)
    with pytest.raises(ClientError):
        ask(world, "eks:DescribeCluster")
    world.reset()
    assert world.calls == [] and world.client("eks").list_clusters()["clusters"] == []
    assert world.client("s3").list_buckets()["Buckets"] == []
    assert world.client("ec2").describe_instances()["Reservations"] == []


def test_a_presigned_caller_identity_is_checked_as_sts_does(world: AwsDouble):
    url = world.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    assert "GetCallerIdentityResult" in get(url)[1]
    assert "SignatureDoesNotMatch" in get(url.replace("Expires=60", "Expires=61"))[1]
    world.advance(seconds=61)
    assert get(url)[0] == 403


def get(url: str) -> tuple[int, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request("GET", f"{parts.path or '/'}?{parts.query}")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text
