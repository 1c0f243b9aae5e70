"""What goes through to moto: each operation listed in contract.MOTO, asked by a real client."""

import io

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.doubles.aws import AwsDouble
from tests.doubles.aws.contract import MOTO
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]

BUCKET, OBJECT = {"Bucket": "shop-logs"}, {"Bucket": "shop-logs", "Key": "k"}
ASKED: dict[str, dict] = {
    "ec2:GetConsoleOutput": {"InstanceId": "i-0123456789abcdef0"},
    "ec2:DescribeImages": {"ImageIds": ["ami-760aaa0f"]},
    "ec2:DescribeInstanceTypes": {"InstanceTypes": ["m5.large"]},
    "iam:GetRole": {"RoleName": "collector"},
    "iam:ListAttachedRolePolicies": {"RoleName": "collector"},
    "iam:ListRolePolicies": {"RoleName": "collector"},
    "s3:CreateMultipartUpload": OBJECT,
    "s3:DeleteObject": OBJECT,
    "s3:DeleteObjects": {**BUCKET, "Delete": {"Objects": [{"Key": "k"}]}},
    "s3:GetObject": OBJECT,
    "s3:HeadObject": OBJECT,
    "s3:ListBuckets": {},
    "s3:PutObject": {**OBJECT, "Body": b"y"},
    "sts:AssumeRole": {"RoleArn": "arn:aws:iam::123456789012:role/collector", "RoleSessionName": "one"},
}
SEEN_ELSEWHERE = {"kms:DescribeKey", "s3:UploadPart", "s3:CompleteMultipartUpload", "s3:AbortMultipartUpload"}
MAY_BE_MISSING = {"GetBucketPolicy", "GetBucketPolicyStatus", "GetBucketEncryption"}
OPERATIONS = sorted({f"{s}:{o}" for s, names in MOTO.items() for o in names} - SEEN_ELSEWHERE)


@pytest.fixture
def world(aws_double: AwsDouble) -> AwsDouble:
    aws_double.world.instance("i-0123456789abcdef0")
    aws_double.world.put(aws_double.world.bucket("shop-logs"), "k", b"x")
    aws_double.world.role("collector")
    return aws_double


@pytest.mark.parametrize("name", OPERATIONS)
def test_moto_answers(world: AwsDouble, name: str):
    service, operation = name.split(":")
    ask = getattr(world.client(service), xform_name(operation))
    try:
        answer = ask(**ASKED.get(name, BUCKET if service == "s3" else {}))
        assert answer["ResponseMetadata"]["HTTPStatusCode"] in (200, 204)
    except ClientError as error:
        assert operation in MAY_BE_MISSING and error.response["Error"]["Code"].startswith(("NoSuch", "ServerSideEncryption"))
    assert world.calls[-1].name == name


def test_a_large_file_goes_up_in_parts_and_comes_down_whole(world: AwsDouble):
    s3, data = world.client("s3"), bytes(range(256)) * 40_000
    s3.upload_fileobj(io.BytesIO(data), "shop-logs", "large")
    back = io.BytesIO()
    s3.download_fileobj("shop-logs", "large", back)
    assert back.getvalue() == data
    assert {"UploadPart", "CompleteMultipartUpload"} <= {c.operation for c in world.calls}


def test_a_multipart_upload_can_be_aborted(world: AwsDouble):
    s3 = world.client("s3")
    upload = s3.create_multipart_upload(**OBJECT)["UploadId"]
    s3.abort_multipart_upload(**OBJECT, UploadId=upload)
    assert world.called("s3:AbortMultipartUpload") == [{**OBJECT, "UploadId": upload}]


def test_a_key_that_does_not_exist_is_not_found(world: AwsDouble):
    with pytest.raises(ClientError, match="NotFoundException"):
        world.client("kms").describe_key(KeyId="0" * 8)


def test_instance_limits_are_the_real_ones(world: AwsDouble):
    (told,) = world.client("ec2").describe_instance_types(InstanceTypes=["c6i.4xlarge"])["InstanceTypes"]
    network = told["NetworkInfo"]
    assert (network["MaximumNetworkInterfaces"], network["Ipv4AddressesPerInterface"]) == (8, 30)
