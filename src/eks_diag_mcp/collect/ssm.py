"""Collector `ssm`: the runbook AWSSupport-CollectEKSInstanceLogs, which uploads the node's bundle to the log bucket.

An execution id is ssm:<region>:<automation execution id>; SSM itself gives back instance and parameters, so a restarted
server, or another one, can go on. Step names and outputs are in no documentation and play no part (bundle-format 3.1)."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..cloud.aws import Aws
from ..errors import BadBundle, BadInput, Denied, NotThere, Unavailable
from .bucket import LogBucket
from .failures import classify, quoted
from .model import Ask, Carrier, Collection, Fetched, State, Step, parts
from .target import target_of

DOCUMENT = "AWSSupport-CollectEKSInstanceLogs"
_SPACE = uuid.UUID("6d7cf5c2-3a0e-5a8e-9a55-7d2f5f0f6a11")
_MINUTE_S = 60
_WORKING = frozenset(
    [
        "Pending",
        "InProgress",
        "Waiting",
        "Cancelling",
        "PendingApproval",
        "Approved",
        "Scheduled",
        "RunbookInProgress",
        "PendingChangeCalendarOverride",
        "ChangeCalendarOverrideApproved",
    ]
)
_ENDED: Mapping[str, State] = {
    "Success": "ready",
    "CompletedWithSuccess": "ready",
    "Cancelled": "cancelled",
    "TimedOut": "failed",
    "Failed": "failed",
    "Rejected": "failed",
    "ChangeCalendarOverrideRejected": "failed",
    "CompletedWithFailure": "failed",
    "Exited": "failed",
}
"""All 19 values of AutomationExecutionStatus stand in one of the two."""
_SAID = {
    "Pending": "waiting in SSM's queue",
    "PendingApproval": "waiting for an approval in SSM",
    "PendingChangeCalendarOverride": "held by a change calendar of the account",
    "Cancelling": "being cancelled",
}


class SsmCollector:
    """Starts, follows and fetches. `wall` gives the time of day."""

    via = "ssm"

    def __init__(
        self,
        aws: Aws,
        bucket: LogBucket,
        role: str | None,
        clusters: Mapping[str, str | None],
        wall: Callable[[], datetime],
    ) -> None:
        self.aws, self.bucket, self.role, self.clusters, self.wall = aws, bucket, role, clusters, wall

    # ---- start ----------------------------------------------------------------------------------------------------------
    def start(self, ask: Ask) -> Collection:
        """Check everything that can be checked first, then start; the run of that node that is under way where one is."""
        instance = ask.strict_id()
        region = self.aws.region(ask.region or self.clusters.get(ask.cluster or ""))
        if not self.role:
            raise Unavailable(
                "No automation role is configured, and the server's own rights are not lent to the runbook.",
                "Set EKS_DIAG_AUTOMATION_ROLE (deploy/ makes one).",
            )
        bucket = self.bucket.name
        cluster = self._check_node(ask, instance, region)
        self._check_document(region)
        notes = self.bucket.check(region)
        running = self.running(instance, region)
        if running is not None:
            return replace(running, cluster=cluster)
        token = _token(ask, instance, self.wall())
        parameters = {"EKSInstanceId": [instance], "LogDestination": [bucket], "AutomationAssumeRole": [self.role]}
        execution = self._begin(region, parameters, token)
        return Collection(
            f"ssm:{region}:{execution}",
            self.via,
            instance,
            "working",
            "Pending",
            region,
            notes=notes,
            poll_after_s=15,
            cluster=cluster,
        )

    def _check_node(self, ask: Ask, instance: str, region: str) -> str | None:
        """Refuses a node that cannot be asked. The cluster that its tags prove."""
        target = target_of(self.aws, ask, region)
        target.must_belong(ask.cluster, self.clusters)
        target.must_run()
        if target.ssm is None:
            raise Unavailable(
                f"Whether SSM reaches the node cannot be seen: {target.ssm_why}", "Allow ssm:DescribeInstanceInformation."
            )
        if target.ssm != "Online":
            how = "has never registered with SSM" if target.ssm == "absent" else f"is not reached by SSM (ping status {target.ssm})"
            raise Unavailable(
                f"{instance} {how}.",
                'Check its SSM agent, its role (AmazonSSMManagedInstanceCore) and its route to SSM; via="node" needs none of them.',
            )
        return target.proven(ask.cluster)

    def _check_document(self, region: str) -> None:
        try:
            self.aws.call("ssm", "describe_document", region, Name=DOCUMENT)
        except NotThere as error:
            raise _no_document(region) from error
        except Denied:
            return  # the start itself will tell

    def _begin(self, region: str, parameters: dict[str, list[str]], token: str) -> str:
        try:
            begun = self.aws.call(
                "ssm", "start_automation_execution", region, DocumentName=DOCUMENT, Parameters=parameters, ClientToken=token
            )
        except NotThere as error:
            raise _no_document(region) from error
        except BadInput as error:
            if "IdempotentParameterMismatch" in error.message:
                raise BadInput(
                    "That idempotencyToken was used for another collection.", "Leave it out, or use a new UUID."
                ) from error
            if "InvalidAutomationExecutionParameters" in error.message:
                raise Unavailable(
                    "SSM refuses the automation's parameters; most often the role cannot be assumed by SSM.",
                    "Check EKS_DIAG_AUTOMATION_ROLE and that its trust policy names ssm.amazonaws.com.",
                ) from error
            raise
        return str(begun["AutomationExecutionId"])

    def running(self, instance: str, region: str) -> Collection | None:
        """The run of that node that has not ended: two at a time destroy one another's files on the node (bundle-format 1.1)."""
        filters = [
            {"Key": "DocumentNamePrefix", "Values": [DOCUMENT]},
            {"Key": "ExecutionStatus", "Values": ["Pending", "InProgress", "Waiting"]},
        ]
        try:
            listed = list(
                self.aws.pages(
                    "ssm", "describe_automation_executions", region, "AutomationExecutionMetadataList", most=30, Filters=filters
                )
            )
            for row in listed:
                found = self.poll(f"ssm:{region}:{row['AutomationExecutionId']}")
                if found.instance_id == instance and found.state == "working":
                    return _as_running(found)
        except (Denied, NotThere):
            return None  # the token of the minute still keeps a second start from happening at once
        return None

    # ---- follow ---------------------------------------------------------------------------------------------------------
    def poll(self, execution_id: str) -> Collection:
        """What SSM says of the run. BadInput for an id that is not a run of this runbook."""
        region, execution = parts(execution_id, self.via, 3)
        region = self.aws.region(region)
        try:
            answer = self.aws.call("ssm", "get_automation_execution", region, AutomationExecutionId=execution)
        except NotThere as error:
            raise BadInput(
                f"SSM knows no execution {execution[:40]!r} in {region}.", "Executions are kept for 30 days; use collect again."
            ) from error
        run = answer["AutomationExecution"]
        if run.get("DocumentName") != DOCUMENT:
            raise BadInput("That execution is not a log collection.", "Use the executionId that collect returned.")
        steps = run.get("StepExecutions") or []
        if run.get("StepExecutionsTruncated"):
            steps = list(
                self.aws.pages(
                    "ssm",
                    "describe_automation_step_executions",
                    region,
                    "StepExecutions",
                    most=100,
                    AutomationExecutionId=execution,
                )
            )
        return self._told(execution_id, region, run, steps)

    def _told(self, execution_id: str, region: str, run: Mapping[str, Any], executed: Sequence[Mapping[str, Any]]) -> Collection:
        instance = str(next(iter((run.get("Parameters") or {}).get("EKSInstanceId") or []), ""))
        status = str(run.get("AutomationExecutionStatus", ""))
        steps = tuple(_step(s) for s in executed)
        state: State = _ENDED.get(status, "working")
        if status not in _ENDED and status not in _WORKING and run.get("ExecutionEndTime"):
            state = "failed"  # a word that is newer than this list: what has an end time has ended
        failure = str(run.get("FailureMessage") or "")
        known = classify(failure, *(s.text for s in steps), *_outputs(executed)) if state == "failed" else None
        done = sum(s.status == "Success" for s in steps)
        message = {
            "failed": known.says if known else f"The automation ended as {status}.",
            "cancelled": "The automation was cancelled.",
        }.get(state, _SAID.get(status, ""))
        remedy = (known.remedy if known else "See the quoted text, then collect again.") if state in ("failed", "cancelled") else ""
        return Collection(
            execution_id,
            self.via,
            instance,
            state,
            status,
            region,
            message,
            remedy,
            quoted(failure),
            steps,
            1.0 if state == "ready" else min(0.9, done / 5),
            began=run.get("ExecutionStartTime"),
        )

    # ---- fetch ----------------------------------------------------------------------------------------------------------
    def fetch(self, collection: Collection, folder: Path, carrier: Carrier) -> Fetched:
        """The bundle that the run left in the bucket, pinned and checked against the instance asked for."""
        region, execution = parts(collection.execution_id, self.via, 3)
        stored = self.bucket.of_execution(region, collection.instance_id, execution, collection.began)
        if stored is None:
            raise BadBundle(
                "The automation ended well, but no bundle of the node lies in the bucket.",
                "The upload on the node failed without a word: check s3:PutObject of the node's role and its route to S3.",
            )
        name = f"eks_{collection.instance_id}_{execution}.tar.gz"
        path = self.bucket.download(region, stored, folder, name, carrier)
        return Fetched(
            path, collection.instance_id, None, stored.provenance | {"execution": collection.execution_id, "region": region}
        )


def _token(ask: Ask, instance: str, at: datetime) -> str:
    """A UUID, as ClientToken must be: the caller's, or one per instance and minute, so that an agent's repeated call is one run."""
    given = ask.token or f"{int(at.timestamp()) // _MINUTE_S}"
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return str(uuid.uuid5(_SPACE, f"{instance} {given}"))


def _no_document(region: str) -> Unavailable:
    return Unavailable(
        f"The runbook {DOCUMENT} does not exist in {region}.",
        'Use via="node" where the node monitoring agent runs, or collect by hand.',
    )


def _as_running(found: Collection) -> Collection:
    return replace(found, found_running=True)


def _step(step: Mapping[str, Any]) -> Step:
    details = step.get("FailureDetails") or {}
    told = " ".join(str(part) for part in (step.get("FailureMessage"), details.get("FailureType")) if part)
    return Step(str(step.get("StepName", ""))[:80], str(step.get("StepStatus", "")), quoted(told, 300))


def _outputs(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """What steps printed: the collector's own error stands there and nowhere else. Opaque text."""
    return [str(value) for step in steps for values in (step.get("Outputs") or {}).values() for value in values]
