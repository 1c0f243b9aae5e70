"""What AWS's refusals mean: botocore's exceptions become errors.py, with the missing permission named.

Codes are those of the service models and of test-environment.md section 4. No message of AWS is passed on: it may hold
account ids, ARNs or presigned URLs."""

import re
from typing import TYPE_CHECKING

from ..errors import BadInput, Denied, DiagError, NoCredentials, NotThere, Throttled, Unavailable, Unreachable

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidToken",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "AuthFailure",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403", "KMS.AccessDeniedException"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "LimitExceededException",
    "SlowDown",
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "AutomationExecutionLimitExceededException",
}
_NOT_THERE = re.compile(r"NotFound|NoSuch|^404$|DoesNotExist|InvalidInstanceID\.Malformed|^InvalidInstanceId$|^InvalidDocument$")
_AUTHORIZED = re.compile(r"not authorized to perform:? ([\w-]+:\w+)")
IAM_ACTION = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketLocation": "s3:GetBucketLocation",
    "logs:FilterLogEvents": "logs:FilterLogEvents",
}
"""Operations whose IAM action has another name; all others carry their own (S3 service authorization reference)."""
_CREDENTIALS_FIX = "Renew the server's AWS credentials (AWS_PROFILE, role or environment), then call again."


def client_fault(error: "ClientError", service: str, operation: str) -> DiagError:
    """An answer of AWS that says no."""
    answer = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    what = f"{service}:{operation}"
    if code in _CREDENTIALS:
        return NoCredentials(f"AWS does not accept the server's credentials ({code}).", _CREDENTIALS_FIX)
    if code in _DENIED or status == 403:
        return denied(_denied_action(message) or IAM_ACTION.get(what, what), by_key_policy="kms:" in message.lower())
    if code in _THROTTLED or "throttl" in code.lower() or status == 429:
        full = code == "AutomationExecutionLimitExceededException"
        why = "the queue of automations is full" if full else f"too many requests ({code})"
        return Throttled(f"AWS refuses {what} for now: {why}.", "Wait half a minute, then make the same call again.")
    if _NOT_THERE.search(code) or status == 404:
        return NotThere(f"{what}: there is no such thing ({code}).", "Check the name and the region.")
    if status >= 500:
        return Unavailable(f"AWS failed to answer {what} ({code or status}).", "Call again in a minute.")
    return BadInput(f"AWS refuses {what} ({code}).", "Check the arguments of the call.")


def denied(action: str, *, by_key_policy: bool = False) -> Denied:
    """A permission that the server lacks."""
    where = "the key's policy and the server's role" if by_key_policy else "the server's role"
    return Denied(f"The permission {action} is missing.", f"Allow {action} to {where} (deploy/ holds the policies).", action=action)


def _denied_action(message: str) -> str | None:
    found = _AUTHORIZED.search(message)
    return found[1] if found else None


def transport_fault(error: "BotoCoreError", service: str, operation: str) -> DiagError:
    """No answer at all, or none that could be asked for."""
    import botocore.exceptions as known

    what, name = f"{service}:{operation}", type(error).__name__
    missing = (
        known.NoCredentialsError,
        known.PartialCredentialsError,
        known.CredentialRetrievalError,
        known.TokenRetrievalError,
        known.SSOError,
        known.UnauthorizedSSOTokenError,
    )
    if isinstance(error, missing):
        return NoCredentials(f"The server has no usable AWS credentials ({name}).", _CREDENTIALS_FIX)
    if isinstance(error, known.ProfileNotFound | known.ConfigNotFound | known.ConfigParseError | known.InvalidConfigError):
        return NoCredentials(f"The server's AWS profile or configuration cannot be used ({name}).", "Check AWS_PROFILE.")
    if isinstance(error, known.NoRegionError | known.InvalidRegionError):
        return BadInput("No AWS region is known for this call.", "Pass region, or start the server with EKS_DIAG_REGION.")
    if isinstance(error, known.ParamValidationError):
        return BadInput(f"{what} cannot be asked with these arguments.", "Check the ids and names in the call.")
    if isinstance(error, known.HTTPClientError | known.ConnectionError | known.ResponseStreamingError):
        return Unreachable(
            f"AWS does not answer {what} ({name}).",
            f"Check the route from this server to the {service} endpoint of that region (VPC endpoint, proxy, DNS), then call again.",
        )
    return Unavailable(f"{what} failed on this side ({name}).", "The server's log tells more.")
