"""A server beside a cluster's double: called through its own tools, with a kubeconfig for the reader of the cluster."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.table import TOOLS

from ..conftest import PATTERNS
from ..doubles.aws import CALLER, AwsDouble
from ..doubles.fixtures import aws_double, aws_server  # noqa: F401 - fixtures
from ..doubles.kube_fixtures import kube, kube_server  # noqa: F401 - fixtures
from ..doubles.kubernetes import ARN, CLUSTER, READER_TOKEN, REGION, KubeDouble

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def kubeconfig(path: Path, double: KubeDouble, token: str = READER_TOKEN) -> Path:
    """A kubeconfig file for one user of the double."""
    cluster = {"server": double.endpoint, "certificate-authority-data": double.ca_data}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CLUSTER, "cluster": cluster}],
        "users": [{"name": "someone", "user": {"token": token}}],
        "contexts": [{"name": CLUSTER, "context": {"cluster": CLUSTER, "user": "someone"}}],
        "current-context": CLUSTER,
    }
    path.write_text(json.dumps(document))
    return path


def asking(app: App) -> Ask:
    """ask(tool, **arguments) -> the answer's model, by the function that serves the tool."""
    room, tools = Room(app), {row.name: row.run for row in TOOLS}

    def ask(tool: str, **arguments: Any) -> BaseModel:
        answer: BaseModel = tools[tool](room, **arguments)
        return answer

    return ask


@pytest.fixture
def by_kubeconfig(kube: KubeDouble, tmp_path: Path) -> Iterator[App]:  # noqa: F811
    """A server that reaches the cluster by a kubeconfig and has no AWS."""
    file = kubeconfig(tmp_path / "config", kube)
    yield App(Settings(library=tmp_path / "library", patterns=PATTERNS, region=REGION, clusters={CLUSTER: None}, kubeconfig=file))


@pytest.fixture
def ask(by_kubeconfig: App) -> Ask:
    """The tools, on the cluster's double alone."""
    return asking(by_kubeconfig)


@pytest.fixture
def world(kube: KubeDouble, aws_double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> AwsDouble:  # noqa: F811
    """AWS with one cluster, whose API server is the cluster's double: EKS names its endpoint, IAM tokens open it."""
    aws_double.world.cluster(CLUSTER, "1.33", endpoint=kube.endpoint, certificateAuthority={"data": kube.ca_data})
    kube.access.principal(CALLER, aws_double.aws_env()["AWS_SECRET_ACCESS_KEY"], ARN)
    for name, value in aws_double.aws_env(max_attempts=1).items():
        monkeypatch.setenv(name, value)
    return aws_double


@pytest.fixture
def by_eks(world: AwsDouble, shared_library: Path) -> App:
    """A server that reaches AWS and, by EKS, the cluster."""
    settings = Settings(library=shared_library, patterns=PATTERNS, region=REGION, aws_max_attempts=1, aws_read_timeout_s=2)
    return App(settings)


@pytest.fixture
def ask_eks(by_eks: App) -> Ask:
    """The tools, on both doubles."""
    return asking(by_eks)
