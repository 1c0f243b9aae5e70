"""Who gets in at all: Host, Origin, tokens, sizes, rates; and what probes are told."""

import json
import logging

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings

from .conftest import TOKENS, House, Open, auth_yaml, called, refused

pytestmark = pytest.mark.anyio
LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_tools_work_in_both_eras(house: House, open_door: Open, mode: str) -> None:
    async with open_door(house.app).client(mode=mode) as client:
        assert {"collect", "summarize", "run_sop"} <= {tool.name for tool in (await client.list_tools()).tools}
        summary = await called(client, "summarize", instanceId=house.nodes["blue"], sop="D1")
    assert summary["root_cause"] == "ip_allocation.eni_limit"


def test_a_foreign_host_is_misdirected(house: House, open_door: Open) -> None:
    door = open_door(house.app)
    assert door.post(LIST, Host="attacker.example").status_code == 421
    assert door.post(LIST, Host="127.0.0.1.attacker.example:80").status_code == 421
    assert door.post(LIST).status_code == 200


def test_a_foreign_page_is_forbidden(house: House, open_door: Open) -> None:
    door = open_door(house.app, {"EKS_DIAG_HTTP_ORIGINS": "https://chat.example.com"})
    assert door.post(LIST, Origin="https://attacker.example").status_code == 403
    assert door.post(LIST, Origin="null").status_code == 403
    assert door.post(LIST, Origin="https://chat.example.com").status_code == 200


def test_only_the_names_that_were_allowed_are_answered_beyond_loopback(house: House, open_door: Open) -> None:
    env = {"EKS_DIAG_HTTP_HOSTS": "diag.example.com", "EKS_DIAG_HTTP_AUTH": auth_yaml()}
    door, key = open_door(house.app, env, "0.0.0.0:8080"), f"Bearer {TOKENS['all']}"
    assert door.post(LIST, Host="diag.example.com", Authorization=key).status_code == 200
    assert door.post(LIST, Host="127.0.0.1", Authorization=key).status_code == 421


def test_without_a_token_nobody_gets_in_and_is_told_how(house: House, open_door: Open) -> None:
    door = open_door(house.app, {"EKS_DIAG_HTTP_AUTH": auth_yaml()})
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKENS['all']}"}):
        answer = door.post(LIST, **headers)
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer ")
    assert door.post(LIST, Authorization=f"Bearer {TOKENS['all']}").status_code == 200


def test_a_body_that_is_too_large_is_not_read(house: House, open_door: Open) -> None:
    door = open_door(house.app, {"EKS_DIAG_HTTP_MAX_BODY_BYTES": "2048"})
    assert door.post(json.dumps({"x": "y" * 4000})).status_code == 413


async def test_too_many_calls_are_refused_with_the_time_to_wait_and_others_are_not_hurt(house: House, open_door: Open) -> None:
    door = open_door(house.app, {"EKS_DIAG_HTTP_RATE": "3", "EKS_DIAG_HTTP_AUTH": auth_yaml()})
    async with door.client(TOKENS["blue"], "legacy") as client:
        await called(client, "list_sops")  # after the handshake, and before the client looks up the tool's schema
        assert "too many calls. Call again in" in await refused(client, "list_sops")
    answer = door.post(LIST, Authorization=f"Bearer {TOKENS['blue']}")
    assert "too many calls" in answer.text
    assert "too many calls" not in door.post(LIST, Authorization=f"Bearer {TOKENS['green']}").text


def test_probes_and_figures_need_no_token_and_tell_nothing_of_nodes(house: House, open_door: Open) -> None:
    door = open_door(house.app, {"EKS_DIAG_HTTP_AUTH": auth_yaml()})
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "errors", "arguments": {"instanceId": "i-x\nfoo"}},
    }
    key = f"Bearer {TOKENS['all']}"
    assert door.post(json.dumps(call), Authorization=key).status_code == 200
    assert door.post(json.dumps(call | {"params": {"name": "no_such_tool"}}), Authorization=key).status_code == 200
    assert door.get("/healthz", Host="10.0.0.7:8080").json() == {"status": "ok"}
    assert door.get("/readyz", Host="10.0.0.7:8080").json() == {"status": "ok"}
    figures = door.get("/metrics", Host="10.0.0.7:8080").text
    assert 'eks_diag_calls_total{outcome="error",tool="errors"} 1.0' in figures
    assert 'tool="unknown"' in figures and "no_such_tool" not in figures
    assert "eks_diag_jobs 0.0" in figures and 'eks_diag_answer_bytes_total{tool="errors"}' in figures
    assert "i-" not in figures and "blue" not in figures


def test_a_server_that_cannot_write_to_its_library_is_not_ready(tmp_path_factory: pytest.TempPathFactory, open_door: Open) -> None:
    folder = tmp_path_factory.mktemp("library")
    (folder / "in-the-way").write_text("a file where the library's folder should be")
    answer = open_door(App(Settings(library=folder / "in-the-way"))).get("/readyz")
    assert answer.status_code == 503 and "cannot be written" in answer.text and str(folder) not in answer.text


async def test_each_call_leaves_one_line_with_who_what_and_how_it_ended(
    house: House, open_door: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "eks_diag_mcp.audit")
    secret = "AKIA" + "Z" * 16
    async with open_door(house.app, {"EKS_DIAG_HTTP_AUTH": auth_yaml()}).client(TOKENS["green"]) as client:
        await called(client, "errors", instance_id=house.nodes["green"])
        await called(client, "search", instanceId=house.nodes["green"], query=secret)
        await refused(client, "errors", instanceId="i-1\nwho=root tool=collect")
    lines = [r.getMessage() for r in caplog.records if r.name == "eks_diag_mcp.audit"]
    assert len(lines) == 3 and all("\n" not in line and secret not in line and TOKENS["green"] not in line for line in lines)
    assert lines[0].startswith(f"who=green tool=errors instanceId={house.nodes['green']} outcome=ok seconds=")
    assert 'instanceId="i-1 who=root tool=collect" outcome=error' in lines[2]
