"""S3 of the AWS double: presigned URLs that are really checked, bucket owners, versions, poisoned keys."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.doubles.aws import CALLER, AwsDouble
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]

PRESIGN = {"signature_version": "s3v4", "s3": {"us_east_1_regional_endpoint": "regional", "addressing_style": "path"}}


def presigned(aws: AwsDouble, operation: str, key: str = "a b/ü+.tar.gz", expires_s: int = 900, **more) -> str:
    params = {"Bucket": "shop-logs", "Key": key, **more}
    return aws.client("s3", **PRESIGN).generate_presigned_url(operation, Params=params, ExpiresIn=expires_s)


def send(method: str, url: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request(method, f"{parts.path}?{parts.query}", body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode("latin-1")
    connection.close()
    return answer.status, text


@pytest.fixture
def bucket(aws_double: AwsDouble) -> str:
    return aws_double.world.bucket("shop-logs")


def test_a_presigned_put_stores_the_body_whatever_type_the_sender_gives_it(aws_double: AwsDouble, bucket: str):
    assert send("PUT", presigned(aws_double, "put_object"), b"bytes", content_type="application/x-www-form-urlencoded")[0] == 200
    assert aws_double.client("s3").get_object(Bucket=bucket, Key="a b/ü+.tar.gz")["Body"].read() == b"bytes"
    assert send("GET", presigned(aws_double, "get_object")) == (200, "bytes")
    assert aws_double.called("s3:PutObject")[0]["Key"] == "a b/ü+.tar.gz"


def test_a_presigned_url_is_for_its_method_and_key_alone(aws_double: AwsDouble, bucket: str):
    url = presigned(aws_double, "put_object", "node-1.tar.gz")
    for status, text in (
        send("GET", url),
        send("PUT", url.replace("node-1", "node-2"), b"x"),
        send("PUT", url.replace("Expires=900", "Expires=901"), b"x"),
    ):
        assert status == 403 and "SignatureDoesNotMatch" in text
    assert aws_double.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_presigned_url_runs_out(aws_double: AwsDouble, bucket: str):
    url = presigned(aws_double, "put_object", expires_s=60)
    aws_double.advance(seconds=61)
    status, text = send("PUT", url, b"x")
    assert status == 403 and "Request has expired" in text


def test_signed_headers_are_part_of_the_signature(aws_double: AwsDouble, bucket: str):
    url = presigned(aws_double, "put_object", "k", ServerSideEncryption="aws:kms")
    assert send("PUT", url, b"x")[0] == 403
    assert send("PUT", url, b"x", x_amz_server_side_encryption="aws:kms")[0] == 200


def test_a_url_signed_by_version_2_is_refused(aws_double: AwsDouble, bucket: str):
    keys = aws_double.keys[CALLER]
    old = boto3.client(
        "s3",
        endpoint_url=aws_double.url,
        region_name="us-west-2",
        aws_access_key_id=keys.id,
        aws_secret_access_key=keys.secret,
        config=Config(signature_version="s3"),
    )
    status, text = send("GET", old.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    assert status == 400 and "Please use AWS4-HMAC-SHA256" in text


def test_a_key_that_nobody_knows_cannot_sign(aws_double: AwsDouble, bucket: str):
    stranger = boto3.client(
        "s3",
        endpoint_url=aws_double.url,
        region_name="us-west-2",
        aws_access_key_id="STRANGER",
        aws_secret_access_key="x",
        config=Config(**PRESIGN),
    )
    status, text = send("GET", stranger.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    assert status == 403 and "InvalidAccessKeyId" in text


def test_the_expected_owner_of_a_bucket_is_compared_with_its_owner(aws_double: AwsDouble):
    aws_double.world.bucket("mine")
    aws_double.world.bucket("sniped", owner="999988887777")
    s3 = aws_double.client("s3")
    s3.head_bucket(Bucket="mine", ExpectedBucketOwner=aws_double.account)
    for ask in (s3.list_objects_v2, s3.get_bucket_acl, s3.get_bucket_location):
        with pytest.raises(ClientError, match="AccessDenied"):
            ask(Bucket="sniped", ExpectedBucketOwner=aws_double.account)
    with pytest.raises(ClientError) as failed:
        s3.head_bucket(Bucket="sniped", ExpectedBucketOwner=aws_double.account)
    assert failed.value.response["Error"] == {"Code": "403", "Message": "Forbidden"}  # a HEAD has no body, so no code


def test_a_version_stays_readable_after_somebody_else_has_written_under_its_key(aws_double: AwsDouble, bucket: str):
    s3, key = aws_double.client("s3"), "eks_i-0123456789abcdef0_x.tar.gz"
    ours = aws_double.world.put(bucket, key, b"ours")
    tag = s3.head_object(Bucket=bucket, Key=key)["ETag"]
    aws_double.world.put(bucket, key, b"theirs", at=datetime(2026, 1, 1, tzinfo=UTC))
    assert s3.get_object(Bucket=bucket, Key=key, VersionId=ours)["Body"].read() == b"ours"
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.get_object(Bucket=bucket, Key=key, IfMatch=tag)
    (listed,) = s3.list_objects_v2(Bucket=bucket, Prefix="eks_")["Contents"]
    assert listed["LastModified"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert [v["IsLatest"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]] == [True, False]


def test_ranges_are_served_and_one_past_the_end_is_refused(aws_double: AwsDouble, bucket: str):
    s3 = aws_double.client("s3")
    aws_double.world.put(bucket, "k", b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key="k", Range="bytes=4-")
    assert (answer["ContentRange"], answer["Body"].read()) == ("bytes 4-9/10", b"456789")
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")


def test_a_bucket_says_whether_it_is_public_and_what_is_blocked(aws_double: AwsDouble, bucket: str):
    s3 = aws_double.client("s3")
    aws_double.world.bucket("everybody", public=True)
    assert s3.get_bucket_policy_status(Bucket="everybody")["PolicyStatus"]["IsPublic"]
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy_status(Bucket=bucket)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"]
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket="everybody")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_the_bucket_may_stand_in_the_host_name_too(aws_double: AwsDouble, bucket: str):
    aws_double.world.put(bucket, "k", b"x")
    port = urlsplit(aws_double.url).port
    signed = f"AWS4-HMAC-SHA256 Credential={CALLER}/20260101/us-west-2/s3/aws4_request, SignedHeaders=host, Signature=0"
    assert send("GET", f"{aws_double.url}/k?", host=f"shop-logs.s3.localhost:{port}", authorization=signed) == (200, "x")
    assert aws_double.called("s3:GetObject") == [{"Bucket": bucket, "Key": "k"}]


def test_a_bucket_answers_in_its_own_region_and_names_it_elsewhere(aws_double: AwsDouble, bucket: str):
    aws_double.world.put(bucket, "k", b"x")
    abroad = aws_double.client("s3", "eu-west-1")
    assert abroad.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"  # botocore follows the region that S3 names
    assert {c.region for c in aws_double.calls if c.operation == "GetObject"} == {"eu-west-1", "us-west-2"}
    assert abroad.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "us-west-2"
    url = aws_double.client("s3", "eu-west-1", **PRESIGN).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}
    )
    assert "the region 'eu-west-1' is wrong; expecting 'us-west-2'" in send("GET", url)[1]


def test_of_many_conditional_writes_at_once_one_is_taken(aws_double: AwsDouble, bucket: str):
    def write(number: int, **condition: str) -> str:
        try:
            return str(aws_double.client("s3").put_object(Bucket=bucket, Key="k", Body=b"%d" % number, **condition)["ETag"])
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda n: write(n, IfNoneMatch="*"), range(8)))
        assert told.count("PreconditionFailed") == 7
        [etag] = set(told) - {"PreconditionFailed"}
        assert list(pool.map(lambda n: write(n, IfMatch=etag), range(8, 16))).count("PreconditionFailed") == 7
