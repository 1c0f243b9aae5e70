"""What S3 checks and moto does not: presigned URLs, the expected bucket owner, the accounts that buckets belong to."""

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey, s3_backends

from . import sigv4
from .errors import AwsError, denied
from .models import partition_of
from .wire import Call, Request

NODE_IDENTITY = f"arn:aws:sts::{DEFAULT_ACCOUNT_ID}:assumed-role/node-role/node"

ANYWHERE = ("GetBucketLocation", "ListBuckets", "HeadBucket")
"""What any region answers. (Real S3 redirects a HeadBucket, with the region in a header; clients do not tell the difference.)"""


@dataclass(slots=True)
class S3:
    """Buckets are moto's; here is who owns them (default: the caller's account), and whose signatures are known.

    `may_not_write`: access key ids whose PutObject is refused.
    """

    secrets: dict[str, str]
    may_not_write: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)
    writing: threading.Lock = field(default_factory=threading.Lock)
    """Held while moto writes: it looks at If-None-Match and If-Match, but not in one step with the write."""

    def guard(self, request: Request, call: Call, now: datetime) -> Request:
        """The request as moto may have it. Raises AwsError where real S3 would refuse."""
        bucket, presigned = call.params.get("Bucket", ""), sigv4.is_presigned(request.query)
        if presigned:
            sigv4.check(request.method, request.path, request.query, request.headers, secrets=self.secrets, now=now)
            request = _signed_in_header(request, call)
        self._check_region(call, bucket, presigned)
        expected = call.params.get("ExpectedBucketOwner")
        owner = self.owners.get(bucket, DEFAULT_ACCOUNT_ID)
        if expected is not None and expected != owner:
            raise AwsError("AccessDenied", "Access Denied", 403)
        if call.operation == "PutObject" and call.actor in self.may_not_write:
            raise denied("s3", "PutObject", f'"arn:aws:s3:::{call.params["Bucket"]}/{call.params["Key"]}"', NODE_IDENTITY)
        return request

    def _check_region(self, call: Call, bucket: str, presigned: bool) -> None:
        """A request signed for another region than the bucket's is refused, with the right one named: clients follow that."""
        found = s3_backends[DEFAULT_ACCOUNT_ID][partition_of(call.region)].buckets.get(bucket)
        if found is None or found.region_name == call.region or call.operation in ANYWHERE:
            return
        text = f"the region '{call.region}' is wrong; expecting '{found.region_name}'"
        if presigned:
            raise AwsError("AuthorizationQueryParametersError", f"Error parsing the X-Amz-Credential parameter; {text}")
        raise AwsError("AuthorizationHeaderMalformed", f"The authorization header is malformed; {text}", Region=found.region_name)

    def set(self, bucket: str, key: str, data: bytes, region: str) -> None:
        """An object put straight into moto's store: a thousand of them in no time."""
        s3_backends[DEFAULT_ACCOUNT_ID][partition_of(region)].put_object(bucket, key, data)

    def object(self, bucket: str, key: str, region: str) -> FakeKey:
        """moto's own record of an object, to change what no API can: `last_modified`."""
        found = s3_backends[DEFAULT_ACCOUNT_ID][partition_of(region)].get_object(bucket, key)
        assert found is not None, f"no object {key} in {bucket}"
        return found


def _signed_in_header(request: Request, call: Call) -> Request:
    """A presigned request as one signed in its header: moto finds the service there, and keeps no form-typed body."""
    query = "&".join(word for word in request.query.split("&") if not word.startswith("X-Amz-"))
    headers = {
        **request.headers,
        "authorization": f"AWS4-HMAC-SHA256 Credential={call.actor}/20260101/{call.region}/s3/aws4_request",
    }
    if "form" in headers.get("content-type", ""):
        headers["content-type"] = "application/octet-stream"
    return replace(request, query=query, headers=headers)
