"""Which operations have an answer here: the double's own, and those that moto was seen to answer (test_aws_moto.py).

Anything else is a breach: what no double answers is no test of anything.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from botocore import xform_name

from .ec2 import Ec2
from .eks import Eks
from .logs import Logs
from .models import service_model
from .ssm import Ssm

OWN = {"ec2": Ec2, "eks": Eks, "logs": Logs, "ssm": Ssm}
MOTO: dict[str, tuple[str, ...]] = {
    "autoscaling": ("DescribeAutoScalingGroups", "DescribeAutoScalingInstances", "DescribeScalingActivities"),
    "ec2": (
        "DescribeAvailabilityZones",
        "DescribeImages",
        "DescribeInstanceTypes",
        "DescribeNetworkAcls",
        "DescribeRegions",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeTags",
        "DescribeVolumes",
        "DescribeVpcEndpoints",
        "DescribeVpcs",
        "GetConsoleOutput",
    ),
    "iam": ("GetRole", "ListAttachedRolePolicies", "ListRolePolicies"),
    "kms": ("DescribeKey",),
    "s3": (
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "DeleteObject",
        "DeleteObjects",
        "GetBucketAcl",
        "GetBucketEncryption",
        "GetBucketLocation",
        "GetBucketPolicy",
        "GetBucketPolicyStatus",
        "GetBucketVersioning",
        "GetObject",
        "GetPublicAccessBlock",
        "HeadBucket",
        "HeadObject",
        "ListBuckets",
        "ListObjectVersions",
        "ListObjectsV2",
        "PutObject",
        "UploadPart",
    ),
    "sts": ("AssumeRole", "GetCallerIdentity"),
}


def is_own(service: str, operation: str) -> bool:
    """Whether the double itself answers."""
    return hasattr(OWN.get(service), xform_name(operation))


@cache
def own_operations() -> list[tuple[str, str]]:
    """(service, operation) of all that the double answers itself."""
    return [(s, o) for s in OWN for o in service_model(s).operation_names if is_own(s, o)]


def is_known(service: str, operation: str) -> bool:
    """Whether anybody here answers."""
    return is_own(service, operation) or operation in MOTO.get(service, ())


def is_any_known(pattern: str) -> bool:
    """Whether a pattern of faults ('ssm:*', 'GetObject', '*') fits anything that has an answer."""
    known = [*own_operations(), *((s, o) for s, names in MOTO.items() for o in names)]
    return any(fnmatchcase(f"{s}:{o}", pattern) or fnmatchcase(o, pattern) for s, o in known)


def assert_known(calls: Iterable[tuple[str, str]]) -> None:
    """Each (service, operation), as botocore names them, has an answer here. For a test that records what the code calls."""
    unknown = sorted({f"{s}:{o}" for s, o in calls if not is_known(s, o)})
    assert not unknown, f"neither the double nor moto answers {', '.join(unknown)}"
