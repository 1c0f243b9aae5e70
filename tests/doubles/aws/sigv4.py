"""Signature Version 4 of a presigned URL, reckoned anew as AWS does it: moto looks at no signature at all.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from .errors import AwsError

MAX_EXPIRES_S = 7 * 24 * 3600
NEEDED = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")


def is_presigned(query: str) -> bool:
    """Whether a query string carries a signature, of either version."""
    names = dict(parse_qsl(query, keep_blank_values=True))
    return "X-Amz-Signature" in names or ("Signature" in names and "AWSAccessKeyId" in names)


def check(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    *,
    secrets: Mapping[str, str],
    now: datetime,
    payload: str = "UNSIGNED-PAYLOAD",
) -> str:
    """The access key id that signed this URL; raises what S3 answers when it is expired, incomplete or not so signed.

    `path` and `query` are percent-encoded as they came; `secrets` is access key id -> secret; `payload` is the hash of the
    body as signed (STS signs that of an empty one).
    """
    words = parse_qsl(query, keep_blank_values=True)
    given = dict(words)
    if "AWSAccessKeyId" in given:
        raise AwsError(
            "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        )
    missing = [n for n in NEEDED if n not in given]
    if missing or not given["X-Amz-Expires"].isdigit() or int(given["X-Amz-Expires"]) > MAX_EXPIRES_S:
        raise AwsError(
            "AuthorizationQueryParametersError",
            f"Query-string authentication needs {', '.join(NEEDED)}; X-Amz-Expires at most a week",
        )
    key_id, _, day_scope = given["X-Amz-Credential"].partition("/")
    if key_id not in secrets:
        raise AwsError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403)
    signed_at = datetime.strptime(given["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    wanted = _signature(method, path, words, headers, day_scope, secrets[key_id], payload)
    if not hmac.compare_digest(wanted, given["X-Amz-Signature"]):
        text = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
        raise AwsError("SignatureDoesNotMatch", text, 403)
    if now >= signed_at + timedelta(seconds=int(given["X-Amz-Expires"])):
        raise AwsError(
            "AccessDenied", "Request has expired", 403, **{"X-Amz-Expires": given["X-Amz-Expires"], "ServerTime": now.isoformat()}
        )
    return key_id


def _signature(
    method: str, path: str, words: list[tuple[str, str]], headers: Mapping[str, str], day_scope: str, secret: str, payload: str
) -> str:
    given = dict(words)
    rest = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in words if k != "X-Amz-Signature")
    names = given["X-Amz-SignedHeaders"].split(";")
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in names]
    request = "\n".join([method, path or "/", "&".join(f"{k}={v}" for k, v in rest), *lines, "", ";".join(names), payload])
    text = "\n".join(["AWS4-HMAC-SHA256", given["X-Amz-Date"], day_scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in day_scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()
