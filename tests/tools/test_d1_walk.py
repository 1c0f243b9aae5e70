"""Runbook D1's own steps, exactly as it writes them, all answer and lead to the root cause."""

import json
import re
from pathlib import Path

import pytest
from mcp import Client

from eks_diag_mcp.app import App
from eks_diag_mcp.server.build import build_server
from eks_diag_mcp.server.manners import fold
from eks_diag_mcp.tools.table import TOOLS

from .. import scenarios
from .conftest import archives_of, calling

pytestmark = pytest.mark.anyio
D1 = (Path(__file__).parents[2] / "sops" / "D1-vpc-cni-ip-allocation-failures.md").read_text(encoding="utf-8")
QUERIES = list(dict.fromkeys(re.findall(r"`search` tool with (?:instanceId and )?query=`([^`]+)`", D1)))
EXAMPLES = re.findall(r"^(\w+)\(([^)]*)\)$", D1.split("## Examples")[1], re.MULTILINE)
CALLS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "sop-calls.jsonl").read_text().splitlines()]


async def test_the_seed_is_served_verbatim(one_node: tuple[App, str]) -> None:
    async with calling(one_node[0]) as call:
        assert (await call("get_sop", sopName="D1"))["markdown"] == D1


@pytest.mark.parametrize("query", QUERIES)
async def test_each_search_of_d1_answers_without_an_instance_id(query: str, one_node: tuple[App, str]) -> None:
    async with calling(one_node[0]) as call:
        found = await call("search", query=query)
    assert found["complete"] and found["files_searched"] > 50
    assert "only instance known is meant" in found["note"]


async def test_d1_has_all_its_searches_in_this_test() -> None:
    assert len(QUERIES) == D1.count("`search` tool with") and len(EXAMPLES) == 4


@pytest.mark.parametrize(("tool", "arguments"), [e for e in EXAMPLES if e[0] != "collect"])
async def test_the_examples_answer_with_the_example_id(tool: str, arguments: str, one_node: tuple[App, str]) -> None:
    parsed = dict(re.findall(r'(\w+)="([^"]*)"', arguments))
    assert parsed["instanceId"] == "i-0abc123def456"
    async with calling(one_node[0]) as call:
        answer = await call(tool, **parsed)
    assert answer["instanceId"] == one_node[1] and "runbook's example" in answer["note"]


async def test_the_example_id_is_refused_where_a_node_would_be_asked(one_node: tuple[App, str]) -> None:
    async with Client(build_server(one_node[0])) as client:
        result = await client.call_tool("collect", {"instanceId": "i-0abc123def456"})
    assert result.is_error and "example id" in result.content[0].text and one_node[1] in result.content[0].text  # type: ignore[union-attr]


async def test_dead_phrases_are_bridged_by_hints_and_findings(one_node: tuple[App, str]) -> None:
    async with calling(one_node[0]) as call:
        found = await call(
            "search", query="failed to assign an IP|no available IP|InsufficientFreeAddresses|failed to allocate ENI"
        )
        (hint,) = found["hints"]
        ids = re.findall(r"F-[0-9a-f]{8}", hint)
        summary = await call("summarize", finding_ids=ids)
    assert "not able to allocate ENI" in hint and ids and summary["unresolved_finding_ids"] == []
    assert found["total_matches"] > 100


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("subnet-exhausted", "subnet_exhaustion"),
        ("eni-limit", "eni_limit"),
        ("cooldown-churn", "warm_target"),
        ("iam", "ipamd_failure"),
    ],
)
async def test_d1_from_collect_to_its_report(name: str, word: str, mode: str, tmp_path: Path) -> None:
    app, instance = archives_of(tmp_path, name), scenarios.load(name).instance_id
    async with calling(app, mode) as call:
        started = await call("collect", instanceId=instance)
        state = await call("status", executionId=started["executionId"], waitSeconds=45)
        while state["task"]["state"] == "working":
            state = await call("status", executionId=started["executionId"], waitSeconds=45)
        assert state["task"]["state"] == "completed" and state["bundle"]["files"] > 50
        errors = await call("errors", instanceId=instance)
        network = await call("network_diagnostics", instanceId=instance, sections="cni,ipamd,eni")
        timeline = await call("correlate", instanceId=instance, pivotEvent="failed to assign")
        ids = [f["finding_id"] for f in errors["findings"]][:5]
        summary = await call("summarize", instanceId=instance, finding_ids=ids, sop="D1")
    assert summary["root_cause"] == scenarios.load(name).expect.root_cause
    assert summary["report_yaml"].startswith(f"root_cause: {word} ")
    assert summary["grounded"] and summary["unresolved_finding_ids"] == [] and summary["evidence"]
    assert list(network["sections"]) == ["cni", "ipamd", "eni"] and network["rootCauseRanking"][0] == summary["root_cause"]
    assert timeline["timeline"] and [e["offset_seconds"] for e in timeline["timeline"]] == sorted(
        e["offset_seconds"] for e in timeline["timeline"]
    )


async def test_the_calls_that_runbooks_make_fit_the_schemas(one_node: tuple[App, str]) -> None:
    """Every recorded call of a tool that exists here: names, spellings and values are accepted (placeholders apart)."""
    names = {row.name for row in TOOLS}
    required = {
        "sopName": "D1",
        "query": "kubelet",
        "executionId": "x",
        "symptom": "x",
        "instanceIds": "i-0123456789abcdef0,i-0123456789abcdef1",
        "kind": "Pod",
        "namespace": "kube-system",
        "podName": "web-1",
        "name": "web-1",
    }
    needed = {
        "get_sop": ("sopName",),
        "compare_nodes": ("instanceIds",),
        "search": ("query",),
        "status": ("executionId",),
        "list_k8s_resources": ("kind",),
        "read_k8s_resource": ("kind", "name"),
        "get_pod_logs": ("namespace", "podName"),
    }  # a runbook may name the tool alone
    refused = []
    async with Client(build_server(one_node[0])) as client:
        for row in CALLS:
            if row["tool"] not in names:
                continue
            arguments = {k: (required.get(k, one_node[1]) if v is None else v) for k, v in row["args"].items()}
            given = {fold(name) for name in arguments}
            arguments |= {name: required[name] for name in needed.get(row["tool"], ()) if fold(name) not in given}
            if row["tool"] == "collect":
                continue
            result = await client.call_tool(row["tool"], arguments)
            text = "".join(getattr(c, "text", "") for c in result.content)
            if result.is_error and "bad arguments" in text and "placeholder" not in text and "is required" not in text:
                refused.append((row, text))
    assert refused == []
