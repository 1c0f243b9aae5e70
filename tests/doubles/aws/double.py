"""The AWS double itself: one URL for all services, what was asked, what was scripted, what broke the contract."""

import os
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore import xform_name
from moto.core import DEFAULT_ACCOUNT_ID

from . import wire
from .clients import Keys, client
from .ec2 import Ec2
from .eks import Eks
from .errors import EC2, EKS, IDENTITY, JSON, WORDS, AwsError, denied, is_modelled, protocol, render, worded
from .faults import BODY_FAULTS, Fault, Reset, Scripted, Silence, scripted
from .models import partition_of, service_model
from .node import FakeNode
from .passing import Moto
from .s3 import S3
from .server import Server
from .shapes import complaint, problems
from .ssm import Ssm
from .upload import uploader
from .wire import Answer, Call, Request
from .world import World, moto_client

REGION = "us-west-2"
"""The region of the scenario bundles."""

CALLER, NODE, WEAK_NODE = "TESTCALLER", "TESTNODE", "TESTNODEWITHOUTRIGHTS"
"""Access key ids: of the code under test, of fake nodes, of fake nodes that may not write."""


class AwsDouble:
    """Start, use, `reset` between tests, stop. See the package's docstring for how to use it.

    `calls`: every request but those of the world builder, in order. `breaches`: what no real service would have answered, or
    what no model knows; a fixture asserts that it stays empty. `fail`: scripted faults. `world`: what exists.
    """

    account = DEFAULT_ACCOUNT_ID
    region = REGION

    def __init__(self) -> None:
        self.moto, self._server = Moto(), Server(self._work)
        self.calls: list[Call] = []
        self.breaches: list[str] = []
        self._faults: list[Scripted] = []
        self._lock = threading.Lock()
        self.keys = {name: Keys(name, f"{name.lower()}-secret") for name in (CALLER, NODE, WEAK_NODE)}

    def start(self) -> "AwsDouble":
        self.moto.start()
        self._server.start()
        self._fresh()
        return self

    def stop(self) -> None:
        self._server.stop()
        self.moto.stop()

    def reset(self) -> None:
        """Everything as at the start."""
        self.moto.reset()
        self._fresh()

    def _fresh(self) -> None:
        self._ahead = timedelta()
        with self._lock:
            self.calls.clear()
            self.breaches.clear()
            self._faults.clear()
        self.nodes: dict[str, FakeNode] = {}
        self.s3 = S3({k.id: k.secret for k in self.keys.values()}, may_not_write={WEAK_NODE})
        upload = uploader(self.url, self.keys[NODE], self.keys[WEAK_NODE], self.region)
        self.ssm = Ssm(self.account, self.now, self.nodes, upload)
        self.eks, self.ec2 = Eks(), Ec2(self._moto_ec2)
        self._own: dict[str, Any] = {"ssm": self.ssm, "eks": self.eks, "ec2": self.ec2}
        self.world = World(self)

    # ---- for tests ------------------------------------------------------------------------------------------------
    @property
    def url(self) -> str:
        return self._server.url

    def now(self) -> datetime:
        """The double's clock: the machine's, and what `advance` added."""
        return datetime.now(UTC) + self._ahead

    def advance(self, **how: float) -> None:
        """Set the clock forward (arguments of timedelta): a presigned URL runs out without anyone waiting."""
        self._ahead += timedelta(**how)

    def env(self, max_attempts: int = 2, **more: str) -> dict[str, str]:
        """Environment for a process under test, complete: nothing of the machine's own AWS settings comes through."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EKS_DIAG_"))}
        return {**kept, **self.aws_env(max_attempts), **more}

    def aws_env(self, max_attempts: int = 2) -> dict[str, str]:
        """Only the variables that lead to the double."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": CALLER,
            "AWS_SECRET_ACCESS_KEY": self.keys[CALLER].secret,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_MAX_ATTEMPTS": str(max_attempts),
            "EKS_DIAG_AWS_MAX_ATTEMPTS": str(max_attempts),
        }

    def client(self, service: str, region: str | None = None, max_attempts: int = 1, **config: Any) -> Any:
        """A boto3 client on the double, as the code under test would have one; no environment is read."""
        how = {"connect_timeout": 5, "read_timeout": 30, "retries": {"total_max_attempts": max_attempts, "mode": "standard"}}
        return client(self.url, service, region or self.region, self.keys[CALLER], **{**how, **config})

    def fail(self, operation: str, fault: Fault, times: int | None = None, *, resource: str = "", **where: Any) -> Scripted:
        """Script a fault for 'service:Operation' (or 'Operation', 'service:*', '*'); see faults. `times` None: for good.

        `where` narrows it to calls with these parameters (`Bucket="x"`, `actor=NODE`, `region="eu-west-1"`). `resource`: what
        an 'access denied' names. What the model does not list for an operation is refused when it fires, as a breach.
        """
        made = scripted(operation, fault, times, resource, **where)
        with self._lock:
            self._faults.append(made)
        return made

    def deny(self, operation: str, resource: str = "", times: int | None = None) -> Scripted:
        """IAM does not allow it."""
        return self.fail(operation, "access denied", times, resource=resource)

    def called(self, operation: str, actor: str | None = CALLER) -> list[dict[str, Any]]:
        """The parameters of each call of 'service:Operation' so far, by the code under test (actor None: by anyone)."""
        return [c.params for c in self.calls if c.name == operation and actor in (None, c.actor)]

    def _moto_ec2(self, region: str) -> Any:
        return moto_client(self.moto.url, "ec2", region)

    # ---- for the server -------------------------------------------------------------------------------------------
    def _work(self, given: Request) -> tuple[Answer | None, Fault | None]:
        request = wire.path_style(given)
        try:
            call = wire.read(request)
        except AwsError as unknown:
            self.breaches.append(str(unknown))
            return Answer(unknown.status, {}, str(unknown).encode()), None
        with self._lock:
            self.calls.append(call)
            fault = next((f for f in self._faults if f.takes(call)), None)
        try:
            return self._answer(request, call, fault)
        except AwsError as error:
            if not is_modelled(call.service, call.operation, error.code):
                self.breaches.append(f"{call.name} has no error {error.code}")
            return Answer(*render(call.service, call.operation, error, request.method == "HEAD")), None

    def _answer(self, request: Request, call: Call, fault: Scripted | None) -> tuple[Answer | None, Fault | None]:
        kind = fault.fault if fault else None
        if isinstance(kind, str | AwsError):
            raise self._error(kind, call, fault.resource if fault else "")
        if isinstance(kind, Reset | Silence) and kind.after is None:
            if isinstance(kind, Reset) and kind.done:
                self._do(request, call).whole()
            return None, kind
        answer = self._do(request, call)
        if isinstance(kind, (Reset, Silence, *BODY_FAULTS)) and answer.status < 300:
            return answer.whole(), kind
        return answer, None

    def _error(self, fault: str | AwsError, call: Call, resource: str) -> AwsError:
        if isinstance(fault, AwsError):
            return fault
        if fault == "access denied":
            who = IDENTITY.format(partition=partition_of(call.region), account=self.account)
            return denied(call.service, call.operation, resource or self._resource(call), who)
        return worded(fault, call.service) if fault in WORDS else AwsError(fault, f"scripted {fault}")

    def _resource(self, call: Call) -> str:
        """The ARN in a refusal: the one that matters for what a node diagnosis calls; '' where IAM names none."""
        arn = f"arn:{partition_of(call.region)}"
        if call.service == "s3" and "Bucket" in call.params:
            key = f"/{call.params['Key']}" if "Key" in call.params else ""
            return f'"{arn}:s3:::{call.params["Bucket"]}{key}"'
        if call.service == "eks":
            cluster = call.params.get("name") or call.params.get("clusterName", "")
            return f"{arn}:eks:{call.region}:{self.account}:cluster/{cluster}"
        if call.service == "ssm":
            document = call.params.get("DocumentName") or call.params.get("Name")
            execution = call.params.get("AutomationExecutionId")
            what = (
                f":document/{document}"
                if document
                else f"{self.account}:automation-execution/{execution}"
                if execution
                else f"{self.account}:*"
            )
            return f"{arn}:ssm:{call.region}:{what}"
        return ""

    def _do(self, request: Request, call: Call) -> Answer:
        own = self._own.get(call.service)
        handler = getattr(own, xform_name(call.operation), None)
        if handler is not None:
            return self._own_answer(call, handler)
        if protocol(call.service) in (JSON, EKS) and call.service in self._own:
            self.breaches.append(f"{call.name} is not one of the double's operations")
        if call.service == "s3":
            request = self.s3.guard(request, call, self.now())
        return self.moto.ask(request)

    def _own_answer(self, call: Call, handler: Any) -> Answer:
        shape = service_model(call.service).operation_model(call.operation).input_shape
        wrong = problems(call.params, shape) if shape is not None else []
        if wrong:
            code = "InvalidParameterException"
            code = (
                code if protocol(call.service) != EC2 and is_modelled(call.service, call.operation, code) else "ValidationException"
            )
            raise AwsError(code, complaint(wrong))
        return wire.write(call, self._checked(call, handler(call.region, call.params)))

    def _checked(self, call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer; what does not fit the model becomes a breach."""
        shape = service_model(call.service).operation_model(call.operation).output_shape
        wrong: Iterable[str] = (
            problems(answer, shape, answer=True) if shape is not None else [f"no answer is modelled: {answer}"] if answer else []
        )
        self.breaches.extend(f"{call.name} answers: {w}" for w in wrong)
        return answer
