"""Real servers over stdio that keep their library in a bucket and share nothing else."""

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings

from .. import scenarios
from ..conftest import PATTERNS
from ..doubles.aws import AwsError
from ..http.conftest import Open, open_door
from .conftest import PREFIX, Cloud

__all__ = ["open_door"]

SCENARIO = "prefix-fragmented"
NODE = scenarios.load(SCENARIO).instance_id


def on_server(cloud: Cloud, talk: Callable[[Client], Awaitable[Any]], *arguments: str, **env: str) -> Any:
    """What a server that starts now, with an empty mirror, tells."""
    cloud.servers += 1
    machine = cloud.folder / f"machine-{cloud.servers}"
    machine.mkdir(parents=True)
    where = {
        "EKS_DIAG_LIBRARY": f"s3://{cloud.bucket}/{PREFIX}",
        "EKS_DIAG_LIBRARY_CACHE": str(machine / "mirror"),
        "EKS_DIAG_PATTERNS": str(PATTERNS),
        "HOME": str(machine),
    }
    told = StdioServerParameters(
        command=sys.executable, args=["-m", "eks_diag_mcp", *arguments], env=cloud.aws.env(**where | env), cwd=str(Path.cwd())
    )

    async def main() -> Any:
        async with Client(stdio_client(told)) as client:
            return await talk(client)

    return anyio.run(main)


async def called(client: Client, tool: str, **arguments: Any) -> Any:
    answer = await client.call_tool(tool, arguments)
    text = "".join(getattr(c, "text", "") for c in answer.content)
    return f"error: {text}" if answer.is_error else json.loads(text)


async def questions(client: Client) -> dict[str, Any]:
    """What somebody asks about a node whose bundle is at hand."""
    found = await called(client, "search", instanceId=NODE, query="InsufficientCidrBlocks")
    cited = found["results"][0]["finding_id"]
    return {
        "errors": await called(client, "errors", instanceId=NODE),
        "search": found,
        "correlate": await called(client, "correlate", instanceId=NODE),
        "summarize": await called(client, "summarize", instanceId=NODE),
        "cited": await called(client, "summarize", instanceId=NODE, finding_ids=[cited]),
        "history": await called(client, "history"),
    }


def test_a_second_server_answers_from_the_bucket_what_the_first_one_collected(cloud: Cloud, tmp_path: Path) -> None:
    scenarios.load(SCENARIO).write(tmp_path / "archives")

    async def from_the_archive(client: Client) -> Any:
        started = await called(client, "collect", instanceId=NODE)
        state = "working"
        while state == "working":
            state = (await called(client, "status", executionId=started["executionId"], waitSeconds=45))["task"]["state"]
        return state, await questions(client)

    state, first = on_server(cloud, from_the_archive, "--archives", str(tmp_path / "archives"))
    assert state == "completed" and first["summarize"]["root_cause"] == "ip_allocation.prefix_fragmented"
    assert first["errors"]["findings"] and first["search"]["results"][0]["match_count"] > 0
    second = on_server(cloud, questions)
    assert second == first
    assert f"{PREFIX}/searches/" in "".join(cloud.names()) and not (cloud.folder / "machine-1" / ".cache").exists()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("access denied", "s3:ListBucket"),
        (AwsError("NoSuchBucket", "no bucket", 404), "EKS_DIAG_LIBRARY"),
        ("throttled", "too many"),
    ],
)
def test_a_bucket_that_refuses_is_told_to_who_asks(cloud: Cloud, fault: Any, says: str) -> None:
    cloud.aws.fail("s3:ListObjectsV2", fault)

    async def ask(client: Client) -> Any:
        return await called(client, "errors", instanceId=NODE)

    assert says in on_server(cloud, ask, EKS_DIAG_AWS_MAX_ATTEMPTS="1")


def test_a_server_whose_bucket_refuses_is_not_ready(cloud: Cloud, tmp_path: Path, open_door: Open) -> None:
    told = {"EKS_DIAG_LIBRARY": f"s3://{cloud.bucket}/{PREFIX}", "EKS_DIAG_LIBRARY_CACHE": str(tmp_path), **cloud.aws.aws_env()}
    door = open_door(App(Settings.read(told)))
    assert door.get("/readyz").status_code == 200
    cloud.aws.deny("s3:GetObject")
    answer = door.get("/readyz")
    assert answer.status_code == 503 and "s3:GetObject" in answer.text
