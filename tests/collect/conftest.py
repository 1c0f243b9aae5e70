"""A node on the doubles of AWS and of its cluster, and the App that collects from it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.collect.model import Ask
from eks_diag_mcp.config import Settings
from eks_diag_mcp.errors import DiagError
from eks_diag_mcp.intake import Standing

from ..conftest import PATTERNS
from ..doubles.aws import AwsDouble
from ..doubles.aws.double import CALLER
from ..doubles.fixtures import aws_double, aws_server
from ..doubles.kube_fixtures import kube, kube_server
from ..doubles.kubernetes import ARN, KubeDouble

__all__ = ["aws_double", "aws_server", "kube", "kube_server"]

CLUSTER = "demo"


@dataclass
class Site:
    """One account with a cluster, a log bucket and a role, seen by a server that is set up for it."""

    aws: AwsDouble
    library: Path
    bucket: str
    role: str
    env: dict[str, str] = field(default_factory=dict)

    def app(self, **settings: Any) -> App:
        """A server process as new: nothing is remembered but what the library holds."""
        told = {"bucket": self.bucket, "automation_role": self.role, "collect_pause_s": 0, "patterns": PATTERNS, **settings}
        return App(Settings.read(self.env, library=self.library, **told))

    def node(self, scenario: str = "eni-limit", **how: Any) -> str:
        """The instance of a scenario, in the cluster."""
        return self.aws.world.node(scenario, cluster=CLUSTER, **how)

    def collect(self, instance: str, via: str = "ssm", app: App | None = None, **ask: Any) -> Standing:
        """From the request to the end, a fresh server process for each look."""
        found = (app or self.app()).intake.start(via, Ask(instance, **ask))
        return self.to_the_end(found.collection.execution_id)

    def to_the_end(self, execution_id: str, looks: int = 8) -> Standing:
        """Look until it has ended; each look is a new process's first."""
        for _ in range(looks):
            found = self.app().intake.follow(execution_id, 0)
            if found.state != "working" or found.collection.state == "ready":
                break
        return (
            self.app().intake.follow(execution_id, 120) if found.state == "working" and found.collection.state == "ready" else found
        )


@pytest.fixture
def site(aws_double: AwsDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The site; boto3 in this process is led to the double by the environment, as a server process would be."""
    for name, value in aws_double.aws_env(max_attempts=2).items():
        monkeypatch.setenv(name, value)
    aws_double.world.cluster(CLUSTER)
    env = {"AWS_REGION": aws_double.region, "EKS_DIAG_AWS_MAX_ATTEMPTS": "2", "EKS_DIAG_AWS_READ_TIMEOUT_S": "5"}
    yield Site(aws_double, tmp_path / "library", aws_double.world.bucket(), aws_double.world.role(), env)


@pytest.fixture
def cluster(site: Site, kube: KubeDouble) -> KubeDouble:
    """The site's cluster with its API server, which takes the server's IAM identity."""
    kube.access.principal(CALLER, site.aws.keys[CALLER].secret, ARN)
    site.aws.world.cluster(CLUSTER, endpoint=kube.endpoint, certificateAuthority={"data": kube.ca_data})
    return kube


@pytest.fixture
def refusal() -> Callable[[Callable[[], object]], str]:
    """What a call that must fail says: message and next step in one."""

    def said(call: Callable[[], object]) -> str:
        with pytest.raises(DiagError) as caught:
            call()
        assert caught.value.next_step, "a refusal says what to do"
        return str(caught.value)

    return said
