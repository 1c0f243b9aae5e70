"""The real server as a process over stdio, in both protocol eras."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from .. import scenarios

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def server(folder: Path) -> StdioServerParameters:
    arguments = ["-m", "eks_diag_mcp", "--archives", str(folder / "archives"), "--library", str(folder / "library")]
    return StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ), cwd=str(folder))


async def ended(client: Client, execution: str) -> str:
    """The state a collection ends in; a busy machine may take several long polls."""
    state = "working"
    for _ in range(8):
        waited = await client.call_tool("status", {"executionId": execution, "waitSeconds": 45})
        assert waited.structured_content is not None
        state = waited.structured_content["task"]["state"]
        if state != "working":
            break
    return state


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_of_either_era_gets_from_a_tarball_to_the_root_cause(mode: str, tmp_path: Path) -> None:
    scenario = scenarios.load("prefix-fragmented")
    scenario.write(tmp_path / "archives")
    async with Client(stdio_client(server(tmp_path)), mode=mode) as client:  # type: ignore[arg-type]
        listed = {tool.name for tool in (await client.list_tools()).tools}
        assert {"collect", "status", "errors", "search", "network_diagnostics", "correlate", "summarize", "get_sop"} <= listed
        started = (await client.call_tool("collect", {"instanceId": scenario.instance_id})).structured_content
        assert started is not None
        assert await ended(client, started["executionId"]) == "completed"
        summary = await client.call_tool("summarize", {"instanceId": scenario.instance_id})
        text = "".join(getattr(c, "text", "") for c in summary.content)
    assert json.loads(text) == summary.structured_content
    assert summary.structured_content is not None
    assert summary.structured_content["root_cause"] == "ip_allocation.prefix_fragmented"


async def test_status_goes_on_after_the_server_was_killed_and_started_again(tmp_path: Path) -> None:
    scenario = scenarios.load("iam")
    scenario.write(tmp_path / "archives")
    async with Client(stdio_client(server(tmp_path))) as client:
        started = (await client.call_tool("collect", {"instanceId": scenario.instance_id})).structured_content
    assert started is not None
    async with Client(stdio_client(server(tmp_path))) as client:
        assert await ended(client, started["executionId"]) == "completed"
        again = (await client.call_tool("collect", {"instanceId": scenario.instance_id})).structured_content
    assert again is not None and again["idempotent"] and again["executionId"] == started["executionId"]


def test_nothing_heavy_is_imported_before_the_first_tool_list(tmp_path: Path) -> None:
    code = """
import sys
import anyio
from pathlib import Path
from mcp import Client
from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.server.build import build_server
async def main():
    async with Client(build_server(App(Settings(library=Path(sys.argv[1]))))) as client:
        await client.list_tools()
anyio.run(main)
heavy = {'numpy', 'pyarrow', 'hyperscan', 'isal', 'boto3', 'kubernetes', 'pandas', 'eks_diag_mcp.signatures.catalogue', 'eks_diag_mcp.bundle.admit'}
print(sorted(heavy & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_server_ends_with_zero_when_its_client_hangs_up(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "eks_diag_mcp", "--library", str(tmp_path)], stdin=subprocess.DEVNULL, check=False, timeout=60
    )
    assert run.returncode == 0


def test_call_prints_json_and_errors_say_what_to_do(tmp_path: Path) -> None:
    base = [sys.executable, "-m", "eks_diag_mcp", "--library", str(tmp_path / "library")]
    path = scenarios.load("healthy-1-23").write(tmp_path / "one")
    ingested = subprocess.run([*base, "ingest", str(path), "--as", "quiet-node"], capture_output=True, text=True, check=True)
    assert json.loads(ingested.stdout)["aliases"] == ["quiet-node"]
    called = subprocess.run([*base, "call", "summarize", "instanceId=quiet-node"], capture_output=True, text=True, check=True)
    assert "root_cause" not in json.loads(called.stdout)
    failed = subprocess.run([*base, "call", "errors", "instanceId=nowhere"], capture_output=True, text=True, check=False)
    assert (
        failed.returncode == 1
        and failed.stderr.startswith("error: ")
        and "Known instances" in failed.stderr
        and "Traceback" not in failed.stderr
    )
    broken = subprocess.run([*base, "ingest", __file__], capture_output=True, text=True, check=False)
    assert broken.returncode == 1 and "next:" in broken.stderr and "Traceback" not in broken.stderr
