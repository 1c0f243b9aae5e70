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

from ..doubles.kube_fixtures import kube, kube_server  # noqa: F401 - fixtures
from ..doubles.kubernetes import CLUSTER, READER_TOKEN, REGION, KubeDouble

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
    yield App(Settings(library=tmp_path / "library", region=REGION, clusters={CLUSTER: None}, kubeconfig=file))


@pytest.fixture
def ask(by_kubeconfig: App) -> Ask:
    """The tools, on the cluster's double alone."""
    return asking(by_kubeconfig)
