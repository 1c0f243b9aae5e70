"""Who calls, and on what: the two ARNs in a refusal by IAM."""

from .models import partition_of
from .wire import Call


def caller(region: str, account: str) -> str:
    """Who the code under test is."""
    return f"arn:{partition_of(region)}:sts::{account}:assumed-role/eks-diag/session"


def arn_of(call: Call, account: str) -> str:
    """What the call is about; '' where IAM names nothing (EC2's describes)."""
    arn = f"arn:{partition_of(call.region)}"
    return {"s3": _s3, "eks": _eks, "ssm": _ssm, "logs": _logs}.get(call.service, _nothing)(call, arn, account)


def _nothing(call: Call, arn: str, account: str) -> str:
    return ""


def _s3(call: Call, arn: str, account: str) -> str:
    if "Bucket" not in call.params:
        return ""
    key = f"/{call.params['Key']}" if "Key" in call.params else ""
    return f'"{arn}:s3:::{call.params["Bucket"]}{key}"'


def _eks(call: Call, arn: str, account: str) -> str:
    cluster = call.params.get("name") or call.params.get("clusterName")
    return f"{arn}:eks:{call.region}:{account}:cluster/{cluster or '*'}"


def _ssm(call: Call, arn: str, account: str) -> str:
    document = call.params.get("DocumentName") or call.params.get("Name")
    if document:
        return f"{arn}:ssm:{call.region}::document/{document}"
    execution = call.params.get("AutomationExecutionId")
    return f"{arn}:ssm:{call.region}:{account}:{f'automation-execution/{execution}' if execution else '*'}"


def _logs(call: Call, arn: str, account: str) -> str:
    return f"{arn}:logs:{call.region}:{account}:log-group:{call.params.get('logGroupName', '')}:log-stream:"
