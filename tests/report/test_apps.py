"""MCP Apps as clients meet them: views to read, tools that point at them, and nothing different for clients without them."""

import json
from typing import Any

import pytest
from mcp import Client

from eks_diag_mcp.app import App
from eks_diag_mcp.report.views import VIEWS
from eks_diag_mcp.server.build import build_server

from .reading import read

pytestmark = pytest.mark.anyio
MIME = "text/html;profile=mcp-app"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_every_view_is_one_small_document_that_asks_for_nothing(app: App, mode: Any) -> None:
    async with Client(build_server(app), mode=mode) as client:
        listed = {str(r.uri): r for r in (await client.list_resources()).resources}
        for view in VIEWS:
            assert listed[view.uri].mime_type == MIME
            (content,) = (await client.read_resource(view.uri)).contents
            document = content.text  # type: ignore[union-attr]
            assert content.mime_type == MIME and len(document.encode()) < 60_000
            found = read(document)
            assert found.faults == [] and not found.values("src") and not found.values("href")
            assert not found.all("link", "img", "iframe") and "default-src 'none'" in (found.all("meta")[1]["content"] or "")
            assert "innerHTML" not in document and "eval(" not in document and "fetch(" not in document


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_tool_with_a_view_points_at_it_and_the_others_do_not(app: App, mode: Any) -> None:
    async with Client(build_server(app), mode=mode) as client:
        tools = {tool.name: tool.meta for tool in (await client.list_tools()).tools}
    assert {name: meta["ui"]["resourceUri"] for name, meta in tools.items() if meta} == {v.tool: v.uri for v in VIEWS}


async def test_the_extension_is_announced(app: App) -> None:
    async with Client(build_server(app)) as client:
        extensions = client.server_capabilities.extensions
    assert extensions is not None and "io.modelcontextprotocol/ui" in extensions


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_that_shows_no_views_reads_the_same_facts_as_text(app: App, scenario_bundle: Any, mode: Any) -> None:
    instance = scenario_bundle("cooldown-churn").instance_id
    async with Client(build_server(app), mode=mode) as client:
        result = await client.call_tool("summarize", {"instanceId": instance})
    assert not result.is_error and result.structured_content is not None
    assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]
    assert result.structured_content["root_cause"] == "ip_allocation.cooldown_churn"
