"""The AWS double itself: one URL for all services, what was asked, what was scripted, what broke the contract."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID

from .clients import Keys, client
from .contract import is_any_known
from .desk import Desk, Result
from .ec2 import Ec2
from .eks import Eks
from .faults import Fault, Scripted, scripted
from .logs import Logs
from .node import FakeNode
from .passing import Moto
from .s3 import S3
from .server import Server
from .ssm import Ssm
from .upload import uploader
from .wire import Call, Request
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
        self.moto, self._server = Moto(), Server(self._take)
        self.keys = {name: Keys(name, f"{name.lower()}-secret") for name in (CALLER, NODE, WEAK_NODE)}

    def _take(self, request: Request) -> Result:
        return self._desk.take(request)  # a new desk at each reset

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
        self.nodes: dict[str, FakeNode] = {}
        self.s3 = S3({k.id: k.secret for k in self.keys.values()}, may_not_write={WEAK_NODE})
        upload = uploader(self.url, self.keys[NODE], self.keys[WEAK_NODE])
        self.ssm = Ssm(self.account, self.now, self.nodes, upload)
        self.eks, self.logs, self.ec2 = Eks(), Logs(self.account), Ec2(self._moto_ec2)
        own = {"ssm": self.ssm, "eks": self.eks, "logs": self.logs, "ec2": self.ec2}
        self._desk = Desk(self.moto, self.s3, own, self.account, self.now)
        self.world = World(self)

    # ---- for tests ------------------------------------------------------------------------------------------------
    @property
    def calls(self) -> list[Call]:
        return self._desk.calls

    @property
    def breaches(self) -> list[str]:
        return self._desk.breaches

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
        if not is_any_known(operation):
            raise ValueError(f"{operation} fits no operation that the double answers")
        made = scripted(operation, fault, times, resource, **where)
        with self._desk.lock:
            self._desk.faults.append(made)
        return made

    def deny(self, operation: str, resource: str = "", times: int | None = None) -> Scripted:
        """IAM does not allow it."""
        return self.fail(operation, "access denied", times, resource=resource)

    def called(self, operation: str, actor: str | None = CALLER) -> list[dict[str, Any]]:
        """The parameters of each call of 'service:Operation' so far, by the code under test (actor None: by anyone)."""
        return [c.params for c in self.calls if c.name == operation and actor in (None, c.actor)]

    def _moto_ec2(self, region: str) -> Any:
        return moto_client(self.moto.url, "ec2", region)
