"""SSM: the automation AWSSupport-CollectEKSInstanceLogs, and the managed nodes. moto has none of it."""

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .automation import Bucket, Execution
from .errors import AwsError, denied
from .node import FakeNode
from .paging import page, with_token
from .resources import caller

DOCUMENT = "AWSSupport-CollectEKSInstanceLogs"
CREATED = datetime(2021, 5, 7, tzinfo=UTC)
PARAMETERS = {
    "EKSInstanceId": "(Required) The ID of the Amazon EKS worker node.",
    "LogDestination": "(Optional) The S3 bucket of this account that the archived logs are uploaded to.",
    "AutomationAssumeRole": "(Optional) The role that the automation acts as.",
}
INSTANCE = re.compile(r"i-([0-9a-f]{8}|[0-9a-f]{17})")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
PINGS = {"online": "Online", "lost": "ConnectionLost", "inactive": "Inactive"}


class Ssm:
    """One account's SSM in all regions.

    `absent_in`: regions without the document. `roles`: ARN of a role -> 'ok', 'not passable' or 'not assumable'; an unknown one
    is not assumable. `running_at_once`, `queue`: executions over the first wait as Pending, over both are refused.
    `steps_shown`: how many steps GetAutomationExecution lists before it says that there are more.
    """

    def __init__(self, account: str, now: Callable[[], datetime], nodes: dict[str, FakeNode], upload: Bucket) -> None:
        self.account, self.now, self.nodes, self._upload = account, now, nodes, upload
        self.executions: dict[str, Execution] = {}
        self.absent_in: set[str] = set()
        self.roles: dict[str, str] = {}
        self.running_at_once, self.queue, self.steps_shown = 100, 1000, 100
        self._tokens: dict[tuple[str, str], Execution] = {}
        self._lock = threading.Lock()

    # ---- automation -----------------------------------------------------------------------------------------------
    def start_automation_execution(self, region: str, params: dict[str, Any]) -> dict[str, Any]:
        document, given = params["DocumentName"], params.get("Parameters", {})
        if document.rpartition("/")[2] != DOCUMENT or region in self.absent_in:
            raise AwsError("AutomationDefinitionNotFoundException", f"Automation Definition Not Found: {document}")
        self._check_parameters(given)
        self._check_role(given.get("AutomationAssumeRole", [""])[0], region)
        token = (region, params.get("ClientToken", "").lower())
        with self._lock:
            known = self._tokens.get(token) if token[1] else None
            if known is not None:
                if known.parameters != given or known.document != document:
                    raise AwsError("IdempotentParameterMismatch", "The client token was used with other parameters.")
                return {"AutomationExecutionId": known.id}
            if len(self._open(region)) >= self.running_at_once + self.queue:
                raise AwsError(
                    "AutomationExecutionLimitExceededException", "The number of concurrent and queued executions is exceeded."
                )
            node = self.nodes.get(given["EKSInstanceId"][0])
            here = node if node and node.region == region else None
            made = Execution(given, document, region, here, self._upload, self.now)
            self.executions[made.id] = made
            self._tokens[token] = made
        return {"AutomationExecutionId": made.id}

    def get_automation_execution(self, region: str, params: dict[str, Any]) -> dict[str, Any]:
        one = self._execution(region, params)
        with one.lock:
            if one.begun or sum(e.begun for e in self._open(region)) < self.running_at_once:
                one.advance()
            return {"AutomationExecution": self._told(one)}

    def describe_automation_executions(self, region: str, params: dict[str, Any]) -> dict[str, Any]:
        found = [e for e in self.executions.values() if e.region == region]
        for one in params.get("Filters", []):
            found = [e for e in found if _matches(e, one["Key"], one["Values"])]
        found.sort(key=lambda e: e.started, reverse=True)
        shown, token = page(found, params.get("MaxResults", 50), params.get("NextToken"), AwsError("InvalidNextToken"))
        return with_token({"AutomationExecutionMetadataList": [self._summary(e) for e in shown]}, token)

    def describe_automation_step_executions(self, region: str, params: dict[str, Any]) -> dict[str, Any]:
        steps = [s.told() for s in self._execution(region, params).steps if s.started]
        for one in params.get("Filters", []):
            member = {"StepExecutionStatus": "StepStatus", "StepName": "StepName", "Action": "Action"}.get(one["Key"])
            if member is None:
                raise AwsError("InvalidFilterKey", f"The double knows no filter {one['Key']}")
            steps = [s for s in steps if s[member] in one["Values"]]
        if params.get("ReverseOrder"):
            steps.reverse()
        shown, token = page(steps, params.get("MaxResults", 50), params.get("NextToken"), AwsError("InvalidNextToken"))
        return with_token({"StepExecutions": shown}, token)

    def stop_automation_execution(self, region: str, params: dict[str, Any]) -> dict[str, Any]:
        one = self._execution(region, params)
        with one.lock:
            if one.over:
                raise AwsError("InvalidAutomationStatusUpdateException", f"Execution {one.id} is in status {one.status}.")
            one.cancel(params.get("Type", "Cancel") == "Complete")
        return {}

    def _execution(self, region: str, params: dict[str, Any]) -> Execution:
        wanted = params["AutomationExecutionId"]
        found = self.executions.get(wanted)
        if found is None or found.region != region:
            text = f"Automation execution with ID {wanted} doesn't exist in {region}."
            raise AwsError("AutomationExecutionNotFoundException", text)
        return found

    def _open(self, region: str) -> list[Execution]:
        return [e for e in self.executions.values() if e.region == region and not e.over]

    def _check_parameters(self, given: dict[str, list[str]]) -> None:
        unknown = sorted(set(given) - set(PARAMETERS))
        if unknown:
            text = f"Following parameters are provided but not declared in the document: {unknown}"
            raise AwsError("InvalidAutomationExecutionParametersException", text)
        instance = given.get("EKSInstanceId", [])
        if len(instance) != 1 or not INSTANCE.fullmatch(instance[0]):
            text = "Parameter EKSInstanceId needs one value that matches ^i-([0-9a-f]{8}|[0-9a-f]{17})$."
            raise AwsError("InvalidAutomationExecutionParametersException", text)

    def _check_role(self, arn: str, region: str) -> None:
        if not arn:
            return
        if not ROLE.fullmatch(arn):
            raise AwsError(
                "InvalidAutomationExecutionParametersException", "The format of the supplied assume role ARN isn't valid."
            )
        stand = self.roles.get(arn, "not assumable")
        if stand == "not passable":
            refusal = denied("iam", "PassRole", arn, caller(region, self.account))
            raise AwsError("AccessDeniedException", refusal.message)
        if stand == "not assumable":
            raise AwsError("InvalidAutomationExecutionParametersException", "The defined assume role is unable to be assumed.")

    def _told(self, one: Execution) -> dict[str, Any]:
        """As AutomationExecution."""
        current = next((s for s in one.steps if s.status == "InProgress"), None)
        begun = [s.told() for s in one.steps if s.started]
        count = {s: sum(x.status == s for x in one.steps) for s in ("Success", "Failed", "Cancelled", "TimedOut")}
        return {
            **self._common(one),
            "Parameters": one.parameters,
            "StepExecutions": begun[: self.steps_shown],
            "StepExecutionsTruncated": len(begun) > self.steps_shown,
            "ProgressCounters": {"TotalSteps": len(one.steps), **{f"{k}Steps": v for k, v in count.items()}},
            **({"CurrentStepName": current.name, "CurrentAction": current.action} if current else {}),
        }

    def _summary(self, one: Execution) -> dict[str, Any]:
        """As AutomationExecutionMetadata."""
        return {**self._common(one), "AutomationType": "Local"}

    def _common(self, one: Execution) -> dict[str, Any]:
        return {
            "AutomationExecutionId": one.id,
            "DocumentName": one.document,
            "DocumentVersion": "1",
            "ExecutionStartTime": one.started,
            "AutomationExecutionStatus": one.status,
            "Outputs": one.outputs,
            "Mode": "Auto",
            "ExecutedBy": caller(one.region, self.account),
            "Targets": [],
            **({"ExecutionEndTime": one.ended} if one.ended else {}),
            **({"FailureMessage": one.failure} if one.failure else {}),
        }

    # ---- documents ------------------------------------------------------------------------------------------------
    def describe_document(self, region: str, params: dict[str, Any]) -> dict[str, Any]:
        self._check_document(region, params)
        described = [{"Name": k, "Type": "String", "Description": v} for k, v in PARAMETERS.items()]
        return {
            "Document": {
                "Name": DOCUMENT,
                "Owner": "Amazon",
                "CreatedDate": CREATED,
                "Status": "Active",
                "DocumentVersion": "1",
                "LatestVersion": "1",
                "DefaultVersion": "1",
                "DocumentType": "Automation",
                "DocumentFormat": "JSON",
                "SchemaVersion": "0.3",
                "PlatformTypes": ["Linux"],
                "Parameters": described,
            }
        }

    def get_document(self, region: str, params: dict[str, Any]) -> dict[str, Any]:
        self._check_document(region, params)
        content = {"schemaVersion": "0.3", "parameters": {k: {"type": "String", "description": v} for k, v in PARAMETERS.items()}}
        return {
            "Name": DOCUMENT,
            "CreatedDate": CREATED,
            "DocumentVersion": "1",
            "Status": "Active",
            "Content": json.dumps(content),
            "DocumentType": "Automation",
            "DocumentFormat": "JSON",
        }

    def _check_document(self, region: str, params: dict[str, Any]) -> None:
        if params["Name"].rpartition("/")[2] != DOCUMENT or region in self.absent_in:
            raise AwsError("InvalidDocument", f"Document with name {params['Name']} does not exist.")

    # ---- managed nodes --------------------------------------------------------------------------------------------
    def describe_instance_information(self, region: str, params: dict[str, Any]) -> dict[str, Any]:
        found = [self._managed(n) for n in self.nodes.values() if n.region == region and n.ping != "absent"]
        asked = [(f["Key"], f["Values"]) for f in params.get("Filters", [])]
        asked += [(f["key"], f["valueSet"]) for f in params.get("InstanceInformationFilterList", [])]
        for key, values in asked:
            member = {"InstanceIds": "InstanceId", "PingStatus": "PingStatus", "PlatformTypes": "PlatformType"}.get(key)
            if member is None:
                raise AwsError("InvalidFilterKey", f"The double knows no filter {key}")
            found = [i for i in found if i[member] in values]
        shown, token = page(found, params.get("MaxResults", 10), params.get("NextToken"), AwsError("InvalidNextToken"))
        return with_token({"InstanceInformationList": shown}, token)

    def _managed(self, node: FakeNode) -> dict[str, Any]:
        """As InstanceInformation. A stopped node's agent has lost its connection, whatever it was before."""
        ping = node.ping if node.state == "running" or node.ping == "inactive" else "lost"
        return {
            "InstanceId": node.instance_id,
            "PingStatus": PINGS[ping],
            "LastPingDateTime": self.now(),
            "AgentVersion": "3.3.2299.0",
            "IsLatestVersion": True,
            "PlatformType": "Windows" if node.windows else "Linux",
            "PlatformName": "Microsoft Windows Server 2022 Datacenter" if node.windows else "Amazon Linux",
            "PlatformVersion": "10.0.20348" if node.windows else "2023",
            "ResourceType": "EC2Instance",
        }


def _matches(one: Execution, key: str, values: list[str]) -> bool:
    if key == "ExecutionStatus":
        return one.status in values
    if key == "ExecutionId":
        return one.id in values
    if key == "DocumentNamePrefix":
        return any(one.document.startswith(v) for v in values)
    if key in ("StartTimeAfter", "StartTimeBefore"):
        edge = datetime.fromisoformat(values[0])
        return one.started >= edge if key == "StartTimeAfter" else one.started <= edge
    raise AwsError("InvalidFilterKey", f"The double knows no filter {key}")
