"""A principal sees the nodes of its clusters and nothing of others, whatever tool, resource or id it tries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import ResourceTemplateReference

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.confined import ConfinedApp
from eks_diag_mcp.errors import BadInput
from eks_diag_mcp.ledger import Entry
from eks_diag_mcp.server.build import build_server
from eks_diag_mcp.server.principals import LOCAL, Principal, authenticated

from .conftest import TOKENS, House, Open, auth_yaml, called, refused

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def as_(house: House, *clusters: str) -> AsyncIterator[Client]:
    """A client of a principal who may see these clusters."""
    async with Client(build_server(house.app, who=lambda: Principal("somebody", frozenset(clusters)))) as client:
        yield client


def ids_of_others(house: House, cluster: str) -> list[str]:
    return [node for name, node in house.nodes.items() if name != cluster]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_over_http_each_token_sees_its_own_cluster(house: House, open_door: Open, mode: str) -> None:
    door = open_door(house.app, {"EKS_DIAG_HTTP_AUTH": auth_yaml()})
    for own, other in (("blue", "green"), ("green", "blue")):
        async with door.client(TOKENS[own], mode) as client:
            assert (await called(client, "errors", instanceId=house.nodes[own]))["findings"]
            assert "No bundle of" in await refused(client, "errors", instanceId=house.nodes[other])
            assert "No bundle of" in await refused(client, "errors", instanceId=house.nodes["none"])
    async with door.client(TOKENS["all"], mode) as client:
        for node in house.nodes.values():
            assert (await called(client, "errors", instanceId=node))["findings"]


TOOLS: dict[str, dict[str, Any]] = {
    "validate": {},
    "errors": {},
    "search": {"query": "error"},
    "read": {"file": "system/instance-id.txt"},
    "network_diagnostics": {},
    "storage_diagnostics": {},
    "correlate": {},
    "summarize": {},
    "quick_triage": {},
    "run_sop": {"sop": "D1"},
    "artifact": {"file": "system/instance-id.txt"},
}


@pytest.mark.parametrize("tool", TOOLS)
async def test_no_tool_opens_a_node_of_another_cluster(house: House, tool: str) -> None:
    async with as_(house, "blue") as client:
        for node in ids_of_others(house, "blue"):
            text = await refused(client, tool, instanceId=node, **TOOLS[tool])
            assert not [other for other in ids_of_others(house, "blue") if other in text.replace(node, "")]


async def test_lists_hold_the_own_nodes_only(house: House) -> None:
    async with as_(house, "blue") as client:
        rows = (await called(client, "history"))["collections"]
        assert [row["instanceId"] for row in rows] == [house.nodes["blue"]]
        alone = await called(client, "errors")
        assert "only instance known" in alone["note"]
        text = await refused(client, "compare_nodes", instanceIds=list(house.nodes.values()))
        assert "No bundle of" in text


async def test_executions_and_batches_of_others_are_unknown(house: House) -> None:
    archive = f"archive-{house.app.library.bundle(house.nodes['green']).digest}-{house.nodes['green']}"
    house.app.intake.ledger.put(
        Entry(
            "ssm:us-west-2:11111111-1111-1111-1111-111111111111",
            house.nodes["green"],
            "ssm",
            "2026-11-20T10:00:00+00:00",
            "us-west-2",
            "green",
        )
    )
    async with as_(house, "blue") as client:
        for execution in (archive, "ssm:us-west-2:11111111-1111-1111-1111-111111111111"):
            assert "of your clusters" in await refused(client, "status", executionId=execution)
            rows = (await called(client, "batch_status", executionIds=[execution]))["executions"]
            assert rows[0]["state"] == "refused" and rows[0]["instanceId"] == execution
    async with as_(house, "green") as client:
        assert [r["clusterName"] for r in (await called(client, "history", clusterName="green"))["collections"]] == ["green"] * 2


async def test_resources_and_completions_are_confined_too(house: House) -> None:
    async with as_(house, "blue") as client:
        own = house.nodes["blue"]
        await client.read_resource(f"log://{own}/system/instance-id.txt")
        finding = (await called(client, "errors", instanceId=house.nodes["blue"]))["findings"][0]["finding_id"]
        await client.read_resource(f"finding://{own}/{finding}")
        for node in ids_of_others(house, "blue"):
            with pytest.raises(MCPError):
                await client.read_resource(f"log://{node}/system/instance-id.txt")
        ref = ResourceTemplateReference(type="ref/resource", uri="log://{instanceId}/{+path}")
        offered = await client.complete(ref, {"name": "instanceId", "value": "i-"})
        assert offered.completion.values == [own]


async def test_clusters_of_others_are_not_asked(house: House) -> None:
    async with as_(house, "blue") as client:
        for tool in ("cluster_health", "list_k8s_resources", "describe_eks_resource", "get_k8s_events", "batch_collect"):
            more = {"list_k8s_resources": {"kind": "Pod"}, "describe_eks_resource": {"resourceType": "cluster"}}
            text = await refused(client, tool, clusterName="green", **more.get(tool, {}))
            assert "may not ask cluster 'green'" in text and "Allowed: blue" in text
        assert "Your clusters: blue" in await refused(
            client, "collect", instanceId="i-0123456789abcdef0", clusterName="green", via="s3"
        )
        assert "No source of log bundles" in await refused(client, "collect", instanceId=house.nodes["green"], via="archive")


async def test_a_bundle_becomes_visible_when_a_collection_proves_its_cluster(house: House) -> None:
    node = house.nodes["none"]
    bundle = house.app.library.bundle(node)
    view = ConfinedApp(house.app, frozenset({"red"}))
    assert view.known_instances() == [] and view.library.by_digest(bundle.digest) is None
    entry = Entry(f"ssm:us-west-2:{'2' * 8}-2222-2222-2222-{'2' * 12}", node, "ssm", "2026-11-20T10:00:00+00:00", "us-west-2")
    house.app.intake.ledger.put(replace(entry, digest=bundle.digest))
    assert view.known_instances() == []
    view.intake.ledger.put(replace(entry, cluster="red"))
    assert view.known_instances() == [node]
    assert ConfinedApp(house.app, frozenset({"blue"})).known_instances() == [house.nodes["blue"]]


def test_nobody_and_the_unproven_see_nothing(house: House) -> None:
    assert authenticated() == Principal("nobody", frozenset())
    with pytest.raises(BadInput):
        ConfinedApp(house.app, frozenset())
    with pytest.raises(BadInput):
        ConfinedApp(App(Settings(library=house.app.settings.library, clusters={"green": None})), frozenset({"blue"}))


async def test_without_a_verified_token_a_server_with_authentication_answers_nothing(house: House) -> None:
    async with Client(build_server(house.app, who=authenticated)) as client:
        for tool in ("errors", "history", "list_sops"):
            assert "None of your clusters" in await refused(client, tool)
    assert LOCAL.clusters is None
