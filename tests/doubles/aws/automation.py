"""One automation execution: it takes one step at each GetAutomationExecution, so that a test decides how far it gets.

Step names and outputs are invented: no recording of AWSSupport-CollectEKSInstanceLogs was at hand. Only the four actions and
their order are documented. Failure texts have the frame that SSM prints around a failed runCommand step.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from botocore.exceptions import ClientError, EndpointConnectionError
from moto.core import DEFAULT_ACCOUNT_ID

from .node import CollectorFailed, FakeNode, collect
from .plans import ENDINGS

STEPS = (
    ("checkThePlatform", "aws:assertAwsResourceProperty"),
    ("gatherOnTheNode", "aws:runCommand"),
    ("isThereADestination", "aws:branch"),
    ("bringToTheBucket", "aws:runCommand"),
)
GUIDE = "Please refer to Automation Service Troubleshooting Guide for more diagnosis details."
SUCCESSES = ("Success", "CompletedWithSuccess")
STDOUT_CHARS = 24_000
"""GetCommandInvocation's cut."""


class Bucket(Protocol):
    """What uploads a node's archive; returns the S3 URL. Raises botocore's errors."""

    def __call__(self, node: FakeNode, data: bytes, bucket: str, key: str) -> str: ...


class StepFailed(Exception):
    """The step ends the execution. `code` is the command's exit status, '' where no command ran."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message, self.code = message, code


@dataclass(slots=True)
class Step:
    name: str
    action: str
    status: str = "Pending"
    started: datetime | None = None
    ended: datetime | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    failure: str = ""
    code: str = ""
    id: str = field(default_factory=lambda: str(uuid4()))

    def told(self) -> dict[str, Any]:
        """As StepExecution."""
        failed = {
            "FailureMessage": self.failure,
            "FailureDetails": {"FailureStage": "Invocation", "FailureType": "Verification", "Details": {}},
        }
        return {
            "StepName": self.name,
            "Action": self.action,
            "StepExecutionId": self.id,
            "StepStatus": self.status,
            "OverriddenParameters": {},
            "Inputs": self.inputs,
            "Outputs": self.outputs,
            **({"ExecutionStartTime": self.started} if self.started else {}),
            **({"ExecutionEndTime": self.ended} if self.ended else {}),
            **({"ResponseCode": self.code} if self.code else {}),
            **(failed if self.failure else {}),
        }


@dataclass(slots=True, eq=False)
class Execution:
    """One execution in one region. `advance` takes it one step on; its lock lets two pollers not step at once."""

    parameters: dict[str, list[str]]
    document: str
    region: str
    node: FakeNode | None
    upload: Bucket
    now: Callable[[], datetime]
    id: str = field(default_factory=lambda: str(uuid4()))
    status: str = "Pending"
    failure: str = ""
    started: datetime = field(init=False)
    ended: datetime | None = None
    outputs: dict[str, list[str]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=lambda: [Step(*s) for s in STEPS])
    begun: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    _story: Iterator[None] = field(init=False)
    _archive: bytes = b""

    def __post_init__(self) -> None:
        self.started = self.now().replace(microsecond=0)
        self._story = self._tell()

    @property
    def instance_id(self) -> str:
        return self.parameters["EKSInstanceId"][0]

    @property
    def over(self) -> bool:
        return self.status in ENDINGS

    def advance(self) -> None:
        """One step on; what is over stays as it is."""
        self.begun = True
        next(self._story, None)

    def cancel(self, complete: bool) -> None:
        """StopAutomationExecution: Cancelling now and Cancelled at the next look, or Success at once."""

        def stopping() -> Iterator[None]:
            self._end("Cancelled")
            yield

        self.status = "Cancelling"
        self._story = stopping()
        if complete:
            self._end("Success")

    def end(self, status: str, message: str = "") -> None:
        """Any status from outside, terminal or not; the story is over."""
        self._story = iter(())
        self._end(status, message)

    # ---- the story ------------------------------------------------------------------------------------------------
    def _tell(self) -> Iterator[None]:
        plan = self.node.plan if self.node else None
        for shown in plan.shows if plan else ():
            self.status = shown
            yield
        while plan and plan.stays:
            self.status = plan.stays
            yield
        self.status = "InProgress"
        for step, work in zip(self.steps, (self._assert_linux, self._gather, self._branch, self._bring), strict=True):
            step.status, step.started = "InProgress", self.now()
            yield
            try:
                step.outputs = work(step)
            except StepFailed as failed:
                step.failure, step.code = failed.message, failed.code
                self._close(step, plan.ends if plan and plan.ends not in SUCCESSES else "Failed")
                return
            self._close(step, "Success")
        self._end(plan.ends if plan else "Success")

    def _close(self, step: Step, status: str) -> None:
        step.status, step.ended = status, self.now()
        if status != "Success":
            self._end(status, step.failure)

    def _end(self, status: str, failure: str = "") -> None:
        self.status, self.failure = status, failure
        self.ended = self.now() if self.over else None

    def _assert_linux(self, step: Step) -> dict[str, list[str]]:
        step.inputs = {"Service": '"ssm"', "Api": '"DescribeInstanceInformation"', "DesiredValues": '["Linux"]'}
        if self.node is None or self.node.windows or self.node.ping == "absent":
            raise StepFailed(
                "Step fails when it is Validating the Resource Property. Property value from the API output is not in the desired "
                f"value list. Desired values: [Linux]. {GUIDE}"
            )
        return {}

    def _gather(self, step: Step) -> dict[str, list[str]]:
        assert self.node is not None
        plan = self.node.plan
        if not self.node.reachable:
            raise StepFailed(
                "Step fails when it is Execute/Cancelling action. An error occurred (InvalidInstanceId) when calling the SendCommand "
                f"operation: Instances [[{self.node.instance_id}]] not in a valid state for account {DEFAULT_ACCOUNT_ID}. {GUIDE}"
            )
        if plan.ends not in SUCCESSES:
            raise StepFailed(plan.message)
        try:
            self._archive, printed = collect(self.node, plan.disk_full)
        except CollectorFailed as failed:
            raise command_failed(failed.code, failed.output, failed.errors) from None
        return command_output("Success", 0, printed)

    def _branch(self, step: Step) -> dict[str, list[str]]:
        return {}

    def _bring(self, step: Step) -> dict[str, list[str]]:
        assert self.node is not None
        bucket = self.parameters.get("LogDestination", [""])[0]
        if not bucket or self.node.plan.upload == "none":
            return command_output("Success", 0, "")
        key = f"eks_{self.instance_id}_{self.id}.tar.gz"
        try:
            url = self.upload(self.node, self._archive, bucket, key)
        except (ClientError, EndpointConnectionError) as failed:
            raise command_failed(1, "", f"upload failed: {failed}") from None
        self.outputs = {f"{step.name}.Output": [f"Your logs have been uploaded to {url}"]}
        return command_output("Success", 0, self.outputs[f"{step.name}.Output"][0])


def command_output(status: str, code: int, printed: str) -> dict[str, list[str]]:
    """The outputs of a runCommand step."""
    output = {"Output": [printed[:STDOUT_CHARS]]} if printed else {}
    return {"Status": [status], "ResponseCode": [str(code)], "CommandId": [str(uuid4())], **output}


def command_failed(code: int, printed: str, errors: str) -> StepFailed:
    """A runCommand step whose script failed, in SSM's words."""
    output = f"{printed}\n----------ERROR-------\n{errors}failed to run commands: exit status {code}"
    payload = json.dumps({"Status": "Failed", "ResponseCode": code, "Output": output})
    message = (
        f"Step fails when it is verifying the command has completed. Command {uuid4()} returns unexpected invocation result: \n"
        f"{{Status=[Failed], ResponseCode=[{code}], Output=[{output}], OutputPayload=[{payload}]}}. {GUIDE}"
    )
    return StepFailed(message, str(code))
