"""compare_nodes finds what tells the bad nodes from the good ones."""

from typing import Any

import pytest
from mcp import Client

from eks_diag_mcp.app import App
from eks_diag_mcp.collect.model import Ask
from eks_diag_mcp.server.build import build_server

from .. import scenarios
from ..tools.conftest import archives_of, calling

pytestmark = pytest.mark.anyio
NAMES = ("healthy-1-20", "healthy-1-23", "subnet-exhausted", "eni-limit-not")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> App:
    app = archives_of(tmp_path_factory.mktemp("fleet"), *NAMES)
    for name in NAMES:
        begun = app.intake.start("archive", Ask(scenarios.load(name).instance_id))
        assert app.intake.follow(begun.collection.execution_id, 120).state == "completed"
    return app


async def compared(app: App, *names: str, **more: Any) -> dict[str, Any]:
    async with calling(app) as call:
        return await call("compare_nodes", instanceIds=[scenarios.load(n).instance_id for n in names], **more)


async def test_the_cause_that_all_bad_nodes_share_separates_them_from_the_healthy(fleet: App) -> None:
    found = await compared(fleet, *NAMES)
    best = [d for d in found["differences"] if d["separation"] == 1.0]
    assert "ip_allocation.subnet_no_free_address" in {d["name"] for d in best if d["kind"] == "finding"}
    assert found["insight"].startswith("2 of 4 nodes have a supported cause; ")
    assert [d["separation"] for d in found["differences"]] == sorted((d["separation"] for d in found["differences"]), reverse=True)


async def test_two_healthy_nodes_differ_in_settings_only(fleet: App) -> None:
    found = await compared(fleet, "healthy-1-20", "healthy-1-23")
    assert [d for d in found["differences"] if d["kind"] == "finding"] == []
    assert any(d["name"] == "cni.version" for d in found["differences"])
    assert found["insight"] == "0 of 2 nodes have a supported cause."


async def test_only_the_fields_asked_for_are_compared(fleet: App) -> None:
    found = await compared(fleet, *NAMES, compareFields="errors")
    assert {d["kind"] for d in found["differences"]} == {"finding"}


async def test_one_node_cannot_be_compared_with_itself(fleet: App) -> None:
    node = scenarios.load("healthy-1-20").instance_id
    async with Client(build_server(fleet)) as client:
        result = await client.call_tool("compare_nodes", {"instanceIds": [node, node]})
    assert result.is_error and "two different nodes" in result.content[0].text  # type: ignore[union-attr]
