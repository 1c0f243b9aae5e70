"""The command as a process: replicas on one library, and SIGTERM in the middle of a collection."""

import json
import signal
from pathlib import Path

import pytest

from .. import scenarios
from ..collect.conftest import CLUSTER, Site, aws_double, aws_server, site
from .conftest import House, Launch, called

__all__ = ["aws_double", "aws_server", "site"]
pytestmark = pytest.mark.anyio


def env(site: Site) -> dict[str, str]:
    return site.aws.env(EKS_DIAG_BUCKET=site.bucket, EKS_DIAG_AUTOMATION_ROLE=site.role, EKS_DIAG_CLUSTERS=CLUSTER)


async def test_one_replica_starts_and_the_other_answers(site: Site, launch: Launch) -> None:
    one, two = (launch(site.library, env=env(site)) for _ in range(2))
    node = site.node("eni-limit")
    async with one.door.client() as client:
        begun = await called(client, "collect", instanceId=node)
    async with two.door.client(mode="legacy") as client:
        for _ in range(20):
            found = await called(client, "status", executionId=begun["executionId"], waitSeconds=20)
            if found["task"]["state"] != "working":
                break
        assert found["task"]["state"] == "completed"
        assert (await called(client, "summarize", instanceId=node))["root_cause"] == "ip_allocation.eni_limit"
    async with one.door.client() as client:
        assert (await called(client, "status", executionId=begun["executionId"]))["task"]["state"] == "completed"


async def test_sigterm_during_a_collection_loses_nothing(site: Site, launch: Launch) -> None:
    node = site.node("eni-limit")
    one = launch(site.library, env={**env(site), "EKS_DIAG_HTTP_DRAIN_S": "0"})
    async with one.door.client() as client:
        begun = await called(client, "collect", instanceId=node)
        await called(client, "status", executionId=begun["executionId"], waitSeconds=0)
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0 and not [line for line in one.lines if "Traceback" in line]
    two = launch(site.library, env=env(site))
    async with two.door.client() as client:
        for _ in range(20):
            found = await called(client, "status", executionId=begun["executionId"], waitSeconds=20)
            if found["task"]["state"] != "working":
                break
    assert found["task"]["state"] == "completed"
    assert len(site.aws.called("ssm:StartAutomationExecution")) == 1


async def test_a_bundle_that_is_being_indexed_at_sigterm_is_finished_first(tmp_path: Path, launch: Launch) -> None:
    scenario = scenarios.load("iam")
    scenario.write(tmp_path / "archives")
    one = launch(tmp_path / "library", "--archives", str(tmp_path / "archives"))
    async with one.door.client() as client:
        begun = await called(client, "collect", instanceId=scenario.instance_id)
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0
    assert begun["task"]["state"] == "working"
    assert list((tmp_path / "library").glob("v*/instance=*/bundle=*/manifest.json"))


async def test_sigterm_ends_the_streams_of_clients_that_listen_in_good_order(house: House, launch: Launch) -> None:
    one = launch(house.app.settings.library)
    async with one.door.client() as client, client.listen(tools_list_changed=True) as changes:
        one.process.send_signal(signal.SIGTERM)
        assert [change async for change in changes] == []  # a stream that breaks off would raise
    assert one.ended() == 0
    assert not [line for line in one.lines if "Traceback" in line or "ERROR" in line]


async def test_the_log_is_json_lines_where_that_is_asked_for(house: House, launch: Launch) -> None:
    one = launch(house.app.settings.library, env=None, log_format="json")
    async with one.door.client() as client:
        await called(client, "errors", instanceId=house.nodes["blue"])
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0
    entries = [json.loads(line) for line in one.lines]
    audit = [e for e in entries if e["logger"] == "eks_diag_mcp.audit"]
    assert [(e["who"], e["tool"], e["instanceId"], e["outcome"]) for e in audit] == [("local", "errors", house.nodes["blue"], "ok")]
