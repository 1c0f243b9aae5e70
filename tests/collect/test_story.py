"""D1 from nothing, over stdio: the server gets its evidence itself, by either way, and survives being killed on the way."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from .. import scenarios
from ..doubles.kubernetes import KubeDouble
from .conftest import CLUSTER, Site

pytestmark = pytest.mark.anyio
AGENT = "subnet-exhausted"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def server(site: Site) -> StdioServerParameters:
    env = site.aws.env(
        EKS_DIAG_BUCKET=site.bucket,
        EKS_DIAG_AUTOMATION_ROLE=site.role,
        EKS_DIAG_LIBRARY=str(site.library),
        EKS_DIAG_CLUSTERS=CLUSTER,
    )
    return StdioServerParameters(command=sys.executable, args=["-m", "eks_diag_mcp"], env=env)


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    text = "".join(getattr(c, "text", "") for c in result.content)
    assert not result.is_error, f"{tool}: {text}"
    return result.structured_content or {}


async def ended(client: Client, execution: str) -> dict[str, Any]:
    for _ in range(20):
        found = await called(client, "status", executionId=execution, waitSeconds=20)
        if found["task"]["state"] != "working":
            return found
    raise AssertionError("the collection did not end")


async def to_the_cause(client: Client, node: str) -> dict[str, Any]:
    """errors -> network_diagnostics -> summarize, as D1 goes on."""
    errors = await called(client, "errors", instanceId=node)
    network = await called(client, "network_diagnostics", instanceId=node, sections="cni,ipamd,eni")
    assert errors["findings"] and "problem" in {s["outcome"] for s in network["sections"].values()}
    return await called(client, "summarize", instanceId=node, sop="D1")


def killed(library: Path) -> int:
    """SIGKILL to every server of that library; how many there were."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
        except OSError:
            continue
        if f"EKS_DIAG_LIBRARY={library}".encode() in environ.split(b"\0") and int(folder.name) != os.getpid():
            os.kill(int(folder.name), signal.SIGKILL)
            found += 1
    return found


async def test_by_ssm(site: Site) -> None:
    node = site.node("eni-limit")
    async with Client(stdio_client(server(site))) as client:
        begun = await called(client, "collect", instanceId=node, clusterName=CLUSTER)
        assert begun["via"] == "ssm" and begun["why"]
        done = await ended(client, begun["executionId"])
        assert done["task"]["state"] == "completed" and done["automation"]["status"] == "Success"
        summary = await to_the_cause(client, node)
    assert summary["root_cause"] == "ip_allocation.eni_limit"
    assert site.aws.called("ssm:SendCommand") == []


async def test_by_the_node_agent(site: Site, cluster: KubeDouble) -> None:
    node = site.node(AGENT, managed_by="auto", ssm="absent")
    cluster.scenario_node(AGENT)
    async with Client(stdio_client(server(site))) as client:
        begun = await called(client, "collect", instanceId=node)
        assert begun["via"] == "node"
        done = await ended(client, begun["executionId"])
        assert done["task"]["state"] == "completed", done
        summary = await to_the_cause(client, node)
        health = await called(client, "cluster_health", clusterName=CLUSTER)
        pods = await called(client, "list_k8s_resources", clusterName=CLUSTER, kind="Pod", namespace="kube-system")
    assert summary["root_cause"] == "ip_allocation.subnet_exhausted"
    assert node in health["causes_by_node"] and pods["items"]
    assert cluster.writes() == []


async def test_a_server_killed_between_collect_and_status_is_no_loss(site: Site) -> None:
    node = site.node("eni-limit")
    try:
        async with Client(stdio_client(server(site))) as client:
            begun = await called(client, "collect", instanceId=node)
            assert killed(site.library) == 1
    except Exception:  # noqa: BLE001 - a client whose server was killed may say so in many ways
        pass
    async with Client(stdio_client(server(site))) as client:
        done = await ended(client, begun["executionId"])
        assert done["task"]["state"] == "completed", done
        summary = await to_the_cause(client, node)
    assert summary["root_cause"] == scenarios.load("eni-limit").expect.root_cause
    assert len(site.aws.called("ssm:StartAutomationExecution")) == 1
