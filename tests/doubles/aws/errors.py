"""Errors as AWS words them. A neutral word ('throttled', 'access denied', ...) becomes what the service at hand really says."""

import json
from uuid import uuid4
from xml.sax.saxutils import escape

from .models import service_model

COMMON = frozenset(
    [
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InternalFailure",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "RequestExpired",
        "ServiceUnavailable",
        "ThrottlingException",
        "UnrecognizedClientException",
        "ValidationException",
    ]
)
"""What every JSON service may answer beside the errors of its operation (the API references' "Common Errors")."""

JSON, EKS, EC2, S3, QUERY = "json", "rest-json", "ec2", "rest-xml", "query"
_EXPIRED = "The security token included in the request is expired"
WORDS: dict[str, dict[str, tuple[str, int, str]]] = {
    "throttled": {
        JSON: ("ThrottlingException", 400, "Rate exceeded"),
        EKS: ("ThrottlingException", 429, "Rate exceeded"),
        EC2: ("RequestLimitExceeded", 503, "Request limit exceeded."),
        S3: ("SlowDown", 503, "Please reduce your request rate."),
        QUERY: ("Throttling", 400, "Rate exceeded"),
    },
    "expired token": {
        JSON: ("ExpiredTokenException", 400, _EXPIRED),
        EKS: ("ExpiredTokenException", 403, _EXPIRED),
        EC2: ("RequestExpired", 400, "Request has expired."),
        S3: ("ExpiredToken", 400, "The provided token has expired."),
        QUERY: ("ExpiredToken", 403, _EXPIRED),
    },
    "unknown key": {
        JSON: ("UnrecognizedClientException", 400, "The security token included in the request is invalid."),
        EKS: ("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
        EC2: ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        S3: ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
        QUERY: ("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
    },
    "access denied": {
        JSON: ("AccessDeniedException", 400, ""),
        EKS: ("AccessDeniedException", 403, ""),
        EC2: ("UnauthorizedOperation", 403, ""),
        S3: ("AccessDenied", 403, ""),
        QUERY: ("AccessDenied", 403, ""),
    },
    "server error": {
        JSON: ("InternalFailure", 500, "An internal error occurred."),
        EKS: ("InternalFailure", 500, "An internal error occurred."),
        EC2: ("InternalError", 500, "An internal error has occurred"),
        S3: ("InternalError", 500, "We encountered an internal error. Please try again."),
        QUERY: ("InternalFailure", 500, "An internal error occurred."),
    },
}
ACTIONS = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjects": "s3:ListBucket",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:HeadObject": "s3:GetObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
}
"""IAM's name of the permission where it is not the operation's own."""


class AwsError(Exception):
    """An answer that is an error. `status` is the HTTP status; for a modelled error the model's own wins when it names one."""

    def __init__(self, code: str, message: str = "", status: int = 400, **members: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.members = code, message, status, members


def protocol(service: str) -> str:
    """The wire protocol that the double speaks for a service: json, rest-json, ec2, rest-xml or query."""
    return service_model(service).metadata["protocol"]


def action(service: str, operation: str) -> str:
    """The IAM action that guards an operation."""
    name = f"{service}:{operation}"
    return ACTIONS.get(name, name)


def denied(service: str, operation: str, resource: str, identity: str) -> AwsError:
    """What the caller reads when IAM allows it nothing."""
    need = action(service, operation)
    code, status, _ = WORDS["access denied"][protocol(service)]
    where = f" on resource: {resource}" if resource else ""
    text = f"User: {identity} is not authorized to perform: {need}{where} because no identity-based policy allows the {need} action"
    return AwsError(code, f"You are not authorized to perform this operation. {text}" if service == "ec2" else text, status)


def worded(word: str, service: str) -> AwsError:
    """The service's own error for a neutral word (all of WORDS but 'access denied', which needs the resource)."""
    code, status, message = WORDS[word][protocol(service)]
    return AwsError(code, message, status)


def is_modelled(service: str, operation: str, code: str) -> bool:
    """Whether an operation may answer with this error. EC2, S3 and the query services list none: there everything may come."""
    if protocol(service) not in (JSON, EKS):
        return True
    shapes = service_model(service).operation_model(operation).error_shapes
    return code in COMMON or any(code in (s.name, s.metadata.get("error", {}).get("code")) for s in shapes)


def status_of(service: str, operation: str, error: AwsError) -> int:
    """The status that the model names for this error, else the error's own."""
    for shape in service_model(service).operation_model(operation).error_shapes:
        if shape.name == error.code:
            return int(shape.metadata.get("error", {}).get("httpStatusCode", error.status))
    return error.status


def render(service: str, operation: str, error: AwsError, head: bool = False) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) in the service's protocol. A HEAD has no body, and so its error has no code, as with real S3."""
    kind, request_id = protocol(service), str(uuid4())
    status = status_of(service, operation, error)
    if kind in (JSON, EKS):
        body = json.dumps({**({"__type": error.code} if kind == JSON else {}), "message": error.message, **error.members}).encode()
        headers = {
            "content-type": "application/x-amz-json-1.1" if kind == JSON else "application/json",
            "x-amzn-requestid": request_id,
        }
        return status, {**headers, "x-amzn-errortype": error.code} if kind == EKS else headers, body
    code, message = escape(error.code), escape(error.message)
    one = f"<Code>{code}</Code><Message>{message}</Message>"
    more = "".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in error.members.items())
    text = {
        EC2: f"<Response><Errors><Error>{one}</Error></Errors><RequestID>{request_id}</RequestID></Response>",
        S3: f"<Error>{one}{more}<RequestId>{request_id}</RequestId><HostId>double</HostId></Error>",
        QUERY: f"<ErrorResponse><Error><Type>Sender</Type>{one}</Error><RequestId>{request_id}</RequestId></ErrorResponse>",
    }[kind]
    body = b"" if head else f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return status, {"content-type": "application/xml", "x-amz-request-id": request_id}, body
