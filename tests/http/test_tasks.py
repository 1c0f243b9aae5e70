"""Tasks over HTTP: proxies route by the Mcp-Name header, and a task is its principal's alone."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import HEADER_MISMATCH, INVALID_PARAMS, MISSING_REQUIRED_CLIENT_CAPABILITY

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.ledger import Entry
from eks_diag_mcp.server.tasks import IDENTIFIER

from .. import scenarios
from ..conftest import PATTERNS
from ..server.task_client import Tasks, begun, cancel, get, update
from .conftest import TOKENS, Door, House, Open, auth_yaml

pytestmark = pytest.mark.anyio
_META = "io.modelcontextprotocol/"


def client(door: Door, token: str | None = None) -> Client:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    http = httpx2.AsyncClient(headers=headers, timeout=120)
    return Client(streamable_http_client(door.url, http_client=http), extensions=[Tasks()])


def raw(door: Door, method: str, task_id: str, name: str | None, *, declared: bool = True) -> tuple[int, dict[str, Any]]:
    """(HTTP status, JSON-RPC message) of a request with that Mcp-Name header."""
    able = {"extensions": {IDENTIFIER: {}}} if declared else {}
    meta = {f"{_META}protocolVersion": "2026-07-28", f"{_META}clientCapabilities": able}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"taskId": task_id, "inputResponses": {}, "_meta": meta}}
    headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": method} | ({"mcp-name": name} if name else {})
    found = door.post(json.dumps(body), **headers)
    return found.status_code, found.json()


async def test_a_collection_is_followed_to_its_end(tmp_path: Path, open_door: Open) -> None:
    scenarios.load("eni-limit").write(tmp_path / "archives")
    app = App(Settings(library=tmp_path / "library", archives=tmp_path / "archives", patterns=PATTERNS))
    node = app.archives.instances()[0]
    async with client(open_door(app)) as mine:
        task = await begun(mine, "collect", {"instanceId": node})
        waited = await mine.call_tool("status", {"executionId": task.task_id.split("-", 3)[-1], "waitSeconds": 45})
        assert not waited.is_error
        found = await get(mine, task.task_id)
    assert found.status == "completed" and found.result is not None
    assert found.result["structuredContent"]["instanceId"] == node


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_a_header_that_names_another_task_or_none_is_refused(house: House, open_door: Open, method: str) -> None:
    door = open_door(house.app)
    for name in ("task-of-somebody-else", None):
        status, message = raw(door, method, "task-x", name)
        assert (status, message["error"]["code"]) == (400, HEADER_MISMATCH)
    assert raw(door, method, "task-x", "task-x")[1]["error"]["code"] == INVALID_PARAMS


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_a_request_that_does_not_declare_the_extension_is_told_so(house: House, open_door: Open, method: str) -> None:
    _, message = raw(open_door(house.app), method, "task-x", "task-x", declared=False)
    assert message["error"]["code"] == MISSING_REQUIRED_CLIENT_CAPABILITY
    assert IDENTIFIER in message["error"]["data"]["requiredCapabilities"]["extensions"]


async def test_a_task_of_another_cluster_is_unknown(house: House, open_door: Open) -> None:
    from eks_diag_mcp.tools.following import TaskId

    door = open_door(house.app, {"EKS_DIAG_HTTP_AUTH": auth_yaml()})
    bundle = house.app.library.bundle(house.nodes["green"])
    entry = Entry("ssm:us-west-2:1", house.nodes["green"], "ssm", house.app.wall().isoformat(), "us-west-2", "green", bundle.digest)
    house.app.intake.ledger.put(entry)
    task = str(TaskId.new(entry.execution_id, house.app.wall()))
    of_archive = str(TaskId.new(f"archive-{bundle.digest}-{bundle.instance_id}", house.app.wall()))
    async with client(door, TOKENS["green"]) as green:
        assert (await get(green, task)).status == "completed"
    async with client(door, TOKENS["blue"]) as blue:
        for asked in (task, of_archive):
            for method in (get, update, cancel):
                with pytest.raises(MCPError) as caught:
                    await method(blue, asked)
                assert caught.value.code == INVALID_PARAMS and house.nodes["green"] not in caught.value.message.replace(asked, "")
