"""The last step on a node: look whether the bucket may have the archive, then PUT it. Real boto3 calls, by the node's own key."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from .clients import Keys, client
from .node import FakeNode

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
OTHER = b"not an archive of this node: its bytes stand for somebody else's"


def uploader(url: str, good: Keys, weak: Keys) -> Callable[[FakeNode, bytes, str, str], str]:
    """The upload of all fake nodes to the double at `url`. `weak` may not write."""
    how: dict[str, Any] = {"retries": {"total_max_attempts": 1, "mode": "standard"}, "connect_timeout": 5, "read_timeout": 60}

    def upload(node: FakeNode, data: bytes, bucket: str, key: str) -> str:
        if node.plan.upload == "unreachable":
            raise EndpointConnectionError(endpoint_url=f"https://{bucket}.s3.{node.region}.amazonaws.com/{key}")
        s3 = client(url, "s3", node.region, weak if node.plan.upload == "refused" else good, **how)
        _refuse_public(s3, bucket)
        body = {"cut": data[: len(data) // 2], "empty": b"", "other": node.others or OTHER}.get(node.plan.upload, data)
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        return f"s3://{bucket}/{key}"

    return upload


def _refuse_public(s3: Any, bucket: str) -> None:
    """The automation uploads nothing to a bucket that everybody can read (bundle-format 3.1)."""
    try:
        public = s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        public = False
    grants = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    if public or any(g["Grantee"].get("URI") == ALL_USERS for g in grants):
        refusal = {
            "Error": {"Code": "PublicBucket", "Message": f"The bucket {bucket} is publicly accessible; logs are not uploaded to it"}
        }
        raise ClientError(refusal, "UploadLogs")
